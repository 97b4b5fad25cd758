#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# Tables of records: they add up, to the unit, in every form.
src=$(cd "${srcdir:-.}/tests/report" && pwd) || exit 1
freport=${COMMAND_DIR:-$PWD/command}/freport
make=${MAKE_RECORDS:-$PWD/tests/report/make_records}
recount=$src/../../scripts/recount
dir=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-tables.XXXXXX") || exit 1
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

"$make" 4000 7 2026 >"$dir/records.jsonl"
report()
{
    "$freport" "$@" --from "$dir/records.jsonl" --registry "$src/registry.json" 2>"$dir/err"
}
total()
{
    tr ',{}' '[\n*]' <"$dir/records.jsonl" | awk -F: -v m="\"$1\"" '$1 == m { s += $2 } END { printf "%d", s }'
}
# column FILE NAME - its sum
column()
{
    awk -F, -v m="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == m) c = i; next } { s += $c } END { printf "%d", s }' "$1"
}
all=$(wc -l <"$dir/records.jsonl")
core=$(total core_s)
milli=$(total milli)

for table in institutions usage projects months states centers exchange pairs; do
    report statement --year 2026 --format csv --table $table >"$dir/$table.csv"
    is "$table: runs, core-seconds and units are those of the records" \
        "$(column "$dir/$table.csv" runs) $(column "$dir/$table.csv" core_s) $(column "$dir/$table.csv" milli)" "$all $core $milli"
done
report exchange --format csv --table balance >"$dir/balance.csv"
is "net balances sum to zero" "$(column "$dir/balance.csv" net_milli) $(column "$dir/balance.csv" net_core_s)" "0 0"
lent=$(column "$dir/balance.csv" lent_milli)
[ "$lent" -gt 0 ]
t $? "and something was lent" "$lent"
is "what one lends another borrows" "$lent" "$(column "$dir/balance.csv" borrowed_milli)"
is "it is what ran where it was not submitted" "$lent" \
    "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "milli") c = i; next } $1 != $2 { s += $c } END { printf "%d", s }' "$dir/pairs.csv")"
report sponsors --format csv >"$dir/sponsors.csv"
is "parts of sponsors make the whole" "$(column "$dir/sponsors.csv" milli) $(column "$dir/sponsors.csv" core_s)" "$milli $core"
is "three who pay for hanoi, two spans" "$(grep -c '^hanoi,' "$dir/sponsors.csv")" 5
report waste --format csv >"$dir/waste.csv"
is "waste: reserved core-seconds" "$(column "$dir/waste.csv" core_s)" "$core"
is "waste: runs that failed" "$(column "$dir/waste.csv" failed)" \
    "$(grep -cE '"state":"(BOOT_FAIL|DEADLINE|FAILED|NODE_FAIL|OUT_OF_MEMORY|PREEMPTED|TIMEOUT)"' "$dir/records.jsonl")"
report fairness --format csv >"$dir/fairness.csv"
is "fairness: runs that started" "$(column "$dir/fairness.csv" started)" "$(grep -c '"start":' "$dir/records.jsonl")"
is "usage by project of the same records" "$(report usage --by project --format csv | awk -F, 'NR > 1 { s += $4 } END { printf "%d", s }')" "$core"

# --- a second, dumb count
out=$("$recount" --registry "$src/registry.json" --records "$dir/records.jsonl" --year 2026 --tables "$dir" 2>&1)
t $? "an independent count agrees with every table" "$out"
sed '2s/.$/9/' "$dir/months.csv" >"$dir/wrong" && mv "$dir/wrong" "$dir/months.csv"
"$recount" --registry "$src/registry.json" --records "$dir/records.jsonl" --year 2026 --tables "$dir" >"$dir/out" 2>&1
is "and finds a changed digit" "$? $(grep -c months.csv "$dir/out")" "1 1"

# --- one ministry, one year
is "a ministry's statement has its own institutions" \
    "$(report statement --ministry vast --format csv --table institutions | cut -d , -f 1,2 | tr '\n' ' ')" \
    "ministry,institution vast,imh vast,ioit "
is "a merger moves an institution on its day" \
    "$(report statement --format csv --table institutions | grep -c nhmf)" 2
sed 's/"id": "nhmf", "ministry": "mae"/"id": "nhmg", "ministry": "mae"/' "$src/registry.json" >"$dir/registry.json"
"$freport" statement --from "$dir/records.jsonl" --registry "$dir/registry.json" >/dev/null 2>"$dir/err"
is "an institution without a ministry is named, with the day" "$? $(grep -c 'institution "nhmf" has no ministry on 2026-' "$dir/err")" "1 1"
sed 's/"share": 6000/"share": 5000/' "$src/registry.json" >"$dir/registry.json"
"$freport" sponsors --from "$dir/records.jsonl" --registry "$dir/registry.json" 2>"$dir/err"
is "shares that do not make the whole are refused" "$? $(grep -c 'the shares of "hanoi" make 9000 of 10000' "$dir/err")" "1 1"
report statement --ministry nobody >/dev/null
is "an unknown ministry is refused" "$? $(grep -c '"nobody" is not in the registry' "$dir/err")" "1 1"

