#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Records in, every form out: nothing is lost, and the judges of each form agree.
src=$(cd "${srcdir:-.}/tests/report" && pwd) || exit 1
freport=${COMMAND_DIR:-$PWD/command}/freport
make=${MAKE_RECORDS:-$PWD/tests/report/make_records}
shared=${HOPLUU_SHARED:-/nowhere}/data/accounting
dir=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-export.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
n=0 bad=0

t()
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        bad=1
        [ -z "$3" ] || echo "$3" | head -n 5 | sed 's/^/# /'
    fi
}
is()
{
    [ "$2" = "$3" ]
    t $? "$1" "got '$2', expected '$3'"
}
skip()
{
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}
export_as()
{
    "$freport" export --from "$dir/records.jsonl" --registry "$src/registry.json" --format "$@" 2>"$dir/err"
}

"$make" 3000 1 2023 >"$dir/records.jsonl"
all=$(wc -l <"$dir/records.jsonl")
export_as jsonl >"$dir/again.jsonl"
cmp -s "$dir/records.jsonl" "$dir/again.jsonl"
t $? "record lines come out as they went in"
states=$(grep -o '"state":"[A-Z_]*"' "$dir/records.jsonl" | sort -u | wc -l)
is "all eleven states are in" "$states" 11

# --- APEL
for f in "$shared"/apel/*.ok*.msg; do
    [ -e "$f" ] || break
    out=$("$src/check_apel" "$f" 2>&1)
    t $? "the checker takes $(basename "$f")" "$out"
done
for f in "$shared"/apel/*.bad-*.msg; do
    [ -e "$f" ] || break
    ! "$src/check_apel" "$f" >/dev/null 2>&1
    t $? "the checker refuses $(basename "$f")"
done
[ -d "$shared/apel" ] || skip "golden APEL messages" "HOPLUU_SHARED is not set"
export_as apel >"$dir/apel"
out=$("$src/check_apel" "$dir/apel")
t $? "individual messages are APEL's" "$out"
is "one for each record" "$(grep -c '^%%$' "$dir/apel")" "$all"
is "ids of attempts differ" "$(grep '^LocalJobId' "$dir/apel" | sort -u | wc -l)" "$all"
export_as apel-summary >"$dir/summary"
out=$("$src/check_apel" "$dir/summary")
t $? "summaries are APEL's" "$out"
is "summaries count every record" "$(awk '/^NumberOfJobs/ { s += $2 } END { print s }' "$dir/summary")" "$all"
for key in WallDuration CpuDuration; do
    is "$key sums to the same" "$(awk -v k="$key:" '$1 == k { s += $2 } END { printf "%d", s }' "$dir/summary")" \
        "$(awk -v k="$key:" '$1 == k { s += $2 } END { printf "%d", s }' "$dir/apel")"
done
"$freport" export --from "$dir/records.jsonl" --format apel >/dev/null 2>"$dir/err"
is "without a registry it is refused" "$? $(grep -c 'needs a registry' "$dir/err")" "1 1"
sed 's/"partition": "gpu", "kind": "cloud"/"partition": "big", "kind": "cloud"/' "$src/registry.json" >"$dir/registry.json"
"$freport" export --from "$dir/records.jsonl" --registry "$dir/registry.json" --format apel -o "$dir/none" 2>"$dir/err"
is "a pool without a benchmark is named" "$? $(grep -c 'pool gpu of danang has no benchmark' "$dir/err")" "1 1"
[ ! -e "$dir/none" ] && [ ! -e "$dir/none.part" ]
t $? "and nothing is left of the file"

# --- XDMoD: what its shredder does with a line
export_as xdmod >"$dir/xdmod"
cat >"$dir/shred.awk" <<'SHRED'
BEGIN {
    FS = "|"
    split("BOOT_FAIL CANCELLED COMPLETED FAILED NODE_FAIL PREEMPTED TIMEOUT OUT_OF_MEMORY DEADLINE REVOKED", words, " ")
    for (i in words) ended[words[i]] = 1
    when = "^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$"
}
NF < 26 { print "malformed: " $0; exit 1 }
$1 ~ /\./ || $14 == "Unknown" || $25 == "None assigned" { skipped++; next }
{
    split($17, word, " ")
    if (!(word[1] in ended)) { print "state " $17; next }
    if ($11 !~ when || ($12 !~ when && $12 != "Unknown") || $13 !~ when || $14 !~ when) { print "time: " $0; next }
    d = $15; day = 0
    if (d ~ /-/) { day = d; sub(/-.*/, "", day); sub(/.*-/, "", d) }
    m = split(d, p, ":"); s = 0
    for (i = 1; i <= m; i++) s = s * 60 + p[i]
    taken++; cores += $19 * (day * 86400 + s)
    if (match($23, /gres\/gpu[^=,]*=[0-9]+/)) { g = substr($23, RSTART, RLENGTH); sub(/.*=/, "", g); gpus += g }
}
END { printf "%d %d %d %d\n", taken, skipped, cores, gpus }
SHRED
if [ -d "$shared/xdmod" ]; then
    is "the reader agrees with XDMoD's rows" "$(awk -f "$dir/shred.awk" "$shared/xdmod/input/accounting-logs.log" | cut -d ' ' -f 1)" \
        "$(grep -c '"job_id"' "$shared/xdmod/output/accounting-logs.json")"
    is "and takes 1 and skips 3 of the edge cases" "$(awk -f "$dir/shred.awk" "$shared/xdmod/edge-cases.log" | cut -d ' ' -f 1,2)" "1 3"
