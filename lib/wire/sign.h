/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sign - Ed25519: what a center says about its books, said under its name
 *
 * Keys are PEM files as openssl writes them: PKCS#8 for the private half, which must
 * not be readable by others, SubjectPublicKeyInfo for the public one. A signature is
 * the base64 of 64 bytes and depends on key and text alone: signed again it is the
 * same.
 */
#ifndef HOPLUU_WIRE_SIGN_H
#define HOPLUU_WIRE_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define SIGN_TEXT_CAP 96 /* base64 of 64 bytes */
#define SIGN_KEY_BYTES 32
#define SIGN_BYTES 64

struct sign_key;

/* The private key of `path`: mode 0600 or less. 0, -EACCES (mode), -EINVAL (not an
 * Ed25519 key), -ENOENT, -ENOMEM. */
int sign_key_read(const char *path, struct sign_key **ret_key, struct err *err);
/* The public half alone; it can check and not sign. */
int sign_key_read_public(const char *path, struct sign_key **ret_key, struct err *err);
/* From its 32 bytes. */
int sign_key_public(const uint8_t bytes[SIGN_KEY_BYTES], struct sign_key **ret_key);
void *sign_key_free(struct sign_key *k);
DEFINE_FREEP(sign_key, struct sign_key)

/* The 32 bytes of the public half, and in hexadecimal. */
const uint8_t *sign_key_bytes(const struct sign_key *k);
const char *sign_key_text(const struct sign_key *k);

/* 0, -EINVAL (a public half), -ENOMEM. */
int sign_text(const struct sign_key *k,
              const void *bytes,
              size_t n,
              char signature[SIGN_TEXT_CAP]);
/* 0, -EBADMSG: that key has not signed these bytes. */
int sign_check(const struct sign_key *k,
               const void *bytes,
               size_t n,
               const char *signature);

#endif
