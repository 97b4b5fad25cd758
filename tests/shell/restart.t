#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# restart.t - daemons are killed at bad moments: no acknowledged job is lost, none runs
# twice, running ones go on, and every run is in the books once
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation restart
t_centers 2
t_up
home=$FED/hanoi/home

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

back_up()
{
    # shellcheck disable=SC2086 # names
    t_until "$1" 30 fed_up $t_names
}

# A job that says when it began and that it was not disturbed.
cat >"$home/steady.sh" <<'END'
#!/bin/sh
echo begun >>"$MARK"
i=0
while [ $i -lt 400 ] && [ ! -e "$MARK.go" ]; do
    sleep 0.5
    i=$((i + 1))
done
echo ended >>"$MARK"
END

# steady KEY ARGUMENT... - submit it; its marks are in $FED/tmp/KEY
steady()
{
    _key=$1
    shift
    submit --export "ALL,MARK=$FED/tmp/$_key" -t 5:00 -J "$_key" "$@" steady.sh
}

began()
{
    grep -q begun "$FED/tmp/$1"
}

# ends_once NAME KEY JOB
ends_once()
{
    touch "$FED/tmp/$2.go"
    t_until "$1: it ends" 30 t_ended hanoi "$3"
    t_is "$1: COMPLETED" "$(t_state hanoi "$3")" COMPLETED
    t_is "$1: it ran once, undisturbed" "$(tr '\n' ' ' <"$FED/tmp/$2")" "begun ended "
}

at_home=$(steady at_home --center hanoi)
away=$(steady away --center hue)
fed_until 20 began at_home
t_until "one runs at home, one at the peer" 20 began away

fed_stop hopluud-hanoi KILL
t_refused "without its daemon a command says so" 'hopluud' hanoi fqueue
fed_start_hopluud hanoi
back_up "the entry's daemon is back"
t_is "the one at home still runs" "$(t_state hanoi "$at_home")" RUNNING
t_is "the one at the peer too" "$(t_state hanoi "$away")" RUNNING

fed_stop hopluud-hue KILL
later=$(steady later --center hue)
t_like "one for a center that is away is taken" "$later" '^1[0-9]+$'
fed_start_hopluud hue
back_up "the host's daemon is back"
t_is "its job still runs" "$(t_state hanoi "$away")" RUNNING
ends_once "after that" later "$later"

for n in 1 2; do
    fed_stop hopluu-noded-hanoi-$n KILL
    fed_stop hopluu-noded-hue-$n KILL
    fed_start_noded hanoi $n
    fed_start_noded hue $n
done
back_up "all node daemons are back"
ends_once "at home" at_home "$at_home"
ends_once "at the peer" away "$away"

# It ends while nobody is there to hear of it.
alone=$(steady alone --center hue)
t_until "another runs at the peer" 20 began alone
for p in hopluud-hanoi hopluud-hue hopluu-noded-hue-1 hopluu-noded-hue-2; do
    fed_stop $p KILL
done
touch "$FED/tmp/alone.go"
fed_until 20 grep -q ended "$FED/tmp/alone"
fed_start_hopluud hanoi
fed_start_hopluud hue
fed_start_noded hue 1
fed_start_noded hue 2
back_up "everything is back"
ends_once "ended alone" alone "$alone"

# Right after the acknowledgement
quick=$(submit --center hue --wrap true)
fed_stop hopluud-hanoi KILL
fed_start_hopluud hanoi
back_up "the entry is back once more"
t_until "an acknowledged job is not lost" 30 t_ended hanoi "$quick"
t_is "it has run" "$(t_state hanoi "$quick")" COMPLETED

fed_stop hopluud-hue
t_ok "SIGTERM ends a daemon in order" fed_gone hopluud-hue
mkfifo "$FED/tmp/hold"
flock "$FED/hue/state/hopluu.lock" cat "$FED/tmp/hold" >/dev/null &
exec 9>"$FED/tmp/hold"
held()
{
    ! flock -n "$FED/hue/state/hopluu.lock" true
}
fed_until 20 held
fed_start_hopluud hue 9>&- # or it would keep its predecessor alive itself
t_until "a successor waits while its predecessor still dies" 20 \
    grep -q 'in use by process.* waiting' "$FED/hue/log/hopluud.log"
fed_signal TERM hopluud-hue
t_until "SIGTERM ends the waiting" 3 fed_gone hopluud-hue
fed_start_hopluud hue 9>&-
exec 9>&-
back_up "and then it starts"

sums()
{
    fed_at "$1" freport usage --start now-1hour --view "$2" --format csv |
        awk -F, 'NR > 1 { runs += $2; core_s += $4; units += $8 * 1000 } END { printf "%d %d %d", runs, core_s, units }'
}
both()
{
    echo "$(sums hanoi "$1") $(sums hue "$1")" |
        awk '{ print $1 + $4, $2 + $5, $3 + $6 }'
}
t_like "five runs are in the books" "$(both demand)" '^5 '
t_is "as often as they ran" "$(both supply)" "$(both demand)"
spent=$(for c in hanoi hue; do fed_at $c fbalance --all -P; done |
    awk -F'|' '$7 ~ /^[0-9]/ { n += $7 * 1000; held += $6 } END { print n + 0, held + 0 }')
t_is "and paid for once, with nothing held" "$spent" "$(both supply | cut -d ' ' -f 3) 0"
t_done
