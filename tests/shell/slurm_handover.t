#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm_handover.t - sbatch hands jobs to the federation: a proxy stands in the site's
# Slurm, what happens to one happens to the other, and nothing is lost or left when
# either daemon dies
. "${srcdir:-.}/tests/shell/lib.sh"
t_slurm_plugins
fed_as_ordinary_user "$0" "$@"
t_federation handover
theirs=$(dirname "$(find /usr/lib /usr/lib64 /usr/local/lib -name select_cons_tres.so -print -quit 2>/dev/null)")
t_centers 2
echo 'plugins { federate = {"p.ioit"} }' >"$FED/hanoi/etc/more.conf"
fed_slurm hanoi "PluginDir=$build/plugin/.libs:$theirs" JobSubmitPlugins=hopluu
echo "optional $build/plugin/.libs/spank_hopluu.so" >"$FED/hanoi/slurm/plugstack.conf"
export HOPLUU_SOCKET="$FED/hanoi/run/hopluud.sock" HOPLUU_HANDOVER_MS=2000 # slurmctld's too
t_up
home=$FED/hanoi/home

slurm()
{
    fed_slurm_at hanoi "$@"
}

# hand [OPTION...] - hand a job over: its number in Slurm and in the federation
hand()
{
    slurm sbatch --parsable -t 2:00 "$@" >"$FED/said" 2>&1
    echo "$(grep -E '^[0-9]+$' "$FED/said") $(sed -n 's/.*federated job \([0-9]*\).*/\1/p' "$FED/said")"
}

# shows PROXY FIELD - of scontrol show job
shows()
{
    slurm scontrol show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1
}

is()
{
    [ "$(shows "$1" JobState)" = "$2" ]
}

# note PROXY - its AdminComment, from the job's state on
note()
{
    slurm scontrol show job "$1" | sed -n "s/ *$//; s/.*AdminComment=hopluu-proxy [0-9]* //p"
}

noted()
{
    [ "$(note "$1")" = "$2" ]
}

# ---- hopluud hangs while a job is handed over: it stays, and its copy is never run

fed_signal STOP hopluud-hanoi
slurm sbatch -t 1:00 --center=any -o "$home/stays.out" --wrap 'echo here' >"$FED/said" 2>&1
t_like "no answer: a job that may go anywhere stays, and its user is told" "$(cat "$FED/said")" \
    'hopluu: .*the job queues at this center only'
stays=$(sed -n 's/Submitted batch job //p' "$FED/said")
t_like "one for a named center is refused" \
    "$(slurm sbatch -t 1:00 --center=hue --wrap true 2>&1)" 'hopluu: .*nothing was submitted'
fed_signal CONT hopluud-hanoi
t_until "the one that stayed runs here" 60 is "$stays" COMPLETED
t_until "hopluud answers again" 60 sh -c \
    "SLURM_CONF=$FED/hanoi/slurm/slurm.conf sbatch --test-only -t 1:00 --center=hue --wrap true 2>&1 | grep -q 'expected at hue'"

# ---- a job's way

