#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# reload.t - the configuration is read again and again while peers come and go: the
# daemon lives, and serves as before
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation reload
t_centers 2
t_up

# Each change of the agreement ends the connection and what is just being greeted.
round=1
while [ $round -le 20 ]; do
    echo "# $round" >>"$FED/hue/etc/with-hanoi.conf"
    fed_signal HUP hopluud-hue
    sleep 0.0$((round % 7))
    cp "$FED/hanoi/etc/with-hue.conf" "$FED/hue/etc/with-hanoi.conf"
    fed_signal HUP hopluud-hue
    sleep 0.0$((round % 5))5
    round=$((round + 1))
done
t_ok "the one that reads again lives" test -n "$(fed_pid hopluud-hue)"
t_ok "so does its peer" test -n "$(fed_pid hopluud-hanoi)"
t_until "they are together again" 40 fed_up hanoi hue
t_ok "a job at home" fed_at hue fbatch -Q --wait --wrap true
t_ok "a job for the peer" fed_at hanoi fbatch -Q --wait --center hue --wrap true
t_ok "a question by MUNGE" env "HOPLUU_SOCKET=127.0.0.1:$(fed_get hue users_port)" \
    "HOPLUU_MUNGE_SOCKET=$FED/hue/munge/socket" finfo
t_like "the log still says whose it is" "$(tail -n 1 "$FED/hue/log/hopluud.log")" ' hue: '
t_done
