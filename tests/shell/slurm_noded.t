#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm_noded.t - node daemons beside real slurmds: what jobs use is measured, finfo shows
# how the nodes are, and nothing is started
. "${srcdir:-.}/tests/shell/lib.sh"
missing=$(fed_slurm_missing)
[ -z "$missing" ] || t_skip_all "there is no $missing"
fed_as_ordinary_user "$0" "$@"
t_federation noded
t_centers 1
fed_slurm hanoi || exit 99
t_up

# beside NUMBER [LINE]... - a node daemon beside that slurmd
beside()
{
    _dir=$FED/hanoi/node$1
    mkdir -p "$_dir"
    cat >"$_dir/noded.conf" <<END
name = "$(fed_node hanoi "$1")"
center = "127.0.0.1:$(fed_get hanoi nodes_port)"
munge_socket = "$FED/hanoi/munge/socket"
spool = "$_dir/spool"
END
    shift
    for _line; do echo "$_line" >>"$_dir/noded.conf"; done
}

said()
{
    grep -qE "$1" "$FED"/hanoi/log/hopluud.log "$FED"/hanoi/log/noded*.log
}

field()
{
    fed_at hanoi facct -n -P -j "$1" -o "$2"
}

beside 1
fed_start_noded hanoi 1
t_until "a node daemon that would start jobs is refused" 20 said 'ha1": nodes here are slurmd'
fed_stop hopluu-noded-hanoi-1
beside 1 'beside = "slurmctld"'
t_refused "it stands beside slurmd only" 'beside "slurmctld" can only be slurmd' \
    hopluu-noded -f "$FED/hanoi/node1/noded.conf"
beside 1 'beside = "slurmd"'
beside 2 'beside = "slurmd"'
fed_start_noded hanoi 1
fed_start_noded hanoi 2
t_until "both are known" 20 said 'node ha2: a daemon beside slurmd'
shown()
{
    fed_at hanoi finfo -N -O "$1" | grep -qE "$2"
}
fed_until 20 said 'node ha1: a daemon beside slurmd'
t_until "finfo shows how they are" 20 sh -c "$(
    echo "HOPLUU_SOCKET=$FED/hanoi/run/hopluud.sock finfo -N" | sed "s|\$| 2>\&1 \| grep -q 'load [0-9.]*, [0-9]*M free'|"
)"

# A job that burns for a while by the clock of its own CPU, and one that sleeps; one on both nodes
cat >"$FED/hanoi/home/burn.sh" <<'END'
ticks=0
while [ $ticks -lt 150 ]; do
    i=0
    while [ $i -lt 5000 ]; do i=$((i + 1)); done
    read -r line </proc/$$/stat
    set -- $line
    ticks=$((${14} + ${15}))
done
sleep 2.5
END
burn=$(cd "$FED/hanoi/home" && fed_at hanoi fbatch --parsable -t 5:00 --wrap 'sh burn.sh')
rest=$(fed_at hanoi fbatch --parsable -t 5:00 --wrap 'sleep 4')
both=$(fed_at hanoi fbatch --parsable -t 5:00 -N 2 -n 2 --wrap 'srun sh burn.sh')
for job in $burn $rest $both; do fed_until 120 t_ended hanoi "${job%%;*}"; done
cpu_ms() # of a job, from its record
{
    fed_at hanoi facct --json -j "${1%%;*}" | sed 's:[,{}]:\
:g' | sed -n 's/.*"cpu_us": *//p' |
        awk '{ n = $1 > n ? $1 : n } END { print int(n / 1000) }'
}
t_is "they ran" "$(field "${burn%%;*}" State) $(field "${rest%%;*}" State) $(field "${both%%;*}" State)" \
    "COMPLETED COMPLETED COMPLETED"
t_say "CPU: $(cpu_ms "$burn") ms, $(cpu_ms "$rest") ms, $(cpu_ms "$both") ms"
t_ok "the CPU time that one used is known" [ "$(cpu_ms "$burn")" -ge 1400 ]
t_ok "and is its own" [ "$(cpu_ms "$burn")" -le 4000 ]
t_ok "the one that slept used little" [ "$(cpu_ms "$rest")" -le 500 ]
t_ok "what two nodes used is added" [ "$(cpu_ms "$both")" -ge 2800 ]
t_ok "nothing was started here" sh -c "! ls $FED/hanoi/node1/spool/jobs 2>/dev/null | grep -q ."
t_done
