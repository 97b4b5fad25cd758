#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# ledger.t - the journal is signed, peers countersign it, openssl agrees, and what was
# signed cannot be changed afterwards
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation ledger
t_centers 2
t_up

hanoi()
{
    fed_at hanoi "$@"
}

acct()
{
    fed_at "$1" facctmgr -n -P show checkpoint origin="hopluu/$2"
}

# The last checkpoint of hanoi has hue's signature, as both say
witnessed()
{
    acct hanoi hanoi | tail -n 1 | grep -q '|hopluu/hue$' &&
        [ "$(acct hanoi hanoi | tail -n 1 | cut -d '|' -f 2,3)" = \
            "$(acct hue hanoi | tail -n 1 | cut -d '|' -f 2,3)" ]
}

t_until "the first checkpoint is countersigned" 20 witnessed
job=$(hanoi fbatch --parsable --wrap true | cut -d ';' -f 1)
t_until "a job makes lines" 30 t_ended hanoi "$job"
t_ok "they are signed on demand" hanoi facctmgr sign checkpoint
t_until "and countersigned, with a proof that the old lines stand" 20 witnessed
t_refused "nothing new, nothing to sign" 'has not grown' hanoi facctmgr sign checkpoint

# --- what both have written down
t_is "the agreement is shown, both ways" \
    "$(hanoi facctmgr -nP show agreement format=Peer,Giver,Partitions,Institutions,State)" \
    "$(printf 'hue|hanoi|main|*|active\nhue|hue|main|*|active')"
t_is "with the digest of the file" "$(hanoi facctmgr -nP show agreement peer=hue format=Digest | sort -u)" \
    "$(fed_at hue facctmgr -nP show agreement format=digest | sort -u)"

# --- checked with openssl alone
w=$FED/check
mkdir "$w"
hanoi facctmgr print checkpoint >"$w/note"
lines=$(sed -n 2p "$w/note")
sed '/^$/,$d' "$w/note" >"$w/text"
for center in hanoi hue; do
    sed -n "s,^— hopluu/$center ,,p" "$w/note" | base64 -d | tail -c 64 >"$w/signature"
    t_ok "openssl finds $center's signature good" openssl pkeyutl -verify -rawin -pubin \
        -inkey "$FED/$center/etc/keys/$center-ledger.pub" -in "$w/text" -sigfile "$w/signature"
done
sed 2s/./9/ "$w/text" >"$w/other"
t_refused "and that of another text bad" 'Fail' openssl pkeyutl -verify -rawin -pubin \
    -inkey "$FED/hue/etc/keys/hue-ledger.pub" -in "$w/other" -sigfile "$w/signature"
t_like "the key is the one that show prints" \
    "$(sh "$top/scripts/hopluu-keys" show "$FED/hanoi/etc/keys/hanoi-ledger.pub")" "$(hanoi facctmgr print key)"

bin()
{
    # shellcheck disable=SC2059 # the format is made of octal numbers
    printf "$(echo "$1" | sed 's/../& /g' | tr ' ' '\n' | while read -r _x; do
        [ -z "$_x" ] || printf '\\%03o' "0x$_x"
    done)"
}

sha()
{
    openssl dgst -sha256 -r | cut -c 1-64
}

# included LEAF PROOF - as docs/accounting.md describes it
included()
{
    _at=$({
        printf '\000'
        printf %s "$(cat "$1")"
    } | sha)
    tail -n +2 "$2" >"$w/steps"
    while read -r _side _hash; do
        if [ "$_side" = R ]; then
            _at=$({ printf '\001' && bin "$_at" && bin "$_hash"; } | sha)
        else
            _at=$({ printf '\001' && bin "$_hash" && bin "$_at"; } | sha)
        fi
    done <"$w/steps"
    [ "$_at" = "$(head -n 1 "$2")" ]
}

root=$(sed -n 3p "$w/text" | base64 -d | od -An -v -tx1 | tr -d ' \n')
for line in 0 $((lines - 1)); do
    hanoi facctmgr print journal from="$line" until=$((line + 1)) >"$w/leaf"
    hanoi facctmgr print proof line="$line" size="$lines" >"$w/proof"
    t_is "the root of line $line's proof is the signed one" "$(head -n 1 "$w/proof")" "$root"
    t_ok "line $line is included" included "$w/leaf" "$w/proof"
