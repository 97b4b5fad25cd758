#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# learn.t - a run of Open MPI is recorded, the next of the same program is placed by it
. "${srcdir:-.}/tests/shell/lib.sh"
command -v mpirun >/dev/null || t_skip_all "mpirun is not there"
fed_as_ordinary_user "$0" "$@"
[ -x "$build/examples/halo3d" ] || t_skip_all "the examples were not built"
t_federation learn
fed_center hanoi 1 VAST 4 4 || exit 99
# shellcheck disable=SC2034 # t_up starts it
t_names=hanoi
t_site hanoi an ioit
sed -i 's/"ha\[1-2\]"/"ha[1-4]"/' "$FED/hanoi/etc/site.conf"
t_up
home=$FED/hanoi/home
cp "$build/examples/halo3d" "$build/examples/pi" "$home/"

hanoi()
{
    fed_at hanoi "$@"
}

# run WHAT ARGUMENT... - a job on two nodes, to its end; $job is its number
run()
{
    _name=$1
    shift
    job=$(hanoi fbatch --parsable -n 8 -t 3:00 "$@" | cut -d ';' -f 1)
    fed_until 120 t_ended hanoi "$job"
    t_is "$_name" "$(t_state hanoi "$job")" COMPLETED
}

figures()
{
    hanoi facct -n -P -j "$job" -o "$1"
}

cat >"$home/halo.sh" <<'END'
#!/bin/sh
mpirun ./halo3d 5 8
END

run "a run without a word" halo.sh
t_is "nothing is known of it" "$(figures MapSource)" none
run "a run that is recorded" --comm=learn halo.sh
t_is "it lies in node order" "$(figures MapSource,MapGain)" "none|0.0%"
t_like "and says that it was recorded" "$(figures Note)" 'traffic was recorded'
run "the next one" halo.sh
t_is "is placed by it, unasked" "$(figures MapSource)" profile
t_like "its cost is known" "$(figures MapCost,MapCostDefault)" '^[1-9][0-9]*\|[1-9][0-9]*$'
run "with --comm=none" --comm=none halo.sh
t_is "it is not" "$(figures MapSource)" none
run "with another key" --comm-key=large halo.sh
t_is "it is another program" "$(figures MapSource)" none
run "another script" --wrap 'mpirun ./pi'
t_is "is another program" "$(figures MapSource)" none

cp "$home/pi" "$home/halo3d" # another build under the same name
run "a run of another build" halo.sh
t_like "says that the record is forgotten" "$(figures Note)" 'another build: forgotten'
run "after that" halo.sh
t_is "nothing is known of it" "$(figures MapSource)" none

# Sixteen ranks are a grid of 4x2x2 blocks: in node order each node has a row of four,
# and talks to the others along two dimensions. Squares of y and z talk along x only.
cp "$build/examples/halo3d" "$home/"
run "sixteen ranks, recorded" -n 16 --comm=learn halo.sh
run "sixteen ranks again" -n 16 halo.sh
t_is "they are placed by what was recorded, unasked" "$(figures MapSource)" profile
gain=$(figures MapCost,MapCostDefault)
t_ok "and cheaper than in node order: $gain" test "${gain%|*}" -lt "$((${gain#*|} * 3 / 4))"
t_like "which facct shows" "$(figures MapGain)" '^[1-9][0-9]*\.[0-9]%$'
t_refused "a word that is no pattern" '--comm.*nonsense' hanoi fbatch -n 8 --comm=nonsense halo.sh
t_done
