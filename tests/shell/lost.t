#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# lost.t - a host is silent while it may run a job: nobody decides that by guessing, an operator
# or the user may, and what the host says later does not count
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation lost
t_centers 2
t_up
home=$FED/hanoi/home

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable -t 10:00 "$@" | cut -d ';' -f 1
}

says()
{
    hanoi fqueue -h -j "$1" -O ReasonText:120
}

cat >"$home/long.sh" <<'END'
#!/bin/sh
echo "$HOPLUU_CENTER $$" >>"$MARK"
sleep 300 &
echo $! >>"$MARK.sleep"
wait
END

# long KEY ARGUMENT... - its marks are in $FED/tmp/KEY
long()
{
    _key=$1
    shift
    submit --export "ALL,MARK=$FED/tmp/$_key" -J "$_key" "$@" long.sh
}

runs_of()
{
    if [ -f "$FED/tmp/$1" ]; then grep -c . "$FED/tmp/$1"; else echo 0; fi
}

given_up=$(long given_up --center hue)
t_until "a job runs at the peer" 60 sh -c "[ -s '$FED/tmp/given_up' ]"
fed_stop hopluu-noded-hanoi-1
fed_stop hopluu-noded-hanoi-2
nodeless()
{
    ! hanoi finfo -h -M hanoi -O State | grep -qE 'idle|mixed|alloc'
}
t_until "the entry has no node" 30 nodeless
twice=$(long twice --at-least-once 0:03)
t_until "so does one that would rather run twice" 60 sh -c "[ -s '$FED/tmp/twice' ]"
t_refused "a run whose center is connected is not given up" 'connected' hanoi fcontrol declare-lost "$given_up"

fed_stop hopluud-hue KILL
silent()
{
    says "$given_up" | grep -q 'granted to hue, silent since .*, may be running'
}
t_until "fqueue says that nobody knows" 30 silent
t_refused "what nobody knows is not given up" 'not known' hanoi fcontrol declare-lost 1000000999
t_ok "an operator gives it up" hanoi fcontrol declare-lost "$given_up"
t_is "it ends: its user allowed no other run" "$(t_state hanoi "$given_up")" NODE_FAIL
t_like "and says why" "$(hanoi fexplain "$given_up")" 'at hue declared lost by'

t_like "and says why" "$(hanoi fqueue -h -j "$given_up" -t all -O Reason)" DeclaredLost
waits()
{
    [ "$(hanoi fqueue -h -j "$twice" -o %T)" = PENDING ]
}
t_until "the other waits again after the time that its user chose" 60 waits
fed_start_noded hanoi 1
fed_start_noded hanoi 2
again()
{
    [ "$(runs_of twice)" -eq 2 ]
}
t_until "and runs at the entry" 60 again
t_is "first there, then here" "$(cut -d ' ' -f 1 "$FED/tmp/twice" | tr '\n' ' ')" "hue hanoi "

fed_start_hopluud hue
gone()
{
    ! kill -0 "$(head -n 1 "$FED/tmp/$1.sleep")" 2>/dev/null
}
t_until "the host is back, and ends what was given up" 60 gone given_up
t_until "both of them" 60 gone twice
answered()
{
    hanoi fexplain "$1" | grep -q 'hue has put the lost run .* away'
}
t_until "the operator hears of it" 60 answered "$given_up"
t_until "so does the user" 60 answered "$twice"
t_is "the run that counts goes on" "$(t_state hanoi "$twice")" RUNNING
hanoi fcancel "$twice"
t_until "until it is cancelled" 60 t_ended hanoi "$twice"
t_like "CANCELLED" "$(t_state hanoi "$twice")" "^CANCELLED"
t_is "nothing was paid at the host" \
    "$(fed_at hue fbalance --all -P | awk -F'|' '$7 ~ /^[0-9]/ { n += $7 * 1000; held += $6 } END { print n + 0, held + 0 }')" "0 0"
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
t_like "three runs are in the books" "$(both demand)" '^3 '
t_is "of both centers alike" "$(both supply)" "$(both demand)"
t_done
