#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The commands against a daemon that answers from a file: what they print, what they
# ask, and what they exit with. TAP on stdout.
bin=${COMMAND_DIR:-$PWD/command}
fake=${FAKE_DAEMON:-$PWD/tests/command/fake_daemon}
answers=$(cd "${srcdir:-.}/tests/command/answers" && pwd) || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-command.XXXXXX") || exit 1
daemon=
n=0

stop() {
    [ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; } 2>"$dir/kill"
    daemon=
}
trap 'stop; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

# start FILE: the socket file is there once it listens
start() {
    stop
    rm -f "$dir/socket"
    "$fake" "$dir/socket" "$answers/$1" "$dir/log" &
    daemon=$!
    i=0
    while [ ! -S "$dir/socket" ] && [ $i -lt 500 ]; do
        i=$((i + 1))
        sleep 0.01
    done
}

# run CODE PROGRAM ARG...: what it printed is in $dir/out and $dir/err
run() {
    want=$1
    program=$2
    shift 2
    "$bin/$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
    [ $code -eq "$want" ]
}

# ok NAME after a command that must have succeeded
ok() {
    result=$?
    n=$((n + 1))
    if [ $result -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        sed 's/^/# out: /' "$dir/out"
        sed 's/^/# err: /' "$dir/err"
        echo "# exit code $code"
    fi
}

prints() { grep -q -e "$1" "$dir/out"; }
says() { grep -q -e "$1" "$dir/err"; }
asked() { grep -q -e "$1" "$dir/log"; }

TZ=UTC
export TZ
unset HOPLUU_SOCKET SQUEUE_FORMAT SACCT_FORMAT
unset SBATCH_TIMELIMIT SBATCH_ACCOUNT SBATCH_PARTITION
cd "$dir" || exit 1

# Without any daemon.
for p in fbatch fqueue fcancel finfo facct fbalance fexplain fprio fseff fshare freport fcontrol; do
    run 0 $p --help && prints "Usage: $p"
    ok "$p --help needs no daemon"
    run 0 $p --version && prints '^hopluu '
    ok "$p --version"
    run 1 $p --nonsense && says "unrecognized option '--nonsense'"
    ok "$p refuses an unknown option with 1"
    [ -r "$answers/../../../completion/$p" ]
    ok "bash finds the completion of $p"
done
HOPLUU_SOCKET=$dir/nobody
export HOPLUU_SOCKET
run 75 fqueue && says '^fqueue: error: ' && [ "$(wc -l <"$dir/err")" -eq 1 ]
ok 'no daemon: one line and 75'

# fbatch: what it refuses before it asks anybody.
run 1 fbatch missing.sh && says "missing.sh" && [ "$(wc -l <"$dir/err")" -eq 1 ]
ok 'a missing script'
echo 'echo' >noshell.sh
run 1 fbatch noshell.sh && says 'does not begin with #!'
ok 'a script without #!'
: >empty.sh
run 1 fbatch empty.sh && says 'the script is empty'
ok 'an empty script'
printf '#!/bin/sh\n#SBATCH -n 2\n#SBATCH --frobnicate=1\ntrue\n' >bad.sh
run 1 fbatch bad.sh && says "error: bad.sh: line 3: unknown option '--frobnicate'"
ok 'an unknown #SBATCH option names file and line'
printf '#!/bin/sh\ntrue\n' >good.sh
run 1 fbatch --time=soon good.sh && says "error: --time: 'soon' is not a time"
ok 'a bad time'
run 1 fbatch --mem=lots good.sh && says "error: --mem: 'lots' is not a size"
ok 'a bad size'
run 1 fbatch --array=1-3 good.sh && says 'error: --array: job arrays are not yet'
ok 'arrays are refused'
run 1 fbatch --nice=3 good.sh && says 'option of Slurm is not supported'
ok "Slurm's other options are refused by name"
run 1 fbatch --wrap=ls good.sh && says 'exclude each other'
ok '--wrap and a script'
run 1 fbatch --mem=1G --mem-per-cpu=1G good.sh && says '\-\-mem and --mem-per-cpu exclude'
ok 'two kinds of memory'
run 1 fbatch --transfer-in=nowhere good.sh && says 'transfer-in: .*nowhere: No such file'
ok 'a missing input'
run 1 fbatch --transfer-in=../x good.sh && says "without '..'"
ok 'an input outside the directory'
truncate -s 67108865 large
run 1 fbatch --transfer-in=large good.sh && says '67108865 bytes, the most is 67108864 (TRANSFER_MAX)'
ok 'a large input names the ceiling'
head -c 4300000 /dev/zero | tr '\0' '#' >huge.sh
run 1 fbatch huge.sh && says 'larger than 4194304 bytes\|the most is 4194304'
ok 'a large script names the ceiling'
run 1 fbatch --output=%q good.sh && says "'%q' in file name"
ok 'an unknown letter in a file name'

HOPLUU_SOCKET=$dir/socket
start quiet.json
printf 'hello' >in.dat
run 0 fbatch --transfer-in=in.dat -N 2 good.sh a 'b c' && prints '^Submitted batch job 1000000042$' \
    && says 'asking again'
ok 'submits, and asks again when the connection breaks'
tokens=$(grep '"op":"submit"' "$dir/log" | sed 's/.*"client_token":\([0-9]*\).*/\1/' | sort -u | wc -l)
[ "$tokens" -eq 1 ] && [ "$(grep -c '"op":"submit"' "$dir/log")" -eq 2 ]
ok 'both questions carry the same token'
asked '"op":"blob".*"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"' \
    && asked '"data":"aGVsbG8="'
ok 'the input was uploaded under its hash'
run 0 fbatch --parsable --wrap true && [ "$(cat out)" = 1000000042 ]
ok '--parsable prints the id alone'
printf '#!/bin/sh\n#SBATCH --job-name=piped\n' | "$bin/fbatch" >out 2>err
asked '"name":"piped"'
ok 'a script on standard input'
run 7 fbatch -W --wrap 'exit 7' && prints 1000000042 && says 'ended FAILED'
ok "--wait ends with the job's code"

run 0 fqueue && prints '^     JOBID CENTER\|^JOBID ' && prints '1000000001 hue ' && prints '(Resources)' \
    && ! prints 1000000003
ok 'fqueue shows what waits and runs'
run 0 fqueue -h -o '%.12i|%6P|%.5j|%T|%D|%C' && prints '^  1000000001|main  |halo |RUNNING|2|4$'
ok 'fqueue -o letters'
run 0 fqueue -h -O 'JobID:12,State:.10' && prints '^1000000001     RUNNING$'
ok 'fqueue -O names'
run 0 fqueue -j 1000000003 -h -o %T && prints '^FAILED$' && asked '"ids":\[1000000003\]'
ok 'fqueue -j shows an ended job'
run 0 fqueue -j 2000000009,1000000003,2000000008,1000000003 -h && asked '"ids":\[1000000003\]' \
    && asked '"ids":\[2000000008,2000000009\]'
ok 'ids of two centers are two questions'
run 0 fqueue -t PD -h -o %i && [ "$(cat out)" = 1000000002 ] && asked '"states":\["PENDING"\]'
ok 'fqueue -t'
run 0 fqueue --start -h -P && prints '1000000002|-|(default)|tiếng Việt'
ok 'fqueue --start, parsable'
run 0 fqueue --json && prints '"job_id": 1000000001' && prints '"entry": "hanoi"'
ok 'fqueue --json'
run 1 fqueue -t nonsense && says "'nonsense' is not a job state"
ok 'fqueue refuses an unknown state'
run 1 fqueue -o %Y && says "'%Y' is not a column"
ok 'fqueue refuses an unknown letter'
run 0 fqueue --me && asked '"me":true'
ok 'fqueue --me'

run 0 facct -j 1000000003 -n -P -o JobID,State,ExitCode,ElapsedRaw,CPUTimeRAW,TotalCPU,MaxRSS,Units,Host \
    && [ "$(sed -n 3p out)" = '1000000003|FAILED|3:0|100|400|06:20.500|10240K|0.111|hanoi' ]
ok 'facct figures'
run 0 facct -j 1000000003 -n -P \
    -o MapSource,MapMethod,MapGain,MapCost,MapCostDefault,MapLink,MapLinkDefault,MapCPU,MapWhy \
    && [ "$(sed -n 3p out)" = 'named|grid|23.4%|5184000|6768000|12000|20000|0.000045|grid: 23.4 % cheaper' ] \
    && [ "$(sed -n 1p out)" = '||||||||' ]
ok 'facct says how ranks lie, and nothing where they were not mapped'
run 0 fqueue -j 1000000003 -h -O 'MapSource:8,MapGain:8,MapWhy:8' && prints '^named   23.4%   grid: 23$'
ok 'so does fqueue'
run 0 facct -a && prints '^JobID  *JobName ' && prints '^----------' && asked '"all":true'
ok 'facct table'
run 0 facct -X -n -o 'JobName%6' && prints '^halo +$'
ok 'facct cuts at a width and marks it'
run 0 facct --json && prints '"current": "FAILED"' \
    && prints '"default_cost": 6768000' && prints '"gain_permille": 234' && prints '"rank_map": null'
ok 'facct --json'
run 1 facct -S never && says "starttime: 'never' is not a time"
ok 'facct refuses a bad time'

run 1 fcancel && says 'name jobs by id'
ok 'fcancel needs to be told what'
run 1 fcancel 1000000001 1000000003 1000000002 && says 'error: job 1000000002 belongs to binh' \
    && ! says 'already FAILED'
ok 'fcancel says which one failed; one that has ended is none'
start quiet.json
run 0 fcancel -v -s USR1 1000000001 && asked '"op":"cancel"' && asked '"signal":10' && says 'signalled'
ok 'fcancel --signal'
run 1 fcancel 12 && says "'12' is not a job id"
ok 'fcancel refuses what is no id'
start quiet.json
run 0 fcancel --me --state=PENDING && asked '"job":1000000002' && ! asked '"job":1000000003'
ok 'fcancel by state'

run 0 finfo && prints '^hanoi  *main\*  *up ' && prints 'idle' && prints '24/32' && prints '^hue  *-  *silent'
ok 'finfo'
run 0 finfo -N && prints '^hn1 .*mixed.*4/8'
ok 'finfo -N'
run 0 finfo -h -o '%V %P %D' && prints '^hanoi main\* 3$'
ok 'finfo -o'
run 0 finfo --json && prints '"connected": false'
ok 'finfo --json'
run 0 fbalance && prints 'ioit.climate  *ioit  *hanoi  *100.000  *87.500  *2.500  *10.000' && prints unlimited
ok 'fbalance'
run 0 fbalance -n -P && prints '^ioit.climate|ioit|hanoi|100.000|87.500|2.500|10.000|0.000|0.000$'
ok 'fbalance --parsable2'
run 0 fbalance --json && prints '"granted": 100000'
ok 'fbalance --json'
run 0 fexplain 1000000002 && prints 'waits: waits for 40 cores' && prints 'too-large.*64 cores asked, 32 shared' \
    && prints '2025-11-24T16:00:01  offered to hanoi'
ok 'fexplain'
prints '^Ranks  *traffic recorded in an earlier run; cost 7, in node order 10; most loaded link 3, in node order 4; multisection: cheaper; 0.001619 s of CPU$'
ok 'fexplain says why its ranks lie so'
run 0 fexplain --json 1000000002 && prints '"views"'
ok 'fexplain --json'
run 0 fseff 1000000003 && prints '^Job ID: 1000000003$' && prints '^State: FAILED (exit code 3)$' \
    && prints '^Cores per node: 4$' && prints '^CPU Utilized: 00:06:20$' \
    && prints '^CPU Efficiency: 95.12% of 00:06:40 core-walltime$' && prints '^Job Wall-clock time: 00:01:40$' \
    && prints '^Memory Utilized: 20.00 MB (estimated maximum)$' \
    && prints '^Memory Efficiency: 1.95% of 1.00 GB (1.00 GB/node)$' && prints '^Time Efficiency: 16.67% of 00:10:00$' \
    && prints '^Charged: 0.111 units to ioit.climate, placed at hanoi$'
ok 'fseff'
run 0 fseff 1000000002 && prints '^Efficiency not available for jobs in the PENDING state.$'
ok 'fseff of a job that waits'
run 0 fseff --json 1000000003 && prints '"cpu_efficiency": 0.95125' && prints '"milli": 111'
ok 'fseff --json'
run 1 fseff && says 'which job'
ok 'fseff needs a job'
run 1 fexplain && says 'which job'
ok 'fexplain needs a job'
run 0 freport usage && prints '^Demand: ' && prints '^ioit  *3  *1.511  *5440 ' && prints '^TOTAL  *3 '
ok 'freport demand'
run 0 freport usage --view supply --by center && prints '^Supply: ' && prints '^hue  *3 ' && prints '^TOTAL  *5  *1.502  *5407 '
ok 'freport supply'
run 0 freport usage --by=user --format csv && prints '^an@ioit,3,1.511,5440,0,0.000,1.500,1.504$' && ! prints TOTAL
ok 'freport CSV'
run 0 freport usage --format json && prints '"core_s": 5440' && prints '"view": "demand"'
ok 'freport JSON'
run 1 freport money && says "'money': use usage"
ok 'freport refuses another report'

# fcontrol: what needs no daemon, then what asks one.
unset SLURM_JOB_NODELIST
run 0 fcontrol show hostnames 'hn[08-10],login' && [ "$(tr '\n' ' ' <out)" = 'hn08 hn09 hn10 login ' ]
ok 'fcontrol show hostnames'
run 1 fcontrol show hostnames && says 'SLURM_JOB_NODELIST is not set'
ok 'no list, and not in a job'
SLURM_JOB_NODELIST='hn[1-2]'
export SLURM_JOB_NODELIST
run 0 fcontrol show hostnames && [ "$(tr '\n' ' ' <out)" = 'hn1 hn2 ' ]
ok 'in a job its nodes are the list'
unset SLURM_JOB_NODELIST
run 0 fcontrol show hostlist hn1,hn2 hn3 login && [ "$(cat out)" = 'hn[1-3],login' ]
ok 'fcontrol show hostlist'
run 1 fcontrol show hostlist && says 'give names'
ok 'no names'
run 1 fcontrol show hostnames 'hn[4-1]' && says "fcontrol: error: host list 'hn\[4-1\]'"
ok 'a broken list'
run 1 fcontrol frobnicate && says "'frobnicate' is not a verb: use release, update, declare-lost, drain, resume, show job, show hostnames, show hostlist, show reservation, create reservation, delete or ping"
ok 'an unknown verb names those that there are'
run 1 fcontrol && says 'use release, update, declare-lost, drain, resume, show job'
ok 'no verb names them too'
run 1 fcontrol show money && says "'money': use job, hostnames, hostlist or reservation"
ok 'show something else'
run 1 fcontrol release && says 'which job'
ok 'release of nothing'
run 1 fcontrol release 12 && says "'12' is not a job id"
ok 'release of what is no id'
HOPLUU_SOCKET=$dir/nobody
for words in ping 'show job 1000000001' 'release 1000000001'; do
    # shellcheck disable=SC2086 # words of ours
    run 75 fcontrol $words && says 'no daemon answers' && [ "$(wc -l <err)" -eq 1 ]
    ok "no daemon: fcontrol $words ends with 75"
done
HOPLUU_SOCKET=$dir/socket
start control.json
run 0 fcontrol ping && prints '^hopluud of center hanoi (1) is UP, version 0.1.0; an is an@ioit$'
ok 'fcontrol ping'
run 1 fcontrol ping hue && says "'hue' is one word too many"
ok 'ping takes no words'
run 0 fcontrol show job 1000000001,1000000002 1000000003 && asked '"ids":\[1000000001,1000000002,1000000003\]' \
    && prints '^JobId=1000000001 JobName=halo exchange$' && prints '^   JobState=RUNNING Reason=None$' \
    && prints '^   UserId=an(1000) Person=an@ioit ' && prints 'TimeLimit=01:00:00$' \
    && prints '^   Partition=main Center=hue Entry=hanoi ReqCenters=any$' \
    && prints '^   NumNodes=1 NumCPUs=4 NumTasks=4 CPUs/Task=1$' && prints 'MinMemoryNode=1G '
ok 'fcontrol show job, several ids in one question'
prints 'StartTime=2025-11-24T16:01:00 EndTime=2025-11-24T16:02:40$' && prints ' ExitCode=3:0$' \
    && prints '^   RunTime=00:01:40 TimeLimit=00:10:00$' && prints '^   Note=the script exited with 3$'
ok 'a job that has ended'
prints '^   Requeue=0 Restarts=0 Held=1 ' && prints 'Reason=JobHeldUser$' && prints 'TimeLimit=UNLIMITED$' \
    && prints '^   Partition=(null) Center=(null) '
ok 'a job that is held'
run 0 fcontrol -o show job && [ "$(wc -l <out)" -eq 3 ] && prints '^JobId=1000000003 .* Note='
ok 'all jobs, each on one line'
run 1 fcontrol show job 1000000003 1000000009 && prints '^JobId=1000000003 ' && says 'job 1000000009 is not known'
ok 'a job that is not known is named'
run 0 fcontrol release 1000000002 && asked '"job":1000000002,"op":"release"' && [ ! -s out ] && [ ! -s err ]
ok 'fcontrol release'
run 0 fcontrol release 1000000001 && says '^fcontrol: job 1000000001 is not held$'
ok 'a job that is not held is no failure'
run 3 fcontrol release 1000000004 && says 'error: job 1000000004 belongs to binh@hust'
ok "somebody else's job is denied"
run 1 fcontrol release 1000000002,1000000004 && says 'job 1000000004 belongs'
ok 'one of several that fails is 1'
run 75 fcontrol release 2000000001 && says 'job 2000000001: hue does not answer'
ok 'a center that does not answer is 75'

# Under Slurm's names: Slurm's columns, and errors under the name that was typed.
mkdir slurm
for pair in sbatch:fbatch squeue:fqueue; do ln -s "$bin/${pair#*:}" "slurm/${pair%:*}"; done
slurm/squeue >out 2>err </dev/null && prints '^JOBID  *PARTITION  *NAME  *USER  *ST  *TIME  *NODES  *NODELIST(REASON)$'
ok 'squeue prints the columns that scripts count'
slurm/sbatch --time=soon good.sh >out 2>err </dev/null
[ $? -eq 1 ] && says "^sbatch: error: --time: 'soon'"
ok 'sbatch speaks as sbatch'

start refusals.json
for code in 3 4 5 75 75 1; do
    run $code fbatch good.sh && says '^fbatch: error: ' && [ "$(wc -l <err)" -eq 1 ]
    ok "a refusal ends with $code"
done
echo "1..$n"
