# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# shellcheck shell=sh
# slurm.sh - centers of a scratch federation that run a real Slurm: slurmctld and slurmds
# of the distribution, run by whoever runs this, on loopback, with the center's own MUNGE
# key. Sourced by federation.sh.
#
#     fed_slurm_missing              what is not there, or nothing
#     fed_slurm NAME [LINE]...       after fed_center: this one runs Slurm; LINEs go
#                                    into its slurm.conf
#     $FED/NAME/etc/engine.conf      lines for the section "engine" of its hopluu.conf
#     fed_start NAME                 starts all of it, hopluud last
#     fed_slurm_at NAME sinfo ...    one of Slurm's commands there
#     fed_slurm_jobs NAME            Slurm's own record of each job, as lines of
#                                    JOB|ADMINCOMMENT|STATE|NODES|CPUS|SECONDS
#     fed_slurm_plugins              lines for fed_slurm: the plugins of this build
#     fed_start_slurmctld NAME [-c]  again, after fed_stop slurmctld-NAME; -c: with an
#                                    empty state
#
# Several slurmds on one machine need a Slurm that was built with --enable-multiple-slurmd;
# Debian's was. What nodes have is told, not real (config_overrides).

fed_slurm_missing()
{
    for _program in slurmctld slurmd sinfo scontrol munged; do
        PATH=$PATH:/usr/sbin:/sbin command -v $_program >/dev/null || {
            echo $_program
            return
        }
    done
    grep -q slurm_submit_batch_job "${build:?}/daemon/hopluud" || echo "a hopluud built with libslurm"
}

fed_slurm()
{
    _name=$1 _d=$FED/$1
    shift
    fed_set "$_name" engine slurm
    _p=$(fed_port) || return 1
    fed_set "$_name" slurm_port "$_p"
    _ports=
    _i=0
    while [ $_i -lt "$(fed_get "$_name" nodes)" ]; do
        _p=$(fed_port) || return 1
        _ports=$_ports${_ports:+,}$_p
        _i=$((_i + 1))
    done
    fed_set "$_name" slurmd_ports "$_ports"
    mkdir -p "$_d/slurm/state" "$_d/slurm/spool" "$_d/slurm/tmp" "$_d/spool"
    : >"$_d/slurm/more.conf"
    for _line; do echo "$_line" >>"$_d/slurm/more.conf"; done
}

# One machine poses as many: ranks of different nodes must not meet in its shared memory,
# and TCP must not choose an address that does not answer.
fed_slurm_prolog()
{
    cat <<'END'
#!/bin/sh
echo export OMPI_MCA_btl=self,tcp
echo export OMPI_MCA_btl_tcp_if_include=lo
echo export OMPI_MCA_oob_tcp_if_include=lo
echo export OMPI_MCA_rmaps_base_oversubscribe=1
echo export OMPI_MCA_hwloc_base_binding_policy=none
echo export OMPI_MCA_mpi_yield_when_idle=1
END
}

