/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * words - short texts: bounded copies, and lists of words such as argv
 */
#ifndef HOPLUU_BASE_WORDS_H
#define HOPLUU_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Copy src into dst[cap], whole or not at all ("" then). Says whether it fitted. */
bool word_copy(char *dst, size_t cap, const char *src);

/* Copy as much of src as fits dst[cap], on a UTF-8 boundary: texts for people. */
void word_cut(char *dst, size_t cap, const char *src);

/* A name that may stand in paths, addresses and logs: [A-Za-z0-9._@+-], no leading '-'
 * or '.', 1 to max bytes. */
bool word_is_name(const char *s, size_t max);

/* A growing list of owned strings, NULL-terminated for exec and uselessly cheap to
 * walk. */
struct words {
    char **v; /* [n] + NULL, or NULL while empty */
    size_t n;
    size_t max;       /* ceiling on n */
    size_t max_bytes; /* ceiling on the sum of lengths */
    size_t bytes;
};

#define WORDS_INIT(max_words, max_text)                                                \
    ((struct words){.max = (max_words), .max_bytes = (max_text)})

void words_release(struct words *w);

/* 0, -ENOMEM, or -E2BIG at a ceiling; the list is unchanged then. Copies s[len]. */
int words_add(struct words *w, const char *s);
int words_add_n(struct words *w, const char *s, size_t len);

/* "a,b,,c" at each byte of `sep`; empty words are skipped. 0, -ENOMEM, -E2BIG. */
int words_split(struct words *w, const char *text, const char *sep);

bool words_has(const struct words *w, const char *s);

#endif
