/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * scan_int - words and numbers of a text that a stranger wrote
 *
 * A scan borrows the bytes. It never moves past `end`; every refusal of a reader
 * names scan->line.
 */
#ifndef HOPLUU_PLACE_SCAN_INT_H
#define HOPLUU_PLACE_SCAN_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
    const char *at;
    const char *end;
    uint32_t line; /* from 1 */
};

static inline struct scan scan_of(const char *text, size_t n)
{
    return (struct scan){text, text + n, 1};
}

/* Blanks, tabs and carriage returns; also `more` if it is not 0. */
void scan_blanks(struct scan *s, char more);

/* At the end of the text or of a line? */
bool scan_at_end(const struct scan *s);

/* Move behind the line's end; false at the end of the text. */
bool scan_next_line(struct scan *s);

/* Digits of at most max; false when there are none or too many. */
bool scan_u64(struct scan *s, uint64_t max, uint64_t *ret_n);

/* A decimal number, rounded to a whole one: 12, 1.5, 2e6. Not negative. */
bool scan_real(struct scan *s, uint64_t max, uint64_t *ret_n);

/* The next bytes are `word`, then a blank or an end: move behind it. */
bool scan_word(struct scan *s, const char *word);

#endif
