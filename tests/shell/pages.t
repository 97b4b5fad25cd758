#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# pages.t - more jobs than one answer holds: facct and fqueue show them all
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation pages
t_centers 1
t_up

# A page has 1000.
i=0
while [ $i -lt 1003 ]; do
    fed_at hanoi fbatch --parsable --hold --wrap true >>"$FED/tmp/ids" || break
    i=$((i + 1))
done
t_is "all are taken" "$(sort -u "$FED/tmp/ids" | wc -l)" 1003
t_is "facct shows them all" "$(fed_at hanoi facct -n -P -X -a -o JobID | sort -u | wc -l)" 1003
t_is "and fqueue" "$(fed_at hanoi fqueue -h -o %i | sort -u | wc -l)" 1003
t_is "of one state, too" \
    "$(fed_at hanoi facct -n -P -X -a -s PENDING -o JobID | sort -u | wc -l)" 1003
t_done
