#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm_kill.t - a center's own sbatch does not notice Hopluu: job_submit/hopluu is loaded
# and federated jobs share the machine, while hopluud is killed, stopped and started again
# at random. Every job that sbatch acknowledged runs once and is what was asked for.
#
#   HOPLUU_JOBS=10000 HOPLUU_SEED=7 sh tests/shell/slurm_kill.t     the long campaign
#
# 8 submitters share the jobs. What their submissions took in slurmctld is printed, and
# judged nowhere: the machine may be busy.
. "${srcdir:-.}/tests/shell/lib.sh"
t_slurm_plugins
fed_as_ordinary_user "$0" "$@"
each=$((${HOPLUU_JOBS:-96} / 8))
jobs=$((each * 8))
seed=${HOPLUU_SEED:-$(date +%N | sed 's/^0*//')}
t_federation slurm_kill
t_centers 2
fed_slurm hue MaxJobCount=50000 MinJobAge=86400 DebugFlags=NO_CONF_HASH || exit 99
fed_slurm_plugins >>"$FED/hue/slurm/more.conf"
echo 'plugins { check_budget = {"*"} }' >"$FED/hue/etc/more.conf"
t_up
t_say "$jobs jobs, seed $seed"
mkdir "$FED/asked"

# What Slurm must say of the job: all that a submission may choose here
asked()
{
    printf '%s|%s|%s|%s|%s|%s|%s|%s\n' "$1" "$2" "00:0$3:00" "$4" "$5M" "(null)" "$FED/hue/home" "$2-$1.txt"
}

# submitter NUMBER - its jobs, one after the other, each a little different
submitter()
{
    i=0
    while [ $i -lt $each ]; do
        name=s$1-$i minutes=$((1 + (i + $1) % 5)) tasks=$((1 + i % 2)) mem=$((11 + i % 7))
        id=$(fed_slurm_at hue sbatch --parsable -J "$name" -t $minutes -n $tasks --mem-per-cpu $mem \
            -o "$name-%j.txt" --comment "own" --wrap "echo $name >>$FED/ran" 2>>"$FED/asked/errors") ||
            echo "$name" >>"$FED/asked/refused"
        asked "$id" "$name" $minutes $tasks $mem >>"$FED/asked/$1"
        i=$((i + 1))
    done
    touch "$FED/asked/done-$1"
}

# roll N - dice: 0 to N-1, the same for the same seed
roll()
{
    seed=$((seed * 48271 % 2147483647))
    dice=$((seed % $1))
}

all_submitted()
{
    [ "$(find "$FED/asked" -name 'done-*' | wc -l)" -eq 8 ]
}

in_slurm()
{
    fed_slurm_at hue scontrol -o show jobs
}

s=1
while [ $s -le 8 ]; do
    submitter $s &
    s=$((s + 1))
done
kills=0 stops=0 federated=
until all_submitted; do
    if [ $((kills % 3)) -eq 0 ]; then
        id=$(fed_at hanoi fbatch --parsable --center hue -t 1:00 --wrap true 2>/dev/null) &&
            federated="$federated ${id%%;*}"
    fi
    roll 3
    case $dice in
    0)
        fed_signal STOP hopluud-hue
        stops=$((stops + 1))
        roll 10
        sleep 0.$dice
        fed_signal CONT hopluud-hue
        ;;
    *)
        fed_stop hopluud-hue KILL
        kills=$((kills + 1))
        roll 10
        sleep 0.$dice
        fed_start_hopluud hue
        ;;
    esac
    roll 10
    sleep 0.$dice
done
wait_all()
{
    [ "$(wc -l <"$FED/ran")" -ge "$jobs" ]
}
touch "$FED/ran"
t_say "hopluud was killed $kills times and stopped $stops times"
t_is "no sbatch was refused" "$(cat "$FED/asked/refused" "$FED/asked/errors" 2>/dev/null)" ''
t_until "all jobs run" $((60 + jobs)) wait_all
t_is "each once" "$(sort "$FED/ran" | uniq -d)" ''

cat "$FED"/asked/[1-8] | sort >"$FED/asked.all"
in_slurm | grep -v 'AdminComment=hopluu:' | awk '
    function of(key,   i) {
        for (i = 1; i <= NF; i++)
            if (index($i, key "=") == 1) return substr($i, length(key) + 2)
        return "(null)"
    }
    {
        out = of("StdOut")
        sub(".*/", "", out)
        print of("JobId") "|" of("JobName") "|" of("TimeLimit") "|" of("NumTasks") "|" \
            of("MinMemoryCPU") "|" of("AdminComment") "|" of("WorkDir") "|" out
    }' | sort >"$FED/have.all"
t_ok "what Slurm has is what was asked for, nothing more" diff "$FED/asked.all" "$FED/have.all"
t_is "all completed" "$(in_slurm | grep -v 'AdminComment=hopluu:' | grep -vc 'JobState=COMPLETED.*ExitCode=0:0')" 0
for id in $federated; do fed_until 90 t_ended hanoi "$id" || t_say "$id has not ended"; done
t_is "and so did the federated ones" \
    "$(for id in $federated; do t_state hanoi "$id"; done | sort -u)" COMPLETED
t_say "in slurmctld a submission took (µs, the scheduler's locks included):"
t_say "$(sed -n 's/.*_slurm_rpc_submit_batch_job: JobId=.*usec=\([0-9]*\).*/\1/p' "$FED/hue/log/slurmctld.log" |
    sort -n | awk '{ v[NR] = $1 } END { print "median", v[int((NR + 1) / 2)], "p99", v[int(NR * 0.99)], "most", v[NR] }')"
t_done
