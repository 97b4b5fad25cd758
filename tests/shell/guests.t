#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# guests.t - a center whose own users have waited for a guest longer than they are
# allowed to lose keeps the next guest out, on free nodes, until sharing has paid again
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation guests
t_centers 2
for c in hanoi hue; do
    sed -i 's/max_time = "[^"]*"/max_time = "2:00:00"/' "$FED/$c/etc/site.conf"
done
t_up

guest()
{
    fed_at hanoi fbatch --parsable --center hue -N 2 -n 8 "$@" | cut -d ';' -f 1
}

own()
{
    fed_at hue fbatch --parsable --center hue -N 2 -n 8 "$@" | cut -d ';' -f 1
}

waits()
{
    [ "$(fed_at "$1" fqueue -h -j "$2" -o %t)" = PD ]
}

# Nobody at hue has wanted anything yet: a guest is in nobody's way.
first=$(guest -t 10:00 --wrap 'sleep 58')
t_until "a guest comes in where nobody has wanted anything" 20 t_runs hanoi "$first"

# Alone, hue would start this at once; each own job may lose 50 s.
lost=$(own -t 1:00 --wrap true)
t_ok "then an own job waits for it" waits hue "$lost"
t_until "until the guest has ended" 240 t_ended hanoi "$first"
t_until "and runs" 20 t_ended hue "$lost"
t_is "completed" "$(t_state hue "$lost")" COMPLETED

# Everything is free, but whoever comes from hue might be kept waiting again.
second=$(guest -t 10:00 --wrap true)
sleep 5
t_ok "the next guest is kept out, though every core is free" waits hanoi "$second"
t_is "all nodes are idle" "$(fed_at hue finfo -h -N -o %T | sort -u)" idle
before=$(date +%s)
mine=$(own -t 1:00 --wrap true)
t_until "an own job passes it" 20 t_ended hue "$mine"
t_ok "at once" test $(($(date +%s) - before)) -le 10
t_until "what that one was allowed to lose lets the guest in, within a minute or so" 240 \
    t_ended hanoi "$second"
t_is "it ran at hue" "$(fed_at hanoi facct -n -P -j "$second" -o Host,State)" "hue|COMPLETED"
t_done
