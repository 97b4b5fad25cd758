# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# shellcheck shell=sh
# lib.sh - what the shell tests share: TAP, and a federation in a scratch directory.
# A test begins with
#     . "${srcdir:-.}/tests/shell/lib.sh"
# and ends with t_done. By hand: sh tests/shell/NAME.t in the source or build tree.

top=$(cd "${srcdir:-.}" && pwd)
build=${HOPLUU_BUILD:-$(pwd)}
[ -e "$build/config.status" ] || [ -n "${HOPLUU_BUILD:-}" ] || build=$top/build
# shellcheck source=../../scripts/lib/federation.sh
. "$top/scripts/lib/federation.sh"

t_n=0
t_bad=0

t_result()
{
    t_n=$((t_n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $t_n - $2"
    else
        echo "not ok $t_n - $2"
        t_bad=$((t_bad + 1))
    fi
}

t_say()
{
    echo "$*" | sed 's/^/# /'
}

# t_ok NAME COMMAND... - it succeeds
t_ok()
{
    _what=$1
    shift
    if _said=$("$@" 2>&1); then
        t_result 0 "$_what"
    else
        _status=$?
        t_result 1 "$_what"
        t_say "status $_status of: $*"
        [ -z "$_said" ] || t_say "$_said"
    fi
}

# t_is NAME GOT EXPECTED
t_is()
{
    if [ "$2" = "$3" ]; then
        t_result 0 "$1"
    else
        t_result 1 "$1"
        t_say "got:      $2"
        t_say "expected: $3"
    fi
}

# t_like NAME TEXT PATTERN - an extended regular expression finds something in it
t_like()
{
    if printf '%s\n' "$2" | grep -qE -e "$3"; then
        t_result 0 "$1"
    else
        t_result 1 "$1"
        t_say "got:     $2"
        t_say "no such: $3"
    fi
}

# t_refused NAME PATTERN COMMAND... - it fails (not by a signal) and says why
t_refused()
{
    _what=$1 _pattern=$2
    shift 2
    _said=$("$@" 2>&1)
    _status=$?
    if [ $_status -eq 0 ] || [ $_status -ge 126 ]; then
        t_result 1 "$_what"
        t_say "status $_status of: $*"
        t_say "$_said"
    else
        t_like "$_what" "$_said" "$_pattern"
    fi
}

# t_until NAME SECONDS COMMAND... - it succeeds within that time
t_until()
{
    _what=$1 _seconds=$2
    shift 2
    if fed_until "$_seconds" "$@"; then
        t_result 0 "$_what"
    else
        t_result 1 "$_what"
        t_say "not within $_seconds s: $*"
    fi
}

t_skip_all()
{
    echo "1..0 # SKIP $*"
    exit 0
}

t_done()
{
    trap - EXIT
    if [ -n "${FED:-}" ]; then
        # What the daemons said, if something was wrong.
        [ $t_bad -eq 0 ] || tail -n 25 "$FED"/*/log/*.log 2>/dev/null | sed 's/^/# /'
        t_ok "everything ends" t_end
    fi
    echo "1..$t_n"
    [ $t_bad -eq 0 ]
    exit
}

t_end()
{
    if [ -n "${T_KEEP:-}" ]; then
        echo "kept: $FED"
        fed_end keep
    else
        fed_end
    fi
}

# t_federation NAME - begin one, ended with the test however that ends
t_federation()
{
    fed_begin "$1" || exit 99
    trap 'fed_end' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}
