#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Bundles: made twice the same, checked without us, and every change is found and named.
# HOPLUU_POSITIONS: so many random places are changed (60); a campaign takes 1000.
src=$(cd "${srcdir:-.}/tests/report" && pwd) || exit 1
bin=${COMMAND_DIR:-$PWD/command}
here=$PWD/tests/report
dir=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-bundle.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
# What fontconfig keeps for the next page is its own: not counted against a built-in sanitizer.
echo 'leak:libfontconfig' >"$dir/lsan"
export LSAN_OPTIONS="suppressions=$dir/lsan:print_suppressions=0"
n=0 bad=0

t()
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        bad=1
        [ -z "$3" ] || echo "$3" | head -n 8 | sed 's/^/# /'
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
# refused NAME CODE WORDS COMMAND...
refused()
{
    _name=$1 _code=$2 _words=$3
    shift 3
    _said=$("$@" 2>&1)
    _got=$?
    [ $_got = "$_code" ] && printf '%s' "$_said" | grep -qF -e "$_words"
    t $? "$_name" "code $_got: $_said"
}

# --- keys: a root, a signer, one that is over, one of another root
certificate()
{
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -utf8 -subj "/C=VN/O=Viện Hàn lâm/CN=$1" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA "${2:-ca}.pem" -CAkey "${2:-ca}.key" -out "$1.pem" -days 30 -set_serial "$3" 2>/dev/null
}
cd "$dir" || exit 1
for root in ca other; do
    openssl req -x509 -newkey rsa:2048 -nodes -keyout $root.key -out $root.pem -days 30 -subj "/CN=Root $root" 2>/dev/null
done
certificate signer ca 2
certificate stranger other 3

# --- books: a journal that says what the records say, and a checkpoint under it
"$here/make_records" 400 11 2026 hanoi danang hue >all.jsonl
mkdir books
for center in hanoi danang; do
    openssl genpkey -algorithm ed25519 -out $center.ed 2>/dev/null
    openssl pkey -in $center.ed -pubout -out books/$center.pub 2>/dev/null
