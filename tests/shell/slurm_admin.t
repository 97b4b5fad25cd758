#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm_admin.t - the steps of docs/admin-slurm.md, its own commands, beside a running
# Slurm: into the federation, a job for a peer, and out again, and nothing of Slurm's own
# has changed
. "${srcdir:-.}/tests/shell/lib.sh"
missing=$(fed_slurm_missing)
[ -z "$missing" ] || t_skip_all "there is no $missing"
fed_as_ordinary_user "$0" "$@"
page=$top/docs/admin-slurm.md
t_federation slurm_admin
t_centers 2
rm "$FED/hanoi/etc/peers.conf" "$FED/hue/etc/peers.conf"
echo 'project "ioit.climate" { institution = "ioit" budget = "1000" }' >>"$FED/hue/etc/site.conf"
fed_slurm hanoi && fed_slurm_configure hanoi && fed_start_munged hanoi || exit 99
fed_start_slurm hanoi
t_until "a site's Slurm runs" 60 fed_slurm_up hanoi
fed_slurm_at hanoi sbatch --wrap 'sleep 600' >/dev/null || exit 99
t_until "and a job of its own" 60 sh -c \
    "SLURM_CONF=$FED/hanoi/slurm/slurm.conf squeue -h -t R | grep -q wrap"

# block N - the commands of the page's Nth block, without the margin of its list
block()
{
    awk -v want="$1" '
    /^ *```sh$/ { n++; inside = 1; margin = index($0, "`"); next }
    /^ *```$/ { inside = 0 }
    inside && n == want { print substr($0, margin) }' "$page"
}

# step N - in this shell, so that what one step sets the next one has; a command that
# fails ends the test
step()
{
    block "$1" >"$FED/block"
    [ -s "$FED/block" ] || { t_result 1 "step $1 is on the page" && exit 1; }
    trap 'set +eu; sed "s/^/# /" "$FED/said"; echo "Bail out! step: $(cat "$FED/block")"; fed_end' EXIT
    set -eu
    # shellcheck disable=SC1091 # from the page
    . "$FED/block" >"$FED/said" 2>&1
    set +eu
    trap 'fed_end' EXIT
}

# All of a Slurm's configuration and what its commands say of it
of_slurm()
{
    cat "$FED/hanoi/slurm/slurm.conf"
    fed_slurm_at hanoi scontrol show config | grep -vE '^(Configuration data as of|NEXT_JOB_ID|Slurmctld\(|HASH_VAL)'
    fed_slurm_at hanoi scontrol show partition
    fed_slurm_at hanoi squeue -h -o '%i %j %T'
}

of_slurm >"$FED/before"
# The page's first block is the reader's to choose: this is ours.
NAME=hanoi NUMBER=1
SLURM_CONF=$FED/hanoi/slurm/slurm.conf
MUNGE=$FED/hanoi/munge/socket
ETC=$FED/site/etc STATE=$FED/site/state RUN=$FED/hanoi/run
SPOOL=$FED/site/shared
NODES=127.0.0.1:$(fed_get hanoi nodes_port) PEERS=127.0.0.1:$(fed_get hanoi peers_port)
PEER=127.0.0.1:$(fed_get hue peers_port)
export SLURM_CONF NAME NUMBER MUNGE NODES PEERS PEER HOPLUU_SOCKET="$RUN/hopluud.sock"
job=
t_is "we choose what the page lets choose" \
    "$(block 1 | grep -oE '\b[A-Z_]+=' | sort -u | tr -d '\n')" \
    'ETC=HOPLUU_SOCKET=MUNGE=NAME=NODES=NUMBER=PEERS=RUN=SLURM_CONF=SPOOL=STATE='

step 2
t_like "1: Slurm says what it is" "$(cat "$FED/said")" '^SLURM_VERSION +='
step 3
t_is "2: the partition and its nodes" "$PARTITION $NODELIST" 'main ha[1-2]'
step 4
step 5
t_ok "3, 4: directories and keys" test -s "$ETC/keys/hanoi.crt"
step 6
step 7
step 8
fed_until 30 grep -q 'slurmctld of hanoi answers' "$STATE/hopluud.log"
t_like "5, 6, 7: configured and started" "$(cat "$STATE/hopluud.log")" 'slurmctld of hanoi answers'
step 9
t_like "8: Slurm's nodes" "$(cat "$FED/said")" '^ha2 .*main'
step 10
fed_until 60 t_ended hanoi "$job"
t_is "9: the first job" "$(t_state hanoi "$job")" COMPLETED
t_ok "9: it ran in Slurm under its mark" sh -c "scontrol -o show jobs | grep -q 'AdminComment=hopluu:hanoi:$job:'"

# What the page sends to admin.md for
cp "$ETC/keys/ca.crt" "$FED/hanoi/etc/keys/ca.crt"
fed_agree hanoi hue
cp "$FED/agreements/hanoi-hue.conf" "$ETC/with-hue.conf"
cp "$FED/hue/etc/keys/ca.crt" "$ETC/keys/hue-ca.crt"
fed_start hue
step 11
t_until "10: the peer is seen, with its nodes" 60 sh -c "finfo -h -M hue | grep -q idle"
away=$(fed_at hanoi fbatch --parsable --center hue -t 1 --wrap true | cut -d ';' -f 1)
fed_until 60 t_ended hanoi "$away"
t_is "10: a job runs there" "$(fed_at hanoi facct -n -P -j "$away" -o Host,State)" "hue|COMPLETED"

step 12
t_until "back, 1: the peer is gone" 30 sh -c "! finfo -h -O Center | grep -q hue"
step 13
t_ok "back, 2: the daemon has ended" sh -c "! kill -0 $HOPLUUD"
step 14
t_ok "back, 3: nothing of ours is left" sh -c "! ls -d $ETC $STATE $SPOOL $RUN"
t_is "that was the whole page" "$(block 15)" ''
of_slurm >"$FED/after"
t_ok "Slurm is as it was, and its own job runs" diff "$FED/before" "$FED/after"
t_done
