/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * tls - TLS 1.3 between centers, both sides with certificates
 *
 * A center's certificate carries the URI "hopluu:center:NAME" as subject alternative
 * name and is signed by that center's own CA (or a national one). The chain of a peer
 * is verified against that peer's CA alone: the CA of one center cannot make a
 * certificate for another. Unknown names, expired certificates, TLS below 1.3
 * and certificates without the URI are refused with a text that says which.
 */
#ifndef HOPLUU_WIRE_TLS_H
#define HOPLUU_WIRE_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/name.h"

struct tls;

/* Files in PEM. The key file must be private (path_check_private 077). */
int tls_new(const char *center,
            const char *cert_file,
            const char *key_file,
            struct tls **ret_tls,
            struct err *err);
void *tls_free(struct tls *t);

/* Trust `ca_file` for the center of this name, and for no other. Replaces an earlier
 * one. */
int tls_trust(struct tls *t, const char *center, const char *ca_file, struct err *err);
void tls_distrust(struct tls *t, const char *center);

/* SHA-256 of our certificate's DER, hex. */
const char *tls_fingerprint(const struct tls *t);

/* For door and dial: a session object; caller frees with SSL_free(). NULL = no memory.
 */
SSL *tls_session(struct tls *t, bool server);

/* After the handshake: which center is it? 0, -EACCES with the reason. */
int tls_peer_center(struct tls *t, SSL *ssl, char name[NAME_CAP], struct err *err);

#endif
