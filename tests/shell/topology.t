#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# topology.t - a center with two leaf switches: which nodes its jobs get, and what their
# maps cost over the switches
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation topology
fed_center hanoi 1 VAST 6 4 || exit 99
# shellcheck disable=SC2034 # t_up starts it
t_names=hanoi
t_site hanoi an ioit
sed -i 's/"ha\[1-2\]"/"ha[1-6]"/' "$FED/hanoi/etc/site.conf"
etc=$FED/hanoi/etc

# Neighbours by number hang on different switches.
cat >"$etc/topology.conf" <<'END'
SwitchName=left Nodes=ha[1,4,6]
SwitchName=right Nodes=ha[2-3,5]
SwitchName=top Switches=left,right
END
cat >"$etc/more.conf" <<'END'
topology {
    file = "topology.conf"
    crumbs = true
}
END
t_up

hanoi()
{
    fed_at hanoi "$@"
}

# start ARGUMENT... - a job that stays; $job is its number, once it runs
start()
{
    job=$(hanoi fbatch --parsable -t 5:00 "$@" --wrap 'sleep 300' | cut -d ';' -f 1)
    fed_until 30 t_runs hanoi "$job"
}

nodes()
{
    hanoi facct -n -P -j "$job" -o NodeList
}

end_all()
{
    hanoi fcancel -u "$(id -un)" >/dev/null 2>&1
    fed_until 30 all_idle
}

all_idle()
{
    [ "$(hanoi finfo -h -O Nodes,State | awk '$2 == "idle" { n += $1 } END { print n }')" = 6 ]
}

start -N 2 -n 8
t_like "two nodes lie on one switch" "$(nodes)" '^ha\[(1,4|4,6|1,6|2-3|3,5|2,5)\]$'
start -N 3 -n 12
t_like "three have a switch that is whole" "$(nodes)" '^ha\[(1,4,6|2-3,5)\]$'
start -n 1
t_ok "one task takes what is left" test -n "$(nodes)"
end_all

start -n 8 # fills two nodes of one switch
t_like "tasks without a number of nodes lie together too" "$(nodes)" \
    '^ha\[(1,4|4,6|1,6|2-3|3,5|2,5)\]$'
start -N 2 -n 8 --comm=none
t_like "who says nothing takes the crumbs" "$(nodes)" '[146].*[235]|[235].*[146]'
start -N 2 -n 8
t_like "and leaves the talkers a switch" "$(nodes)" '^ha\[(1,4|4,6|1,6|2-3|3,5|2,5)\]$'
end_all

# Six nodes, four ranks each, a grid of 4x6: rows on nodes, three rows under each switch.
start -N 6 -n 24 --comm=stencil2d:4x6:1000
cost=$(hanoi facct -n -P -j "$job" -o MapCostDefault)
fmap rank --pattern stencil2d:4x6:1000 --topology "$etc/topology.conf" \
    --nodes 'ha[1,4,6,2-3,5]' --hwloc 'synthetic:core:4 pu:1' --json >"$FED/tmp/map.json"
t_is "a map is judged over the switches" "$cost" \
    "$(sed -n 's/.*"default": {"cost": \([0-9]*\).*/\1/p' "$FED/tmp/map.json")"
end_all

# Other switches, other words for what links cost: read again.
cat >"$etc/topology.conf" <<'END'
SwitchName=a Nodes=ha[1-2]
SwitchName=b Nodes=ha[3-4]
SwitchName=c Nodes=ha[5-6]
SwitchName=top Switches=a,b,c
END
echo 'topology { file = "topology.conf" distance = "1:1:5:50:500" capacity = "1:1:1:2" }' >"$etc/more.conf"
fed_configure hanoi
fed_signal HUP hopluud-hanoi
t_until "the new switches are read" 20 grep -q 'new configuration in force' "$FED/hanoi/log/hopluud.log"
start -N 2 -n 8
t_like "they hold" "$(nodes)" '^ha\[(1-2|3-4|5-6)\]$'
end_all

# What is wrong is said.
check()
{
    fed_configure hanoi
    hopluud -c -f "$etc/hopluu.conf"
}
echo 'SwitchName=a Node=ha1' >"$etc/wrong.conf"
echo 'topology { file = "wrong.conf" }' >"$etc/more.conf"
t_refused "a line that is none" 'hopluu.conf:[0-9]+: topology: file: wrong.conf: line 1:.*Node=ha1' check
echo 'topology { file = "nowhere.conf" }' >"$etc/more.conf"
t_refused "a file that is not there" 'topology: file: .*nowhere.conf' check
echo 'topology { distance = "10:1" }' >"$etc/more.conf"
t_refused "a distance that falls" 'topology: distance: 10:1 falls' check
echo 'topology { capacity = "1:0" }' >"$etc/more.conf"
t_refused "a link without capacity" 'topology: capacity: ' check
t_done
