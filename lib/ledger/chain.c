/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* chain - canonical lines, each carrying the hash of the one before */
#include "config.h"

#include "ledger/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"

#include "base/banned.h"

/* Account names have no quotes or control bytes; one that has is still one string. */
static void quote(const char *s, char *dst, size_t cap)
{
    size_t n = 0;

    for (; *s && n + 7 < cap; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\' || c < 0x20)
            n += (size_t)snprintf(dst + n, cap - n, "\\u%04x", c);
        else
            dst[n++] = (char)c;
    }
    dst[n] = '\0';
}

int chain_write(
    struct chain *c, const struct posting *p, char *line, size_t cap, size_t *ret_n)
{
    char from[6 * ACCOUNT_CAP + 8], to[6 * ACCOUNT_CAP + 8], prev[HASH_TEXT_CAP];
    struct hash h;
    int n, r;

    quote(p->from, from, sizeof(from));
    quote(p->to, to, sizeof(to));
    n = snprintf(line, cap,
                 "{\"at\":%" PRId64 ",\"epoch\":%" PRIu32
                 ",\"from\":\"%s\",\"job\":%" PRIu64
                 ",\"kind\":\"%s\",\"milli\":%" PRId64
                 ",\"prev\":\"%s\",\"seq\":%" PRIu64 ",\"to\":\"%s\"}",
                 p->at.us, p->epoch, from, p->job, posting_kind_word(p->kind), p->milli,
                 hash_text(&c->prev, prev), c->seq, to);
    if (n < 0 || (size_t)n >= cap)
        return -EMSGSIZE;
    r = hash_line(line, (size_t)n, &h);
    if (r < 0)
        return r;
    c->prev = h;
    c->seq++;
    *ret_n = (size_t)n;
    return 0;
}

/*
 * The bytes after KEY, up to one of `end`, into dst. KEY holds unescaped quotes, so it
 * cannot stand inside a string of a line that is JSON.
 */
static int member(
    const char *line, size_t n, const char *key, const char *end, char *dst, size_t cap)
{
    const char *at = memmem(line, n, key, strlen(key));
    size_t len = 0, left;

    if (!at)
        return -EBADMSG;
    at += strlen(key);
    left = n - (size_t)(at - line);
    if (memmem(at, left, key, strlen(key)))
        return -EBADMSG; /* twice */
    while (len < left && !strchr(end, at[len]))
        len++;
    if (len == left || len >= cap)
        return -EBADMSG;
    memcpy(dst, at, len);
    dst[len] = '\0';
    return 0;
}

int chain_follow(struct chain *c, const char *line, size_t n, struct err *err)
{
    char want[HASH_TEXT_CAP], prev[HASH_TEXT_CAP], number[24];
    struct hash h;
    uint64_t seq;
    int r = hash_line(line, n, &h);

    if (r < 0)
        return err_set(err, r, "line %" PRIu64 " is too long", c->seq);
    if (member(line, n, "\"seq\":", ",}", number, sizeof(number)) < 0
        || measure_u64(number, 0, UINT64_MAX, &seq, NULL) < 0
        || member(line, n, "\"prev\":\"", "\"", prev, sizeof(prev)) < 0)
        return err_set(err, -EBADMSG, "line %" PRIu64 " has not one seq and one prev",
                       c->seq);
    if (seq != c->seq)
        return err_set(err, -EBADMSG,
                       "line %" PRIu64 " is expected, %" PRIu64 " is there", c->seq,
                       seq);
    if (strcmp(prev, hash_text(&c->prev, want)) != 0)
        return err_set(err, -EBADMSG,
                       "line %" PRIu64 " does not follow the line before it", c->seq);
    c->prev = h;
    c->seq++;
    return 0;
}

static void base64(const struct hash *h, char text[45])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0, at = 0; i < sizeof(h->b); i += 3, at += 4) {
        uint32_t b1 = i + 1 < sizeof(h->b) ? h->b[i + 1] : 0;
        uint32_t b2 = i + 2 < sizeof(h->b) ? h->b[i + 2] : 0;
        uint32_t v = (uint32_t)h->b[i] << 16 | b1 << 8 | b2;

        text[at] = letters[v >> 18];
        text[at + 1] = letters[v >> 12 & 63];
        text[at + 2] = letters[v >> 6 & 63];
        text[at + 3] = letters[v & 63];
    }
    text[43] = '='; /* 32 bytes are ten threes and two */
    text[44] = '\0';
}

int checkpoint_write(const struct merkle *m, const char *origin, char *text, size_t cap)
{
    struct hash root;
    char root_text[45];
    int r = merkle_root(m, &root);
    int n;

    if (r < 0)
        return r;
    base64(&root, root_text);
    n = snprintf(text, cap, "%s\n%" PRIu64 "\n%s\n", origin, m->n, root_text);
    return n < 0 || (size_t)n >= cap ? -EMSGSIZE : 0;
}
