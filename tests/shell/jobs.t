#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# jobs.t - one center: jobs that run, fail, are ended, and what is refused
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation jobs
t_centers 1
t_up
home=$FED/hanoi/home

hanoi()
{
    fed_at hanoi "$@"
}

# submit ARGUMENT... - the new job's number
submit()
{
    hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

# ends NAME JOB STATE EXITCODE
ends()
{
    fed_until 30 t_ended hanoi "$2"
    t_is "$1" "$(hanoi facct -n -P -j "$2" -o State,ExitCode)" "$3|$4"
}

# ---- a job that works

cat >"$home/job.sh" <<'END'
#!/bin/sh
#SBATCH --job-name=first -n 2
#SBATCH --time=1:00
#SBATCH -o out-%j-%x.txt -e err-%j.txt
echo "$SLURM_JOB_ID $SLURM_JOB_NAME $SLURM_NTASKS $SLURM_SUBMIT_DIR $1"
pwd
echo "to stderr" >&2
END
t_like "fbatch says Slurm's words" "$(hanoi fbatch job.sh again)" '^Submitted batch job 1000000001$'
ends "a script ends COMPLETED" 1000000001 COMPLETED 0:0
t_is "its output is where the pattern says" "$(cat "$home/out-1000000001-first.txt" 2>&1)" \
    "1000000001 first 2 $home again
$home"
t_is "and its stderr" "$(cat "$home/err-1000000001.txt" 2>&1)" "to stderr"
t_like "cores and time are booked" "$(hanoi facct -n -P -j 1000000001 -o AllocCPUS,CPUTimeRAW)" '^2\|[0-9]+$'

t_ok "--wait ends with the job" hanoi fbatch -Q --wait --wrap true
hanoi fbatch -Q --wait --wrap 'exit 5' >/dev/null 2>&1
t_is "and with its exit code" $? 5
printf '#!/bin/sh\nexit 4\n' >"$FED/stdin"
hanoi fbatch -Q --wait <"$FED/stdin" >/dev/null 2>&1
t_is "a script comes from standard input too" $? 4

# ---- jobs that do not

job=$(submit --wrap 'exit 3')
ends "an exit code is kept" "$job" FAILED 3:0
job=$(submit --wrap 'kill -9 $$')
ends "so is a signal" "$job" FAILED 0:9
job=$(submit -t 0:02 --wrap "sleep 7$$ & sleep 7$$")
ends "the time limit ends it" "$job" TIMEOUT 0:15
t_is "with all that it started" "$(pgrep -u "$(id -u)" -f "^sleep 7$$\$" | wc -l)" 0
job=$(submit -t 5:00 --wrap 'sleep 101')
t_until "a long one runs" 20 t_runs hanoi "$job"
t_like "fqueue shows it" "$(hanoi fqueue -h -o '%i %t %u')" "^$job R $(id -un)"
t_ok "fcancel takes it" hanoi fcancel "$job"
fed_until 20 t_ended hanoi "$job"
t_is "it is CANCELLED by whom" "$(t_state hanoi "$job")" "CANCELLED by an@ioit"
job=$(submit --begin now+1hour --wrap true)
t_like "one with a later begin waits" "$(hanoi fqueue -h -j "$job" -o '%t %r')" '^PD BeginTime'
hanoi fcancel "$job"
fed_until 20 t_ended hanoi "$job"
t_is "and is cancelled without running" "$(hanoi facct -n -P -j "$job" -o State,CPUTimeRAW)" \
    "CANCELLED by an@ioit|0"
hanoi fcancel "$job"
t_is "to cancel a job that is over is no error, and changes nothing" \
    "$? $(hanoi facct -n -P -j "$job" -o State)" "0 CANCELLED by an@ioit"
t_refused "nor one that never was" '1000000999' hanoi fcancel 1000000999

# ---- what is refused, and changes nothing

before=$(hanoi facct -n -P -a -o JobID | wc -l)
refused()
{
    _name=$1 _words=$2
    shift 2
    t_refused "$_name" "$_words" hanoi fbatch "$@"
}
refused "a script that is not there" 'nowhere.sh' nowhere.sh
printf 'true\n' >"$home/plain"
refused "a script without #!" '#!' plain
printf '#!/bin/sh\n\n#SBATCH --colour=red\ntrue\n' >"$home/bad.sh"
refused "an unknown #SBATCH option, with its line" 'bad.sh:3:.*colour|line 3.*colour' bad.sh
printf '#!/bin/sh\n#SBATCH --time=soon\n' >"$home/bad.sh"
refused "a malformed time, with its line" "bad.sh:2:.*soon|line 2.*soon" bad.sh
refused "a malformed size" 'lots' --mem=lots --wrap true
refused "an array, by name" 'array' --array=1-3 --wrap true
refused "no tasks" '0' -n 0 --wrap true
refused "a partition that is not there" 'nopart' -p nopart --wrap true
refused "a project that is not there" 'p.none' -A p.none --wrap true
refused "a project of others" 'p.hust' -A p.hust --wrap true
refused "a center that is not there" 'saturn' --center saturn --wrap true
refused "more nodes than there are" 'hanoi: .*nodes' -N 3 --wrap true
refused "more cores than a node has" 'hanoi: .*core' -c 5 --wrap true
refused "more memory than a node has" 'hanoi: ' --mem=17G --wrap true
refused "more time than the partition allows" 'hanoi: .*1:00:00' -t 2:00:00 --wrap true
refused "a named node, by the option's name" 'nodelist' -w ha1 --wrap true
refused "a file to bring that is not there" 'nofile' --transfer-in nofile --wrap true
{ printf '#!/bin/sh\n' && head -c 4194304 /dev/zero | tr '\0' '#'; } >"$home/big.sh"
refused "a script above 4 MiB" '4' big.sh
t_is "and no job was made" "$(hanoi facct -n -P -a -o JobID | wc -l)" "$before"

t_refused "no daemon there" 'no-such.sock' env HOPLUU_SOCKET="$FED/no-such.sock" fqueue
t_done
