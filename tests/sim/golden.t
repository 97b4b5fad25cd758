#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# golden.t - start times, job by job, against the reference simulator's files
#
# The logs are not part of the project: HOPLUU_SHARED (or shared/ beside the source
# tree or one above) names the directory with data/traces; else all is skipped.
shared=$HOPLUU_SHARED
for dir in "${top_srcdir:-.}/../shared" "${top_srcdir:-.}/../../shared"; do
    [ -n "$shared" ] || [ ! -d "$dir/data/traces" ] || shared=$dir
done
traces=$shared/data/traces
golden=$traces/golden
fsim=${top_builddir:-.}/sim/fsim
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
n=0

kth="--center KTH:100:$traces/KTH-SP2-1996-2.swf.gz"
fa="$kth --center SDSC:128:$traces/SDSC-SP2-1998-4.2-cln.swf.gz
    --center HPC2N:240:$traces/HPC2N-2002-2.1-cln.swf.gz:-:29000000 --until 29000000"

# same FILE OPTIONS…: fsim's starts are those of the golden file
same() {
    file=$1
    shift
    n=$((n + 1))
    if [ ! -r "$golden/$file.csv.gz" ]; then
        echo "ok $n - $file # SKIP no $golden/$file.csv.gz"
        return
    fi
    if "$fsim" --quiet "$@" --starts "$out/starts.csv" >"$out/text" 2>&1 \
        && gzip -dc "$golden/$file.csv.gz" | cmp -s - "$out/starts.csv"; then
        echo "ok $n - $file"
    else
        echo "not ok $n - $file"
        sed 's/^/# /' "$out/text"
    fi
}

# near NAME CENTER SLOWDOWN POLICY: the published mean bounded slowdown, within 3 %
near() {
    n=$((n + 1))
    if [ ! -r "${2##*:}" ]; then
        echo "ok $n - $1 # SKIP no ${2##*:}"
        return
    fi
    if "$fsim" --quiet --json --filter sc15 --center "$2" --policy "$4" >"$out/text" 2>&1 \
        && sed -n '2,3s/.*"overall".*"mean_bsld": \([0-9.]*\).*/\1/p' "$out/text" \
        | awk -v want="$3" '{ off = $1 / want - 1; n++ }
            END { exit n != 1 || off > 0.03 || off < -0.03 }'; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        sed 's/^/# /' "$out/text"
    fi
}

echo 1..11
# shellcheck disable=SC2086 # the options are words
{
    same KTH-fcfs $kth --policy fcfs
    same KTH-easy $kth --policy easy
    same KTH-easysjf $kth --policy easy-sjbf
    same KTH-cons $kth --policy conservative
    same KTH-replan $kth --policy replan
    same FA-easy-eest $fa --policy easy --route earliest
    same FA-easy-dup $fa --policy easy --route everywhere
}

# Gaussier, Glesser, Reis and Trystram, SC 2015: AVEbsld of EASY and of SJBF.
sdsc=SDSC:128:$traces/SDSC-SP2-1998-4.2-cln.swf.gz
near 'KTH, EASY as published' "KTH:100:$traces/KTH-SP2-1996-2.swf.gz" 92.5765 easy
near 'KTH, SJBF as published' "KTH:100:$traces/KTH-SP2-1996-2.swf.gz" 69.4054 easy-sjbf
near 'SDSC-SP2, EASY as published' "$sdsc" 87.8703 easy
near 'SDSC-SP2, SJBF as published' "$sdsc" 84.8889 easy-sjbf
