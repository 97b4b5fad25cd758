# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# shellcheck shell=sh
# federation.sh - centers that live in a scratch directory, for the demo, the shell
# tests and the benchmarks. Sourced, after `top` (the source tree) and `build` (the
# build tree) are set.
#
#     fed_as_ordinary_user "$0" "$@"      daemons and jobs never run as root
#     fed_begin NAME                      FED=new scratch directory; set traps to fed_end
#     fed_center NAME NUMBER MINISTRY NODES CORES
#     fed_agree A B [INSTITUTIONS_A INSTITUTIONS_B]
#     cat >"$FED/NAME/etc/site.conf"      partitions, institutions, projects, persons
#     fed_start NAME...                   munged, hopluud, one hopluu-noded per node
#     fed_until 20 fed_up NAME...         wait for nodes and peers
#     fed_relay A B; fed_wire A B MS CUT  a network between two that is slow, or cut
#     fed_at NAME fbatch ...              a command as the user of that center
#     fed_end                             everything stopped and removed
#
#     $FED/pids          what we started: "PID STARTTIME NAME"; only that is stopped
#     $FED/NAME/etc      hopluu.conf, site.conf, keys    $FED/NAME/log   logs
#     $FED/NAME/state    the daemon's                    $FED/NAME/home  the user's
#     $FED/NAME/KEY      number, nodes, cores, users_port, nodes_port, peers_port
# A center that runs Slurm: slurm.sh.

# shellcheck source=slurm.sh
. "$top/scripts/lib/slurm.sh"

fed_fail()
{
    echo "federation: $*" >&2
    return 1
}

# ---- processes: by pid and start time, so that a pid used again is left alone

fed_started_at()
{
    sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# fed_spawn NAME LOG COMMAND... - in the background, in a process group of its own, so
# that Ctrl-C at the terminal reaches only the script, which then ends them in order
fed_spawn()
{
    _name=$1 _log=$2
    shift 2
    HOPLUU_FEDERATION=$FED/ setsid "$@" >>"$_log" 2>&1 </dev/null &
    _pid=$!
    echo "$_pid $(fed_started_at $_pid) $_name" >>"$FED/pids"
}

# The pid of the newest living process of this name, or nothing
fed_pid()
{
    [ ! -e "$FED/pids" ] || while read -r _pid _start _name; do
        [ "$_name" != "$1" ] || [ "$(fed_started_at "$_pid")" != "$_start" ] ||
            fed_is_zombie "$_pid" || echo "$_pid"
    done <"$FED/pids" | tail -n 1
}

fed_is_zombie()
{
    case $(sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null) in
    Z* | X*) return 0 ;;
    esac
    return 1
}

fed_gone()
{
    [ -z "$(fed_pid "$1")" ]
}

# fed_signal SIGNAL NAME - to the process started under this name, if it lives
fed_signal()
{
    _target=$(fed_pid "$2")
    [ -z "$_target" ] || kill -s "$1" "$_target" 2>/dev/null
}

# fed_stop NAME [SIGNAL] - end one process and wait for it; KILL after 10 s
fed_stop()
{
    fed_signal "${2:-TERM}" "$1" || true
    fed_until 10 fed_gone "$1" || {
        fed_signal KILL "$1" || true
        fed_until 5 fed_gone "$1" || true
        return 1
    }
}

# Jobs outlive their node daemon on purpose. What runs for us has our scratch directory
# (unique, from mktemp) in its environment or as its working directory.
fed_remains()
{
    {
        grep -lsF "=$FED/" /proc/[0-9]*/environ
        # shellcheck disable=SC2010 # names are numbers
        ls -ld /proc/[0-9]*/cwd 2>/dev/null | grep -F -e "-> $FED/" | sed 's/ -> .*//; s/^.* //'
    } | cut -d / -f 3 | sort -u | while read -r _pid; do
        [ "$_pid" = $$ ] || fed_is_zombie "$_pid" || echo "$_pid"
    done
}

# fed_until SECONDS COMMAND... - wait until it succeeds; 1 if it never did
fed_until()
{
    _deadline=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -le $_deadline ] || return 1
        sleep 0.05
    done
}

# ---- ports of our own: reserved by a link that names our pid, below the kernel's own
# choices, free right now

