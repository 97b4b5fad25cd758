/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid_map - bricks
 *
 * Where every level has equal groups and its arity can be split over the dimensions,
 * all such splits are tried, outermost level first; what a split cuts is known
 * without looking at a rank. Otherwise see grid_cut.c.
 */
#include "config.h"

#include "place/grid_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/pattern_int.h"

#include "base/banned.h"

void grid_release(struct grid *g)
{
    free(g->at);
    g->at = NULL;
}

void grid_from_pattern(const struct pattern *p, struct grid *ret)
{
    *ret = (struct grid){.n = p->n, .shape = p->grid};
    for (uint32_t d = 0; d < PATTERN_DIMS_MAX; d++)
        ret->weight[d] = 1;
}

/* The search for exact bricks. */
struct bricks {
    const struct target *t;
    const struct grid *g;
    uint32_t arity[PLACE_LEVELS_MAX + 1]; /* [l] groups of l - 1 in one of l */
    uint32_t split[PLACE_LEVELS_MAX + 1][PATTERN_DIMS_MAX];
    uint32_t best_split[PLACE_LEVELS_MAX + 1][PATTERN_DIMS_MAX];
    uint32_t size[PLACE_LEVELS_MAX + 1][PATTERN_DIMS_MAX]; /* [l] of a group's block */
    double best;
};

/* What splitting each of `blocks` boxes `size` by f cuts, in bytes. */
static double cut_bytes(const struct grid *g,
                        const uint32_t *size,
                        const uint32_t *f,
                        double blocks)
{
    double sum = 0;

    for (uint32_t d = 0; d < g->shape.n_dims; d++) {
        double planes = f[d] - 1.0;
        double area = blocks;

        if (f[d] > 1 && g->shape.periodic && size[d] == g->shape.dim[d])
            planes += 1; /* between the last and the first */
        for (uint32_t e = 0; e < g->shape.n_dims; e++)
            area *= e == d ? 1.0 : size[e];
        sum += planes * area * g->weight[d];
    }
    return sum;
}

static void split_level(
    struct bricks *b, uint32_t l, const uint32_t *size, double blocks, double cost);

/* All ways to write `left` as a product over dimensions d and above. */
static void split_dims(struct bricks *b,
                       uint32_t l,
                       uint32_t d,
                       uint32_t left,
                       const uint32_t *size,
                       double blocks,
                       double cost)
{
    const struct target *t = b->t;
    uint32_t n_dims = b->g->shape.n_dims;
    uint32_t inner[PATTERN_DIMS_MAX];
    double step;

    if (d < n_dims) {
        for (uint32_t f = 1; f <= left; f++)
            if (left % f == 0 && size[d] % f == 0 && (d + 1 < n_dims || f == left)) {
                b->split[l][d] = f;
                split_dims(b, l, d + 1, left / f, size, blocks, cost);
            }
        return;
    }
    step = (double)(t->distance[l] - t->distance[1]);
    cost += step * cut_bytes(b->g, size, b->split[l], blocks);
    if (cost >= b->best)
        return;
    for (uint32_t i = 0; i < n_dims; i++)
        inner[i] = size[i] / b->split[l][i];
    split_level(b, l - 1, inner, blocks * b->arity[l], cost);
}

static void split_level(
    struct bricks *b, uint32_t l, const uint32_t *size, double blocks, double cost)
{
    if (l > 1) {
        split_dims(b, l, 0, b->arity[l], size, blocks, cost);
        return;
    }
    b->best = cost;
    memcpy(b->best_split, b->split, sizeof(b->split));
}

/* Groups of one size at every level, and just as many ranks? */
static bool is_even(const struct target *t, uint32_t n, uint32_t *arity)
{
    if (n != t->n_slots)
        return false;
    for (uint32_t b = 0; b < t->n_leaves; b++)
        if (t->first_slot[b + 1] - t->first_slot[b] != n / t->n_leaves)
            return false;
    for (uint32_t l = 2; l <= t->n_levels; l++) {
        uint32_t each = t->n_leaves / t->n_groups[l];

        for (uint32_t i = 0; i < t->n_groups[l]; i++)
            if (t->first_leaf[l][i + 1] - t->first_leaf[l][i] != each)
                return false;
        arity[l] = t->n_groups[l - 1] / t->n_groups[l];
    }
    return true;
}

/* A rank's leaf is a sum over dimensions: here is the part of each. */
static int leaf_parts(const struct bricks *b, uint32_t *part[PATTERN_DIMS_MAX])
{
    const struct grid *g = b->g;
    uint32_t all = 0;

    for (uint32_t d = 0; d < g->shape.n_dims; d++)
        all += g->shape.dim[d];
    part[0] = malloc(((size_t)all + 1) * sizeof(*part[0]));
    if (!part[0])
        return -ENOMEM;
    for (uint32_t d = 1; d < g->shape.n_dims; d++)
        part[d] = part[d - 1] + g->shape.dim[d - 1];
    for (uint32_t d = 0; d < g->shape.n_dims; d++)
        for (uint32_t x = 0; x < g->shape.dim[d]; x++) {
            uint32_t leaf = 0;
            uint32_t rest = x;

            for (uint32_t l = b->t->n_levels; l > 1; l--) {
                uint32_t index = rest / b->size[l - 1][d];

                rest %= b->size[l - 1][d];
                for (uint32_t e = 0; e < d; e++)
                    index *= b->best_split[l][e];
                leaf = leaf * b->arity[l] + index;
            }
            part[d][x] = leaf;
        }
    return 0;
}

static int place_bricks(const struct bricks *b, uint32_t *leaf)
{
    const struct grid *g = b->g;
    uint32_t *part[PATTERN_DIMS_MAX];
    uint32_t row = g->shape.dim[0];
    int r = leaf_parts(b, part);

    for (uint32_t u = 0; r == 0 && !g->at && u < g->n; u += row) {
        uint32_t rest = u / row;
        uint32_t base = 0;

        for (uint32_t d = 1; d < g->shape.n_dims; d++) {
            base += part[d][rest % g->shape.dim[d]];
            rest /= g->shape.dim[d];
        }
        for (uint32_t x = 0; x < row; x++)
            leaf[u + x] = base + part[0][x];
    }
    for (uint32_t u = 0; r == 0 && g->at && u < g->n; u++) {
        uint32_t rest = g->at[u];

        leaf[u] = 0;
        for (uint32_t d = 0; d < g->shape.n_dims; d++) {
            leaf[u] += part[d][rest % g->shape.dim[d]];
            rest /= g->shape.dim[d];
        }
    }
    if (r == 0)
        free(part[0]);
    return r;
}

int grid_map(const struct target *t,
             const struct grid *g,
             uint32_t *leaf,
             struct grid_bricks *ret_bricks)
{
    struct bricks b = {.t = t, .g = g, .best = 1e300};
    int r;

    if (is_even(t, g->n, b.arity))
        split_level(&b, t->n_levels, g->shape.dim, 1, 0);
    if (b.best >= 1e300)
        return grid_cut(t, g, leaf);
    memcpy(b.size[t->n_levels], g->shape.dim, sizeof(b.size[0]));
    for (uint32_t l = t->n_levels; l > 1; l--)
        for (uint32_t d = 0; d < g->shape.n_dims; d++)
            b.size[l - 1][d] = b.size[l][d] / b.best_split[l][d];
    memcpy(ret_bricks->size, b.size, sizeof(b.size));
    r = place_bricks(&b, leaf);
    return r < 0 ? r : 1;
}
