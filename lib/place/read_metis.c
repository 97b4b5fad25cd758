/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* read_metis - graphs in METIS' text form, in and out */
#include "config.h"

#include "place/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"

#include "place/machine.h"
#include "place/pattern_int.h"
#include "place/scan_int.h"

#include "base/banned.h"

struct header {
    uint64_t n, m, fmt, n_con;
};

static void skip_comments(struct scan *s)
{
    while (s->at < s->end && *s->at == '%')
        if (!scan_next_line(s))
            break;
}

static int read_header(struct scan *s, struct header *h, struct err *err)
{
    uint64_t v[4] = {0, 0, 0, 1};
    int n = 0;

    skip_comments(s);
    for (scan_blanks(s, 0); n < 4 && !scan_at_end(s); scan_blanks(s, 0))
        if (!scan_u64(s, UINT64_C(1) << 40, &v[n++]))
            return err_set(err, -EINVAL,
                           "line %" PRIu32
                           ": the first line says 'ranks pairs [format]'",
                           s->line);
    *h = (struct header){v[0], v[1], v[2], v[3]};
    if (n < 2 || !scan_at_end(s))
        return err_set(err, -EINVAL,
                       "line %" PRIu32 ": the first line says 'ranks pairs [format]'",
                       s->line);
    if (h->n < 1 || h->n > PLACE_RANKS_MAX || h->m > PLACE_ARCS_MAX / 2)
        return err_set(err, -E2BIG,
                       "line %" PRIu32 ": 1 to %" PRIu32 " ranks and %" PRIu32
                       " pairs, not %" PRIu64 " and %" PRIu64,
                       s->line, PLACE_RANKS_MAX, PLACE_ARCS_MAX / 2, h->n, h->m);
    if ((h->fmt != 0 && h->fmt != 1 && h->fmt != 10 && h->fmt != 11) || h->n_con != 1)
        return err_set(err, -EINVAL,
                       "line %" PRIu32 ": format %" PRIu64
                       " is not known: use 000, 001, 010 or 011",
                       s->line, h->fmt);
    return 0;
}

/* One row; *at is the arc to fill next. */
static int read_row(struct scan *s,
                    const struct header *h,
                    struct pattern *p,
                    uint32_t u,
                    uint64_t *at,
                    struct err *err)
{
    if (h->fmt >= 10) {
        scan_blanks(s, 0);
        if (!scan_u64(s, PATTERN_WEIGHT_MAX, &p->rank_w[u]))
            return err_set(err, -EINVAL, "line %" PRIu32 ": no weight of the rank",
                           s->line);
    }
    for (scan_blanks(s, 0); !scan_at_end(s); scan_blanks(s, 0)) {
        uint64_t v;
        uint64_t w = 1;

        if (!scan_u64(s, h->n, &v) || v < 1)
            return err_set(err, -EINVAL,
                           "line %" PRIu32
                           ": a neighbour is a number from 1 to %" PRIu64,
                           s->line, h->n);
        scan_blanks(s, 0);
        if (h->fmt % 10 && !scan_u64(s, PATTERN_WEIGHT_MAX, &w))
            return err_set(err, -EINVAL,
                           "line %" PRIu32 ": neighbour %" PRIu64
                           " needs a weight from 0 to 2^50",
                           s->line, v);
        if (*at == 2 * h->m)
            return err_set(err, -EINVAL,
                           "line %" PRIu32 ": more pairs than the %" PRIu64
                           " of the first line",
                           s->line, h->m);
        p->adj[*at] = (uint32_t)(v - 1);
        p->w[(*at)++] = w;
    }
    p->xadj[u + 1] = *at;
    return 0;
}

int pattern_read_metis(const char *text,
                       size_t n_bytes,
                       struct pattern **ret_p,
                       struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    struct scan s = scan_of(text, n_bytes);
    struct header h = {0};
    uint64_t at = 0;
    int r = read_header(&s, &h, err);

    if (r < 0)
        return r;
    /* A rank takes a line and a pair four bytes: what is said must be there. */
    if (h.n > n_bytes || h.m > n_bytes / 2)
        return err_set(err, -EINVAL,
                       "line %" PRIu32 ": %" PRIu64 " ranks and %" PRIu64
                       " pairs cannot stand in %zu bytes",
                       s.line, h.n, h.m, n_bytes);
    p = pattern_new_room((uint32_t)h.n, 2 * h.m);
    if (!p)
        return -ENOMEM;
    if (h.fmt >= 10) {
        p->rank_w = calloc(h.n, sizeof(*p->rank_w));
        if (!p->rank_w)
            return -ENOMEM;
    }
    for (uint32_t u = 0; r == 0 && u < h.n; u++) {
        (void)scan_next_line(&s); /* a last row may be empty and without its end */
        skip_comments(&s);
        r = read_row(&s, &h, p, u, &at, err);
    }
    if (r == 0 && at != 2 * h.m)
        r = err_set(err, -EINVAL,
                    "line %" PRIu32 ": %" PRIu64 " neighbours in all, the first line "
                    "promises twice %" PRIu64,
                    s.line, at, h.m);
    if (r == 0)
        r = pattern_settle(p, err);
    if (r == 0)
        *ret_p = TAKE_PTR(p);
    return r;
}

void pattern_write_metis(const struct pattern *p, struct buf *out)
{
    buf_printf(out, "%" PRIu32 " %" PRIu64 " 001\n", p->n, p->xadj[p->n] / 2);
    for (uint32_t u = 0; u < p->n; u++) {
        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++)
            buf_printf(out, "%s%" PRIu32 " %" PRIu64, e > p->xadj[u] ? " " : "",
                       p->adj[e] + 1, p->w[e]);
        buf_putc(out, '\n');
    }
}
