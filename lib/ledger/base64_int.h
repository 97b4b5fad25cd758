/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* base64_int - roots and signatures as letters */
#ifndef HOPLUU_LEDGER_BASE64_INT_H
#define HOPLUU_LEDGER_BASE64_INT_H

#include <stddef.h>
#include <stdint.h>

/* text [(n + 2) / 3 * 4 + 1]. */
void base64_write(const uint8_t *bytes, size_t n, char *text);

/* Exactly n bytes from (n + 2) / 3 * 4 letters; only the form that base64_write has.
 * 0, -EBADMSG. */
int base64_read(const char *text, size_t n, uint8_t *bytes);

#endif
