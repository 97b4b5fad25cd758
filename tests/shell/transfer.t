#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# transfer.t - files travel while the daemons that carry them die: they go on from where
# they were, arrive whole, and the ceiling names itself
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation transfer
t_centers 2
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

# size FILE - its bytes, 0 when it is not there
size()
{
    if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi
}

# some FILE - it has begun to arrive
some()
{
    [ "$(size "$1")" -gt 0 ]
}

# Center and host die as soon as something has arrived, and again, each way.
head -c 40000000 /dev/urandom >"$home/big.bin"
job=$(submit --center hue -t 5:00 --transfer-in big.bin --transfer-out big.copy --wrap 'cp big.bin big.copy')
there=$FED/hue/state/jobs/$job/in/big.bin
back=$FED/hanoi/state/jobs/$job/out/files/big.copy
for file in "$there" "$back"; do
    for center in hue hanoi; do
        fed_until 20 some "$file"
        was=$(size "$file")
        fed_stop hopluud-$center KILL
        left=$(size "$file")
        fed_start_hopluud $center
        t_until "$center is back" 30 fed_up hanoi hue
        [ "$left" -lt "$was" ] && t_say "from $was bytes to $left"
    done
done
t_until "it ends all the same" 60 t_ended hanoi "$job"
t_is "COMPLETED" "$(t_state hanoi "$job")" COMPLETED
t_ok "what came back is what went" cmp "$home/big.bin" "$home/big.copy"
t_until "nothing of it is left on the way" 20 sh -c "[ ! -e '$there' ] && [ ! -e '$back' ]"

# Over the ceiling: the others still travel, and the job says which did not.
job=$(submit --center hue -t 5:00 --transfer-out 'small.txt,huge.bin' \
    --wrap 'echo small >small.txt; truncate -s 70M huge.bin')
t_until "a job makes a file that is too large" 60 t_ended hanoi "$job"
t_is "the small one came" "$(cat "$home/small.txt" 2>&1)" small
t_ok "the large one did not" test ! -e "$home/huge.bin"
t_like "the job names it, and the ceiling" "$(hanoi fexplain "$job")" 'huge.bin.*(67108864|64)'
truncate -s 70M "$home/huge.in"
t_refused "nor is one taken on the way there" 'huge.in' hanoi fbatch --transfer-in huge.in --wrap true

t_done
