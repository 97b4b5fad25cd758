/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* chain - canonical lines, each carrying the hash of the one before */
#include "config.h"

#include "ledger/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"

#include "base/banned.h"

/* Letters of transactions that have no name of their own. */
static const char letters_of[_POSTING_KIND_MAX] = {
    [POST_GRANT] = 'G',   [POST_WITHDRAW] = 'W', [POST_HOLD] = 'H',
    [POST_CAPTURE] = 'S', [POST_OVERRUN] = 'S',  [POST_RELEASE] = 'S',
    [POST_REFUND] = 'F',  [POST_EARN] = 'E',     [POST_UNEARN] = 'F',
    [POST_MOVE] = 'A',    [POST_EXPIRE] = 'X',   [POST_NET] = 'N',
};

struct out {
    char *at;
    size_t left; /* room, the NUL included */
    bool full;
};

static void put(struct out *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct out *o, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(o->at, o->left, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= o->left) {
        o->full = true;
        return;
    }
    o->at += n;
    o->left -= (size_t)n;
}

/* Account names have no quotes or control bytes; one that has is still one string. */
static void put_string(struct out *o, const char *s)
{
    put(o, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\' || c < 0x20) {
            put(o, "\\u%04x", c);
        } else if (o->left > 1) {
            *o->at++ = (char)c;
            o->left--;
        } else {
            o->full = true;
        }
    }
    put(o, "\"");
}

static void put_name(struct out *o, const struct posting *p)
{
    if (p->txn[0])
        put_string(o, p->txn);
    else if (p->job)
        put(o, "\"%c%" PRIu64 ".%" PRIu32 "\"", letters_of[p->kind], p->job, p->epoch);
    else
        put(o, "\"%c\"", letters_of[p->kind]);
}

static void put_steps(struct out *o, const struct posting *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(o, "%s[", i ? "," : "");
        put_string(o, p[i].from);
        put(o, ",%" PRId64 "],[", -p[i].milli);
        put_string(o, p[i].to);
        put(o, ",%" PRId64 "]", p[i].milli);
    }
}

/* `act` is its text, NULL = none. */
static void put_line(struct out *o,
                     const struct chain *c,
                     const char *act,
                     struct wall at,
                     const struct posting *p,
                     size_t n)
{
    struct wall second = {at.us - at.us % US_PER_S};
    char prev[HASH_TEXT_CAP], when[TIME_TEXT_MAX];

    put(o, "{");
    if (act)
        put(o, "\"act\":%s,", act);
    if (!act && p->job)
        put(o, "\"job\":\"%" PRIu64 ".%" PRIu32 "\",", p->job, p->epoch);
    put(o, "\"post\":[");
    put_steps(o, p, n);
    put(o, "],\"prev\":\"%s\",\"seq\":%" PRIu64 ",\"t\":\"%s\",\"txn\":",
        hash_text(&c->prev, prev), c->seq, wall_text(second, true, when));
    if (act)
        put(o, "\"C\"");
    else
        put_name(o, p);
    put(o, ",\"unit\":\"mNSU\"");
    if (!act && p->has_raw)
        put(o,
            ",\"use\":{\"core_s\":%" PRIu64 ",\"gpu_s\":%" PRIu64
            ",\"mem_mib_s\":%" PRIu64 "}",
            p->raw.core_s, p->raw.gpu_s, p->raw.mem_mib_s);
    put(o, "}");
}

static int write_line(struct chain *c,
                      const char *act,
                      struct wall at,
                      const struct posting *p,
                      size_t n,
                      char *line,
                      size_t cap,
                      size_t *ret_n)
{
    struct out o = {.at = line, .left = cap};
    struct hash h;
    size_t len;
    int r;

    if ((n == 0 && !act) || n > TXN_POSTINGS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (p[i].milli < 0 || (int)p[i].kind < 0 || p[i].kind >= _POSTING_KIND_MAX)
            return -EINVAL;
    put_line(&o, c, act, at, p, n);
    if (o.full)
        return -EMSGSIZE;
    len = (size_t)(o.at - line);
    r = hash_line(line, len, &h);
    if (r < 0)
        return r;
    c->prev = h;
    c->seq++;
    *ret_n = len;
    return 0;
}

int chain_write(struct chain *c,
                const struct posting *p,
                size_t n,
                char *line,
                size_t cap,
                size_t *ret_n)
{
    return n == 0 ? -EINVAL : write_line(c, NULL, p->at, p, n, line, cap, ret_n);
}

int chain_write_act(struct chain *c,
                    const struct act *act,
                    struct wall at,
                    const struct posting *p,
                    size_t n,
                    char *line,
                    size_t cap,
                    size_t *ret_n)
{
    char text[ACT_TEXT_CAP];
    int r = act_write(act, text, sizeof(text));

    return r < 0 ? r : write_line(c, text, at, p, n, line, cap, ret_n);
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
