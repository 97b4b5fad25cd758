#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# allowance.t - a part of a budget goes to another center: by hand, on demand, and once
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation allowance
t_centers 2
# A core costs one unit a second. Hanoi keeps ioit's budget; hue has almost nothing.
T_BUDGET=2000 t_site hanoi an ioit
T_BUDGET=10 t_site hue binh hust
for center in hanoi hue; do
    sed -i 's/^    agreement = .*/&\n    allowances = true/' "$FED/$center/etc/peers.conf"
done
t_up

# at CENTER COLUMN - of fbalance for p.ioit: 4 granted, 5 available, 6 held, 7 spent
at()
{
    fed_at "$1" fbalance --all -P | awk -F'|' -v at="$2" '$1 == "p.ioit" { print $at }'
}

has()
{
    [ "$(at "$1" 4)" = "$2" ]
}

move()
{
    fed_at hanoi facctmgr move allowance project=p.ioit "$@"
}

t_ok "a part is given by hand" move to=hue amount=90
t_is "it is gone here" "$(at hanoi 4)" 1910.000
t_until "and comes in there" 20 has hue 100.000
t_refused "more than there is" 'has 1910.000 left here, not 1911.000' move to=hue amount=1911
t_refused "nothing" 'nothing, or less' move to=hue amount=0
t_refused "to nobody" "'moon' is no center that allowances go to" move to=moon amount=1
t_refused "of a project that is none" 'has no budget' \
    fed_at hanoi facctmgr move allowance project=p.none to=hue amount=1
t_refused "an amount that is none" 'amount: ' move to=hue amount=x
t_is "none of that has moved anything" "$(at hanoi 4)" 1910.000

fed_stop hopluud-hue
t_ok "one is given to a center that is away" move to=hue amount=10
fed_start_hopluud hue
t_until "and comes when it is back" 30 has hue 110.000
fed_stop hopluud-hanoi
fed_start_hopluud hanoi
t_until "the giver starts again" 30 fed_up hanoi hue
t_is "and what was given is given once" "$(at hanoi 4)|$(at hue 4)" "1900.000|110.000"

# On demand: hanoi's cores are busy, hue would run the job but lacks 190 of its 300.
for _ in 1 2; do
    fed_at hanoi fbatch --parsable -c 4 -t 1:00 --wrap 'sleep 300' >/dev/null
done
job=$(fed_at hanoi fbatch --parsable -n 1 -t 5:00 --wrap true | cut -d ';' -f 1)
came()
{
    [ "$(at hue 4 | cut -d . -f 1)" -ge 300 ]
}
t_until "what a job lacks at its host comes from who keeps the budget" 60 came
t_is "and nothing has become more" "$(at hanoi 4)+$(at hue 4)" \
    "$(awk -v a="$(at hanoi 4)" 'BEGIN { printf "%.3f+%.3f", a, 2010 - a }')"
fed_at hanoi fcancel "$job"
t_done
