#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# mutants.t - the simulator is no yes-man: with a guard of lib/fed taken out it finds a violation.
# The guards that show soonest; scripts/mutants without names tries them all.
build=$(cd "${top_builddir:-.}" && pwd) || exit 1
# A mutant is compiled without a sanitizer; that says nothing that the plain build does not.
if grep -q __asan_init "$build/sim/.libs/libfaults.a"; then
    echo "1..0 # SKIP this build has a sanitizer"
    exit 0
fi
n=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

for guard in persist-before-go end-once hold-given-back lost-saved; do
    n=$((n + 1))
    if "${top_srcdir:-.}/scripts/mutants" --build "$build" --seeds 8 "$guard" >"$dir/out" 2>&1; then
        echo "ok $n - $(sed -n '1s/ (.*//p' "$dir/out")"
    else
        echo "not ok $n - $guard"
        sed 's/^/# /' "$dir/out"
    fi
done
echo "1..$n"