cat >"$home/job.sh" <<'END'
#!/bin/sh
#SBATCH -n 2 --center=hue -o job-%j.out --transfer-out=result.txt
echo "at $HOPLUU_CENTER for $HOPLUU_INSTITUTION: $*, $COLOUR"
echo done >result.txt
while [ ! -e "$GO" ]; do sleep 0.2; done
exit 7
END
# shellcheck disable=SC2046 # two words
set -- $(cd "$home" && COLOUR=blue GO=$FED/go hand job.sh one two)
proxy=$1 job=$2
t_like "sbatch says both numbers" "$proxy $job" '^[0-9]+ 1[0-9]{9}$'
t_until "it runs at the other center" 60 t_runs hanoi "$job"
t_until "its proxy says so" 60 noted "$proxy" "RUNNING 0:0 hue"
t_is "the proxy is held in squeue" "$(slurm squeue -h -j "$proxy" -o '%T %j %a')" "PENDING job.sh (null)"
touch "$FED/go"
t_until "the proxy ends as the job did" 60 is "$proxy" FAILED
t_is "with its exit code" "$(shows "$proxy" ExitCode)" 7:0
t_is "and its own word in the note" "$(note "$proxy")" "FAILED 7:0 hue"
t_is "its output is at home" "$(cat "$home/job-$job.out" 2>&1)" "at hue for ioit: one two, blue"
t_is "so is its result" "$(cat "$home/result.txt" 2>&1)" "done"
# shellcheck disable=SC2046 # two words
set -- $(hand -A p.ioit --wrap 'kill -KILL $$')
t_until "an account that is federated: one killed by a signal" 60 is "$1" FAILED
t_like "shows the signal" "$(shows "$1" ExitCode)" '^0:9$|^137:0$'
# shellcheck disable=SC2046 # two words
set -- $(hand --center=hue --wrap true)
t_until "one that completes" 60 is "$1" COMPLETED

# ---- the end from either side

# shellcheck disable=SC2046 # two words
set -- $(hand --center=hue --wrap 'sleep 100')
t_until "one runs" 60 t_runs hanoi "$2"
t_ok "scancel of its proxy" slurm scancel "$1"
fed_until 60 t_ended hanoi "$2"
t_is "cancels it" "$(t_state hanoi "$2")" "CANCELLED by scancel"
# shellcheck disable=SC2046 # two words
set -- $(hand --center=hue --wrap 'sleep 100')
t_until "one runs" 60 t_runs hanoi "$2"
t_ok "fcancel of the job" fed_at hanoi fcancel "$2"
t_until "cancels the proxy" 60 is "$1" CANCELLED

# ---- daemons die

# shellcheck disable=SC2046 # two words
set -- $(hand --center=hue --wrap "while [ ! -e $FED/go2 ]; do sleep 0.2; done; exit 3")
long=$1 long_job=$2
# shellcheck disable=SC2046 # two words
set -- $(hand --center=hue --wrap 'sleep 100')
gone=$1 gone_job=$2
t_until "two run" 60 t_runs hanoi "$gone_job"
t_until "both" 60 t_runs hanoi "$long_job"
fed_stop hopluud-hanoi KILL
t_ok "hopluud is dead: scancel of a proxy" slurm scancel "$gone"
t_like "sbatch --center says so" "$(slurm sbatch -t 1:00 --center=hue --wrap true 2>&1)" 'nothing was submitted'
touch "$FED/go2"
fed_stop slurmctld-hanoi
fed_start_hopluud hanoi
fed_start_slurmctld hanoi
t_until "both daemons are back: the job that ended meanwhile ends its proxy" 90 is "$long" FAILED
t_is "with its exit code" "$(shows "$long" ExitCode)" 3:0
fed_until 60 t_ended hanoi "$gone_job"
t_is "the one whose proxy was cancelled is cancelled" "$(t_state hanoi "$gone_job")" "CANCELLED by scancel"

# ---- the copies of the jobs that stayed or were refused at the beginning

orphans_over()
{
    [ "$(fed_at hanoi facct -n -P -a -S now-1hour -o State | grep -c 'CANCELLED by slurm')" = "$orphans" ] &&
        ! fed_at hanoi fqueue -h -o %T | grep -q .
}
orphans=$(fed_at hanoi facct -n -P -a -S now-1hour -o State | grep -cE 'PENDING|CANCELLED by slurm')
t_until "what nobody stands for is cancelled, after a minute" 120 orphans_over
t_is "nothing of it ran" "$(fed_at hanoi facct -n -P -a -S now-1hour -o State,ElapsedRaw |
    grep 'by slurm' | grep -vc '|0$')" 0
t_is "nothing is held any more" \
    "$(fed_at hue fbalance --all -P | awk -F'|' 'NR > 1 { n += $6 } END { print n + 0 }')" 0
t_done