else
    skip "XDMoD's own lines" "HOPLUU_SHARED is not set"
fi
never=$(grep -vc '"start":' "$dir/records.jsonl")
cores=$(awk -F '"core_s":' 'NF > 1 { s += $2 } END { printf "%d", s }' "$dir/records.jsonl")
gpus=$(awk -F '"gpus":' 'NF > 1 { s += $2 } END { printf "%d", s }' "$dir/records.jsonl")
is "its rows have every hour and GPU" "$(awk -f "$dir/shred.awk" "$dir/xdmod")" "$((all - never)) $never $cores $gpus"
printf '%s\n' '{"center":"hanoi","end":200,"entry":"hanoi","institution":"ioit","job":7,"name":"a|b \"c\"","person":"p-1","project":"ioit.flow","start":100,"state":"COMPLETED","submit":90,"v":1}' >"$dir/name.jsonl"
is "a name with | is the last field" "$("$freport" export --from "$dir/name.jsonl" --format xdmod --names | cut -d '|' -f 26-)" 'a|b "c"'
is "names stay inside without --names" "$("$freport" export --from "$dir/name.jsonl" --format xdmod | cut -d '|' -f 26-)" 'job'

# --- OGF UR 2.0
export_as ur2 >"$dir/ur2.xml"
if command -v xmllint >/dev/null; then
    out=$(xmllint --nonet --noout "$dir/ur2.xml" 2>&1)
    t $? "usage records are XML" "$out"
    if [ -e "$shared/xsd/ogf-ur-2.0-reconstructed.xsd" ]; then
        out=$(xmllint --nonet --noout --schema "$shared/xsd/ogf-ur-2.0-reconstructed.xsd" "$dir/ur2.xml" 2>&1)
        t $? "usage records pass the schema" "$out"
    else
        skip "usage records pass the schema" "HOPLUU_SHARED is not set"
    fi
else
    skip "usage records are XML" "xmllint is not installed"
fi
is "one for each record" "$(grep -c '<urf:UsageRecord>' "$dir/ur2.xml")" "$all"
is "every state is in them" "$(grep -o '<urf:Status>[A-Z_]*' "$dir/ur2.xml" | sort -u | wc -l)" 11
is "GPUs are a block of their own" "$(awk -F '[<>]' '/HostType>gpu/ { g = 1 } g && /Processors/ { s += $3; g = 0 } END { print s }' "$dir/ur2.xml")" "$gpus"
is "the ministry is the one of that day" "$(grep -c '"ministry">mae<' "$dir/ur2.xml")" 0

# --- CSV
export_as csv >"$dir/csv"
is "CSV has a heading and every record" "$(wc -l <"$dir/csv")" $((all + 1))
is "CSV has the same core seconds" "$(awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "core_s") c = i; next } { s += $c } END { printf "%d", s }' "$dir/csv")" "$cores"
is "CSV quotes as RFC 4180 says" "$("$freport" export --from "$dir/name.jsonl" --format csv --names | tail -n 1 | grep -c '"a|b ""c"""')" 1

# --- what is wrong is said with its line
sed '17s/"state":"[A-Z_]*"/"state":"LOST"/' "$dir/records.jsonl" >"$dir/bad.jsonl"
"$freport" export --from "$dir/bad.jsonl" -o "$dir/none" 2>"$dir/err"
is "a bad line is named" "$? $(grep -c 'bad.jsonl:17: state "LOST" is not how a run ends' "$dir/err")" "1 1"
[ ! -e "$dir/none" ]
t $? "and nothing was written"
"$freport" export --from "$dir/records.jsonl" --by user 2>"$dir/err"
is "an option of another report is refused" "$? $(grep -c -e '--by is not an option' "$dir/err")" "1 1"
"$freport" export --format html 2>"$dir/err"
is "an unknown form is refused" "$? $(grep -c 'apel-summary, xdmod' "$dir/err")" "1 1"
if [ -e /dev/full ]; then
    "$freport" export --from "$dir/records.jsonl" >/dev/full 2>"$dir/err"
    is "a full disk is said" "$? $(grep -om 1 'No space' "$dir/err")" "1 No space"
fi
echo "1..$n"
exit $bad
