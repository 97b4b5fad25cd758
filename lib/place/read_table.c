/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* read_table - patterns from Matrix Market and CSV; flows collected one by one */
#include "config.h"

#include "place/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

#include "place/machine.h"
#include "place/pattern_int.h"
#include "place/scan_int.h"

#include "base/banned.h"

int flows_add(struct flows *f, uint32_t from, uint32_t to, uint64_t bytes)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 256;
        struct pattern_flow *v;

        if (f->n >= PLACE_ARCS_MAX / 2)
            return -E2BIG;
        v = realloc(f->v, cap * sizeof(*v));
        if (!v)
            return -ENOMEM;
        f->v = v;
        f->cap = cap;
    }
    f->v[f->n++] = (struct pattern_flow){from, to, bytes};
    f->n_ranks = MAX(f->n_ranks, from + 1);
    f->n_ranks = MAX(f->n_ranks, to + 1);
    return 0;
}

void flows_release(struct flows *f)
{
    free(f->v);
    *f = (struct flows){0};
}

static void flows_releasep(struct flows *f)
{
    flows_release(f);
}

struct mtx {
    bool symmetric, values;
    uint64_t n, entries;
};

static int mtx_header(struct scan *s, struct mtx *h, struct err *err)
{
    uint64_t columns;

    *h = (struct mtx){.values = true};
    if (!scan_word(s, "%%MatrixMarket"))
        return err_set(err, -EINVAL, "line 1: not a Matrix Market file");
    scan_blanks(s, 0);
    if (!scan_word(s, "matrix"))
        return err_set(err, -EINVAL, "line 1: only 'matrix' is understood");
    scan_blanks(s, 0);
    if (!scan_word(s, "coordinate"))
        return err_set(err, -EINVAL, "line 1: only 'coordinate' is understood");
    scan_blanks(s, 0);
    if (scan_word(s, "pattern"))
        h->values = false;
    else if (!scan_word(s, "integer") && !scan_word(s, "real"))
        return err_set(err, -EINVAL, "line 1: values are integer, real or pattern");
    scan_blanks(s, 0);
    h->symmetric = scan_word(s, "symmetric");
    if (!h->symmetric && !scan_word(s, "general"))
        return err_set(err, -EINVAL,
                       "line 1: only general and symmetric are understood");
    do {
        if (!scan_next_line(s))
            return err_set(err, -EINVAL, "line %" PRIu32 ": no sizes", s->line);
        scan_blanks(s, 0);
    } while (scan_at_end(s) || *s->at == '%');
    if (!scan_u64(s, PLACE_RANKS_MAX, &h->n))
        goto bad;
    scan_blanks(s, 0);
    if (!scan_u64(s, PLACE_RANKS_MAX, &columns) || columns != h->n || h->n < 1)
        goto bad;
    scan_blanks(s, 0);
    if (!scan_u64(s, PLACE_ARCS_MAX / 2, &h->entries))
        goto bad;
    return 0;
bad:
    return err_set(err, -EINVAL,
                   "line %" PRIu32 ": sizes are 'N N ENTRIES', N at most %" PRIu32,
                   s->line, PLACE_RANKS_MAX);
}

int pattern_read_mtx(const char *text,
                     size_t n_bytes,
                     struct pattern **ret_p,
                     struct err *err)
{
    _cleanup_(flows_releasep) struct flows f = {0};
    struct scan s = scan_of(text, n_bytes);
    struct mtx h = {0};
    int r = mtx_header(&s, &h, err);

    for (uint64_t i = 0; r == 0 && i < h.entries; i++) {
        uint64_t row;
        uint64_t column;
        uint64_t w = 1;

        do {
            if (!scan_next_line(&s))
                return err_set(err, -EINVAL,
                               "line %" PRIu32 ": %" PRIu64 " entries of %" PRIu64,
                               s.line, i, h.entries);
            scan_blanks(&s, 0);
        } while (scan_at_end(&s));
        if (!scan_u64(&s, h.n, &row) || row < 1)
            return err_set(err, -EINVAL, "line %" PRIu32 ": a row is 1 to %" PRIu64,
                           s.line, h.n);
        scan_blanks(&s, 0);
        if (!scan_u64(&s, h.n, &column) || column < 1)
            return err_set(err, -EINVAL, "line %" PRIu32 ": a column is 1 to %" PRIu64,
                           s.line, h.n);
        scan_blanks(&s, 0);
        if (h.values && !scan_real(&s, PATTERN_WEIGHT_MAX / 4, &w))
            return err_set(err, -EINVAL,
                           "line %" PRIu32 ": a value is a number from 0 to 2^48",
                           s.line);
        if (h.symmetric)
            w *= 2;
        r = flows_add(&f, (uint32_t)row - 1, (uint32_t)column - 1, w);
    }
    return r < 0 ? r : pattern_from_flows((uint32_t)h.n, f.v, f.n, ret_p, err);
}

static void csv_blanks(struct scan *s)
{
    scan_blanks(s, 0);
    if (s->at < s->end && (*s->at == ',' || *s->at == ';')) {
        s->at++;
        scan_blanks(s, 0);
    }
}

/* Numbers of one line into v[cap]; how many there are, or -EINVAL. */
static int64_t csv_line(struct scan *s, uint64_t *v, size_t cap, struct err *err)
{
    size_t n = 0;

    for (scan_blanks(s, 0); !scan_at_end(s); csv_blanks(s)) {
        uint64_t x;

        if (!scan_real(s, PATTERN_WEIGHT_MAX / 4, &x))
            return err_set(
                err, -EINVAL, "line %" PRIu32 ": '%.*s' is not a number from 0 to 2^48",
                s->line, (int)MIN((size_t)(s->end - s->at), (size_t)12), s->at);
        if (n < cap)
            v[n] = x;
        n++;
        if (n > PLACE_RANKS_MAX)
            return err_set(err, -E2BIG, "line %" PRIu32 ": too many columns", s->line);
    }
    return (int64_t)n;
}