# --- text
LC_ALL=C report exchange --lang vi >"$dir/text"
is "numbers as people here write them, without a locale" \
    "$(grep -cE '^TỔNG .* [0-9]{1,3}(\.[0-9]{3})+,[0-9]{2}$' "$dir/text")" 1
report exchange --json | jq -e '.tables | length == 3' >/dev/null
t $? "JSON has the three tables of the exchange"

# --- spreadsheet
if report statement --year 2026 --format xlsx -o "$dir/a.xlsx"; then
    report statement --year 2026 --format xlsx -o "$dir/b.xlsx"
    cmp -s "$dir/a.xlsx" "$dir/b.xlsx"
    t $? "the same spreadsheet has the same bytes"
    for table in usage sponsors waste; do
        report statement --year 2026 --format csv --table $table >"$dir/$table.csv"
        out=$("$src/check_xlsx" "$dir/a.xlsx" "$dir/$table.csv" 2>&1)
        t $? "its sums and cells equal $table.csv" "$out"
    done
    # Another program's eyes: LibreOffice computes every total anew and writes the book again.
    if command -v soffice >/dev/null; then
        mkdir -p "$dir/office/user" "$dir/lo"
        cat >"$dir/office/user/registrymodifications.xcu" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
END
        HOME=$dir timeout 120 soffice -env:UserInstallation="file://$dir/office" --headless \
            --convert-to 'xlsx:Calc MS Excel 2007 XML' --outdir "$dir/lo" "$dir/a.xlsx" >"$dir/said" 2>&1
        t $? "LibreOffice opens it" "$(cat "$dir/said")"
        for table in usage sponsors waste; do
            out=$("$src/check_xlsx" "$dir/lo/a.xlsx" "$dir/$table.csv" 2>&1)
            t $? "what it has computed equals $table.csv" "$out"
        done
    else
        skip "LibreOffice opens it" "libreoffice-calc is not installed"
    fi
else
    skip "spreadsheet" "$(grep -o 'built without.*' "$dir/err")"
fi

# --- on a terminal
if command -v script >/dev/null; then
    mkfifo "$dir/slow"
    { head -n 2000 "$dir/records.jsonl"; sleep 2; tail -n +2001 "$dir/records.jsonl"; } >"$dir/slow" &
    script -qec "'$freport' statement --year 2026 --registry '$src/registry.json' --from '$dir/slow' --format csv -o '$dir/none'" \
        /dev/null </dev/null >"$dir/typed" 2>&1
    wait
    is "on a terminal long work tells how far it is, and clears the line" \
        "$(tr '\r' '\n' <"$dir/typed" | grep -c '^[0-9]* records \.\.\. *$') '$(tr '\r' '\n' <"$dir/typed" | tail -n 1 | tr -d ' ')'" "1 ''"
else
    skip "on a terminal" "there is no script"
fi

# --- paper
if report statement --year 2026 --ministry vast --format pdf -o "$dir/a.pdf"; then
    report statement --year 2026 --ministry vast --format pdf -o "$dir/b.pdf"
    cmp -s "$dir/a.pdf" "$dir/b.pdf"
    t $? "the same paper has the same bytes"
    report statement --year 2026 --ministry vast --format pdf --lang en -o "$dir/en.pdf"
    if command -v pdftotext >/dev/null; then
        pdftotext "$dir/a.pdf" "$dir/a.txt"
        for line in 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM' 'Độc lập - Tự do - Hạnh phúc' 'VIỆN HÀN LÂM KHOA HỌC VÀ CÔNG NGHỆ VIỆT NAM' \
            'Số: ......./BC-' 'ngày ..... tháng .....' 'Nơi nhận:' 'từ ngày 01/01/2026 đến hết ngày 31/12/2026'; do
            tr -s ' \n' '  ' <"$dir/a.txt" | grep -qF "$line"
            t $? "it says: $line"
        done
        is "every letter is of one font" "$(pdffonts "$dir/a.pdf" | awk 'NR > 2 { sub(/^[A-Z]*\+/, "", $1); print $1 }' | grep -vc '^LiberationSerif')" 0
        is "the second page has its number" "$(pdftotext -f 2 -l 2 -layout "$dir/a.pdf" - | grep -m 1 -o '[0-9]\{1,\}')" 2
        pdftotext "$dir/en.pdf" - | grep -q 'SOCIALIST REPUBLIC OF VIET NAM'
        t $? "English beside it"
    else
        skip "what it says" "pdftotext is not installed"
    fi
else
    skip "paper" "$(head -n 1 "$dir/err")"
fi
report statement --format pdf >/dev/null
is "paper needs --output" "$? $(grep -c -e '--output' "$dir/err")" "1 1"
report waste --table months 2>/dev/null
is "a table of another report is refused" "$? $(grep -c 'use waste' "$dir/err")" "1 1"
echo "1..$n"
exit $bad
