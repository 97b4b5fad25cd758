#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# facctmgr.t - institutions, projects, grants and rates by decision: they count at once,
# survive a restart and a reload, and what is wrong changes nothing
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation facctmgr
t_centers 1
T_BUDGET=100 t_site hanoi an ioit
t_up

hanoi()
{
    fed_at hanoi "$@"
}

acct()
{
    hanoi facctmgr -i "$@"
}

# of PROJECT COLUMN - of fbalance: 4 granted, 5 available, 6 held, 7 spent
of()
{
    hanoi fbalance --all -P | awk -F'|' -v p="$1" -v at="$2" '$1 == p { print $at }'
}

lines()
{
    hanoi facctmgr print journal | wc -l
}

year=$(date -u +%Y)
from=$year-01-01
until=$((year + 1))-01-01
today=$(date -u +%Y-%m-%d)
grant="source=state-central decision=12/QD decided=$from from=$from until=$until"

t_is "as hopluu.conf has it" "$(of p.ioit 4)" 100.000
t_ok "an agency" acct add institution name=vast vi='Viện Hàn lâm "KHCN"' en=Academy
t_ok "an institution below it" acct add institution ioit parent=vast en=IOIT from=1990-01-01
t_ok "the project comes into the roll" acct add project p.ioit institution=ioit
t_is "its budget is what its grants come to: nothing" "$(of p.ioit 5)" 0.000
# shellcheck disable=SC2086 # words
t_ok "a grant" acct add grant name=g1 account=p.ioit amount=300 $grant
t_is "it counts at once" "$(of p.ioit 5)" 300.000
job=$(hanoi fbatch --parsable -t 1:00 --wrap true | cut -d ';' -f 1)
t_until "and pays a job" 30 t_ended hanoi "$job"
spent=$(of p.ioit 7)

# shellcheck disable=SC2086 # words
t_ok "a ceiling for all below the agency" acct add grant name=g2 account=vast amount=150 $grant
t_refused "holds, whatever the project has" 'institution vast has [0-9.]+ left here for all its projects, p.ioit needs 200.000' \
    hanoi fbatch -t 3:20 --wrap true
t_refused "and the limit that would fit is named" 'time=00:02:[0-9]+ would fit' hanoi fbatch -t 3:20 --wrap true

before=$(lines)
# shellcheck disable=SC2086 # words
{
    t_refused "an unknown account" 'no project or institution moon' acct add grant name=g3 account=moon amount=1 $grant
    t_refused "one decision twice" 'grant g1 of p.ioit by decision 12/QD overlaps' acct add grant name=g3 account=p.ioit amount=1 $grant
    t_refused "a negative amount" 'amount: ' acct add grant name=g3 account=p.ioit amount=-1 $grant
    t_refused "an amount beyond all books" 'amount: ' acct add grant name=g3 account=p.ioit amount=99999999999999999999 $grant
}
t_refused "a grant without a source" 'needs source=' acct add grant name=g3 account=p.ioit amount=1 decision=1 decided="$from" from="$from" until="$until"
t_refused "what is used" 'left, so .* cannot be taken back' acct modify grant where name=g1 set amount=0.001
t_refused "a name that is there" 'modify it' acct add project name=p.ioit institution=ioit
t_refused "a name that is not there" 'not in the roll' acct delete project where name=none
t_refused "one that is named by another" 'named by p.ioit' acct delete institution name=ioit
t_refused "a word that is none" "'colour' is not a word" acct modify project p.ioit set colour=red
t_refused "a pool that is none" 'no pool gpu' acct add rate gpu from="$until" core_hour=1
t_refused "no name" 'which one' acct add project institution=ioit
t_refused "an object that is none" 'nothing that it knows|what\?' acct add moon name=x
t_is "none of that has left a line" "$(lines)" "$before"
echo n >"$FED/no"
t_refused "who says no changes nothing" 'Discarded' sh -c \
    "HOPLUU_SOCKET=$FED/hanoi/run/hopluud.sock facctmgr delete grant g2 <$FED/no"
t_is "not a line" "$(lines)" "$before"
echo y >"$FED/yes"
t_ok "who says yes does" sh -c \
    "HOPLUU_SOCKET=$FED/hanoi/run/hopluud.sock facctmgr modify grant g2 set amount=160 <$FED/yes"
t_is "one line more" "$(lines)" $((before + 1))

t_ok "a rate from today on" acct add rate main from="$today" core_hour=7200
t_like "prices a job twice as high" "$(hanoi fbatch -t 2:00 --wrap true 2>&1)" 'needs 240.000'
t_refused "a rate with a gap" 'from tomorrow on|gap|overlap' acct add rate main from=2020-01-01 core_hour=1

hanoi facctmgr dump >"$FED/roll"
t_like "the dump can be read" "$(cat "$FED/roll")" '^add institution name=vast en=Academy vi="Viện Hàn lâm \\"KHCN\\""$'
t_like "grants with their decision" "$(cat "$FED/roll")" '^add grant name=g1 account=p.ioit amount=300 decided='
t_is "show, as sacctmgr prints it" "$(hanoi facctmgr -n -P show grant g1 format=Name,Account,Amount,Source,State)" \
    'g1|p.ioit|300|state-central|active'
t_is "list is show, and plurals are fine" "$(hanoi facctmgr -nP list projects)" 'p.ioit|ioit|||active'
t_like "JSON" "$(hanoi facctmgr --json show institution vast)" '"en": "Academy"'

