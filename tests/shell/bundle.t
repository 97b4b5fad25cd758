#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# bundle.t - a ministry's bundle from what two centers really did: their records, the
# journals that they print, the checkpoints that they signed for each other
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation bundle
t_centers 2
T_MAX_NODES=1 t_site hanoi an ioit
t_up
out=$FED/out
registry=$top/tests/report/registry.json
mkdir "$out" "$out/books"
# What fontconfig keeps for the next page is its own: not counted against a built-in sanitizer.
echo 'leak:libfontconfig' >"$out/lsan"
export LSAN_OPTIONS="suppressions=$out/lsan:print_suppressions=0"
year=$(TZ=UTC-7 date +%Y)

submit()
{
    fed_at hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}
jobs=
for how in true 'exit 3' 'sleep 1'; do
    jobs="$jobs $(submit --wrap "$how")"
done
away=$(submit -N 2 -n 2 --wrap 'sleep 1')
late=$(submit -t 0:01 --wrap 'sleep 60')
for job in $jobs $away $late; do
    fed_until 90 t_ended hanoi "$job" || t_say "job $job goes on"
done

# The books of both, up to a checkpoint that the other has signed as well.
witnessed()
{
    fed_at "$1" facctmgr -n -P show checkpoint origin="hopluu/$1" | tail -n 1 | grep -q "|hopluu/$2\$"
}
for center in hanoi hue; do
    fed_at $center facctmgr sign checkpoint >"$out/said" 2>&1 || t_say "$(cat "$out/said")"
done
t_until "hue has countersigned hanoi's books" 20 witnessed hanoi hue
t_until "and hanoi hue's" 20 witnessed hue hanoi
for center in hanoi hue; do
    t_ok "$center prints its journal" sh -c "HOPLUU_SOCKET='$FED/$center/run/hopluud.sock' \
        facctmgr print journal >'$out/books/$center.journal'"
    fed_at $center facctmgr print checkpoint >"$out/books/$center.note"
    cp "$FED/$center/etc/keys/$center-ledger.pub" "$out/books/$center.pub"
    fed_at $center freport export >"$out/$center.jsonl"
done
cat "$out/hanoi.jsonl" "$out/hue.jsonl" >"$out/all.jsonl"
t_is "all runs are told" "$(wc -l <"$out/all.jsonl")" 5

cd "$out" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj "/CN=Root" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout signer.key -out signer.csr -subj "/C=VN/CN=VAST" 2>/dev/null
openssl x509 -req -in signer.csr -CA ca.pem -CAkey ca.key -out signer.pem -days 30 -set_serial 2 2>/dev/null

# bundle NAME [RECORDS]
bundle()
{
    freport bundle --ministry vast --year "$year" --from "${2:-all.jsonl}" --registry "$registry" --books books \
        --signer signer.pem --key signer.key -o "$1"
}
t_ok "they make a bundle" bundle vast
t_like "whose runs are proven by both centers' books, countersigned" "$(fverify --ca ca.pem vast)" \
    "^good: vast: vast $year, 5 records of 2 centers.*2 of the centers proven.*\\([0-9]+ lines, 2 of them countersigned"
sed -n 's/^    //p' vast/VERIFY.txt >commands.sh
t_ok "the commands of VERIFY.txt find it good" sh -c "cd vast && CA=../ca.pem sh -e ../commands.sh"
t_ok "an independent count agrees" "$top/scripts/recount" --bundle vast
t_is "only lines of its jobs are in it" "$(grep -vc '"txn":"[SF]' vast/journal/hue.jsonl)" 0

# Who makes the bundle has its key, not the centers': figures that the books contradict.
sed 's/"core_s":\([0-9]\)/"core_s":1\1/' all.jsonl >more.jsonl
t_ok "a bundle with hours too many can be made" bundle more more.jsonl
t_refused "and is found out by the signed books" 'the signed books say' fverify --ca ca.pem more
grep -v "\"job\":$away," all.jsonl >less.jsonl
t_ok "and one without the run at hue" bundle less less.jsonl
t_like "which is proven of its own center alone" "$(fverify --ca ca.pem less)" '4 records of 1 centers'
sed 's/"t":"20/"t":"19/' books/hue.journal >wrong && mv wrong books/hue.journal
t_refused "a journal that is not the signed one is refused" 'hue.journal' bundle other
sed 's/^— hopluu\/hue .*/— hopluu\/hue AAAA/' books/hanoi.note >wrong && mv wrong books/hanoi.note
t_refused "a damaged countersignature too" 'signature 2 of the note is damaged' bundle other
cd / || exit 1
t_done
