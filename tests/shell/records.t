#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# records.t - what two centers did leaves them as records: each attempt once, in every
# form, with the figures of their books
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation records
t_centers 2
T_MAX_NODES=1 t_site hanoi an ioit
t_up
out=$FED/out
mkdir "$out"

at()
{
    fed_at "$@"
}

submit()
{
    fed_at hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

# of FILE JOB - its record; member FILE JOB NAME - one value of it, without quotes
of()
{
    grep "\"job\":$2," "$1"
}
member()
{
    of "$1" "$2" | tr ',{}' '[\n*]' | sed -n "s/^\"$3\":\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p"
}

good=$(submit -J 'one|"two"' --wrap true)
bad=$(submit --wrap 'exit 3')
away=$(submit -N 2 -n 2 --wrap 'sleep 1')
late=$(submit -t 0:01 --wrap 'sleep 60')
never=$(submit --begin now+1hour --wrap true)
at hanoi fcancel "$never"
killed=$(submit --wrap 'sleep 60')
t_until "the one to be cancelled runs" 30 t_runs hanoi "$killed"
at hanoi fcancel "$killed"
for job in $good $bad $away $killed $never $late; do
    fed_until 60 t_ended hanoi "$job" || t_say "job $job goes on"
done
for center in hanoi hue; do
    t_ok "$center tells its records" at "$center" freport export -o "$out/$center.jsonl"
    at "$center" freport export --names >"$out/$center.names"
done
t_is "hanoi has five attempts" "$(wc -l <"$out/hanoi.jsonl")" 5
t_is "the sixth is hue's" "$(wc -l <"$out/hue.jsonl")" 1
t_is "completed" "$(member "$out/hanoi.jsonl" "$good" state)" COMPLETED
t_is "failed, with its code" "$(member "$out/hanoi.jsonl" "$bad" state) $(member "$out/hanoi.jsonl" "$bad" exit_code)" "FAILED 3"
t_is "too long" "$(member "$out/hanoi.jsonl" "$late" state)" TIMEOUT
t_is "cancelled while it ran" "$(member "$out/hanoi.jsonl" "$killed" state)" CANCELLED
t_is "cancelled before it started: no start, nothing used" \
    "$(member "$out/hanoi.jsonl" "$never" state) $(of "$out/hanoi.jsonl" "$never" | grep -c -e '"start"' -e '"core_s"')" "CANCELLED 0"
t_is "the foreign one was submitted at hanoi" \
    "$(member "$out/hue.jsonl" "$away" center) $(member "$out/hue.jsonl" "$away" entry)" "hue hanoi"
submitted=$(fed_at hanoi facct -n -P -j "$away" -o Submit)
t_is "its time of submission is the entry's" "$(date -u -d "@$(member "$out/hue.jsonl" "$away" submit)" +%FT%T)" \
    "$(date -u -d "$submitted" +%FT%T)"
t_is "price and seconds are those of facct" \
    "$(member "$out/hue.jsonl" "$away" milli) $(member "$out/hue.jsonl" "$away" core_s)" \
    "$(fed_at hanoi facct -n -P -j "$away" -o Units,CPUTimeRAW | awk -F'|' '{ printf "%d %d", $1 * 1000 + 0.5, $2 }')"
t_is "nobody's name is in them" "$(grep -c -e 'an@ioit' -e '"name"' -e '"uid"' "$out/hanoi.jsonl")" 0
t_like "a person is a pseudonym, always the same" \
    "$(grep -o '"person":"p-[0-9a-f]*"' "$out/hanoi.jsonl" | sort | uniq -c)" '^ *5 "person":"p-[0-9a-f]{16}"$'
t_is "names with --names" "$(of "$out/hanoi.names" "$good" | grep -c '"name":"one|\\"two\\""')" 1
sum()
{
    cat "$out/hanoi.jsonl" "$out/hue.jsonl" | tr ',{}' '[\n*]' | awk -F: -v m="\"$1\"" '$1 == m { s += $2 } END { print s + 0 }'
}
t_is "demand and records agree to the unit" "$(at hanoi freport usage --by institution --json --start 2020-01-01 |
    jq -c '[.total.core_s, .total.milli]')" "[$(sum core_s),$(sum milli)]"
for format in xdmod apel ur2 csv; do
    t_ok "the same as $format" at hanoi freport export --format "$format" \
        --registry "$top/tests/report/registry.json" -o "$out/$format"
done
t_is "one APEL message each" "$(grep -c '^%%$' "$out/apel")" 5
for center in hanoi hue; do
    t_ok "an independent count agrees with $center's database and journal" \
        "$top/scripts/recount" --state "$FED/$center/state/hopluu.db" --records "$out/$center.jsonl"
done
sed 's/"core_s":\([0-9]\)/"core_s":1\1/' "$out/hue.jsonl" >"$out/wrong"
t_refused "and finds an hour too many" 'p.ioit: records' \
    "$top/scripts/recount" --state "$FED/hue/state/hopluu.db" --records "$out/wrong"
t_is "--end is a border" "$(at hanoi freport export --end 2020-01-01 | wc -l)" 0
fed_stop hopluud-hanoi
fed_start_hopluud hanoi
t_until "hanoi is back" 30 fed_up hanoi
at hanoi freport export >"$out/again"
t_ok "after a restart the records are the same" cmp "$out/again" "$out/hanoi.jsonl"

# --- somebody is forgotten
db=$FED/hanoi/state/hopluu.db
busy=$(submit --wrap 'sleep 60')
t_until "one more runs" 30 t_runs hanoi "$busy"
t_refused "nobody is forgotten while a job of theirs is not over" "an@ioit has jobs that are not over: $busy" \
    at hanoi facctmgr -i erase user an@ioit
at hanoi fcancel "$busy"
fed_until 30 t_ended hanoi "$busy"
at hanoi freport export >"$out/before"
journal=$(at hanoi facctmgr print journal | sha256sum)
person=$(at hanoi facctmgr -i erase user an@ioit)
t_like "their pseudonym is told" "$(cat "$out/before")" "\"person\":\"$person\""
at hanoi freport export >"$out/after"
t_ok "the records are the same, to the byte" cmp "$out/before" "$out/after"
t_is "and so are the books" "$(at hanoi facctmgr print journal | sha256sum)" "$journal"
t_is "the name is in no row" "$(sqlite3 "$db" "SELECT (SELECT count(*) FROM holding WHERE noun LIKE '%an@ioit%' AND final = 1)
    || ' ' || (SELECT count(*) FROM runs WHERE person = 'an@ioit') || ' ' || (SELECT count(*) FROM spec)")" "0 0 0"
t_is "no job has a name any more" "$(at hanoi freport export --names | grep -c '"name"')" 0
t_refused "who is no person is refused" 'which person' at hanoi facctmgr -i erase user moon
t_done
