#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# federation.t - two centers: a job that its entry cannot take runs at the peer, its
# files travel, it can be cancelled from home, and both books agree
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation federation
t_centers 2
T_MAX_NODES=1 t_site hanoi an ioit
t_up
home=$FED/hanoi/home

hanoi()
{
    fed_at hanoi "$@"
}

submit()
{
    hanoi fbatch --parsable "$@" | cut -d ';' -f 1
}

field()
{
    hanoi facct -n -P -j "$1" -o "$2"
}

cat >"$home/job.sh" <<'END'
#!/bin/sh
#SBATCH -N 2 -n 2 -t 1:00 --transfer-in words.txt --transfer-out=result-*.txt,sub/deep.txt
#SBATCH -o %x-%j.out -e %x-%j.err
tr a-z A-Z <words.txt >result-$SLURM_JOB_ID.txt
mkdir sub && echo deep >sub/deep.txt
echo kept >not-asked-for.txt
echo "at $SLURM_CLUSTER_NAME for $HOPLUU_INSTITUTION"
pwd
echo problem >&2
exit 6
END
echo "some words" >"$home/words.txt"
job=$(submit -J away job.sh)
fed_until 30 t_ended hanoi "$job"
t_is "two nodes are too many for hanoi: it ran at hue" "$(field "$job" Host,State,ExitCode)" "hue|FAILED|6:0"
t_like "its output is back at the entry" "$(cat "$home/away-$job.out" 2>&1)" '^at hue for ioit$'
t_like "it did not run in the entry's directory" "$(cat "$home/away-$job.out" 2>&1)" "^$FED/hue/node"
t_is "its stderr too" "$(cat "$home/away-$job.err" 2>&1)" problem
t_is "the result that it made of the file it brought" "$(cat "$home/result-$job.txt" 2>&1)" "SOME WORDS"
t_is "a result in a subdirectory" "$(cat "$home/sub/deep.txt" 2>&1)" deep
t_ok "what was not asked for stays away" test ! -e "$home/not-asked-for.txt"
t_like "fexplain names the limit" "$(hanoi fexplain "$job")" 'hanoi +too-large .*2 nodes asked.*allows 1'
t_until "the host has forgotten its files" 20 sh -c \
    "[ -z \"\$(find $FED/hue/node1/spool/jobs $FED/hue/node2/spool/jobs -mindepth 1 2>/dev/null)\" ]"

head -c 3000000 /dev/urandom >"$home/big.bin"
job=$(submit --center hue -t 1:00 --transfer-in big.bin --transfer-out big.copy --wrap 'cp big.bin big.copy')
fed_until 30 t_ended hanoi "$job"
t_is "3 MB go there" "$(t_state hanoi "$job")" COMPLETED
t_ok "and come back the same" cmp "$home/big.bin" "$home/big.copy"

job=$(submit --center hue -t 5:00 --wrap 'trap "echo ended in order; exit" TERM; sleep 300 & wait')
t_until "one that was asked to run at hue does" 20 t_runs hanoi "$job"
t_like "fqueue at home says where" "$(hanoi fqueue -h -O JobID,Center,StateCompact)" "$job +hue +R"
t_ok "fcancel at home" hanoi fcancel "$job"
fed_until 20 t_ended hanoi "$job"
t_is "ends it there" "$(t_state hanoi "$job")" "CANCELLED by an@ioit"
t_like "its last words came home" "$(cat "$home/slurm-$job.out" 2>&1)" 'ended in order'

job=$(submit --center hue -t 0:02 --wrap 'sleep 300')
fed_until 30 t_ended hanoi "$job"
t_is "the time limit holds there" "$(t_state hanoi "$job")" TIMEOUT

t_refused "a center may be too small for all" 'hanoi: .*; hue: |hue: .*; hanoi: ' hanoi fbatch -N 3 --wrap true

# ---- the books

sums()
{
    fed_at "$1" freport usage --start now-1hour --view "$2" --format csv |
        awk -F, 'NR > 1 { runs += $2; core_s += $4; units += $8 * 1000 } END { printf "%d %d %d", runs, core_s, units }'
}
t_like "everything ran for hanoi" "$(sums hanoi demand)" '^4 [0-9]+ [0-9]+$'
t_is "at hue, which says the same" "$(sums hue supply)" "$(sums hanoi demand)"
t_is "hue's own people used nothing" "$(sums hue demand)" "0 0 0"
t_is "hanoi's machines gave nothing" "$(sums hanoi supply)" "0 0 0"
units=$(sums hanoi demand | cut -d ' ' -f 3)
t_is "ioit's budget at hue has paid it" \
    "$(fed_at hue fbalance --all -P | awk -F'|' '$1 == "p.ioit" { printf "%d", $7 * 1000 }')" "$units"
t_is "nothing is held any more" "$(fed_at hue fbalance --all -P | awk -F'|' 'NR > 1 { n += $6 } END { print n + 0 }')" 0
t_done
