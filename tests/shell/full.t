#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# full.t - the state directory's disk is full: new jobs are refused, running ones are
# not harmed, and when there is room again everything is as it was acknowledged
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"

# A small disk of our own: a tmpfs in user and mount namespaces, where that is allowed.
# Inside, the daemon is the same ordinary user as outside.
small_disk="unshare --user --map-root-user --mount sh -c '
    mount -t tmpfs -o size=\$SIZE,mode=0700 tmpfs \"\$DISK\" &&
    { [ \$SIZE = 64k ] || head -c 1000000 /dev/zero >\"\$DISK/ballast\"; } &&
    exec unshare --user --map-user=$(id -u) --map-group=$(id -g) \"\$@\"' sh"
mkdir -p "${TMPDIR:-/tmp}/hopluu-try.$$"
SIZE=64k DISK=${TMPDIR:-/tmp}/hopluu-try.$$ sh -c "$small_disk true" 2>/dev/null
can=$?
rmdir "${TMPDIR:-/tmp}/hopluu-try.$$"
[ $can -eq 0 ] || t_skip_all "no user namespaces here"

t_federation full
t_centers 1
mkdir -m 700 "$FED/hanoi/state"
export DISK="$FED/hanoi/state" SIZE=4m
hopluud_on_small_disk()
{
    fed_spawn hopluud-hanoi "$FED/hanoi/log/hopluud.log" sh -c "exec $small_disk hopluud -f $FED/hanoi/etc/hopluu.conf"
}
fed_configure hanoi
fed_start_munged hanoi
hopluud_on_small_disk
fed_start_noded hanoi 1
fed_start_noded hanoi 2
t_until "a center on a small disk is up" 30 fed_up hanoi

hanoi()
{
    fed_at hanoi "$@"
}
job=$(hanoi fbatch --parsable -t 5:00 --wrap "while [ ! -e $FED/tmp/go ]; do sleep 0.2; done; echo went on")
t_until "a job runs" 20 t_runs hanoi "$job"

# Fill it: with scripts, as users would.
{ printf '#!/bin/sh\n' && head -c 700000 /dev/urandom | base64 | sed 's/^/# /'; } >"$FED/hanoi/home/large.sh"
n=0
while [ $n -lt 20 ] && hanoi timeout 5 fbatch -Q --begin now+1hour large.sh 2>/dev/null; do
    n=$((n + 1))
done
t_ok "some large scripts fit, then no more" test $n -gt 0 -a $n -lt 20
t_refused "the next is told why" 'cannot write its state.*nothing was submitted' \
    hanoi fbatch --begin now+1hour --wrap true
t_like "in the log too" "$(cat "$FED/hanoi/log/hopluud.log")" 'cannot be written|full'
t_is "the running one is not harmed" "$(t_state hanoi "$job")" RUNNING
taken=$(hanoi fqueue -h -t PD -o %i | wc -l)
t_ok "what was acknowledged waits" test "$taken" -ge $n
touch "$FED/tmp/go"
t_until "the job ends in its own time" 30 grep -q 'went on' "$FED/hanoi/home/slurm-$job.out"

t_ok "room is made" rm "/proc/$(fed_pid hopluud-hanoi)/root$DISK/ballast"
t_until "the daemon notices" 30 grep -q 'is written again' "$FED/hanoi/log/hopluud.log"
t_until "the end of the job is written down" 30 t_ended hanoi "$job"
t_is "as it was" "$(hanoi facct -n -P -j "$job" -o State,ExitCode)" "COMPLETED|0:0"
t_like "a new job is taken" "$(hanoi fbatch --parsable --begin now+1hour --wrap true)" '^1[0-9]+$'
t_is "and nothing that was refused has come to life" \
    "$(hanoi fqueue -h -t PD -o %i | wc -l)" $((taken + 1))
t_done
