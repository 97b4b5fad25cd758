#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# reservation.t - nodes that are kept for some: others' jobs are not there, theirs are,
# and a restart forgets nothing
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation reservation
t_centers 2
sed -i 's/default_time = "2:00"/default_time = "10:00"/' "$FED/hanoi/etc/site.conf"
sed -i 's/projects = {"p.ioit"}/projects = {"p.ioit", "p.hust"}/' "$FED/hanoi/etc/site.conf"
t_up

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

create()
{
    hanoi fcontrol create reservation "$@"
}

at()
{
    [ "$(hanoi fqueue -h -j "$1" -o '%t %r')" = "$2" ]
}

n1=$(fed_node hanoi 1)
n2=$(fed_node hanoi 2)
t_is "none yet" "$(hanoi fcontrol show reservation)" "No reservations in the system"
t_refused "for somebody" 'Users=LIST or Accounts=LIST is missing' \
    create ReservationName=a Nodes="$n1" StartTime=now+1hour Duration=60
t_refused "a node that is not there" 'there is no node x9 here' \
    create ReservationName=a Nodes=x9 StartTime=now+1hour Duration=60 Accounts=p.ioit
t_refused "an end before its start" 'its end must come after its start' \
    create ReservationName=a Nodes="$n1" StartTime=now+1hour EndTime=now Accounts=p.ioit
t_refused "a key that is not one" "use ReservationName=" create Colour=red

# Node 1 for ioit, in three minutes: what may run longer stays away from it already.
t_ok "one is made" create ReservationName=course Nodes="$n1" StartTime=now+180 Duration=60 Accounts=p.ioit
t_refused "a second of this name" 'there is a reservation course already' \
    create ReservationName=course Nodes="$n2" StartTime=now+180 Duration=60 Users=root
t_like "it is shown" "$(hanoi fcontrol show reservation course)" "Accounts=p.ioit State=INACTIVE Jobs=0"
long=$(submit -A p.hust -n 4 -t 10:00 --wrap 'sleep 300' --center hanoi)
t_until "a long job takes the other node" 20 t_runs hanoi "$long"
t_is "that one" "$(hanoi fqueue -h -j "$long" -o %N)" "$n2"
blocked=$(submit -A p.hust -n 4 -t 10:00 --wrap true --center hanoi)
short=$(submit -A p.hust -n 4 -t 0:30 --wrap true --center hanoi)
t_until "one that ends before it begins runs on its node" 20 t_ended hanoi "$short"
t_is "on node 1" "$(hanoi facct -n -P -j "$short" -o NodeList)" "$n1"
t_ok "the next long one waits" at "$blocked" "PD Resources"
t_refused "who is not named may not use it" 'reservation course is not for user .* or project p.hust' \
    hanoi fbatch -A p.hust --reservation course --wrap true
t_refused "nor what is not there" 'there is no reservation none' \
    hanoi fbatch --reservation none --wrap true
mine=$(submit -A p.ioit -n 1 -t 5:00 --reservation course --wrap true)
t_until "theirs waits for its beginning" 10 at "$mine" "PD Reservation"
t_like "no other center may run it" "$(hanoi fexplain "$mine")" 'hue +no-partition +.*reservation course'
t_refused "it is in use" '1 jobs wait or run in reservation course' \
    hanoi fcontrol delete ReservationName=course

fed_stop hopluud-hanoi
fed_start_hopluud hanoi
t_until "after a restart it is still there" 20 \
    sh -c "[ \"\$(env HOPLUU_SOCKET=$FED/hanoi/run/hopluud.sock fcontrol show reservation course | grep -c Jobs=1)\" = 1 ]"
t_ok "and the long job still waits" at "$blocked" "PD Resources"
hanoi fcancel "$mine"
fed_until 20 t_ended hanoi "$mine"
t_until "empty, it can be deleted" 10 hanoi fcontrol delete reservation course
t_until "then its node is everybody's" 20 t_ended hanoi "$blocked"

# One that begins now.
t_ok "one from now on" create ReservationName=now Nodes="$n1" StartTime=now Duration=60 Users="$(id -un)"
t_like "it is active" "$(hanoi fcontrol show reservation)" 'ReservationName=now .*|State=ACTIVE'
blocked=$(submit -A p.hust -n 4 -t 0:30 --wrap true --center hanoi)
mine=$(submit -A p.ioit -n 1 -t 5:00 --reservation now --wrap true)
t_until "its job runs" 20 t_ended hanoi "$mine"
t_is "in it" "$(hanoi facct -n -P -j "$mine" -o NodeList,State)" "$n1|COMPLETED"
t_ok "a short one of others does not" at "$blocked" "PD Resources"
t_done
