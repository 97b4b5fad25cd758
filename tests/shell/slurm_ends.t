#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm_ends.t - completion records of a real Slurm: an end that hopluud did not see and
# that Slurm has forgotten is settled as what it was, and the sweep finds what was not
. "${srcdir:-.}/tests/shell/lib.sh"
missing=$(fed_slurm_missing)
[ -z "$missing" ] || t_skip_all "there is no $missing"
fed_as_ordinary_user "$0" "$@"
t_federation ends
t_centers 1
printf '#!/bin/sh\nexec "%s/scripts/hopluu-jobcomp" "%s/ends"\n' "$top" "$FED" >"$FED/jobcomp"
chmod 755 "$FED/jobcomp"
fed_slurm hanoi JobCompType=jobcomp/script "JobCompLoc=$FED/jobcomp" || exit 99
cat >"$FED/hanoi/etc/engine.conf" <<END
completions = "$FED/ends"
sweep = "0:02"
END
t_up
log=$FED/hanoi/log/hopluud.log
settled=$FED/hanoi/spool/settled

submit()
{
    fed_at hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

field()
{
    fed_at hanoi facct -n -P -j "$1" -o "$2"
}

recorded()
{
    [ "$(wc -l <"$FED/ends" 2>/dev/null)" -ge "$1" ]
}

in_log()
{
    grep -qE "$1" "$log"
}

job=$(submit -t 1:00 --wrap 'exit 3')
fed_until 30 t_ended hanoi "$job"
t_is "a job ends while everything is there" "$(field "$job" State,ExitCode)" "FAILED|3:0"
t_like "Slurm wrote its record" "$(cat "$FED/ends")" '^[0-9]+ [0-9]+ [0-9]+ [0-9]+ FAILED 3:0 1 1 ha[12]$'
t_until "the sweep finds no difference" 20 in_log 'sweep: 0 differences'

job=$(submit -t 1:00 --wrap 'sleep 2; exit 4')
lost=$(submit -t 1:00 --wrap 'sleep 2')
t_until "two jobs run" 30 t_runs hanoi "$job"
fed_until 30 t_runs hanoi "$lost"
fed_stop hopluud-hanoi KILL
fed_until 30 recorded 3
t_ok "hopluud is killed, and they end meanwhile" recorded 3
fed_stop slurmctld-hanoi
sed -i "/ COMPLETED /d" "$FED/ends"
fed_start_slurmctld hanoi -c
fed_until 30 fed_slurm_up hanoi
t_is "Slurm has lost its state" "$(fed_slurm_jobs hanoi)" ""
fed_start_hopluud hanoi
t_until "hopluud comes back" 30 fed_up hanoi
fed_until 60 t_ended hanoi "$job"
fed_until 60 t_ended hanoi "$lost"
t_is "the record says how one ended" "$(field "$job" State,ExitCode,NodeList)" "FAILED|4:0|$(
    awk '/ 4:0 / { print $9 }' "$FED/ends")"
t_is "nobody knows of the other, and it does not run again" "$(field "$lost" State)" NODE_FAIL

grep -v " $job " "$settled" >"$FED/less" && cp "$FED/less" "$settled"
t_until "the sweep finds a run that was not settled" 20 in_log "sweep: job $job \(hanoi/.*never settled here"
t_refused "jobcomp says how it is called" 'usage: JobCompLoc=' "$top/scripts/hopluu-jobcomp"
t_done
