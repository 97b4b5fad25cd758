#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# slurm_plugins.t - a real Slurm with our plugins: what sbatch is told of its budget while
# hopluud lives, hangs and is dead; options; ranks on the nodes that lib/place chose
. "${srcdir:-.}/tests/shell/lib.sh"
t_slurm_plugins
fed_as_ordinary_user "$0" "$@"
t_federation plugins
theirs=$(dirname "$(find /usr/lib /usr/lib64 /usr/local/lib -name select_cons_tres.so -print -quit 2>/dev/null)")
fed_center hanoi 1 VAST 3 4 || exit 99
T_BUDGET=7200 t_site hanoi an ioit
echo 'plugins { check_budget = {"p.ioit", "p.hust"} }' >"$FED/hanoi/etc/more.conf"
fed_slurm hanoi "PluginDir=$build/plugin/.libs:$theirs" JobSubmitPlugins=hopluu
sed -i 's/\[1-2\]/[1-3]/' "$FED/hanoi/etc/site.conf"
echo "optional $build/plugin/.libs/spank_hopluu.so fmap=$build/command/fmap dir=$FED/hanoi/tmp" \
    >"$FED/hanoi/slurm/plugstack.conf"
mkdir "$FED/hanoi/tmp"
t_names=hanoi
export HOPLUU_SOCKET="$FED/hanoi/run/hopluud.sock" # slurmctld's too
t_up
home=$FED/hanoi/home

slurm()
{
    fed_slurm_at hanoi "$@"
}

# over ID - it is over in Slurm
over()
{
    case $(slurm squeue -h -j "$1" -t all -o %T) in
    PENDING | CONFIGURING | RUNNING | COMPLETING) return 1 ;;
    esac
}

# What was said for the job whose script is run
said()
{
    cat "$home/$1" 2>&1
}

# without_waiting FILE - what was said, without srun's word that the step before is not gone yet
without_waiting()
{
    said "$1" | grep -vE '^srun: (Job [0-9]+ step creation|Step created for)'
}

# ---- the budget: 7200 units are two core hours

t_ok "a job that the budget covers is taken" slurm sbatch -Q -A p.ioit -n 1 -t 1:00 --wrap true
t_refused "one that it does not cover is refused, with what is left" 'hopluu: .*p.ioit.*left' \
    slurm sbatch -A p.ioit -n 4 -t 60 --wrap true
t_refused "so is one without a limit of its own, which the budget cannot know" 'hopluu: ' \
    slurm sbatch -A p.ioit -n 12 -t UNLIMITED --wrap true
t_refused "salloc hears the same" 'hopluu: ' slurm salloc -A p.ioit -n 4 -t 60 true
t_ok "another account of the site is not asked about" \
    slurm sbatch -Q -A chemistry -n 4 -t 60 --wrap true
t_ok "nor is one that the federation does not know" slurm sbatch -Q -n 4 -t 60 --wrap true

fed_signal STOP hopluud-hanoi
t_ok "hopluud hangs: what it would refuse goes through" \
    slurm sbatch -Q -A p.ioit -n 4 -t 60 --wrap true
fed_signal CONT hopluud-hanoi
fed_stop hopluud-hanoi KILL
t_ok "hopluud is dead: the same" slurm sbatch -Q -A p.ioit -n 4 -t 60 --wrap true
fed_start_hopluud hanoi
refuses()
{
    ! slurm sbatch -Q -A p.ioit -n 4 -t 60 --wrap true
}
t_until "hopluud is back: budgets count again" 60 refuses
count()
{
    slurm squeue -h -t all -o %j | wc -l
}
taken=$(count) # how often it took before hopluud was back is not known

# ---- options