fed_port()
{
    _ports=${TMPDIR:-/tmp}/hopluu-ports
    [ -d "$_ports" ] || { mkdir -p "$_ports" && chmod 1777 "$_ports"; } 2>/dev/null
    _first=$(($$ * 37 % 12000))
    _try=0
    while [ $_try -lt 12000 ]; do
        _port=$((20000 + (_first + _try) % 12000))
        _try=$((_try + 1))
        _owner=$(readlink "$_ports/$_port") || _owner=
        if [ -n "$_owner" ]; then
            [ ! -d "/proc/$_owner" ] || continue
            rm -f "$_ports/$_port" 2>/dev/null || continue
        fi
        ! grep -qi ":$(printf %04X $_port) " /proc/net/tcp /proc/net/tcp6 2>/dev/null || continue
        ln -s $$ "$_ports/$_port" 2>/dev/null || continue
        echo "$_ports/$_port" >>"$FED/ports"
        echo $_port
        return 0
    done
    fed_fail "no free port between 20000 and 32000"
}

# ---- begin and end

# Root runs no jobs, here or anywhere: go on as somebody ordinary. A tree that they
# cannot read (below /root, say) is copied to where they can.
fed_as_ordinary_user()
{
    [ "$(id -u)" = 0 ] || return 0
    _user=${HOPLUU_USER:-${SUDO_USER:-nobody}}
    [ "$_user" != root ] || _user=nobody
    _script=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    shift
    _uid=$(id -u "$_user") || return 1
    _run="setpriv --reuid=$_uid --regid=$(id -g "$_user") --clear-groups"
    # shellcheck disable=SC2086 # words of ours
    if ! $_run test -r "$top/scripts/lib/federation.sh" || ! $_run test -x "$build"; then
        _stage=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-stage.XXXXXX") || return 1
        mkdir -p "$_stage/tree/build"
        (cd "$top" && cp -R scripts examples tests docs "$_stage/tree/")
        (cd "$build" && find command daemon sim examples bench -type f -perm -u+x \
            ! -name '*.o' ! -path '*/.libs/*' 2>/dev/null |
            while read -r f; do
                mkdir -p "$_stage/tree/build/${f%/*}" && cp "$f" "$_stage/tree/build/$f"
            done
            [ ! -d plugin/.libs ] || { mkdir -p "$_stage/tree/build/plugin" &&
                cp -R plugin/.libs "$_stage/tree/build/plugin/"; })
        chown -R "$_uid" "$_stage"
        _script=$_stage/tree/${_script#"$top/"}
        HOPLUU_STAGE=$_stage
        top=$_stage/tree build=$_stage/tree/build
        export HOPLUU_STAGE
    fi
    # shellcheck disable=SC2086 # words of ours
    cd / && exec $_run env HOME=/ USER="$_user" LOGNAME="$_user" srcdir="$top" \
        HOPLUU_BUILD="$build" sh "$_script" "$@"
}

fed_begin()
{
    umask 022
    FED=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-$1.XXXXXX") || return 1
    FED=$(cd "$FED" && pwd -P)
    if [ ${#FED} -gt 60 ]; then # a Unix socket's path has at most 107 characters
        rmdir "$FED"
        FED=$(mktemp -d "/tmp/hopluu-$1.XXXXXX") || return 1
    fi
    chmod 755 "$FED"
    mkdir "$FED/tmp" "$FED/agreements"
    : >"$FED/pids"
    : >"$FED/ports"
    PATH=$build/command:$build/daemon:$build/sim:$top/scripts:$PATH:/usr/sbin:/sbin
    HOPLUU_LIBEXEC=$build/daemon
    export PATH HOPLUU_LIBEXEC
    unset HOPLUU_SOCKET HOPLUU_MUNGE_SOCKET SLURM_CONF
}

# Stop what was started, newest first, and leave nothing. With $1 = keep, keep files.
fed_end()
{
    [ -n "${FED:-}" ] && [ -d "$FED" ] || return 0
    _left=
    # Node daemons first: then nothing new starts while the jobs are ended.
    for _kind in hopluu-noded hopluud slurmd slurmctld slurmdbd mariadbd relay; do
        sed -n "s/^[0-9]* [0-9]* \($_kind.*\)/\1/p" "$FED/pids" | sort -u |
            while read -r _name; do fed_signal TERM "$_name"; done
    done
    _names=$(cut -d ' ' -f 3 "$FED/pids" | sort -u)
    for _name in $_names; do
        case $_name in munged-*) continue ;; esac
        fed_until 10 fed_gone "$_name" || {
            fed_signal KILL "$_name"
            _left="$_left $_name"
        }
    done
    _try=0
    while [ $_try -lt 50 ]; do
        _jobs=$(fed_remains | while read -r _pid; do
            grep -q "^$_pid .* munged-" "$FED/pids" || echo "$_pid"
        done)
        [ -n "$_jobs" ] || break
        # shellcheck disable=SC2086 # pids
        kill -s KILL $_jobs 2>/dev/null
        _try=$((_try + 1))
        sleep 0.1
    done
    for _name in $_names; do
        case $_name in munged-*) fed_stop "$_name" || true ;; esac
    done
    while read -r _port; do rm -f "$_port"; done <"$FED/ports"
    if [ "${1:-}" != keep ]; then
        rm -rf "$FED"
    fi
    [ -z "${HOPLUU_STAGE:-}" ] || rm -rf "$HOPLUU_STAGE"
    [ -z "$_left" ] || fed_fail "had to be killed:$_left"
}

# ---- centers

fed_set()
{
    echo "$3" >"$FED/$1/$2"
}

fed_get()
{
    cat "$FED/$1/$2"
}

fed_centers()
{
    cat "$FED/centers" 2>/dev/null
}

# A host list such as ha[1-4]: the center's first two letters and a number
fed_node()
{
    printf '%.2s%s' "$1" "$2"
}

fed_center()
{
    _d=$FED/$1
    mkdir -p "$_d/etc/keys" "$_d/log" "$_d/home" "$_d/munge" "$_d/run"
    echo "$1" >>"$FED/centers"
    fed_set "$1" number "$2"
    fed_set "$1" ministry "$3"
    fed_set "$1" nodes "$4"
    fed_set "$1" cores "$5"
    for _door in users_port nodes_port peers_port; do
        _p=$(fed_port) || return 1
        fed_set "$1" $_door "$_p"
    done
    (umask 077 && head -c 128 /dev/urandom >"$_d/munge/key")
    hopluu-keys ca "$_d/etc/keys" "$1" && hopluu-keys cert "$_d/etc/keys" "$1" &&
        hopluu-keys ledger "$_d/etc/keys" "$1"
}

# fed_agree A B - an agreement, the same bytes for both; each shares partition "main".
# FED_AGREE_CORES, _NODES, _TIME: ceilings that each gives the other.
fed_agree()
{
    [ "$1" != "$2" ] || return 1
    _f=$FED/agreements/$1-$2.conf
    {
        echo "from = \"2026-01-01\""
        for _c in "$1" "$2"; do
            echo "party \"$_c\" {"
            echo "    number = $(fed_get "$_c" number)"
            echo "    partitions = {\"main\"}"
            echo "    institutions = {\"*\"}"
            echo "    max_cores = ${FED_AGREE_CORES:-$(($(fed_get "$_c" nodes) * $(fed_get "$_c" cores)))}"
            echo "    max_nodes = ${FED_AGREE_NODES:-0}"
            echo "    max_time = \"${FED_AGREE_TIME:-UNLIMITED}\""
            echo "}"
        done
    } >"$_f"
    fed_peer "$1" "$2"
    fed_peer "$2" "$1"
}

# The section with which the first knows the second
fed_peer()
{
    cp "$FED/$2/etc/keys/ca.crt" "$FED/$1/etc/keys/$2-ca.crt"
    cp "$FED/$2/etc/keys/$2-ledger.pub" "$FED/$1/etc/keys/$2-ledger.pub"
    _f=$FED/agreements/$1-$2.conf
    [ -e "$_f" ] || _f=$FED/agreements/$2-$1.conf
    cp "$_f" "$FED/$1/etc/with-$2.conf"
    cat >>"$FED/$1/etc/peers.conf" <<END
peer "$2" {
    number = $(fed_get "$2" number)
    address = "127.0.0.1:$(fed_get "$2" peers_port)"
    ca = "keys/$2-ca.crt"
    agreement = "with-$2.conf"
    ledger_key = "keys/$2-ledger.pub"
}
END
}

# fed_relay A B - what the two say to each other goes through bench/relay: after fed_agree,
# before fed_start. fed_wire then makes it slow, or silent.
fed_relay()
{
    _to_b=$(fed_port) && _to_a=$(fed_port) || return 1
    sed -i "s/:$(fed_get "$2" peers_port)\"/:$_to_b\"/" "$FED/$1/etc/peers.conf"
    sed -i "s/:$(fed_get "$1" peers_port)\"/:$_to_a\"/" "$FED/$2/etc/peers.conf"
    fed_wire "$1" "$2" 0
    fed_spawn "relay-$1-$2" "$FED/relay.log" "$build/bench/relay" "$FED/wire-$1-$2" \
        "$_to_b" "$(fed_get "$2" peers_port)" "$_to_a" "$(fed_get "$1" peers_port)"
}

# fed_wire A B MS [whole | silent | a-silent | b-silent | reset] - each message takes so long; what
# both, the first or the second says is not heard, until it is whole again
fed_wire()
{
    case ${4:-whole} in
    whole) _cut=0 ;;
    a-silent) _cut=1 ;;
    b-silent) _cut=2 ;;
    silent) _cut=3 ;;
    reset) _cut=4 ;;
    *) fed_fail "no such wire: $4" || return 1 ;;
    esac
    echo "$3 $_cut" >"$FED/wire-$1-$2.new" && mv "$FED/wire-$1-$2.new" "$FED/wire-$1-$2"
    sleep 0.02
}

