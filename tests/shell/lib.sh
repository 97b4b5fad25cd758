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

# t_slurm_plugins - Slurm and our modules for it are there, or the whole file is skipped.
# slurmctld cannot load a module that was built with a sanitizer which it has not.
t_slurm_plugins()
{
    _missing=$(fed_slurm_missing)
    [ -z "$_missing" ] || t_skip_all "there is no $_missing"
    for _module in job_submit_hopluu spank_hopluu; do
        [ -e "$build/plugin/.libs/$_module.so" ] || t_skip_all "$_module.so is not built"
        ! grep -q __asan_init "$build/plugin/.libs/$_module.so" ||
            t_skip_all "Slurm cannot load modules with a sanitizer"
    done
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
    trap 'fed_end' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    trap 'exit 141' PIPE
    fed_begin "$1" || exit 99
}

# t_centers N - hanoi, hue, danang with two nodes of four cores: one person each,
# an@ioit, binh@hust, chi@vnu; every project is known everywhere
t_centers()
{
    t_names=
    for _i in 1 2 3; do
        [ $_i -le "$1" ] || break
        case $_i in
        1) set -- "$1" hanoi VAST an ioit ;;
        2) set -- "$1" hue MPS binh hust ;;
        3) set -- "$1" danang MND chi vnu ;;
        esac
        fed_center "$2" $_i "$3" 2 4 || exit 99
        t_site "$2" "$4" "$5"
        for _other in $t_names; do fed_agree "$_other" "$2"; done
        t_names="$t_names $2"
    done
}

# t_site CENTER PERSON INSTITUTION - T_MAX_NODES and T_BUDGET if they are set
t_site()
{
    cat >"$FED/$1/etc/site.conf" <<END
partition "main" {
    nodes = "$(fed_node "$1" '[1-2]')"
    default = true
    max_nodes = ${T_MAX_NODES:-0}
    max_time = "1:00:00"
    default_time = "2:00"
    core_hour = "3600"
}
institution "ioit" { en = "Institute of Information Technology" home = "hanoi" }
institution "hust" { en = "Hanoi University of Science and Technology" home = "hue" }
institution "vnu" { en = "Vietnam National University" home = "danang" }
project "p.ioit" { institution = "ioit" budget = "${T_BUDGET:-1000000}" }
project "p.hust" { institution = "hust" budget = "${T_BUDGET:-1000000}" }
project "p.vnu" { institution = "vnu" budget = "${T_BUDGET:-1000000}" }
person "$(id -un)" { person = "$2@$3" institution = "$3" projects = {"p.$3"} }
map "*" { account = "$(id -un)" }
END
}

# t_up - start those centers, and wait until all nodes and peers are there
t_up()
{
    # shellcheck disable=SC2086 # names
    fed_start $t_names || exit 99
    # shellcheck disable=SC2086 # names
    t_until "the centers are up" 30 fed_up $t_names
}

# t_state CENTER JOB / t_ended CENTER JOB - what facct says
t_state()
{
    fed_at "$1" facct -n -P -j "$2" -o State
}

t_ended()
{
    case $(t_state "$1" "$2") in
    PENDING | CONFIGURING | RUNNING | COMPLETING | '') return 1 ;;
    esac
}

t_runs()
{
    [ "$(t_state "$1" "$2")" = RUNNING ]
}