done
for center in hanoi danang; do
    grep "\"center\":\"$center\"" all.jsonl | "$here/make_books" $center books/$center.journal >books/text
    raw=$(openssl pkey -pubin -in books/$center.pub -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
    id=$({ printf 'hopluu/%s\n\001' $center; openssl pkey -pubin -in books/$center.pub -outform DER | tail -c 32; } |
        openssl dgst -sha256 -binary | head -c 4 | od -An -v -tx1 | tr -d ' \n')
    [ ${#raw} = 64 ] || exit 1
    openssl pkeyutl -sign -rawin -inkey $center.ed -in books/text -out sig 2>/dev/null
    # shellcheck disable=SC2059 # the four bytes of the key's name
    {
        cat books/text
        printf '\n— hopluu/%s %s\n' $center "$({ printf "$(for x in $(echo "$id" | sed 's/../& /g'); do printf '\\%03o' "0x$x"; done)"; cat sig; } | base64 -w 0)"
    } >books/$center.note
done
rm books/text
echo '{"v":1,"pools":[]}' >rates.json

bundle()
{
    "$bin/freport" bundle --ministry vast --year 2026 --from "$dir/all.jsonl" --registry "$src/registry.json" --books "$dir/books" \
        --rates "$dir/rates.json" --signer "$dir/signer.pem" --key "$dir/signer.key" "$@"
}
verify()
{
    "$bin/fverify" --ca "$dir/ca.pem" "$@"
}
out=$(bundle -o "$dir/vast" 2>&1)
t $? "a bundle is made" "$out"
printf '%s' "$out" | grep -q 'records of hue are not proven'
t $? "whose books are missing is said"
tac all.jsonl >turned.jsonl
out=$(bundle -o "$dir/again" --from "$dir/turned.jsonl" 2>&1)
printf '%s' "$out" | grep -q 'is there twice'
t $? "a record that comes twice is refused, and named" "$out"
[ ! -e again ] && [ ! -e again.part ]
t $? "and nothing was made"
mv all.jsonl first.jsonl && mv turned.jsonl all.jsonl
sleep 1 # another second on the clock: nothing of it may be in the bundle
bundle -o "$dir/again" 2>/dev/null
out=$(diff -r vast again)
t $? "made again from records in another order it is the same, to the byte" "$out"
mv first.jsonl all.jsonl
refused "a bundle is never overwritten" 1 'is there already' bundle -o "$dir/vast"
out=$(verify vast)
t $? "fverify finds it good" "$out"
is "it counts records and proven centers" "$(echo "$out" | grep -o '[0-9]* records of [0-9]* centers\|[0-9]* of the centers proven' | tr '\n' ' ')" \
    "$(cat vast/records/*.jsonl | wc -l) records of 3 centers 2 of the centers proven "
out=$("$src/../../scripts/recount" --bundle vast 2>&1)
t $? "an independent count agrees with its tables" "$out"
grep -q -e '"name"' -e '"uid"' -e '"node_list"' vast/records/*.jsonl
is "it has no names" $? 1

# --- the commands of VERIFY.txt, and nothing else
sed -n 's/^    //p' vast/VERIFY.txt >commands.sh
out=$(cd vast && CA="$dir/ca.pem" sh -e "$dir/commands.sh" 2>&1)
t $? "the commands of VERIFY.txt find it good" "$out"
is "they are nine and more" "$(($(wc -l <commands.sh) > 8))" 1
cp -r vast copy
sed -i '1s/"core_s":\([0-9]\)/"core_s":1\1/' copy/records/hanoi.jsonl
out=$(cd copy && CA="$dir/ca.pem" sh -e "$dir/commands.sh" 2>&1)
code=$?
[ $code != 0 ] && printf '%s' "$out" | grep -q 'records/hanoi.jsonl: FAILED'
t $? "and find a changed record" "$out"
refused "fverify names its line" 2 'records/hanoi.jsonl line 1: it is not as it was signed' verify copy
rm -r copy

# --- every change
cp -r vast copy
out=$(timeout 550 "$here/tamper" copy ca.pem "${HOPLUU_POSITIONS:-60}" "${HOPLUU_SEED:-1}" 2>&1)
t $? "every change of every file is found and named" "$out"
echo "# $(echo "$out" | tail -n 1)"
rm -r copy

# --- signers
refused "another root is not trusted" 3 'its certificate is not trusted: unable to get local issuer' \
    "$bin/fverify" --ca other.pem vast
refused "an expired certificate is said" 3 'certificate has expired' verify --at "$(date -u -d '+40 days' +%F)" vast
print=$(openssl x509 -in signer.pem -noout -fingerprint -sha256 | cut -d = -f 2)
verify --signer "$print" vast >/dev/null
t $? "the expected signer"
refused "an unexpected signer is named" 3 'CN=signer' verify --signer "$(echo "$print" | tr '0-9' '1-90')" vast
cp -r vast copy
openssl cms -sign -binary -md sha256 -noattr -in copy/MANIFEST.sha256 -signer stranger.pem -inkey stranger.key -outform DER -out copy/MANIFEST.p7s
refused "a stranger's signature is refused" 3 'not trusted' verify copy
rm -r copy
refused "a key that does not belong to the certificate does not sign" 1 'openssl did not sign' \
    "$bin/freport" bundle --ministry vast --year 2026 --from all.jsonl --registry "$src/registry.json" --signer signer.pem --key stranger.key -o none
[ ! -e none ] && [ ! -e none.part ]
t $? "and nothing is left"

# --- whoever has the key and changes the figures: the centers' signed books say otherwise
resign()
{
    (cd copy && find . -type f ! -path './MANIFEST.*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >MANIFEST.sha256 &&
        openssl cms -sign -binary -md sha256 -noattr -in MANIFEST.sha256 -signer ../signer.pem -inkey ../signer.key -outform DER -out MANIFEST.p7s)
}
# forged NAME WORDS SED-SCRIPT FILE
forged()
{
    cp -r vast copy
    sed -i "$3" "copy/$4"
    resign
    refused "signed again: $1" 4 "$2" verify copy
    rm -r copy
}
job=$(grep -m 1 '"core_s":[0-9]*' vast/records/hanoi.jsonl | grep -o '"job":[0-9]*' | cut -d : -f 2)
forged "hours too many" "records/hanoi.jsonl: job $job has" "/\"job\":$job,/s/\"core_s\":\([0-9]\)/\"core_s\":1\1/" records/hanoi.jsonl
forged "a price too low" "records/hanoi.jsonl: job" '1,5s/"milli":[1-9][0-9]*/"milli":1/' records/hanoi.jsonl
forged "a record less" "records/hanoi.jsonl: " "\$d" records/hanoi.jsonl
forged "records in another order" "records/hanoi.jsonl line 2: it is out of order or twice" '1{h;d};2{G}' records/hanoi.jsonl
forged "a record of last year" "records/hanoi.jsonl line 1" '1s/"end":1/"end":0/' records/hanoi.jsonl
forged "another total" "tables/months.csv line 2: it is not what the records add up to" '2s/.$/7/' tables/months.csv
forged "another line in the books" "journal/hanoi.jsonl" '2s/-\([1-9]\)/-9\1/' journal/hanoi.jsonl
forged "a line of the books less" "proofs/hanoi.txt" '1d' journal/hanoi.jsonl
forged "another proof" "proofs/hanoi.txt" '2s/^../ff/' proofs/hanoi.txt
forged "another size in the checkpoint" "checkpoints/hanoi.note" '2s/.*/3/' checkpoints/hanoi.note
forged "another count" "bundle.json says" '1s/"records":[0-9]*/"records":1/' bundle.json

# --- on a stick
mkdir in
"$bin/fbundle" export --ca ca.pem vast stick.tar 2>err
t $? "a bundle goes into one file" "$(cat err)"
"$bin/fbundle" export --ca ca.pem again stick2.tar && cmp -s stick.tar stick2.tar
t $? "the same bundle makes the same file"
tar tf stick.tar >/dev/null 2>&1
t $? "any tar reads it"
out=$("$bin/fbundle" import --ca ca.pem stick.tar in)
is "it comes in under ministry and year" "$? $out" "0 in/vast-2026"
diff -r vast in/vast-2026 >/dev/null
t $? "as it was"
refused "not twice" 1 'is there already' "$bin/fbundle" import --ca ca.pem stick.tar in
mkdir in2
head -c $(($(wc -c <stick.tar) / 2)) stick.tar >cut.tar
refused "half a file is refused" 2 'it is cut' "$bin/fbundle" import --ca ca.pem cut.tar in2
{ head -c 20000 stick.tar; printf x; tail -c +20002 stick.tar; } >bent.tar
{ head -c -1025 stick.tar; printf x; tail -c 1024 stick.tar; } >behind.tar
refused "and one that hides something between its files" 2 'there is something behind' "$bin/fbundle" import --ca ca.pem behind.tar in2
refused "a bent one too" 2 '' "$bin/fbundle" import --ca ca.pem bent.tar in2
tar cf evil.tar --transform 's,^,../,' -P rates.json
refused "one that reaches out of its directory too" 2 'not the tar file of a bundle' "$bin/fbundle" import --ca ca.pem evil.tar in2
is "nothing is left of them" "$(find in2 -mindepth 1 | wc -l)" 0

# --- the year
for ministry in moet monre mae; do
    "$bin/freport" bundle --ministry $ministry --year 2026 --from all.jsonl --registry "$src/registry.json" --signer signer.pem \
        --key signer.key -o in/$ministry-2026 2>/dev/null
done
"$bin/freport" rollup --year 2026 --registry "$src/registry.json" --ca ca.pem --format csv in/*-2026 >ministries.csv 2>note
t $? "a national roll-up" "$(cat note)"
is "it has every record" "$(awk -F, 'NR > 1 { r += $2; c += $4; m += $8 } END { printf "%d %d %d", r, c, m }' ministries.csv)" \
    "$(tr ',{}' '[\n*]' <all.jsonl | awk -F: '/^"v":1/ { r++ } /^"core_s"/ { c += $2 } /^"milli"/ { m += $2 } END { printf "%d %d %d", r, c, m }')"
grep -q 'national centers: 2 of 3 registered, 2 reporting' note
t $? "national centers are counted" "$(cat note)"
"$bin/freport" rollup --year 2026 --registry "$src/registry.json" --ca ca.pem --table exchange --format csv in/*-2026 2>/dev/null >exchange.csv
is "small cells are put together, sums stay" "$(awk -F, 'NR > 1 { s += $5; if ($5 > 0 && $5 < 5) small++ } END { print s, small + 0 }' exchange.csv)" "400 0"
refused "the same runs are not counted twice" 1 'already has the runs of vast' \
    "$bin/freport" rollup --year 2026 --registry "$src/registry.json" --ca ca.pem in/vast-2026 vast
cp -r in in3
sed -i '2s/"job":[0-9]/"job":9/' in3/moet-2026/records/hue.jsonl
refused "an altered bundle is refused by name" 1 'in3/moet-2026: refused: records/hue.jsonl line 2' \
    "$bin/freport" rollup --year 2026 --registry "$src/registry.json" --ca ca.pem in3/*-2026
annual()
{
    "$bin/freport" annual --year 2026 --registry "$src/registry.json" --ca ca.pem --received "$1" --format csv --today "$2" 2>/dev/null
}
rm -r in/moet-2026
for day in 2026-11-01:'not received' 2026-12-01:'reminder: not received' 2026-12-12:'WARNING: nearly due' 2026-12-14:'WARNING: nearly due' 2026-12-15:OVERDUE; do
    is "on ${day%%:*}: ${day#*:}" "$(annual in "${day%%:*}" | grep ^moet | cut -d , -f 7)" "${day#*:}"
done
is "what came in is received, whatever the day" "$(annual in 2026-12-20 | grep ^vast | cut -d , -f 5,7)" "1,received"
is "a ministry that was merged does not owe one" "$(annual in 2026-12-20 | grep -c ^monre)" 0
annual in 2026-12-20 >/dev/null
is "what is missing is an exit code" $? 2
is "an altered one has not been received" "$(annual in3 2026-12-20 | grep ^moet | cut -d , -f 7)" OVERDUE

# --- a key in a token
module='' engine=''
for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do [ ! -e "$file" ] || module=$file; done
for file in /usr/lib/*/engines-3/pkcs11.so; do [ ! -e "$file" ] || engine=$file; done
if [ -n "$module" ] && [ -n "$engine" ] && command -v softhsm2-util >/dev/null; then
    mkdir tokens
    printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$dir" >softhsm.conf
    export SOFTHSM2_CONF="$dir/softhsm.conf" PKCS11_MODULE_PATH="$module"
    softhsm2-util --init-token --free --label vast --so-pin 1234 --pin 1234 >/dev/null 2>&1
    openssl pkcs8 -topk8 -nocrypt -in signer.key -out signer.p8
    softhsm2-util --import signer.p8 --token vast --label key --id 01 --pin 1234 >/dev/null 2>&1
    out=$("$bin/freport" bundle --ministry vast --year 2026 --from all.jsonl --registry "$src/registry.json" --books books --rates rates.json \
        --signer signer.pem --key 'pkcs11:token=vast;object=key;pin-value=1234' -o token 2>&1)
    t $? "a key that never leaves its token signs" "$out"
    diff -r vast token >/dev/null
    t $? "and gives the same bytes"
else
    skip "a key in a token" "softhsm2 or libengine-pkcs11-openssl is not installed"
fi
echo "1..$n"
exit $bad
