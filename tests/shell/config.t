#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# config.t - hopluud --check: a right configuration is taken, each wrong one is refused
# with file, line, what is wrong and what would be right
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation config
t_centers 2
fed_configure hanoi
etc=$FED/hanoi/etc
good=$FED/good.conf
cp "$etc/hopluu.conf" "$good"

check()
{
    hopluud --check -f "$etc/hopluu.conf"
}

t_ok "a right one is taken" check
t_like "and counted" "$(check 2>&1)" 'center hanoi \(1\), 1 partitions, 3 projects, 1 persons, 1 peers'

# wrong NAME PATTERN SED-COMMAND - the good one, changed so, is refused with these words
wrong()
{
    sed "$3" "$good" >"$etc/hopluu.conf"
    if cmp -s "$good" "$etc/hopluu.conf"; then
        t_result 1 "$1 (the change changed nothing)"
        return
    fi
    t_refused "$1" "$2" check
}

line=$(grep -n 'number = 1' "$good" | cut -d : -f 1)
wrong "an unknown option" "hopluu.conf:$line:.*colour" 's/number = 1/colour = 1/'
wrong "a number that is too large" "center hanoi: number: 1000 is outside 1 to 999" 's/number = 1$/number = 1000/'
wrong "no center" 'exactly one' '/^center/,/^}/d'
# shellcheck disable=SC2016 # sed's last line
wrong "a brace too few" 'hopluu.conf:[0-9]+:' '$d'
wrong "a name with a blank" "'ha noi' is not a name" 's/^center "hanoi"/center "ha noi"/'
wrong "two default partitions" '2 are marked default' \
    's/^institution "ioit".*/partition "b" { nodes = "x1" default = true }\n&/'
wrong "a partition without nodes" 'nodes: is missing' 's/nodes = "[^"]*"//'
wrong "a broken host list" 'nodes: ' 's/nodes = "[^"]*"/nodes = "n[4-1]"/'
wrong "a time in words" 'max_time' 's/max_time = "[^"]*"/max_time = "soon"/'
wrong "a default time above the limit" 'default_time: is longer than max_time' \
    's/default_time = "[^"]*"/default_time = "2-0"/'
wrong "a weight below 0" 'priority: weight_age: -1 is outside 0 to' \
    's/^institution "ioit".*/priority { weight_age = -1 }\n&/'
wrong "a half-life without an end" 'priority: decay_half_life: must be a time' \
    's/^institution "ioit".*/priority { decay_half_life = "UNLIMITED" }\n&/'
wrong "shares in words" 'shares' 's/institution "ioit" {/institution "ioit" { shares = many/'
wrong "a price in words" 'core_hour' 's/core_hour = "[^"]*"/core_hour = "dear"/'
wrong "a project of nobody" "'nobody' is not declared: add institution" \
    's/project "p.ioit" { institution = "ioit"/project "p.ioit" { institution = "nobody"/'
wrong "a person of another institution" 'must be NAME@ioit' 's/person = "an@ioit"/person = "an@hust"/'
wrong "a project that is not declared" "'p.none' is not declared" 's/projects = {"p.ioit"}/projects = {"p.none"}/'
wrong "no project" 'name at least one project' 's/projects = {"p.ioit"}/projects = {}/'
wrong "an account that is not there" "no local account 'nosuchuser'" 's/account = "[^"]*"/account = "nosuchuser"/'
wrong "an account of the system" 'root' 's/account = "[^"]*"/account = "root"/'
wrong "a mapping without @" 'must be user@institution' 's/map "\*"/map "somebody"/'
wrong "the peer is ourselves" 'that is ourselves' 's/number = 2/number = 1/'
wrong "a peer without its authority" 'ca: is missing' '/^    ca = /d'
wrong "peers without a certificate" 'peers need a certificate' '/^tls/,/^}/d'
wrong "a certificate without its key" 'certificate and key belong together' '/^    key = /d'
wrong "an engine that is not there" "hopluu.conf:[0-9]+: engine: kind: 'magic' is none of local, slurm, null" \
    's/^state_dir.*/&\nengine { kind = "magic" }/'
wrong "a log level" "'loud' is none of" 's/^state_dir.*/&\nlog_level = "loud"/'
wrong "a socket mode" "not an octal mode" 's/^state_dir.*/&\nsocket_mode = "rw"/'

cp "$good" "$etc/hopluu.conf"
agreement=$etc/with-hue.conf
cp "$agreement" "$FED/agreement"
disagree()
{
    sed "$3" "$FED/agreement" >"$agreement"
    t_refused "$1" "$2" check
}
disagree "an agreement of others" 'neither party is hanoi' 's/party "hanoi"/party "vinh"/'
disagree "an agreement with somebody else" 'is with vinh \(2\), not with peer hue' 's/party "hue"/party "vinh"/'
disagree "an agreement of one" '1 parties, an agreement has two' '/party "hue"/,/^}/d'
disagree "a day that is none" "'2026-13-99' is not a day" 's/2026-01-01/2026-13-99/'
rm "$agreement"
t_refused "an agreement that is not there" 'with-hue.conf' check
cp "$FED/agreement" "$agreement"

chmod 666 "$etc/hopluu.conf"
t_refused "a configuration that others may write" 'hopluu.conf' check
chmod 644 "$etc/hopluu.conf"
chmod 666 "$agreement"
t_refused "an agreement that others may write" 'with-hue.conf' check
chmod 644 "$agreement"
t_refused "no configuration" 'nowhere.conf' hopluud --check -f "$etc/nowhere.conf"
t_ok "and the good one is still taken" check
t_done
