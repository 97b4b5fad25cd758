/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * digest - SHA-256 in hex, whole or piece by piece
 */
#ifndef HOPLUU_WIRE_DIGEST_H
#define HOPLUU_WIRE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/name.h"

/* 0 or -ENOMEM. */
int digest_bytes(const void *bytes, size_t n, char hex[DIGEST_CAP]);
/* 0, -errno (text names the file). ret_bytes may be NULL. */
int digest_file(const char *path,
                char hex[DIGEST_CAP],
                uint64_t *ret_bytes,
                struct err *err);

struct digest;
struct digest *digest_new(void);
void *digest_free(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t n);
int digest_end(struct digest *d, char hex[DIGEST_CAP]); /* once */

/* Base64 for bytes in frames: text is NUL-terminated, caller frees; NULL = no memory.
 */
char *base64_encode(const void *bytes, size_t n);
/* Only what base64_encode would have written. ret_bytes: caller frees. 0, -EBADMSG,
 * -ENOMEM. */
int base64_decode(const char *text, size_t len, void **ret_bytes, size_t *ret_n);

#endif
