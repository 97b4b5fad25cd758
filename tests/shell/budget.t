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
t_is "its institution has all of its projects, and nothing is unsettled" \
    "$(hanoi fbalance --all -nP --by institution | grep '|ioit|' | cut -d '|' -f 1,2,6,9)" "|ioit|60.000|0.000"
t_refused "by what it is not" "'moon' is none of project, institution" hanoi fbalance --by moon
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

# Another limit: what is held follows, for it is held at the claim.
first=$(submit -t 1:00 --center hanoi --wrap 'sleep 100')
t_until "one runs" 20 t_runs hanoi "$first"
wait=$(submit -t 0:30 --hold --center hanoi --wrap 'sleep 100')
t_refused "a raise that the budget does not cover is refused, and says what would fit" \
    'needs 300.000, lacks .*--time=' hanoi fcontrol update JobId="$wait" TimeLimit=5:00
t_is "and nothing has changed" "$(hanoi fqueue -h -j "$wait" -o %l)" "0:30"
t_ok "one that it covers is taken" hanoi fcontrol update jobid="$wait" timelimit=0:35
hanoi fcontrol release "$wait"
t_until "the job runs" 20 t_runs hanoi "$wait"
t_is "the new limit is held, and shown" "$(at hanoi 6) $(hanoi fqueue -h -j "$wait" -o %l)" "95.000 0:35"
t_refused "a job that runs keeps its limit" 'is RUNNING: its time limit stays' \
    hanoi fcontrol update JobId="$wait" TimeLimit=0:40
hanoi fcancel "$first" "$wait"
for job in $first $wait; do fed_until 20 t_ended hanoi "$job"; done
t_is "nothing is held any more" "$(at hanoi 6)" 0.000
# At a peer: the copy that waits there by the old limit goes.
busy=$(submit -t 0:15 --center hue -N 2 -n 8 --wrap 'sleep 100')
t_until "hue is full" 20 t_runs hanoi "$busy"
away=$(submit -t 0:05 --center hue -N 2 -n 8 --wrap 'sleep 1')
queued()
{
    [ "$(sqlite3 "$FED/hue/state/hopluu.db" "SELECT count(*) FROM copy WHERE id = $away AND state = 'queued'")" = 1 ]
}
t_until "one waits there" 10 queued
t_ok "its limit is changed at its entry" hanoi fcontrol update JobId="$away" TimeLimit=0:08
hanoi fcancel "$busy"
t_until "it runs" 40 sh -c "HOPLUU_SOCKET=$FED/hanoi/run/hopluud.sock facct -n -P -j $away -o State | grep -qE 'RUNNING|COMPLETED'"
fed_until 30 t_ended hanoi "$away"
t_is "by the new limit" "$(hanoi facct -n -P -j "$away" -o State,Timelimit,Host)" "COMPLETED|00:00:08|hue"
t_is "hue holds nothing" "$(at hue 6)" 0.000

# Lower the budget while the daemon runs: less than what is spent it cannot become.
sed -i 's/budget = "100"/budget = "0"/' "$FED/hanoi/etc/hopluu.conf"
fed_signal HUP hopluud-hanoi
t_until "SIGHUP brings the new budget" 10 sh -c "grep -q 'new configuration' '$FED/hanoi/log/hopluud.log'"
t_is "nothing is left" "$(at hanoi 5)" 0.000
t_refused "and nothing starts at hanoi" 'p.ioit has 0.000 left here' hanoi fbatch -t 0:10 --center hanoi --wrap true
t_done
