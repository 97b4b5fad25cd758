/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* pattern - matrices made whole: sorted, symmetric, summed */
#include "config.h"

#include "place/pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/machine.h"
#include "place/pattern_int.h"

#include "base/banned.h"

#define PATTERN_TOTAL_MAX (UINT64_C(1) << 62)

struct pattern *pattern_new_room(uint32_t n, uint64_t n_arcs)
{
    struct pattern *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->n = n;
    p->xadj = calloc((size_t)n + 1, sizeof(*p->xadj));
    p->adj = calloc(n_arcs + 1, sizeof(*p->adj));
    p->w = calloc(n_arcs + 1, sizeof(*p->w));
    if (!p->xadj || !p->adj || !p->w)
        return pattern_free(p);
    return p;
}

struct pattern *pattern_free(struct pattern *p)
{
    if (!p)
        return NULL;
    free(p->xadj);
    free(p->adj);
    free(p->w);
    free(p->rank_w);
    free(p);
    return NULL;
}

struct arc {
    uint32_t to;
    uint64_t w;
};

static int by_to(const void *a, const void *b)
{
    const struct arc *x = a;
    const struct arc *y = b;

    return (x->to > y->to) - (x->to < y->to);
}

static int sort_row(struct pattern *p, uint64_t from, uint64_t to)
{
    size_t n = (size_t)(to - from);
    struct arc few[64];
    struct arc *a = few;
    bool sorted = true;

    for (uint64_t e = from + 1; e < to; e++)
        sorted = sorted && p->adj[e - 1] < p->adj[e];
    if (sorted)
        return 0;
    if (n > ARRAY_SIZE(few)) {
        a = malloc(n * sizeof(*a));
        if (!a)
            return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        a[i] = (struct arc){p->adj[from + i], p->w[from + i]};
    qsort(a, n, sizeof(*a), by_to);
    for (size_t i = 0; i < n; i++) {
        p->adj[from + i] = a[i].to;
        p->w[from + i] = a[i].w;
    }
    if (a != few)
        free(a);
    return 0;
}

/* Weight of the pair (u, v), 0 when they do not talk. */
static uint64_t pair_weight(const struct pattern *p, uint32_t u, uint32_t v)
{
    uint64_t lo = p->xadj[u];
    uint64_t hi = p->xadj[u + 1];

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;

        if (p->adj[mid] == v)
            return p->w[mid];
        if (p->adj[mid] < v)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

/* Sum what stands twice and leave out self and 0, moving everything up. */
static int squeeze(struct pattern *p, struct err *err)
{
    uint64_t at = 0;
    uint64_t from = 0;

    for (uint32_t u = 0; u < p->n; u++) {
        uint64_t row = at;
        uint64_t to = p->xadj[u + 1];

        for (uint64_t e = from; e < to; e++) {
            uint64_t w = p->w[e];
            uint32_t v = p->adj[e];

            if (v == u || w == 0)
                continue;
            if (at > row && p->adj[at - 1] == v)
                w += p->w[--at]; /* both below 2^62: no overflow */
            if (w > PATTERN_WEIGHT_MAX)
                return err_set(err, -ERANGE,
                               "ranks %" PRIu32 " and %" PRIu32 " exchange more than "
                               "2^50 bytes: use a larger unit",
                               u, v);
            p->adj[at] = v;
            p->w[at++] = w;
        }
        from = to;
        p->xadj[u + 1] = at;
    }
    return 0;
}

int pattern_settle(struct pattern *p, struct err *err)
{
    uint64_t total = 0;
    int r = 0;

    for (uint32_t u = 0; r == 0 && u < p->n; u++)
        r = sort_row(p, p->xadj[u], p->xadj[u + 1]);
    if (r == 0)
        r = squeeze(p, err);
    for (uint32_t u = 0; r == 0 && u < p->n; u++)
        for (uint64_t e = p->xadj[u]; r == 0 && e < p->xadj[u + 1]; e++) {
            uint32_t v = p->adj[e];
            uint64_t back = pair_weight(p, v, u);

            if (back != p->w[e])
                r = err_set(err, -EINVAL,
                            "not symmetric: ranks %" PRIu32 " and %" PRIu32
                            " exchange %" PRIu64 " in one row and %" PRIu64
                            " in the other",
                            u, v, p->w[e], back);
            if (v > u && (!add_ok(total, p->w[e], &total) || total > PATTERN_TOTAL_MAX))
                r = err_set(err, -ERANGE,
                            "more than 2^62 bytes in all: use a larger unit");
        }
    p->total = total;
    return r;
}

int pattern_from_csr(uint32_t n,
                     const uint64_t *xadj,
                     const uint32_t *adj,
                     const uint64_t *w,
                     struct pattern **ret_p,
                     struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    int r;

    if (n < 1 || n > PLACE_RANKS_MAX)
        return err_set(err, -EINVAL,
                       "a pattern has 1 to %" PRIu32 " ranks, not %" PRIu32,
                       PLACE_RANKS_MAX, n);
    for (uint32_t u = 0; u < n; u++)
        if (xadj[u] > xadj[u + 1] || xadj[u + 1] > PLACE_ARCS_MAX)
            return err_set(err, -EINVAL,
                           "row %" PRIu32 " of the matrix ends at %" PRIu64, u,
                           xadj[u + 1]);
    if (xadj[0] != 0)
        return err_set(err, -EINVAL, "the first row must begin at 0");
    p = pattern_new_room(n, xadj[n]);
    if (!p)
        return -ENOMEM;
    memcpy(p->xadj, xadj, ((size_t)n + 1) * sizeof(*xadj));
    for (uint64_t e = 0; e < xadj[n]; e++) {
        if (adj[e] >= n)
            return err_set(err, -EINVAL, "no rank %" PRIu32 " among %" PRIu32, adj[e],
                           n);
        if (w && w[e] > PATTERN_WEIGHT_MAX)
            return err_set(err, -ERANGE, "weight %" PRIu64 " is above 2^50", w[e]);
        p->adj[e] = adj[e];
        p->w[e] = w ? w[e] : 1;
    }
    r = pattern_settle(p, err);
    if (r == 0)
        *ret_p = TAKE_PTR(p);
    return r;
}

int pattern_from_flows(uint32_t n,
                       const struct pattern_flow *flows,
                       size_t n_flows,
                       struct pattern **ret_p,
                       struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    _cleanup_(freep) uint64_t *at = NULL;
    int r;

    if (n < 1 || n > PLACE_RANKS_MAX || n_flows > PLACE_ARCS_MAX / 2)
        return err_set(err, -EINVAL,
                       "a pattern has 1 to %" PRIu32 " ranks, not %" PRIu32,
                       PLACE_RANKS_MAX, n);
    p = pattern_new_room(n, 2 * n_flows);
    at = calloc((size_t)n + 1, sizeof(*at));
    if (!p || !at)
        return -ENOMEM;
    for (size_t i = 0; i < n_flows; i++) {
        const struct pattern_flow *f = &flows[i];

        if (f->from >= n || f->to >= n)
            return err_set(err, -EINVAL, "no rank %" PRIu32 " among %" PRIu32,
                           MAX(f->from, f->to), n);
        if (f->bytes > PATTERN_WEIGHT_MAX)
            return err_set(err, -ERANGE, "weight %" PRIu64 " is above 2^50", f->bytes);
        p->xadj[f->from + 1]++;
        p->xadj[f->to + 1]++;
    }
    for (uint32_t u = 0; u < n; u++) {
        p->xadj[u + 1] += p->xadj[u];
        at[u] = p->xadj[u];
    }
    for (size_t i = 0; i < n_flows; i++) {
        const struct pattern_flow *f = &flows[i];

        p->adj[at[f->from]] = f->to;
        p->w[at[f->from]++] = f->bytes;
        p->adj[at[f->to]] = f->from;
        p->w[at[f->to]++] = f->bytes;
    }
    r = pattern_settle(p, err);
    if (r == 0)
        *ret_p = TAKE_PTR(p);
    return r;
}

int pattern_renamed(const struct pattern *p,
                    const uint32_t *name,
                    struct pattern **ret_p,
                    struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *q = pattern_new_room(p->n, p->xadj[p->n]);
    int r;

    if (!q)
        return -ENOMEM;
    for (uint32_t u = 0; u < p->n; u++) {
        if (name[u] >= p->n || q->xadj[name[u] + 1] != 0)
            return err_set(err, -EINVAL, "the names are not a permutation");
        q->xadj[name[u] + 1] = p->xadj[u + 1] - p->xadj[u] + 1; /* + 1 marks it seen */
    }
    for (uint32_t u = 0; u < p->n; u++)
        q->xadj[u + 1] += q->xadj[u] - 1;
    for (uint32_t u = 0; u < p->n; u++) {
        uint64_t at = q->xadj[name[u]];

        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++) {
            q->adj[at] = name[p->adj[e]];
            q->w[at++] = p->w[e];
        }
    }
    q->uniform = p->uniform;
    q->kind = p->kind == PATTERN_ALLTOALL || p->kind == PATTERN_NONE ? p->kind
                                                                     : PATTERN_MATRIX;
    r = pattern_settle(q, err);
    if (r == 0)
        *ret_p = TAKE_PTR(q);
    return r;
}

uint32_t pattern_ranks(const struct pattern *p)
{
    return p->n;
}

enum pattern_kind pattern_kind(const struct pattern *p)
{
    return p->kind;
}

const struct pattern_grid *pattern_grid(const struct pattern *p)
{
    return &p->grid;
}

uint64_t pattern_pairs(const struct pattern *p)
{
    return p->uniform ? (uint64_t)p->n * (p->n - 1) / 2 : p->xadj[p->n] / 2;
}

uint64_t pattern_bytes(const struct pattern *p)
{
    return p->total + p->uniform * ((uint64_t)p->n * (p->n - 1) / 2);
}

uint64_t pattern_uniform(const struct pattern *p)
{
    return p->uniform;
}

const uint64_t *pattern_xadj(const struct pattern *p)
{
    return p->xadj;
}

const uint32_t *pattern_adj(const struct pattern *p)
{
    return p->adj;
}

const uint64_t *pattern_weight(const struct pattern *p)
{
    return p->w;
}

uint64_t pattern_rank_weight(const struct pattern *p, uint32_t rank)
{
    return p->rank_w ? p->rank_w[rank] : 1;
}
