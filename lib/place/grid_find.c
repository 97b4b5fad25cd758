/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid_find - a grid behind a matrix, whatever the order of its ranks
 *
 * Only pairs above a threshold count: faces are heavier than edges, corners and the
 * traces of collectives. In a grid the rank that is farthest from any other is a
 * corner. Its neighbours point along the dimensions; the corner at the end of a
 * dimension is the one that is nearer to that neighbour only. Two corners tell a
 * coordinate: steps from one and from the other. What comes out is checked: every
 * place taken once, every heavy pair one step apart.
 */
#include "config.h"

#include "place/grid_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

#include "place/pattern_int.h"

#include "base/banned.h"

struct finder {
    const struct pattern *p;
    uint64_t least; /* bytes of a heavy pair */
    uint32_t *queue;
    uint32_t *steps[PATTERN_DIMS_MAX + 2]; /* [0] corner, [i] neighbour or end */
    uint32_t corner;
    uint32_t ahead[PATTERN_DIMS_MAX]; /* neighbours of the corner */
    uint32_t n_dims;
};

/* Steps from `from` over heavy pairs; the last rank reached, how many into *n. */
static uint32_t walk(struct finder *f, uint32_t from, uint32_t *steps, uint32_t *ret_n)
{
    const struct pattern *p = f->p;
    uint32_t n = 0;

    memset(steps, 0xff, p->n * sizeof(*steps));
    steps[from] = 0;
    f->queue[n++] = from;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t u = f->queue[i];

        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++) {
            uint32_t v = p->adj[e];

            if (p->w[e] < f->least || steps[v] != UINT32_MAX)
                continue;
            steps[v] = steps[u] + 1;
            f->queue[n++] = v;
        }
    }
    *ret_n = n;
    return f->queue[n - 1];
}

/* Heavy neighbours of u into v[max]; how many there are. */
static uint32_t heavy(const struct finder *f, uint32_t u, uint32_t *v, uint32_t max)
{
    const struct pattern *p = f->p;
    uint32_t n = 0;

    for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++)
        if (p->w[e] >= f->least) {
            if (n < max)
                v[n] = p->adj[e];
            n++;
        }
    return n;
}

/* The corner that only neighbour i of the first corner is nearer to. */
static uint32_t end_of(const struct finder *f, uint32_t i)
{
    const uint32_t *from = f->steps[0];
    uint32_t best = UINT32_MAX;

    for (uint32_t u = 0; u < f->p->n; u++) {
        bool only = true;

        if (heavy(f, u, NULL, 0) != f->n_dims)
            continue;
        for (uint32_t k = 0; only && k < f->n_dims; k++)
            only = (f->steps[k + 1][u] < from[u]) == (k == i);
        if (only && (best == UINT32_MAX || from[u] > from[best]))
            best = u;
    }
    return best;
}

/* Coordinates from the steps; true when they make a grid. */
static bool settle(struct finder *f, struct grid *g)
{
    const struct pattern *p = f->p;
    uint64_t volume = 1;
    double count[PATTERN_DIMS_MAX] = {0};

    for (uint32_t d = 0; d < f->n_dims; d++)
        volume *= g->shape.dim[d];
    if (volume != p->n)
        return false;
    memset(f->queue, 0, p->n * sizeof(*f->queue)); /* places taken */
    for (uint32_t u = 0; u < p->n; u++) {
        uint32_t at = 0;

        for (uint32_t d = f->n_dims; d-- > 0;) {
            uint32_t far = g->shape.dim[d] - 1;
            uint32_t twice = f->steps[0][u] + far - f->steps[d + 1][u];

            if (twice % 2 || twice / 2 > far)
                return false;
            at = at * g->shape.dim[d] + twice / 2;
        }
        if (f->queue[at]++)
            return false;
        g->at[u] = at;
    }
    for (uint32_t u = 0; u < p->n; u++)
        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++) {
            uint32_t a = MIN(g->at[u], g->at[p->adj[e]]);
            uint32_t b = MAX(g->at[u], g->at[p->adj[e]]);
            uint32_t stride = 1;
            uint32_t d = 0;

            if (p->w[e] < f->least)
                continue;
            for (; d < f->n_dims && b - a != stride; d++)
                stride *= g->shape.dim[d];
            if (d == f->n_dims)
                return false;
            g->weight[d] += (double)p->w[e];
            count[d]++;
        }
    for (uint32_t d = 0; d < f->n_dims; d++)
        g->weight[d] = count[d] > 0 ? g->weight[d] / count[d] : 1;
    return true;
}

static bool try_threshold(struct finder *f, struct grid *g)
{
    uint32_t end[PATTERN_DIMS_MAX];
    uint32_t n;

    f->corner = walk(f, 0, f->steps[0], &n);
    if (n < f->p->n)
        return false;
    (void)walk(f, f->corner, f->steps[0], &n);
    f->n_dims = heavy(f, f->corner, f->ahead, PATTERN_DIMS_MAX);
    if (f->n_dims < 1 || f->n_dims > 3)
        return false;
    for (uint32_t d = 0; d < f->n_dims; d++)
        (void)walk(f, f->ahead[d], f->steps[d + 1], &n);
    for (uint32_t d = 0; d < f->n_dims; d++) {
        end[d] = end_of(f, d);
        if (end[d] == UINT32_MAX)
            return false;
        g->shape.dim[d] = f->steps[0][end[d]] + 1;
    }
    g->shape.n_dims = f->n_dims;
    for (uint32_t d = 0; d < f->n_dims; d++)
        (void)walk(f, end[d], f->steps[d + 1], &n);
    return settle(f, g);
}

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Each rank's heaviest pairs are faces: thresholds below the least of them. */
static uint32_t thresholds(const struct pattern *p, uint64_t *least, uint64_t *sorted)
{
    uint32_t n = 0;
    uint32_t k = 0;

    for (uint32_t u = 0; u < p->n; u++) {
        uint64_t top = 0;

        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++)
            top = MAX(top, p->w[e]);
        sorted[n++] = top;
    }
    qsort(sorted, n, sizeof(*sorted), rising);
    least[k++] = sorted[n / 2] / 4 + 1;
    least[k++] = sorted[0] / 2 + 1;
    least[k++] = sorted[n / 2] / 30 + 1;
    least[k++] = sorted[n / 2] / 2 + 1;
    return k;
}

int grid_find(const struct pattern *p, struct grid *ret)
{
    size_t n = (size_t)p->n + 1;
    _cleanup_(freep) uint32_t *memory =
        malloc((PATTERN_DIMS_MAX + 3) * n * sizeof(*memory));
    _cleanup_(freep) uint64_t *sorted = malloc(n * sizeof(*sorted));
    uint64_t least[4];
    uint32_t k;
    struct finder f = {.p = p, .queue = memory};

    if (p->n < 8 || p->uniform)
        return 0;
    *ret = (struct grid){.n = p->n};
    ret->at = malloc(n * sizeof(*ret->at));
    if (!memory || !sorted || !ret->at) {
        grid_release(ret);
        return -ENOMEM;
    }
    for (uint32_t d = 0; d < PATTERN_DIMS_MAX + 2; d++)
        f.steps[d] = memory + (d + 1) * n;
    k = thresholds(p, least, sorted);
    for (uint32_t i = 0; i < k; i++) {
        f.least = least[i];
        memset(ret->weight, 0, sizeof(ret->weight));
        if (try_threshold(&f, ret))
            return 1;
    }
    grid_release(ret);
    return 0;
}