done
sed 's/2026/2025/' "$w/leaf" >"$w/forged"
t_refused "a line with another year is not" '' included "$w/forged" "$w/proof"
t_is "the journal has as many lines as were signed" "$(hanoi facctmgr print journal | wc -l)" "$lines"

t_refused "no such line" 'is not one of the first' hanoi facctmgr print proof line=99999
t_refused "a proof wants a line" 'which line' hanoi facctmgr print proof
t_refused "a word that is none" "'colour=red' is not a word" hanoi facctmgr show checkpoint colour=red
t_refused "a word twice" 'given twice' hanoi facctmgr show checkpoint from=1 from=2
t_refused "a size that is no number" 'from: ' hanoi facctmgr show checkpoint from=-1
t_refused "a verb that is none" 'not a verb' hanoi facctmgr burn checkpoint
t_refused "an object that is none" 'nothing that it knows' hanoi facctmgr show money
t_refused "no such checkpoint" 'no checkpoint of hopluu/hue with size 99999' \
    hanoi facctmgr print checkpoint origin=hopluu/hue size=99999

# --- a key that others can read is refused
fed_stop hopluud-hanoi
chmod 644 "$FED/hanoi/etc/keys/hanoi-ledger.key"
t_refused "an open ledger key is refused" 'hanoi-ledger.key' \
    hopluud -f "$FED/hanoi/etc/hopluu.conf"
chmod 600 "$FED/hanoi/etc/keys/hanoi-ledger.key"

# --- history rewritten: the whole chain made anew by one who has the database. The daemon
# itself has no reason to doubt it, but for what was signed.
db=$FED/hanoi/state/hopluu.db
cp "$db" "$w/honest.db"
rewrite()
{
    python3 - "$db" "$1" <<'END'
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
sha = lambda *b: hashlib.sha256(b"".join(b)).digest()
prev, n, peaks = b"\0" * 32, 0, {}
for seq, line in db.execute("SELECT seq, line FROM journal ORDER BY seq").fetchall():
    if seq == 0:
        line = line.replace('"t":"2026', '"t":"2025')
    at = line.index('"prev":"') + 8
    line = line[:at] + prev.hex() + line[at + 64:]
    db.execute("UPDATE journal SET line = ? WHERE seq = ?", (line, seq))
    prev, leaf, bit = sha(line.encode()), sha(b"\0", line.encode()), 0
    while n >> bit & 1:
        leaf, bit = sha(b"\1", peaks[bit], leaf), bit + 1
    peaks[bit] = leaf
    n += 1
blob = bytearray(db.execute("SELECT peaks FROM journal_head").fetchone()[0])
for bit, h in peaks.items():
    blob[32 * bit:32 * bit + 32] = h
db.execute("UPDATE journal_head SET prev = ?, peaks = ?", (prev, bytes(blob)))
if sys.argv[2] == "forget":
    db.execute("DELETE FROM checkpoint WHERE origin = 'hopluu/hanoi'")
    db.execute("DELETE FROM witness WHERE origin = 'hopluu/hanoi'")
db.commit()
END
}
honest()
{
    rm -f "$db-wal" "$db-shm"
    cp "$w/honest.db" "$db"
}
blamed()
{
    fed_at hue facctmgr show checkpoint 2>&1 |
        grep -q 'hanoi: it has signed two different journals of the same length'
}
if command -v python3 >/dev/null; then
    rewrite keep
    t_refused "a rewritten journal is not the signed one" \
        'are not the ones that this center has signed' hopluud -f "$FED/hanoi/etc/hopluu.conf"
    honest
    rewrite forget
    fed_start_hopluud hanoi
    t_until "one who forgets his signatures too is found by the peer" 30 blamed
    t_is "which did not sign that" "$(acct hue hanoi | tail -n 1 | cut -d '|' -f 3)" \
        "$(sed -n 3p "$w/text")"
    fed_stop hopluud-hanoi
    honest
fi
fed_start_hopluud hanoi
t_until "the honest book starts again" 20 sh -c \
    "HOPLUU_SOCKET=$FED/hanoi/run/hopluud.sock fcontrol ping"
t_until "and its last checkpoint is still the countersigned one" 20 witnessed
t_done
