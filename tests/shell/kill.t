#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# kill.t - kill -9 of daemons at random moments while jobs come and run: every
# acknowledged job ends, ran once, and is accounted once
#
#     HOPLUU_KILLS=20 HOPLUU_SEED=7 sh tests/shell/kill.t     the long form
. "${srcdir:-.}/tests/shell/lib.sh"
kills=${HOPLUU_KILLS:-4}
seed=${HOPLUU_SEED:-$(($(date +%s) % 100000))}
HOPLUU_KILLS=$kills HOPLUU_SEED=$seed
export HOPLUU_KILLS HOPLUU_SEED
fed_as_ordinary_user "$0" "$@"
t_federation kill
t_centers 3
t_up
t_say "seed $seed, $kills kills; again: HOPLUU_KILLS=$kills HOPLUU_SEED=$seed sh tests/shell/kill.t"

# rnd N - the next pseudo-random number below N, in $rnd
rnd()
{
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    rnd=$(((seed / 65536) % $1))
}

pause()
{
    rnd "$1"
    sleep "$((rnd / 1000)).$(printf %03d $((rnd % 1000)))"
}

# ---- jobs: each run writes its first and its last line into one file

runs=$FED/runs
: >"$runs"
cat >"$FED/job.sh" <<END
#!/bin/sh
echo "\$SLURM_JOB_ID start" >>$runs
\$1 \$2
echo "\$SLURM_JOB_ID end" >>$runs
echo done
END
mpi=
if [ -x "$build/examples/pi" ] && command -v mpirun >/dev/null; then
    mpi=yes
    for c in $t_names; do cp "$build/examples/pi" "$top/examples/pi.sh" "$FED/$c/home/"; done
fi

# submit_one CENTER KIND - acknowledged ids go into the file; a daemon that is away is
# nobody's fault
submit_one()
{
    case $2 in
    0) set -- "$1" --wrap true ;;
    1) set -- "$1" "$FED/job.sh" sleep 0.4 ;;
    2) set -- "$1" "$FED/job.sh" true ;;
    3) set -- "$1" -N 2 "$FED/job.sh" sleep 0.8 ;;
    4) set -- "$1" -n 2 "$FED/job.sh" sleep 1.5 ;;
    5) set -- "$1" --requeue "$FED/job.sh" sleep 0.2 ;;
    6)
        [ -n "$mpi" ] || return
        set -- "$1" -N 1 -n 2 --transfer-in pi pi.sh
        ;;
    esac
    _c=$1
    shift
    _id=$(fed_at "$_c" timeout 20 fbatch --parsable -t 2:00 "$@" 2>>"$FED/tmp/refused") &&
        echo "${_id%%;*} $_c" >>"$FED/jobs"
}

# A researcher who does not look at which daemons live
researcher()
{
    seed=$2
    while [ ! -e "$FED/tmp/enough" ]; do
        rnd 7
        submit_one "$1" $rnd
        pause "${HOPLUU_EVERY_MS:-1200}"
    done
}

researchers=
for c in $t_names; do
    rnd 30000
    researcher "$c" $rnd &
    researchers="$researchers $!"
done

# ---- kills

victims="hopluud-hanoi hopluud-hue hopluud-danang hopluud-hanoi hopluud-hue hopluud-danang"
for c in $t_names; do
    for n in 1 2; do victims="$victims hopluu-noded-$c-$n"; done
done

start_again()
{
    case $1 in
    hopluud-*) fed_start_hopluud "${1#hopluud-}" ;;
    *)
        _node=${1#hopluu-noded-}
        fed_start_noded "${_node%-*}" "${_node##*-}"
        ;;
    esac
}

k=0
told=
while [ $k -lt "$kills" ]; do
    k=$((k + 1))
    pause 1500
    rnd 12
    victim=$(echo "$victims" | cut -d ' ' -f $((rnd + 1)))
    fed_signal KILL "$victim"
    fed_until 5 fed_gone "$victim"
    pause 800
    start_again "$victim"
    told="$told $victim"
done
t_say "killed:$told"
: >"$FED/tmp/enough"
# shellcheck disable=SC2086 # pids
wait $researchers
t_say "$(wc -l <"$FED/jobs") jobs were acknowledged, $(wc -l <"$FED/tmp/refused") lines of refusal"
# shellcheck disable=SC2317 # called by t_until
answers()
{
    for c in $t_names; do
        [ "$(fed_at "$c" finfo --json | grep -c '"connected": true')" -ge 2 ] || return 1
        ! fed_at "$c" finfo -N -h -O State | grep -q down || return 1
    done
}
t_until "all daemons answer again" 30 answers

