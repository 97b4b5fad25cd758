#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# fmap.t - fmap from the shell: maps, the judge, choices of nodes, what is refused.
# With HOPLUU_SHARED (or ../shared beside the sources): the judge's figures are those of
# the independent judge in tools/score.c, digit for digit.
fmap=${COMMAND_DIR:-$PWD/command}/fmap
src=${srcdir:-.}
shared=${HOPLUU_SHARED:-$src/../shared}
dir=$(mktemp -d "${TMPDIR:-/tmp}/hopluu-fmap.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

# result NAME: by the exit status of the command before
result() {
    status=$?
    n=$((n + 1))
    if [ $status -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}

refused() {
    name=$1
    words=$2
    shift 2
    ! "$fmap" "$@" >"$dir/out" 2>"$dir/err" </dev/null && grep -q "$words" "$dir/err"
    result "$name"
}

# The two judges on one graph and map.
agree() {
    "$dir/score" "$2" "$3" "$4" "$5" >"$dir/theirs" 2>"$dir/err"
    "$fmap" score --matrix "$2" --machine "$3" --distance "$4" --map "$5" >"$dir/ours"
    cmp -s "$dir/ours" "$dir/theirs"
    result "the judges agree: $1"
}

m="--machine 4:2:4 --distance 1:10:100"
cd "$dir" || exit 1

# shellcheck disable=SC2086 # options
"$fmap" rank --pattern stencil3d:4x4x2 $m --out map
result "a map of a grid is written"
[ "$(sort -n map | uniq | wc -l)" -eq 32 ]
result "every core is used once"
# shellcheck disable=SC2086
"$fmap" score --pattern stencil3d:4x4x2 $m --map map | grep -q '^valid=1 why=ok n=32 k=32 J='
result "and the judge finds it valid"
# shellcheck disable=SC2086
"$fmap" rank --pattern stencil3d:4x4x2 $m --json | grep -q '"method": "grid"'
result "JSON says how it was made"
sed 2q map >two
# shellcheck disable=SC2086
"$fmap" score --pattern ring -n 2 $m --map two >/dev/null
result "fewer ranks than cores"
printf '0\n0\n' >two
# shellcheck disable=SC2086
! "$fmap" score --pattern ring -n 2 $m --map two >/dev/null
result "two ranks on a core are not valid"
"$fmap" rank --pattern ring -n 4 --nodes b,a --hwloc 'synthetic:pack:1 core:4 pu:1' -c 2 \
    --output rankfile >rf
printf 'rank 0=b slot=0-1\nrank 1=b slot=2-3\nrank 2=a slot=0-1\nrank 3=a slot=2-3\n' |
    cmp -s - rf
result "a rankfile keeps the order of the nodes"
[ "$("$fmap" rank --pattern stencil3d:16x8x8:periodic --machine 16:2:8:4 --distance 1:10:100:200 --json |
    sed -n 's/.*{"cost": \([0-9]*\),.*/\1/p;1q')" = 132352000 ]
result "a grid that closes is cut where it closes, too"
if command -v mpirun >mpi; then
    "$fmap" rank --pattern ring -n 2 --nodes localhost --hwloc live --output rankfile >rf 2>err &&
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --host localhost:2 \
            --rankfile rf -np 2 printenv OMPI_COMM_WORLD_RANK >mpi 2>err
    if grep -q 'need 2 slots' err; then
        n=$((n + 1))
        echo "ok $n - Open MPI takes the rankfile # SKIP one core"
    else
        [ "$(sort mpi | tr '\n' ' ')" = '0 1 ' ]
        result "Open MPI takes the rankfile"
    fi
else
    n=$((n + 1))
    echo "ok $n - Open MPI takes the rankfile # SKIP no mpirun"
fi
"$fmap" rank --pattern ring -n 2 --nodes a --hwloc 'synthetic:core:2 pu:1' --output prrte >rf
printf '# PRRTE: mpirun --map-by rankfile:file=THIS\nrank 0=a slot=0\nrank 1=a slot=1\n' | cmp -s - rf
result "a rankfile of Open MPI 5"
"$fmap" rank --pattern none -n 2 --nodes 'n[1-2]' --output hostfile >hf
printf 'n1\nn2\n' | cmp -s - hf
result "a host file"
printf 'SwitchName=a Nodes=n[0-3]\nSwitchName=b Nodes=n[4-7]\nSwitchName=t Switches=a,b\n' >t.conf
[ "$("$fmap" nodes --topology t.conf --free 'n[1-7]' --nodes 4)" = 'n[4-7]' ]
result "four nodes on one leaf switch"
[ "$("$fmap" nodes --topology t.conf --free 'n[1-7]' --nodes 3)" = 'n[1-3]' ]
result "three nodes where they fit best"
"$fmap" rank --pattern ring -n 8 --topology t.conf --nodes 'n[1-3],n[5-6]' \
    --hwloc 'synthetic:core:2 pu:1' --output hostfile | sort | uniq -c | grep -c . >lines
[ "$(cat lines)" -ge 4 ]
result "ranks on nodes of a topology"
mkdir prof
printf '# POINT TO POINT\nE\t0\t1\t100 bytes\t1 msgs sent\n' >prof/x.0.prof
printf '# POINT TO POINT\nE\t1\t0\t11 bytes\t1 msgs sent\n' >prof/x.1.prof
[ "$("$fmap" learn prof | sed -n 2p)" = '2 111' ]
result "monitoring becomes a matrix"
# shellcheck disable=SC2086
"$fmap" show --pattern stencil3d:4x4x2 $m --map map --svg p.svg | grep -q 'n3 ' &&
    grep -q '</svg>' p.svg
result "a picture as text and SVG"
# shellcheck disable=SC2086
{
    refused "no pattern" 'give --matrix FILE or --pattern' rank $m
    refused "no machine" 'give --machine' rank --pattern ring
    refused "lengths differ" 'has 2 levels' rank --pattern ring --machine 2:2 --distance 1
    refused "too many ranks" 'need 40 slots' rank --pattern ring -n 40 $m
    refused "no such file" 'nosuch' rank --matrix nosuch $m
    refused "a broken matrix" 'line 2' score --matrix t.conf $m --map map
    refused "a map that is too short" 'lines for 32 ranks' score --pattern ring -n 32 $m --map two
    refused "no free nodes left" 'what is free' nodes --topology t.conf --free n1 --nodes 2
    refused "a machine of too many parts" 'at most 65536 parts' \
        rank --pattern ring -n 4 --nodes a --hwloc 'synthetic:package:4000000000 core:4 pu:1'
    awk 'BEGIN { for (i = 0; i < 100; i++) printf "<a>" }' >deep.xml
    refused "XML that is too deep" 'more than 64 deep' \
        rank --pattern ring -n 4 --nodes a --hwloc deep.xml
    printf '<topology>' >open.xml
    refused "XML without an end" 'ends before' rank --pattern ring -n 4 --nodes a --hwloc open.xml
    printf '0\n00000000000000000000001\n' >long
    refused "a number that is too long" 'long:2: .*too long' score --pattern ring -n 2 $m --map long
    refused "no profiles" 'no .prof files' learn .
    refused "no job around" 'SLURM_JOB_NODELIST is not set' slurm --pattern ring --out .
}

# A job of Slurm, as its environment has it; the third node gives less than the others.
slurm() {
    env SLURM_CONF="$dir/slurm.conf" SLURM_JOB_NODELIST='n[1-3]' SLURM_NTASKS="$1" \
        SLURM_JOB_CPUS_PER_NODE="$2" "$fmap" slurm --pattern "$3" --out "$dir" >"$dir/out" 2>"$dir/err"
}
slurm 12 '4(x3)' stencil2d:6x2
result "fmap slurm"
[ "$(paste -sd ' ' hostfile)" = "n1 n1 n2 n2 n3 n3 n1 n1 n2 n2 n3 n3" ]
result "blocks of a grid lie together"
[ "$(sed 's/rank [0-9]*=\(.*\) slot=.*/\1/' rankfile | paste -sd ' ')" = "$(paste -sd ' ' hostfile)" ]
result "the rankfile says the same"
slurm 10 '4(x2),2' ring && [ "$(sort hostfile | uniq -c | awk '{ print $1 }' | paste -sd ' ')" = "4 4 2" ]
result "no node has more ranks than CPUs"
printf 'SwitchName=a Nodes=n[1,3]\nSwitchName=b Nodes=n2\nSwitchName=c Switches=a,b\n' >topology.conf
slurm 6 '2(x3)' stencil2d:6x1 && [ "$(paste -sd ' ' hostfile | tr -d n)" != "1 1 2 2 3 3" ]
result "the switches count"
! slurm 12 '4,4' ring && grep -q 'does not go with 3 nodes' err
result "an environment that contradicts itself is refused"
! slurm 16 '4(x3)' ring && grep -q '16 ranks' err
result "so are more ranks than CPUs"

cd "$OLDPWD" || exit 1
if [ -r "$shared/tools/score.c" ] && ${CC:-cc} -O1 -w -o "$dir/score" "$shared/tools/score.c" 2>"$dir/err"; then
    for i in npb_bt_1024:16:2:8:4 lulesh_1000:10:2:10:5 halo512_memplus:16:2:16 4elt:16:2:16; do
        name=${i%%:*}
        xz -dc "$shared/data/mapping/$name.graph.xz" >"$dir/g" 2>"$dir/err" || continue
        ranks=$(sed 's/ .*//;1q' "$dir/g")
        shape=${i#*:}
        case $shape in *:*:*:*) far=1:10:100:200 cores=1024 ;; *) far=1:10:100 cores=512 ;; esac
        [ "$ranks" -ne 1000 ] || cores=1000
        awk -v n="$ranks" -v k="$cores" 'BEGIN { srand(7); if (n > k) { for (i = 0; i < n; i++) print i % k; exit }
            for (i = 0; i < k; i++) p[i] = i
            for (i = k - 1; i > 0; i--) { j = int(rand() * (i + 1)); t = p[i]; p[i] = p[j]; p[j] = t }
            for (i = 0; i < n; i++) print p[i] }' >"$dir/map"
        agree "$name" "$dir/g" "$shape" "$far" "$dir/map"
    done
else
    n=$((n + 1))
    echo "ok $n - the judges agree # SKIP no ../shared/tools/score.c, or no compiler"
fi
echo "1..$n"
