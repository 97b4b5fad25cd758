#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# faults.t - a seed is played, written as a script, and played again with the same result
fsim=${top_builddir:-.}/sim/fsim
scripts=${top_srcdir:-.}/tests/sim/scripts
n=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

ok()
{
    n=$((n + 1))
    what=$1
    shift
    if "$@" >"$dir/out" 2>&1; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        sed 's/^/# /' "$dir/out"
    fi
}

figures() # the counts of a play: what does not depend on the machine
{
    sed 's/.*center-years, \(.*\) messages.*/\1/'
}

same()
{
    "$fsim" faults --seed 3 --hours 24 | figures >"$dir/a" &&
        "$fsim" faults --seed 3 --hours 24 --print >"$dir/script" &&
        "$fsim" faults --script "$dir/script" | figures >"$dir/b" &&
        [ -s "$dir/a" ] && cmp "$dir/a" "$dir/b"
}

refused()
{
    ! "$fsim" faults --centers 1 || return 1
    printf 'seed 1\n5.000 c1 explode\n' >"$dir/bad"
    ! "$fsim" faults --script "$dir/bad" 2>"$dir/err" || return 1
    grep -q "line 2 is no line of a script: '5.000 c1 explode" "$dir/err"
}

# once SCRIPT JOBS - nothing is violated, and each of its jobs is started once
once()
{
    "$fsim" faults --script "$scripts/$1" >"$dir/played" || return 1
    cat "$dir/played"
    grep -q "^no violation.* $2 jobs, $2 starts" "$dir/played"
}

ok "an hour of a quiet seed" "$fsim" faults --seed 1 --hours 1 --json
ok "a hundred seeds under crashes, cuts and lies" "$fsim" faults --seed 1 --seeds 100 --hours 24
ok "a GO is said again after a restart" "$fsim" faults --seed 128 --seeds 3 --hours 24
ok "a late no does not drop what was offered again" "$fsim" faults --seed 239 --hours 24
ok "after a refusal the next center is asked" "$fsim" faults --seed 363 --hours 24
ok "a new time limit meets a claim that is on its way" "$fsim" faults --seed 6000263 --hours 24
ok "a printed script plays as its seed" same
ok "the entry is cut off: each job once" once entry-cut-off 8
ok "the federation is cut in two: each job once" once split-in-two 8
ok "the entry dies after its answer: each job once" once entry-dies 9
ok "a cancel under a cut" "$fsim" faults --script "$scripts/cancelled-while-cut"
ok "what is no script is refused by its line" refused
echo "1..$n"
