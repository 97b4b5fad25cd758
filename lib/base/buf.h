/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * buf - bytes that grow up to a ceiling
 *
 * `data` is always followed by a NUL that is not counted, so a buf of text is
 * a string. The first append that does not fit (ceiling or memory) sets `err`
 * and every later append does nothing: build the whole thing, then ask once.
 */
#ifndef HOPLUU_BASE_BUF_H
#define HOPLUU_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* NULL while empty */
    size_t len;
    size_t cap;
    size_t max; /* ceiling, bytes */
    int err;    /* 0, -ENOBUFS (ceiling) or -ENOMEM */
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_release(struct buf *b);
void buf_clear(struct buf *b); /* empty and usable again; keeps the memory */

void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_u32(struct buf *b, uint32_t v); /* network order */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for n more bytes at data + len, or NULL (err is set); then add to len. */
char *buf_reserve(struct buf *b, size_t n);

/* Forget the first n bytes. */
void buf_consume(struct buf *b, size_t n);

/* The text, "" when empty. Borrowed until the next change. */
const char *buf_text(const struct buf *b);

/* Hands the bytes over (caller frees), NULL on an earlier error; b is empty. */
char *buf_take(struct buf *b);

#endif
