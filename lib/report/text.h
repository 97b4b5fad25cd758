/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * text - bytes of a stranger that shall stand in a report
 */
#ifndef HOPLUU_REPORT_TEXT_H
#define HOPLUU_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whole, shortest-form UTF-8 without surrogates, control bytes or NUL. */
bool text_is_clean(const char *s, size_t n);

/* Capitals of English and Vietnamese letters (NFC), without asking a locale; as much as
   fits whole letters into dst[cap]. Returns dst. */
char *text_upper(const char *s, char *dst, size_t cap);

#endif
