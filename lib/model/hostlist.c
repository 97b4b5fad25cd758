/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* hostlist - "hn[1-4,7],login" as Slurm writes node lists */
#include "config.h"

#include "model/hostlist.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"

#include "base/banned.h"

#define DIGITS_MAX 9

/* One word of the list, cut at its brackets. */
struct word {
    const char *head;
    size_t head_len;
    const char *ranges; /* between the brackets, NULL when there are none */
    size_t ranges_len;
    const char *tail;
    size_t tail_len;
};

static int bad(const char *at, const char *why, struct err *err)
{
    return err_set(err, -EINVAL, "host list '%.60s': %s", at, why);
}

/* Reads one word at *p and moves past it and its comma. */
static int next_word(const char **p, struct word *w, struct err *err)
{
    const char *start = *p;
    const char *s = start;

    memset(w, 0, sizeof(*w));
    w->head = s;
    w->head_len = strcspn(s, "[],");
    s += w->head_len;
    if (*s == ']')
        return bad(start, "']' without '['", err);
    if (*s == '[') {
        w->ranges = ++s;
        w->ranges_len = strcspn(s, "[]");
        s += w->ranges_len;
        if (*s != ']')
            return bad(start, "'[' without ']'", err);
        w->tail = ++s;
        w->tail_len = strcspn(s, "[],");
        s += w->tail_len;
        if (*s == '[' || *s == ']')
            return bad(start, "more than one pair of brackets", err);
    }
    if (w->head_len + w->tail_len == 0 && !w->ranges)
        return bad(start, "an empty name", err);
    *p = s + (*s == ',');
    return 0;
}

static int add(struct words *names, const struct word *w, uint64_t n, int width)
{
    char name[256];
    int len;

    if (w->head_len + w->tail_len > sizeof(name) - DIGITS_MAX - 2)
        return -E2BIG;
    len = snprintf(name, sizeof(name), "%.*s%0*" PRIu64 "%.*s", (int)w->head_len,
                   w->head, width, n, (int)w->tail_len, w->tail);
    return len < 0 ? -EINVAL : words_add(names, name);
}

/* The number at *s, at most DIGITS_MAX digits. */
static bool number(const char **s, const char *end, uint64_t *ret_n, int *ret_width)
{
    const char *start = *s;
    uint64_t n = 0;

    while (*s < end && isdigit((unsigned char)**s) && *s - start < DIGITS_MAX)
        n = n * 10 + (uint64_t)(*(*s)++ - '0');
    *ret_n = n;
    *ret_width = (int)(*s - start);
    return *s > start && (*s == end || !isdigit((unsigned char)**s));
}

static int expand_ranges(const struct word *w, struct words *names, struct err *err)
{
    const char *s = w->ranges;
    const char *end = s + w->ranges_len;

    for (;;) {
        uint64_t lo;
        uint64_t hi;
        int width;
        int hi_width;

        if (!number(&s, end, &lo, &width))
            return bad(w->head, "a number was expected in the brackets", err);
        hi = lo;
        if (s < end && *s == '-') {
            s++;
            if (!number(&s, end, &hi, &hi_width))
                return bad(w->head, "a number was expected after '-'", err);
        }
        if (hi < lo)
            return bad(w->head, "a range runs downwards", err);
        for (uint64_t n = lo; n <= hi; n++) {
            int r = add(names, w, n, width);

            if (r < 0)
                return err_set(err, r, "host list '%.60s' is too long", w->head);
        }
        if (s == end)
            return 0;
        if (*s++ != ',')
            return bad(w->head, "only digits, '-' and ',' stand in the brackets", err);
    }
}

int hostlist_expand(const char *text, struct words *names, struct err *err)
{
    const char *p = text;

    while (*p) {
        struct word w;
        int r = next_word(&p, &w, err);

        if (r == 0 && w.ranges)
            r = expand_ranges(&w, names, err);
        else if (r == 0 && (r = words_add_n(names, w.head, w.head_len)) < 0)
            err_set(err, r, "host list '%.60s' is too long", w.head);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A name as prefix + trailing number: false when it has none that can be ranged. */
static bool split(const char *name, size_t *ret_prefix, uint64_t *ret_n, int *ret_width)
{
    size_t len = strlen(name);
    size_t p = len;

    while (p > 0 && isdigit((unsigned char)name[p - 1]) && len - p < DIGITS_MAX)
        p--;
    if (p == len)
        return false;
    *ret_prefix = p;
    *ret_width = (int)(len - p);
    return measure_u64(name + p, 0, UINT32_MAX, ret_n, NULL) == 0;
}

/* Whether name continues the bracket that was opened for `prefix`. */
static bool same_family(const char *a, size_t a_prefix, const char *b, size_t b_prefix)
{
    return a_prefix == b_prefix && !memcmp(a, b, a_prefix);
}

/* "07" and "10" share a bracket; "7" and "07" do not; "9" and "10" do. */
static bool same_width(uint64_t a, int wa, uint64_t b, int wb)
{
    char plain[24];
    bool padded_a = snprintf(plain, sizeof(plain), "%" PRIu64, a) < wa;
    bool padded_b = snprintf(plain, sizeof(plain), "%" PRIu64, b) < wb;

    return wa == wb || (!padded_a && !padded_b);
}

void hostlist_compress(char *const *names, size_t n, struct buf *b)
{
    for (size_t i = 0; i < n;) {
        size_t prefix;
        uint64_t lo;
        int width;
        size_t j = i + 1;
        bool bracket = false;

        if (i)
            buf_putc(b, ',');
        if (!split(names[i], &prefix, &lo, &width)) {
            buf_puts(b, names[i++]);
            continue;
        }
        buf_put(b, names[i], prefix);
        for (;;) {
            uint64_t hi = lo;
            uint64_t next = 0;
            size_t p2 = 0;
            int w2 = 0;
            bool family = false;

            while (j < n && split(names[j], &p2, &next, &w2)
                   && (family = same_family(names[i], prefix, names[j], p2)
                                && same_width(lo, width, next, w2))
                   && next == hi + 1) {
                hi = next;
                j++;
                family = false;
            }
            if (!bracket && (hi > lo || (j < n && family))) {
                buf_putc(b, '[');
                bracket = true;
            }
            buf_printf(b, "%0*" PRIu64, width, lo);
            if (hi > lo)
                buf_printf(b, "-%0*" PRIu64, width, hi);
            if (!(j < n && family))
                break;
            buf_putc(b, ',');
            lo = next;
            width = w2;
            j++;
        }
        if (bracket)
            buf_putc(b, ']');
        i = j;
    }
}