# ---- every acknowledged job ends

snapshot()
{
    for c in $t_names; do
        fed_at "$c" facct -n -P -a -o JobID,State,ExitCode,CPUTimeRAW,Host,JobName || return 1
    done >"$FED/tmp/all"
}

open_jobs()
{
    snapshot && awk -F'|' '
        FILENAME ~ /all$/ { state[$1] = $2; next }
        { split($1, f, " "); if (state[f[1]] !~ /^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|BOOT_FAIL)/) {
            print f[1], f[2], state[f[1]] } }' "$FED/tmp/all" "$FED/jobs"
}

# shellcheck disable=SC2317 # called by t_until
all_ended()
{
    [ -z "$(open_jobs)" ] && ! grep -qE '\|(PENDING|RUNNING|CONFIGURING|COMPLETING)\|' "$FED/tmp/all"
}

t_until "every acknowledged job ends" "${HOPLUU_END_S:-45}" all_ended
open_jobs >"$FED/tmp/open"
[ ! -s "$FED/tmp/open" ] || t_say "$(cat "$FED/tmp/open")"
t_is "each completed" "$(grep -vc '|COMPLETED|0:0|' "$FED/tmp/all")" 0
grep -v '|COMPLETED|0:0|' "$FED/tmp/all" >"$FED/tmp/other" && t_say "$(cat "$FED/tmp/other")"

# ---- each ran once

awk '
{ if ($2 == "start") { if (open[$1]) print $1, "two at a time or without an end"; open[$1] = 1; n[$1]++ }
  if ($2 == "end") { if (!open[$1]) print $1, "an end without a start"; open[$1] = 0 } }
END { for (j in n) { if (n[j] > 1) print j, "ran", n[j], "times"; if (open[j]) print j, "has not ended" } }
' "$runs" >"$FED/tmp/wrong"
t_is "no run twice, none half" "$(cat "$FED/tmp/wrong")" ""
awk -F'|' 'FILENAME ~ /runs$/ { split($1, f, " "); ran[f[1]] = 1; next }
    $6 == "job.sh" && $2 == "COMPLETED" && !ran[$1] { print $1 }' "$runs" "$FED/tmp/all" >"$FED/tmp/not"
t_is "what says it completed has run" "$(cat "$FED/tmp/not")" ""

# ---- and is accounted once

column()
{
    fed_at "$1" freport usage --start now-1hour --view "$2" --format csv | awk -F, -v column="$3" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
    { sum += $at } END { printf "%d\n", sum }'
}

total()
{
    for c in $t_names; do column "$c" "$1" "$2"; done | awk '{ n += $1 } END { printf "%d\n", n }'
}

for what in RUNS CORE_SECONDS UNITS; do
    t_is "$what: supply = demand" "$(total supply $what)" "$(total demand $what)"
done
t_is "runs accounted = jobs" "$(total supply RUNS)" "$(wc -l <"$FED/tmp/all")"
t_is "core-seconds accounted = those of the jobs" "$(total supply CORE_SECONDS)" \
    "$(awk -F'|' '{ n += $4 } END { printf "%d\n", n }' "$FED/tmp/all")"
for c in $t_names; do
    t_is "nothing is held any more at $c" "$(fed_at "$c" fbalance --all -P | awk -F'|' '
        $1 == "PROJECT" { for (i = 1; i <= NF; i++) if ($i == "HELD") at = i; next }
        { n += $at } END { print at ? n + 0 : "no column" }')" 0
done

# ---- and nothing is left

job_processes()
{
    fed_remains | while read -r pid; do
        grep -q "^$pid " "$FED/pids" || tr '\0' ' ' <"/proc/$pid/cmdline"
    done 2>/dev/null
}

# shellcheck disable=SC2317 # called by t_until
no_processes()
{
    [ -z "$(job_processes)" ]
}
t_until "no process of a job is left" 10 no_processes
no_processes || t_say "$(job_processes)"
left_dirs()
{
    find "$FED"/*/node*/spool/jobs "$FED"/*/state/outputs "$FED"/*/state/jobs \
        -mindepth 1 -maxdepth 1 -type d 2>/dev/null
}
# shellcheck disable=SC2317 # called by t_until
no_dirs()
{
    [ -z "$(left_dirs)" ]
}
t_until "no directory of a job is left" 10 no_dirs
no_dirs || t_say "$(left_dirs)"
t_done