fed_slurm_configure()
{
    _d=$FED/$1
    _s=$_d/slurm
    _nodes=$(fed_node "$1" "[1-$(fed_get "$1" nodes)]")
    _host=$(uname -n)
    _host=${_host%%.*}
    fed_slurm_prolog >"$_s/task-prolog"
    chmod 755 "$_s/task-prolog"
    echo "CgroupAutomount=no" >"$_s/cgroup.conf"
    cat >"$_s/usual.conf" <<END
ClusterName=$1
SlurmctldHost=$_host(127.0.0.1)
SlurmctldPort=$(fed_get "$1" slurm_port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$_d/munge/socket
StateSaveLocation=$_s/state
SlurmdSpoolDir=$_s/spool/%n
SlurmctldPidFile=$_s/slurmctld.pid
SlurmdPidFile=$_s/slurmd-%n.pid
SlurmctldLogFile=$_d/log/slurmctld.log
SlurmdLogFile=$_d/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog=$_s/task-prolog
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$_s/jobs.txt
MpiDefault=none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
TmpFS=$_s/tmp/%n
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=10
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=5,bf_interval=5,bf_continue
ReturnToService=2
KillWait=3
MinJobAge=300
SlurmdTimeout=120
NodeName=$_nodes NodeHostname=$_host NodeAddr=127.0.0.1 Port=$(fed_get "$1" slurmd_ports) CPUs=$(fed_get "$1" cores) RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=2 State=UP
END
    # A line of its own takes the place of ours.
    awk -F= 'NR == FNR { own[$1] = 1; print; next } !($1 in own)' \
        "$_s/more.conf" "$_s/usual.conf" >"$_s/slurm.conf"
}

# What the center's hopluu.conf says of it
fed_slurm_engine()
{
    cat <<END
engine {
    kind = "slurm"
    slurm_conf = "$FED/$1/slurm/slurm.conf"
    spool = "$FED/$1/spool"
END
    [ ! -e "$FED/$1/etc/engine.conf" ] || cat "$FED/$1/etc/engine.conf"
    echo "}"
}

fed_start_slurmctld()
{
    fed_spawn "slurmctld-$1" "$FED/$1/log/slurmctld.out" \
        env HOPLUU_SOCKET="$FED/$1/run/hopluud.sock" slurmctld -D -f "$FED/$1/slurm/slurm.conf" ${2:+"$2"}
}

# fed_start_slurmd NAME NUMBER
fed_start_slurmd()
{
    _node=$(fed_node "$1" "$2")
    mkdir -p "$FED/$1/slurm/spool/$_node" "$FED/$1/slurm/tmp/$_node"
    fed_spawn "slurmd-$1-$2" "$FED/$1/log/slurmd$2.out" \
        slurmd -D -N "$_node" -f "$FED/$1/slurm/slurm.conf"
}

fed_start_slurm()
{
    fed_start_slurmctld "$1"
    _i=1
    while [ $_i -le "$(fed_get "$1" nodes)" ]; do
        fed_start_slurmd "$1" $_i
        _i=$((_i + 1))
    done
}

# Does slurmctld answer, and are all nodes there?
fed_slurm_up()
{
    [ "$(fed_slurm_at "$1" sinfo -h -t idle,mix,alloc -o %D | awk '{ n += $1 } END { print n + 0 }')" \
        -ge "$(fed_get "$1" nodes)" ]
}

fed_slurm_at()
{
    _center=$1
    shift
    (cd "$FED/$_center/home" && SLURM_CONF=$FED/$_center/slurm/slurm.conf "$@")
}

fed_slurm_jobs()
{
    fed_slurm_at "$1" scontrol -o show jobs | awk '
    function of(key,   i) {
        for (i = 1; i <= NF; i++)
            if (index($i, key "=") == 1) return substr($i, length(key) + 2)
    }
    of("JobId") {
        n = split(of("RunTime"), t, /[-:]/)
        s = t[n] + 60 * t[n - 1] + 3600 * t[n - 2] + (n > 3 ? 86400 * t[1] : 0)
        printf "%s|%s|%s|%s|%s|%d\n", of("JobId"), of("AdminComment"), of("JobState"),
            of("NodeList"), of("NumCPUs"), s
    }'
}

fed_slurm_plugins()
{
    _theirs=$(find /usr/lib* -name select_cons_tres.so 2>/dev/null | head -n 1)
    echo "PluginDir=$build/plugin/.libs:${_theirs%/*}"
    echo "JobSubmitPlugins=hopluu"
}

# ---- one accounting database for several clusters, as Slurm's own federation needs

# fed_dbd - MariaDB, slurmdbd and the MUNGE key that clusters share; give fed_slurm the
# lines that fed_dbd_lines prints
fed_dbd()
{
    _d=$FED/dbd
    mkdir -p "$_d/sql" "$_d/munge" "$_d/log"
    (umask 077 && head -c 128 /dev/urandom >"$_d/munge/key")
    _sql_port=$(fed_port) && _dbd_port=$(fed_port) || return 1
    fed_set dbd port "$_dbd_port"
    fed_start_munged dbd || return 1
    _d=$FED/dbd
    mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$_d/sql" \
        --auth-root-authentication-method=normal --skip-test-db >"$_d/log/install.log" 2>&1 ||
        fed_fail "no database: $_d/log/install.log" || return 1
    fed_spawn mariadbd-dbd "$_d/log/mariadbd.log" mariadbd --no-defaults --user="$(id -un)" \
        --datadir="$_d/sql" --socket="$_d/sql.sock" --pid-file="$_d/sql.pid" \
        --port="$_sql_port" --bind-address=127.0.0.1 --innodb-buffer-pool-size=128M \
        --innodb-lock-wait-timeout=900 --innodb-flush-log-at-trx-commit=2
    fed_until 60 mariadb --no-defaults -u root -S "$_d/sql.sock" -e 'select 1' ||
        fed_fail "MariaDB does not start: $_d/log" || return 1
    mariadb --no-defaults -u root -S "$_d/sql.sock" -e "
        create user slurm@127.0.0.1 identified by 'scratch';
        grant all on slurm_acct.* to slurm@127.0.0.1" || return 1
    : >"$_d/slurm.conf"
    (umask 077 && cat >"$_d/slurmdbd.conf") <<END
AuthType=auth/munge
AuthInfo=socket=$_d/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$_dbd_port
SlurmUser=$(id -un)
PidFile=$_d/slurmdbd.pid
LogFile=$_d/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$_sql_port
StorageUser=slurm
StoragePass=scratch
StorageLoc=slurm_acct
END
    fed_spawn slurmdbd-dbd "$_d/log/slurmdbd.out" env SLURM_CONF="$_d/slurm.conf" slurmdbd -D
    fed_until 60 fed_listens "$_dbd_port" || fed_fail "slurmdbd does not start: $_d/log"
}

fed_listens()
{
    grep -qi ":$(printf %04X "$1") 0*:0000 0A" /proc/net/tcp
}

fed_dbd_lines()
{
    echo "AccountingStorageType=accounting_storage/slurmdbd"
    echo "AccountingStorageHost=127.0.0.1"
    echo "AccountingStoragePort=$(fed_get dbd port)"
    echo "AccountingStoragePass=$FED/dbd/munge/socket"
}
