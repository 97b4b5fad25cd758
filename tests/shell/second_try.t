#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# second_try.t - a failing test gets a second run only where that is told, three of them at most
. "${srcdir:-.}/tests/shell/lib.sh"
unset SECOND_TRIES
t_federation second_try
again=$top/tests/second-try
list=$FED/list

# It fails as often as the file "bad" has lines.
cat >"$FED/wavering" <<'END'
cd "${0%/*}" || exit 99
[ -s bad ] || { echo "ok 1 - in the end"; exit 0; }
sed -i 1d bad
echo "not ok 1 - too late"
exit 1
END
wavering()
{
    yes x | head -n "$1" >"$FED/bad"
    sh "$again" sh "$FED/wavering"
}
t_refused "alone a failure is one" 'not ok 1' wavering 1
export SECOND_TRIES="$list"
t_ok "what passes passes" wavering 0
t_ok "and nothing is noted" test ! -s "$list"
t_like "what fails once passes, and its failure is seen" "$(wavering 1)" '^# first run: not ok 1'
t_like "and noted" "$(cat "$list")" '^test wavering: '
t_refused "what fails twice fails" '^not ok 1' wavering 2
t_ok "the third" wavering 1
t_refused "the fourth has one run" '^not ok 1' wavering 1
skips=$(sh "$again" sh -c 'exit 77' && echo 0 || echo $?)
t_is "skipping is no failure" "$skips" 77
t_done
