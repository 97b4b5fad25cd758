#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# drain.t - an entry is drained before its maintenance: what waits there starts elsewhere while it
# is away, once, and is in both books when it is back
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation drain
t_centers 2
t_up
home=$FED/hanoi/home

hanoi()
{
    fed_at hanoi "$@"
}

hue()
{
    fed_at hue "$@"
}

cat >"$home/mark.sh" <<'END'
#!/bin/sh
echo "$HOPLUU_CENTER" >>"$MARK"
END

full() # CENTER - a job that takes all of it
{
    fed_at "$1" fbatch --parsable -t 30:00 -N 2 --exclusive --center "$1" --wrap 'sleep 1000' |
        cut -d ';' -f 1
}

here=$(full hanoi)
there=$(full hue)
running()
{
    [ "$(t_state hanoi "$here")$(t_state hue "$there")" = RUNNINGRUNNING ]
}
t_until "both centers are full" 60 running
one=$(hanoi fbatch --parsable -t 5:00 --export "ALL,MARK=$FED/tmp/one" mark.sh | cut -d ';' -f 1)
two=$(hanoi fbatch --parsable -t 5:00 --export "ALL,MARK=$FED/tmp/two" mark.sh | cut -d ';' -f 1)
only=$(hanoi fbatch --parsable -t 5:00 --center hanoi --export "ALL,MARK=$FED/tmp/only" mark.sh | cut -d ';' -f 1)

t_ok "the entry is drained" hanoi fcontrol drain
entrusted()
{
    hanoi fcontrol drain | grep -q '1 jobs wait, 2 are entrusted'
}
t_until "what waits is entrusted to the other center, what has no other waits on" 60 entrusted
t_like "its history says so" "$(hanoi fexplain "$one")" 'entrusted to hue'
t_is "it waits" "$(t_state hanoi "$one")" PENDING
t_is "what runs is left alone" "$(t_state hanoi "$here")" RUNNING
t_refused "two words are too many" 'one word too many' hanoi fcontrol drain hue

fed_stop hopluud-hanoi
t_is "nothing has started" "$(cat "$FED"/tmp/one "$FED"/tmp/two 2>/dev/null)" ""
t_ok "the other center has room again" hue fcancel "$there"
ran()
{
    [ -s "$FED/tmp/one" ] && [ -s "$FED/tmp/two" ]
}
t_until "they run there while their entry is away" 60 ran

fed_start_hopluud hanoi
ended()
{
    t_ended hanoi "$one" && t_ended hanoi "$two"
}
t_until "the entry is back and hears of it" 60 ended
t_is "they completed" "$(t_state hanoi "$one") $(t_state hanoi "$two")" "COMPLETED COMPLETED"
t_is "once each, there" "$(cat "$FED/tmp/one" "$FED/tmp/two" | tr '\n' ' ')" "hue hue "
t_ok "there is room here, too" hanoi fcancel "$here"
t_until "after the restart this center starts jobs again" 60 t_ended hanoi "$only"
t_is "its own" "$(cat "$FED/tmp/only")" hanoi
t_ok "resume" hanoi fcontrol resume
t_done
