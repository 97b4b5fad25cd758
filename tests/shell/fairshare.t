#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# fairshare.t - an institution that has used much comes later, and fprio and fshare say
# why; without weights the queue is first come, first served
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation fairshare
t_centers 1
conf=$FED/hanoi/etc/site.conf
# One person pays from the projects of two institutions; nobody's guess of a run time.
sed -i 's/projects = {"p.ioit"}/projects = {"p.ioit", "p.hust"}/' "$conf"
t_up

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable -N 2 -n 8 -t 10:00 "$@" | cut -d ';' -f 1
}

# The jobs that wait, in the order of the queue.
order()
{
    hanoi fprio -h -o %i | tr -d ' ' | paste -s -d ' '
}

t_is "nobody waits: only the heading" "$(hanoi fprio | wc -l)" 1
run=$(submit -A p.hust --wrap 'sleep 600')
t_until "hust uses the whole machine" 20 t_runs hanoi "$run"
first=$(submit -A p.hust --wrap true)
second=$(submit -A p.ioit --wrap true)
t_is "without weights: first come, first served" "$(order)" "$first $second"
t_is "and all priorities are 0" "$(hanoi fqueue -h -t PD -o %Q | tr -d ' ' | sort -u)" 0

cat >>"$FED/hanoi/etc/hopluu.conf" <<END
priority { weight_fairshare = 1000 weight_age = 10 calc_period = "0:01" }
END
fed_signal HUP hopluud-hanoi
in_turn()
{
    [ "$(order)" = "$second $first" ]
}
t_until "with weights ioit's comes before hust's older one" 20 in_turn
t_is "fprio says by what" "$(hanoi fprio -h -j "$second" -o '%o %F' | tr -s ' ')" "p.ioit 1000"
t_is "the weights" "$(hanoi fprio -w -P -h)" "1010|10|1000|0|0"
t_like "fqueue shows the priority" "$(hanoi fqueue -h -j "$second" -o %Q)" '^10[01][0-9]$'
t_like "fcontrol too" "$(hanoi fcontrol show job "$second")" 'Priority=10[01][0-9]'
used_it_all()
{
    hanoi fshare -P -n -o Path,EffectvUsage | grep -q '^hust|1.000000$'
}
t_until "fshare: hust used it all" 10 used_it_all
t_like "fshare: and ioit nothing" "$(hanoi fshare -P -n -o Path,LevelFS -A ioit)" '^ioit/p.ioit\|inf$'
t_like "fprio --json" "$(hanoi fprio --json)" '"fairshare": 1000'

# The record is there after a restart, before anything runs again.
fed_stop hopluud-hanoi
t_like "what was used is on disk" "$(cat "$FED/hanoi/state/fairshare")" '^hust/p.hust [0-9.]+'
fed_start_hopluud hanoi
t_until "after a restart hust has still used it" 20 in_turn
hanoi fcancel "$run"
t_until "ioit's runs first" 20 t_ended hanoi "$second"
t_done
