#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm.t - two centers with a real Slurm each and one with nodes of its own: jobs go from
# one Slurm to the other and to the third, daemons of both kinds are killed while they run,
# and the books say what Slurm's records say
. "${srcdir:-.}/tests/shell/lib.sh"
missing=$(fed_slurm_missing)
[ -z "$missing" ] || t_skip_all "there is no $missing"
fed_as_ordinary_user "$0" "$@"
t_federation slurm
t_centers 3
fed_slurm hanoi && fed_slurm hue || exit 99
t_up
home=$FED/hanoi/home

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

field()
{
    hanoi facct -n -P -j "$1" -o "$2"
}

# Is this federated job RUNNING in Slurm's own table at hue?
in_slurm()
{
    fed_slurm_jobs hue | grep -q "|hopluu:hue:$1:[0-9]*|$2|"
}

# Slurm looks for these twice a minute: it goes first and is asked for last.
late=$(submit --center hue -t 0:02 -J late --wrap 'sleep 300')

cat >"$home/job.sh" <<'END'
#!/bin/sh
#SBATCH -N 2 -n 2 -t 1:00 --transfer-in words.txt --transfer-out=result.txt
#SBATCH -o %x-%j.out
tr a-z A-Z <words.txt >result.txt
echo "at $SLURM_CLUSTER_NAME on $SLURM_JOB_NODELIST for $HOPLUU_INSTITUTION"
srun hostname | wc -l
exit 6
END
echo "some words" >"$home/words.txt"
job=$(submit -J away --center hue job.sh)
fed_until 60 t_ended hanoi "$job"
t_is "submitted at one Slurm, it ran at the other" \
    "$(field "$job" Host,State,ExitCode,NodeList)" "hue|FAILED|6:0|hu[1-2]"
t_like "its output is back at the entry" "$(cat "$home/away-$job.out" 2>&1)" '^at hue on hu\[1-2\] for ioit$'
t_like "srun started its two tasks" "$(cat "$home/away-$job.out" 2>&1)" '^2$'
t_is "so is the result that it made of its input" "$(cat "$home/result.txt" 2>&1)" "SOME WORDS"
t_ok "it was one job of that Slurm, under our mark" in_slurm "$job" FAILED

job=$(submit --center hanoi -t 1:00 --wrap 'pwd')
fed_until 60 t_ended hanoi "$job"
t_is "one runs at home, under the entry's Slurm" "$(field "$job" Host,State)" "hanoi|COMPLETED"
t_is "in the user's own directory" "$(cat "$home/slurm-$job.out" 2>&1)" "$home"
job=$(submit --center danang -t 1:00 --wrap true)
fed_until 60 t_ended hanoi "$job"
t_is "one runs on the third center's own nodes" "$(field "$job" Host,State)" "danang|COMPLETED"

job=$(submit --center hue -t 5:00 --wrap 'sleep 300')
t_until "a long one runs at hue" 60 t_runs hanoi "$job"
t_ok "fcancel at home" hanoi fcancel "$job"
fed_until 60 t_ended hanoi "$job"
t_is "ends it" "$(t_state hanoi "$job")" "CANCELLED by an@ioit"
t_until "in Slurm too" 30 in_slurm "$job" CANCELLED

# ---- daemons die while it runs

job=$(submit --center hue -t 10:00 --wrap \
    "echo begun >>$FED/ran; while [ ! -e $FED/go ]; do sleep 0.2; done")
t_until "one that waits for us runs at hue" 60 t_runs hanoi "$job"
t_until "its script has begun" 60 test -e "$FED/ran"
fed_stop hopluud-hue KILL
fed_start_hopluud hue
t_until "hue's hopluud was killed and is back" 60 fed_up hanoi
t_is "the job runs on" "$(t_state hanoi "$job")" RUNNING
fed_stop slurmctld-hue
t_until "slurmctld is stopped: finfo says so" 60 sh -c \
    "HOPLUU_SOCKET=$FED/hue/run/hopluud.sock finfo -N -h -o %E 2>&1 | grep -q 'slurmctld does not answer'"
t_is "the job runs on" "$(t_state hanoi "$job")" RUNNING
hears_of_it()
{
    hanoi finfo -h -M hue -O Avail | grep -q down
}
t_until "hanoi hears of it" 20 hears_of_it
t_refused "nothing is taken for hue alone meanwhile" 'hue' hanoi fbatch --center hue --wrap true
fed_start_slurmctld hue
t_until "slurmctld is back" 60 fed_up hanoi
second=$(submit --center hue -t 1:00 -J second --wrap true)
fed_until 60 t_ended hanoi "$second"
t_is "the next job runs" "$(t_state hanoi "$second")" COMPLETED
touch "$FED/go"
fed_until 60 t_ended hanoi "$job"
t_is "the long one ends as it should" "$(t_state hanoi "$job")" COMPLETED
t_is "it ran once" "$(cat "$FED/ran")" begun

fed_until 90 t_ended hanoi "$late"
t_is "the time limit holds" "$(t_state hanoi "$late")" TIMEOUT

# ---- the books

sums()
{
    fed_at "$1" freport usage --start now-1hour --view "$2" --format csv |
        awk -F, 'NR > 1 { runs += $2; core_s += $4 } END { printf "%d %d", runs, core_s }'
}

# What Slurm has on record; a run that began and ended in one second counts as one.
slurm_sums()
{
    fed_slurm_jobs "$1" |
        awk -F'|' '{ runs++; core_s += $5 * ($6 ? $6 : 1) } END { printf "%d %d", runs, core_s }'
}

for c in hanoi hue; do
    t_is "what $c gave is what its Slurm says" "$(sums $c supply)" "$(slurm_sums $c)"
    t_until "$c: nothing of a guest is left" 30 sh -c \
        "[ -z \"\$(find $FED/$c/spool -mindepth 1 ! -name settled ! -name submitted)\" ]"
done
t_is "the jobs one by one = the report" \
    "$(hanoi facct -n -P -a -o CPUTimeRAW | awk '{ n += $1 } END { print NR, n }')" "$(sums hanoi demand)"
t_is "nothing is held any more" \
    "$(fed_at hue fbalance --all -P | awk -F'|' 'NR > 1 { n += $6 } END { print n + 0 }')" 0
t_done
