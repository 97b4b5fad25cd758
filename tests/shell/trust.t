#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# trust.t - who is let in: certificates, agreements, MUNGE, permissions of files
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation trust
t_centers 2
t_up
hanoi=$FED/hanoi
hue=$FED/hue

# starts_not NAME PATTERN - hopluud of hue ends by itself and says why
starts_not()
{
    t_refused "$1" "$2" timeout 10 hopluud -f "$hue/etc/hopluu.conf"
}

# ---- the users' door over TCP

tcp=127.0.0.1:$(fed_get hanoi users_port)
t_like "a login node comes in with MUNGE" \
    "$(HOPLUU_SOCKET=$tcp HOPLUU_MUNGE_SOCKET=$hanoi/munge/socket finfo -h -O Center 2>&1)" hanoi
t_refused "another center's MUNGE key does not" 'refused|[Ii]nvalid|credential' \
    env HOPLUU_SOCKET="$tcp" HOPLUU_MUNGE_SOCKET="$hue/munge/socket" finfo
t_refused "nor none at all" 'munge' \
    env HOPLUU_SOCKET="$tcp" HOPLUU_MUNGE_SOCKET="$FED/none" finfo

# ---- a node with another key

fed_stop hopluu-noded-hanoi-2
sed -i "s,^munge_socket = .*,munge_socket = \"$hue/munge/socket\"," "$hanoi/node2/noded.conf"
fed_start_noded hanoi 2
t_until "a node with another MUNGE key is refused" 10 \
    grep -qE 'refused|credential' "$hanoi/log/noded2.log"
t_like "and does not serve" "$(fed_at hanoi finfo -N -h -O NodeList,State)" 'ha2 +(down|unknown)'
fed_stop hopluu-noded-hanoi-2

# ---- a daemon's own files

t_refused "a second daemon on the same state" 'another|in use|already' \
    timeout 10 hopluud -f "$hue/etc/hopluu.conf"
fed_stop hopluud-hue
chmod 644 "$hue/etc/keys/hue.key"
starts_not "a key that others can read" 'hue.key'
chmod 600 "$hue/etc/keys/hue.key"
chmod 777 "$hue/state"
starts_not "a state directory that others can enter" 'state'
chmod 700 "$hue/state"
mv "$hue/etc/keys/hue.crt" "$hue/etc/keys/away"
starts_not "no certificate" 'hue.crt'
cp "$hue/etc/keys/ca.crt" "$hue/etc/keys/hue.crt"
starts_not "a certificate that is not the key's" 'hue.crt|hue.key'
mv "$hue/etc/keys/away" "$hue/etc/keys/hue.crt"

# ---- peers

apart()
{
    ! fed_at hanoi finfo -h -M hue -O Avail | grep -qw up
}

# hanoi_says PATTERN - in what it has logged since `mark`
mark=1
hanoi_says()
{
    tail -n +"$mark" "$hanoi/log/hopluud.log" | grep -qE "$1"
}
marked()
{
    mark=$(($(wc -l <"$hanoi/log/hopluud.log") + 1))
}

mv "$hue/etc/keys" "$hue/etc/right-keys"
hopluu-keys ca "$hue/etc/keys" hue && hopluu-keys cert "$hue/etc/keys" hue
cp "$hue/etc/right-keys/"*-ledger.* "$hue/etc/keys/"
cp "$hanoi/etc/keys/ca.crt" "$hue/etc/keys/hanoi-ca.crt"
marked
fed_start_hopluud hue
t_until "a certificate of an unknown authority is refused" 20 hanoi_says 'hue.*(certificate|verify|unknown|TLS)'
t_ok "the centers stay apart" apart
job=$(fed_at hanoi fbatch --parsable --center hue --wrap true)
t_is "a job for it waits" "$(fed_at hanoi fqueue -h -j "$job" -o '%t %r')" "PD NoCenterAnswers"
t_like "fexplain says for whom" "$(fed_at hanoi fexplain "$job")" 'hue +not-connected'
fed_stop hopluud-hue

rm -r "$hue/etc/keys"
cp -R "$hue/etc/right-keys" "$hue/etc/keys"
rm "$hue/etc/keys/hue.key" "$hue/etc/keys/hue.crt"
hopluu-keys cert "$hue/etc/keys" vinh
mv "$hue/etc/keys/vinh.key" "$hue/etc/keys/hue.key"
mv "$hue/etc/keys/vinh.crt" "$hue/etc/keys/hue.crt"
starts_not "a certificate of another name" 'hopluu:center|vinh|hue'
rm -r "$hue/etc/keys"
mv "$hue/etc/right-keys" "$hue/etc/keys"

echo "# as hue understood it" >>"$hue/etc/with-hanoi.conf"
marked
fed_start_hopluud hue
t_until "agreements that differ are named" 20 hanoi_says 'hue.*agreement'
t_is "and nothing is shared" "$(t_state hanoi "$job")" PENDING
cp "$hanoi/etc/with-hue.conf" "$hue/etc/with-hanoi.conf"
fed_signal HUP hopluud-hue
t_until "the same again, and a SIGHUP: they share, and it runs" 30 t_ended hanoi "$job"

# ---- a reload that fails changes nothing

marked
cp "$hanoi/etc/hopluu.conf" "$FED/good.conf"
echo 'colour = red' >>"$hanoi/etc/hopluu.conf"
fed_signal HUP hopluud-hanoi
t_until "a reload with an error says where" 10 hanoi_says 'stays as it was: .*hopluu.conf:[0-9]+: '
t_ok "and the daemon goes on" fed_at hanoi fbatch -Q --wrap true
cp "$FED/good.conf" "$hanoi/etc/hopluu.conf"
sed -i "s/^person \"[^\"]*\"/person \"somebodyelse\"/" "$hanoi/etc/hopluu.conf"
fed_signal HUP hopluud-hanoi
t_until "a reload without us" 10 hanoi_says 'new configuration in force'
t_refused "takes no more jobs of ours" "$(id -un)" fed_at hanoi fbatch --wrap true
t_done