# The configuration from its parts: ours, site.conf, peers.conf
fed_configure()
{
    _d=$FED/$1
    {
        cat <<END
center "$1" {
    number = $(fed_get "$1" number)
    ministry = "$(fed_get "$1" ministry)"
}
state_dir = "$_d/state"
socket = "$_d/run/hopluud.sock"
munge_socket = "$_d/munge/socket"
listen {
    users = "127.0.0.1:$(fed_get "$1" users_port)"
    nodes = "127.0.0.1:$(fed_get "$1" nodes_port)"
    peers = "127.0.0.1:$(fed_get "$1" peers_port)"
}
tls {
    certificate = "keys/$1.crt"
    key = "keys/$1.key"
}
ledger {
    key = "keys/$1-ledger.key"
    checkpoint = "${FED_CHECKPOINT:-1:00:00}"
}
END
        [ ! -e "$_d/engine" ] || fed_slurm_engine "$1"
        [ ! -e "$_d/etc/more.conf" ] || cat "$_d/etc/more.conf"
        cat "$_d/etc/site.conf"
        [ ! -e "$_d/etc/peers.conf" ] || cat "$_d/etc/peers.conf"
    } >"$_d/etc/hopluu.conf"
    [ ! -e "$_d/engine" ] || {
        fed_slurm_configure "$1"
        return
    }
    _i=1
    while [ $_i -le "$(fed_get "$1" nodes)" ]; do
        mkdir -p "$_d/node$_i"
        cat >"$_d/node$_i/noded.conf" <<END
name = "$(fed_node "$1" $_i)"
center = "127.0.0.1:$(fed_get "$1" nodes_port)"
munge_socket = "$_d/munge/socket"
listen = "127.0.0.1:0"
spool = "$_d/node$_i/spool"
machine = "synthetic:$(fed_get "$1" cores)"
memory = "16G"
kill_wait_s = 3
END
        _i=$((_i + 1))
    done
}

