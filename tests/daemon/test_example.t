#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# test_example.t - the example configurations are what hopluud takes, and what the
# manual pages show
hopluud=${DAEMON_DIR:-$PWD/daemon}/hopluud
docs=$(cd "${srcdir:-.}/docs" && pwd) || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-example.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# ok NAME after a command that must have succeeded
ok()
{
    result=$?
    n=$((n + 1))
    if [ $result -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        sed 's/^/# /' "$dir/said"
        bad=1
    fi
}

# example PAGE FIRST-LINE - the literal block of a page that begins with this line
example()
{
    awk -v first="$2" '
        /^\.Ed/ { inside = 0 }
        inside && !begun { begun = 1; right = $0 == first }
        inside && right
        /^\.Bd -literal/ { inside = 1; begun = 0 }' "$docs/man/$1"
}

same()
{
    example "$1" "$(head -n 1 "$docs/examples/$2")" >"$dir/page"
    diff "$docs/examples/$2" "$dir/page" >"$dir/said"
}

# check FILE - with an account that this machine has: root's own is refused
check()
{
    account=$(id -un)
    [ "$(id -u)" -ne 0 ] || account=nobody
    sed "s/account = \"guest\"/account = \"$account\"/" "$1" >"$dir/hopluu.conf"
    chmod 600 "$dir/hopluu.conf"
    "$hopluud" -c -f "$dir/hopluu.conf" >"$dir/said" 2>&1
}

: >"$dir/said"
cat "$docs/examples/with-hue.conf" >"$dir/with-hue.conf"
chmod 600 "$dir/with-hue.conf"
check "$docs/examples/hopluu.conf"
ok 'hopluud takes the example'
grep -q 'center hanoi (1), 2 partitions, 3 projects, 1 persons, 1 peers$' "$dir/said"
ok 'and sees all of it'
same hopluu.conf.5 hopluu.conf
ok 'hopluu.conf(5) shows the example'
same hopluu-agreement.5 with-hue.conf
ok 'hopluu-agreement(5) shows its agreement'
example hopluu.conf.5 'center "hanoi" { number = 1 }' >"$dir/least"
[ -s "$dir/least" ] && check "$dir/least"
ok 'hopluud takes the least that works'
sed 's/party "hue"/party "vinh"/' "$docs/examples/with-hue.conf" >"$dir/with-hue.conf"
! check "$docs/examples/hopluu.conf"
ok 'the agreement is read with it'
echo "1..$n"
exit $bad