/* The first line with numbers; skips comments and one line of titles. */
static bool csv_first(struct scan *s)
{
    bool titles = false;

    for (;;) {
        scan_blanks(s, 0);
        if (!scan_at_end(s)) {
            if (*s->at >= '0' && *s->at <= '9')
                return true;
            if (*s->at != '#') {
                if (titles)
                    return true; /* refused as a number later */
                titles = true;
            }
        }
        if (!scan_next_line(s))
            return false;
    }
}

struct csv {
    struct scan s;
    uint64_t *v;
    size_t n_lines;
    bool list;
};

/* Columns and lines: a list has three columns and is not three lines long. */
static int csv_shape(struct csv *c, size_t *ret_columns, struct err *err)
{
    struct scan s = c->s;
    int64_t columns = csv_line(&s, NULL, 0, err);

    if (columns < 0)
        return (int)columns;
    c->n_lines = 1;
    while (scan_next_line(&s)) {
        scan_blanks(&s, 0);
        if (!scan_at_end(&s) && *s.at != '#')
            c->n_lines++;
    }
    c->list = columns == 3 && c->n_lines != 3;
    *ret_columns = (size_t)columns;
    if (!c->list && (size_t)columns != c->n_lines)
        return err_set(err, -EINVAL,
                       "%zu lines of %" PRId64
                       " columns are neither a square matrix nor "
                       "a list of from,to,bytes",
                       c->n_lines, columns);
    return 0;
}

static int csv_rows(struct csv *c, size_t columns, struct flows *f, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->n_lines; i++) {
        int64_t n;

        for (;;) {
            scan_blanks(&c->s, 0);
            if (!scan_at_end(&c->s) && *c->s.at != '#')
                break;
            (void)scan_next_line(&c->s); /* csv_shape() counted: one more is there */
        }
        n = csv_line(&c->s, c->v, columns, err);
        if (n < 0)
            return (int)n;
        if ((size_t)n != columns)
            return err_set(err, -EINVAL,
                           "line %" PRIu32 ": %" PRId64 " columns, not %zu", c->s.line,
                           n, columns);
        if (c->list && (c->v[0] >= PLACE_RANKS_MAX || c->v[1] >= PLACE_RANKS_MAX))
            return err_set(err, -EINVAL, "line %" PRIu32 ": a rank is 0 to %" PRIu32,
                           c->s.line, PLACE_RANKS_MAX - 1);
        if (c->list)
            r = flows_add(f, (uint32_t)c->v[0], (uint32_t)c->v[1], c->v[2]);
        for (size_t k = 0; r == 0 && !c->list && k < columns; k++)
            if (c->v[k])
                r = flows_add(f, (uint32_t)i, (uint32_t)k, c->v[k]);
        (void)scan_next_line(&c->s); /* the last line may have no end */
    }
    return r;
}

int pattern_read_csv(const char *text,
                     size_t n_bytes,
                     uint32_t n_ranks,
                     struct pattern **ret_p,
                     struct err *err)
{
    _cleanup_(flows_releasep) struct flows f = {0};
    _cleanup_(freep) uint64_t *v = NULL;
    struct csv c = {.s = scan_of(text, n_bytes)};
    size_t columns = 0;
    uint32_t n;
    int r;

    if (!csv_first(&c.s))
        return err_set(err, -EINVAL, "line %" PRIu32 ": no numbers", c.s.line);
    r = csv_shape(&c, &columns, err);
    if (r < 0)
        return r;
    c.v = v = calloc(columns + 1, sizeof(*v));
    if (!v)
        return -ENOMEM;
    r = csv_rows(&c, columns, &f, err);
    if (r < 0)
        return r;
    n = c.list ? (n_ranks ? n_ranks : f.n_ranks) : (uint32_t)columns;
    if (f.n_ranks > n)
        return err_set(err, -EINVAL, "rank %" PRIu32 " in a job of %" PRIu32 " ranks",
                       f.n_ranks - 1, n);
    return pattern_from_flows(n, f.v, f.n, ret_p, err);
}

/* METIS begins with two to four whole numbers that fit the lines that follow. */
static bool looks_like_metis(const char *text, size_t n_bytes)
{
    struct scan s = scan_of(text, n_bytes);
    int n = 0;
    uint64_t v;

    while (s.at < s.end && *s.at == '%')
        if (!scan_next_line(&s))
            return false;
    for (scan_blanks(&s, 0); !scan_at_end(&s); scan_blanks(&s, 0))
        if (!scan_u64(&s, UINT64_MAX, &v) || ++n > 4)
            return false;
    return n >= 2;
}

int pattern_read(const char *text,
                 size_t n_bytes,
                 uint32_t n_ranks,
                 struct pattern **ret_p,
                 struct err *err)
{
    static const char mtx[] = "%%MatrixMarket";
    struct err first = {0};
    int r;

    if (n_bytes >= sizeof(mtx) - 1 && memcmp(text, mtx, sizeof(mtx) - 1) == 0)
        return pattern_read_mtx(text, n_bytes, ret_p, err);
    if (!looks_like_metis(text, n_bytes))
        return pattern_read_csv(text, n_bytes, n_ranks, ret_p, err);
    r = pattern_read_metis(text, n_bytes, ret_p, &first);
    if (r == 0 || pattern_read_csv(text, n_bytes, n_ranks, ret_p, NULL) == 0)
        return 0;
    return err_set(err, r, "%s", err_text(&first, r));
}