granted=$(of p.ioit 4)
fed_stop hopluud-hanoi
fed_start_hopluud hanoi
t_until "after a restart" 30 fed_up hanoi
t_is "the roll is the same" "$(hanoi facctmgr dump)" "$(cat "$FED/roll")"
t_is "and so are the balances" "$(of p.ioit 4)|$(of p.ioit 7)" "$granted|$spent"
fed_signal HUP hopluud-hanoi
t_until "a reload" 10 sh -c "grep -q 'new configuration' '$FED/hanoi/log/hopluud.log'"
t_is "does not bring the configured budget back" "$(of p.ioit 4)" "$granted"

# The same roll at another center, from the file
t_is "load says what is wrong with a line" "$(echo 'add house x' >"$FED/bad" && acct load "$FED/bad" 2>&1 | tail -n 1)" \
    "facctmgr: error: $FED/bad:1: nothing was changed"
printf '%s\n' 'add institution x  # a comment' '' 'add project y institution=nowhere' >"$FED/bad"
before=$(lines)
t_refused "a file is taken whole or not at all" 'change 2: there is no institution nowhere' acct load "$FED/bad"
t_is "not a line of it" "$(lines)" "$before"
printf '%s\n' 'ADD Institution Name=hust.cs Parent=ioit' 'add project p.cs institution=hust.cs' >"$FED/good"
t_ok "a good one is taken" acct load "$FED/good"
t_is "all of it" "$(hanoi facctmgr -nP show project p.cs format=institution)" hust.cs
t_ok "what nobody uses can go" acct delete project p.cs

# --- decisions that somebody signs, with openssl alone
openssl genpkey -algorithm ed25519 -out "$FED/most.key" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$FED/other.key" 2>/dev/null
public=$(openssl pkey -in "$FED/most.key" -pubout -outform DER | tail -c 32 | base64)
t_ok "a signer for grants" acct add signer name=most key="$public" for=grants
# shellcheck disable=SC2086 # words
{
    t_refused "a grant without a signature is refused" 'a grant is signed here, by most' \
        acct add grant name=g9 account=p.ioit amount=5 $grant
    # signed KEY - the grant, signed
    signed()
    {
        hanoi facctmgr print act add grant name=g9 account=p.ioit amount=5 decision=13/QD signer=most serial=1 \
            source=donor decided="$from" from="$from" until="$until" >"$FED/text"
        openssl pkeyutl -sign -rawin -inkey "$1" -in "$FED/text" -out "$FED/signature"
        acct add grant name=g9 account=p.ioit amount=5 decision=13/QD signer=most serial=1 \
            source=donor decided="$from" from="$from" until="$until" signature="$(base64 -w 0 <"$FED/signature")"
    }
}
before=$(lines)
t_refused "the wrong signer is refused" 'signature: most has not signed this decision' signed "$FED/other.key"
t_is "and nothing was written down" "$(lines)" "$before"
t_ok "the right one is taken" signed "$FED/most.key"
t_like "the journal keeps the signature with the decision" "$(hanoi facctmgr print journal from="$before")" \
    '"name":"g9","serial":"1","signature":"[A-Za-z0-9+/]{86}=="'
t_refused "the same decision does not count twice" 'most has used 1 already' signed "$FED/most.key"
t_is "the signer is shown" "$(hanoi facctmgr -nP show signer format=Name,For,Key,State)" "most|grants|$public|active"
fed_stop hopluud-hanoi
fed_start_hopluud hanoi
t_until "after a restart" 30 fed_up hanoi
t_refused "the serial is still used" 'most has used 1 already' signed "$FED/most.key"

# --- months
this=$(TZ=UTC-7 date +%Y-%m)
last=$(TZ=UTC-7 date -d "$this-01 -1 day" +%Y-%m)
t_refused "a month that is not over is not closed" "$this is not over" hanoi facctmgr close month "$this"
t_refused "a month that is none" "'2026-13' is not a month" hanoi facctmgr close month 2026-13
before=$(lines)
t_ok "the last one is closed" hanoi facctmgr close month "$last"
t_refused "once" "$last is closed already" hanoi facctmgr close month "$last"
t_is "with a line for each account, and their sums" \
    "$(hanoi facctmgr print journal from="$before" | grep -c '"account":') $(hanoi facctmgr -nP show month | cut -d '|' -f 1,2)" \
    "$(($(lines) - before - 1)) $last|$(($(lines) - before - 1))"
t_like "which are the balances" "$(hanoi facctmgr print journal from="$before")" \
    "\"account\":\"p.ioit\",\"available\":\"$(of p.ioit 5)\",.*\"spent\":\"$(of p.ioit 7)\""
job=$(hanoi fbatch --parsable -t 0:30 --wrap true | cut -d ';' -f 1)
t_until "work goes on" 30 t_ended hanoi "$job"
months=$(hanoi facctmgr -nP show month)
fed_stop hopluud-hanoi
fed_start_hopluud hanoi
t_until "after a restart" 30 fed_up hanoi
t_is "the months are closed as before" "$(hanoi facctmgr -nP show month)" "$months"
hanoi freport export >"$FED/records"
t_ok "an independent count agrees with the closing" \
    "$top/scripts/recount" --state "$FED/hanoi/state/hopluu.db" --records "$FED/records"
fed_stop hopluud-hanoi
db=$FED/hanoi/state/hopluu.db
sqlite3 "$db" "UPDATE journal SET line = replace(line, '\"spent\":\"', '\"spent\":\"9') WHERE line LIKE '%\"accounts\":%'"
t_refused "and finds one that says more" "month $last, all accounts: spent 9" \
    "$top/scripts/recount" --state "$db" --records "$FED/records"
t_refused "as the daemon does" 'line' hopluud -f "$FED/hanoi/etc/hopluu.conf"
sqlite3 "$db" "UPDATE journal SET line = replace(line, '\"spent\":\"9', '\"spent\":\"') WHERE line LIKE '%\"accounts\":%'"
t_done