fed_start_munged()
{
    _d=$FED/$1/munge
    fed_spawn "munged-$1" "$FED/$1/log/munged.log" munged --foreground --force \
        --key-file="$_d/key" --socket="$_d/socket" --pid-file="$_d/pid" \
        --seed-file="$_d/seed" --num-threads=2
    fed_until 10 test -S "$_d/socket" || fed_fail "munged of $1 does not start: $_d"
}

fed_start_hopluud()
{
    fed_spawn "hopluud-$1" "$FED/$1/log/hopluud.log" hopluud -f "$FED/$1/etc/hopluu.conf"
}

# fed_start_noded NAME NUMBER
fed_start_noded()
{
    fed_spawn "hopluu-noded-$1-$2" "$FED/$1/log/noded$2.log" \
        hopluu-noded -f "$FED/$1/node$2/noded.conf"
}

fed_start()
{
    for _center; do
        fed_configure "$_center"
        fed_start_munged "$_center" || return 1
        [ ! -e "$FED/$_center/engine" ] || {
            fed_start_slurm "$_center"
            fed_start_hopluud "$_center"
            continue
        }
        fed_start_hopluud "$_center"
        _node=1
        while [ $_node -le "$(fed_get "$_center" nodes)" ]; do
            fed_start_noded "$_center" $_node
            _node=$((_node + 1))
        done
    done
}

# Do these centers see all their nodes, all their peers, and all nodes of those?
fed_up()
{
    for _center; do
        _all=$(fed_get "$_center" nodes)
        _others=$(sed -n 's/^peer "\(.*\)".*/\1/p' "$FED/$_center/etc/hopluu.conf")
        for _other in $_others; do
            _all=$((_all + $(fed_get "$_other" nodes)))
            fed_at "$_center" finfo -h -M "$_other" -O Avail | grep -q up || return 1
        done
        _seen=$(fed_at "$_center" finfo -h -O Nodes,State) || return 1
        [ "$(echo "$_seen" | awk '$2 ~ /idle|mixed|alloc/ { n += $1 } END { print n + 0 }')" \
            -ge "$_all" ] || return 1
    done
}

# fed_at NAME COMMAND... - in the user's directory at that center
fed_at()
{
    _center=$1
    shift
    (cd "$FED/$_center/home" &&
        HOPLUU_SOCKET=$FED/$_center/run/hopluud.sock \
            HOPLUU_MUNGE_SOCKET=$FED/$_center/munge/socket "$@")
}
