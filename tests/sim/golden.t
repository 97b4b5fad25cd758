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

echo 1..7
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