t_like "sbatch --help has the options" "$(slurm sbatch --help)" '--at-least-once'
t_like "so has srun" "$(slurm srun --help)" '--comm=PATTERN'
t_like "so has salloc" "$(slurm salloc --help)" '--dataset='
# sbatch ends with 255 then
refused()
{
    slurm sbatch "$@" --wrap true 2>&1 && echo "it was taken"
}
t_like "what does not exist yet is refused by name" "$(refused --dataset era5)" \
    'hopluu: --dataset: data sets are not known'
t_like "and so is a value that is none" "$(refused --at-least-once=0)" 'hopluu: --at-least-once=0: give the time'
t_is "the queue has what was taken before" "$(count)" "$taken"

# ---- ranks: a grid whose neighbours Slurm's own order parts

# The node of each rank, in order of ranks
cat >"$home/where" <<'END'
#!/bin/sh
echo "${PMIX_RANK:-$OMPI_COMM_WORLD_RANK} $SLURMD_NODENAME"
END
chmod 755 "$home/where"
cat >"$home/place.sh" <<'END'
#!/bin/sh
#SBATCH -n 12 -N 3 --ntasks-per-node=4 -t 2:00
[ -z "$HOPLUU_HOSTFILE" ] || cp "$HOPLUU_HOSTFILE" "$1.map"
srun --mpi=pmix -m block ./where | sort -n >"$1.block"
srun --mpi=pmix ./where | sort -n >"$1.srun"
srun -N 1 -n 1 hostname >"$1.one" 2>"$1.one.err"
srun --mpi=pmix -n 3 ./where | sort -n >"$1.three" 2>/dev/null
mpirun --version >/dev/null 2>&1 || exit 0
mpirun ./where 2>"$1.err" | sort -n >"$1.mpirun"
END
grid=$(cd "$home" && slurm sbatch --parsable -o grid.out --comm=stencil2d:6x2 place.sh grid)
wrong=$(cd "$home" && slurm sbatch --parsable -o wrong.out --comm=stencil2d:5x5 place.sh wrong)
plain=$(cd "$home" && slurm sbatch --parsable -o plain.out place.sh plain)
t_until "a job with --comm ends" 90 over "$grid"
t_until "and one whose pattern does not fit it" 90 over "$wrong"
t_until "and one without" 90 over "$plain"
expected=$(awk '{ print NR - 1, $1 }' "$home/grid.map")
t_is "every rank has a place" "$(echo "$expected" | wc -l)" 12
t_is "srun's ranks are there" "$(said grid.srun)" "$expected"
t_is "a step with a layout of its own has that" "$(said grid.block)" "$(said plain.block)"
t_is "it is another one" "$([ "$(said grid.srun)" != "$(said plain.srun)" ] && echo yes)" yes
t_is "a step on one node has one" "$(wc -l <"$home/grid.one")" 1
t_is "a step of three tasks has three" "$(wc -l <"$home/grid.three")" 3
t_is "a pattern that does not fit is no harm" "$(said wrong.srun)" "$(said plain.srun)"
t_like "its user is told why, once" "$(said wrong.out)" 'hopluu: --comm: .*the dimensions give 25 ranks'
t_is "a job without --comm is as it was" "$(without_waiting plain.out)" ""
if [ -e "$home/grid.mpirun" ]; then
    t_is "mpirun's ranks are there too" "$(said grid.mpirun)" "$expected"
    t_is "and without --comm where they were" "$(wc -l <"$home/plain.mpirun")" 12
fi
cat >"$home/alloc.sh" <<'END'
srun --mpi=pmix ./where | sort -n
END
t_is "under salloc srun places them" \
    "$(slurm salloc -Q -n 12 -N 3 --ntasks-per-node=4 -t 2:00 --comm=stencil2d:6x2 sh alloc.sh 2>&1)" "$expected"
t_like "srun alone cannot, and says so" \
    "$(slurm srun -n 2 -N 2 --comm=ring hostname 2>&1)" 'its nodes are not known yet'
t_until "nothing of it is left" 30 sh -c "[ -z \"\$(ls $FED/hanoi/tmp)\" ]"
t_done
