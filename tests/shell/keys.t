#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# keys.t - hopluu-keys: what it makes is good, private, and never replaces anything
. "${srcdir:-.}/tests/shell/lib.sh"
fed_as_ordinary_user "$0" "$@"
t_federation keys
keys=$top/scripts/hopluu-keys
d=$FED/k

t_ok "makes an authority" sh "$keys" ca "$d" hanoi
t_ok "makes a certificate" sh "$keys" cert "$d" hanoi
t_is "the authority's key is private" "$(stat -c %a "$d/ca.key")" 600
t_is "the center's key is private" "$(stat -c %a "$d/hanoi.key")" 600
t_is "nothing else is left" "$(find "$d" -mindepth 1 | sed 's,.*/,,' | sort | tr '\n' ' ')" "ca.crt ca.key hanoi.crt hanoi.key "
for purpose in sslserver sslclient; do
    t_ok "the certificate is good as $purpose" \
        openssl verify -x509_strict -purpose $purpose -CAfile "$d/ca.crt" "$d/hanoi.crt"
done
t_like "it carries the center's name" \
    "$(openssl x509 -in "$d/hanoi.crt" -noout -ext subjectAltName)" 'URI:hopluu:center:hanoi$'
t_ok "the key belongs to the certificate" test \
    "$(openssl x509 -in "$d/hanoi.crt" -noout -pubkey)" = "$(openssl pkey -in "$d/hanoi.key" -pubout)"
t_like "show prints it" "$(sh "$keys" show "$d/hanoi.crt")" 'names    hopluu:center:hanoi'

t_ok "makes a ledger key" sh "$keys" ledger "$d" hanoi
t_is "its private half is private" "$(stat -c %a "$d/hanoi-ledger.key" "$d/hanoi-ledger.pub" | tr '\n' ' ')" "600 644 "
t_is "the halves belong together" "$(openssl pkey -in "$d/hanoi-ledger.key" -pubout)" "$(cat "$d/hanoi-ledger.pub")"
t_like "show prints its 32 bytes" "$(sh "$keys" show "$d/hanoi-ledger.pub")" 'key      [0-9a-f]{64}$'

sum=$(cat "$d"/* | sha256sum)
t_refused "a ledger key is not replaced" 'hanoi-ledger.key exists' sh "$keys" ledger "$d" hanoi
t_refused "a ledger key wants a center" '^Usage' sh "$keys" ledger "$d"
t_refused "an authority is not replaced" 'ca.key exists' sh "$keys" ca "$d" hanoi
t_refused "a certificate is not replaced" 'hanoi.key exists' sh "$keys" cert "$d" hanoi
t_refused "a name with a slash" "not 'a/b'" sh "$keys" ca "$d/x" a/b
t_refused "an empty name" 'name is empty' sh "$keys" ca "$d/x" ''
t_refused "no days" "not '0'" sh "$keys" ca "$d/x" hue 0
t_refused "days in words" "not 'ten'" sh "$keys" ca "$d/x" hue ten
t_refused "no authority to sign with" 'hopluu-keys ca' sh "$keys" cert "$d/x" hue
t_refused "an unknown word" '^Usage' sh "$keys" make "$d" hue
t_refused "not a certificate" 'not a certificate' sh "$keys" show "$d/hanoi.key"
t_is "and nothing has changed" "$(cat "$d"/* | sha256sum)" "$sum"
t_ok "nor appeared" test ! -e "$d/x"

other=$FED/o
sh "$keys" ca "$other" hanoi && sh "$keys" cert "$other" hanoi
t_refused "another authority's certificate is not good" 'error' \
    openssl verify -CAfile "$d/ca.crt" "$other/hanoi.crt"
t_done
