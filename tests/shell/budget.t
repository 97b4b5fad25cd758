#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# budget.t - what a budget cannot pay is not started, at home or at a peer
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation budget
t_centers 2
# A core costs 3600 units an hour: one unit a second. Hanoi gives ioit 100, hue 200.
T_BUDGET=100 t_site hanoi an ioit
T_BUDGET=200 t_site hue binh hust
t_up

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

# at CENTER COLUMN - of fbalance for p.ioit: 4 granted, 5 available, 6 held, 7 spent
at()
{
    fed_at "$1" fbalance --all -P | awk -F'|' -v at="$2" '$1 == "p.ioit" { print $at }'
}

waits_for_budget()
{
    [ "$(hanoi fqueue -h -j "$1" -o '%t %r')" = "PD Budget" ]
}

t_is "hanoi has granted" "$(at hanoi 4)" 100.000
t_refused "a center of one's own choice that cannot pay is refused, with both sums" \
    'hanoi: project p.ioit has 100.000 left here, needs 300.000, lacks 200.000; --time=00:01:40 would fit' \
    hanoi fbatch -t 5:00 --center hanoi --wrap true
job=$(submit -t 2:30 --wrap 'sleep 1')
fed_until 20 t_ended hanoi "$job"
t_is "what hanoi cannot pay runs at hue" "$(hanoi facct -n -P -j "$job" -o Host,State)" "hue|COMPLETED"
t_like "fexplain says why" "$(hanoi fexplain "$job")" 'hanoi +no-budget'
job=$(submit -t 1:00 --wrap 'sleep 100')
t_until "one that it can pay runs" 20 t_runs hanoi "$job"
t_is "the whole limit is held" "$(at hanoi 6) $(at hanoi 5)" "60.000 40.000"
hanoi fcancel "$job"
fed_until 20 t_ended hanoi "$job"
spent=$(hanoi facct -n -P -j "$job" -o Units)
t_is "what was used is spent, the rest is back" "$(at hanoi 6) $(at hanoi 7)" "0.000 $spent"

# What hue has for ioit only hue knows: it is asked, says no, and the job waits.
job=$(submit -t 5:00 --wrap true)
t_until "one that neither can pay waits" 10 waits_for_budget "$job"
t_like "fexplain names both sums" "$(hanoi fexplain "$job")" \
    'hue +no-budget .*project p.ioit has [0-9.]+ left here, needs 300.000'
hanoi fcancel "$job"

# Lower the budget while the daemon runs: less than what is spent it cannot become.
sed -i 's/budget = "100"/budget = "0"/' "$FED/hanoi/etc/hopluu.conf"
fed_signal HUP hopluud-hanoi
t_until "SIGHUP brings the new budget" 10 sh -c "grep -q 'new configuration' '$FED/hanoi/log/hopluud.log'"
t_is "nothing is left" "$(at hanoi 5)" 0.000
t_refused "and nothing starts at hanoi" 'p.ioit has 0.000 left here' hanoi fbatch -t 0:10 --center hanoi --wrap true
t_done
