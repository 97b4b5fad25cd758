#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# mpi.t - a launch on other nodes that says nothing for longer than a connection may take
. "${srcdir:-.}/tests/shell/lib.sh"
command -v mpirun >/dev/null || t_skip_all "mpirun is not there"
fed_as_ordinary_user "$0" "$@"
t_federation mpi
t_centers 1
t_up
job=$(fed_at hanoi fbatch --parsable -n 8 -t 3:00 --wrap 'mpirun sleep 21' | cut -d ';' -f 1)
t_until "a silent program on two nodes ends" 60 t_ended hanoi "$job"
t_is "as it should" "$(t_state hanoi "$job")" COMPLETED
t_done
