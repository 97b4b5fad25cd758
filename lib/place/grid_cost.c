/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid_cost - the judge for named grids
 *
 * In default order and in bricks no pair is looked at, see grid_bundles_int.h. Agrees
 * with target_cost() to the digit.
 */
#include "config.h"

#include "place/grid_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/grid_bundles_int.h"

#include "base/banned.h"

/* How many places of the box at lo come before the place x[]. */
static uint64_t count_before(const struct bundles *all,
                             const struct bundle *b,
                             const uint32_t *lo,
                             const uint32_t *x)
{
    uint64_t sum = 0;

    for (uint32_t d = all->n_dims; d-- > 0;) {
        uint32_t in = x[d] <= lo[d] ? 0 : MIN(x[d] - lo[d], b->n[d]);

        sum += in * b->area[d];
        if (x[d] < lo[d] || in == b->n[d])
            break;
    }
    return sum;
}

/* inside[]: bytes within the groups of each level; what they mean for J. */
static void settle(const struct target *t, const uint64_t *inside, struct place_cost *c)
{
    unsigned __int128 sum = 0;

    c->n_levels = t->n_levels;
    for (uint32_t l = 1; l <= t->n_levels; l++) {
        c->traffic[l] = inside[l] - inside[l - 1];
        sum += (unsigned __int128)c->traffic[l] * (uint64_t)t->distance[l];
        if (l < t->n_levels)
            c->bottleneck =
                MAX(c->bottleneck, (double)c->max_load[l] / (double)t->capacity[l]);
    }
    c->cost = (double)sum;
}

/* A group of a level that is being walked through. */
struct open_group {
    uint32_t begin; /* its first rank */
    uint64_t before[BUNDLES_MAX][2];
};

static void close_group(const struct bundles *all,
                        struct open_group *g,
                        uint32_t end,
                        const uint64_t (*before)[2],
                        uint64_t *inside,
                        uint64_t *max_load)
{
    uint64_t load = 0;

    for (uint32_t i = 0; i < all->n; i++) {
        const struct bundle *b = &all->v[i];
        uint64_t within = 0;

        if ((int64_t)end - b->step > (int64_t)g->begin)
            within = before[i][1] - g->before[i][0];
        *inside += b->w * within;
        load += b->w
                * (before[i][0] - g->before[i][0] + before[i][1] - g->before[i][1]
                   - 2 * within);
    }
    *max_load = MAX(*max_load, load);
    g->begin = end;
    memcpy(g->before, before, all->n * sizeof(g->before[0]));
}

int grid_cost_in_order(const struct target *t,
                       const struct pattern *p,
                       struct place_cost *ret)
{
    struct place_cost c = {0};
    uint64_t inside[PLACE_LEVELS_MAX + 1] = {0};
    uint64_t before[BUNDLES_MAX][2];
    struct bundles *all = malloc(sizeof(*all));
    struct open_group *open = calloc((size_t)t->n_levels + 1, sizeof(*open));
    int r = all && open ? 0 : -ENOMEM;

    if (r == 0)
        bundles_find(p, all);
    for (uint32_t i = 1; r == 0 && i <= t->n_leaves; i++) {
        uint32_t end = MIN(t->first_slot[i], p->n);
        uint32_t x[PATTERN_DIMS_MAX];
        uint32_t rest = end;

        for (uint32_t d = 0; d < all->n_dims; d++) {
            x[d] = d + 1 < all->n_dims ? rest % all->dim[d] : rest;
            rest /= all->dim[d];
        }
        for (uint32_t k = 0; k < all->n; k++)
            for (int side = 0; side < 2; side++)
                before[k][side] = count_before(all, &all->v[k], all->v[k].lo[side], x);
        for (uint32_t l = 1; l <= t->n_levels; l++)
            if (i == t->n_leaves || t->group[l][i] != t->group[l][i - 1])
                close_group(all, &open[l], end, (const uint64_t(*)[2])before,
                            &inside[l], &c.max_load[l]);
    }
    if (r == 0) {
        c.max_load[t->n_levels] = 0;
        settle(t, inside, &c);
        *ret = c;
    }
    free(all);
    free(open);
    return r;
}

/* How long what [a, a + n) and [b, b + m) share is. */
static uint64_t overlap(int64_t a, int64_t n, int64_t b, int64_t m)
{
    int64_t both = MIN(a + n, b + m) - MAX(a, b);

    return both > 0 ? (uint64_t)both : 0;
}

/* Of a bundle in dimension d, what block i of `size` holds: x, x + step, and both. */
static void in_block(
    const struct bundle *b, uint32_t d, uint32_t size, uint32_t i, uint64_t *ret)
{
    int64_t at = (int64_t)i * size;
    int64_t lo = b->lo[0][d];
    int64_t step = (int64_t)b->lo[1][d] - lo;
    int64_t from = MAX(at, at - step);
    int64_t to = MIN(at, at - step) + size;

    ret[0] = overlap(at, size, lo, b->n[d]);
    ret[1] = overlap(at, size, lo + step, b->n[d]);
    ret[2] = to > from ? overlap(from, to - from, lo, b->n[d]) : 0;
}

static uint64_t inside_blocks(const struct bundles *all, const uint32_t *size)
{
    uint64_t sum = 0;

    for (uint32_t k = 0; k < all->n; k++) {
        uint64_t pairs = all->v[k].w;

        for (uint32_t d = 0; d < all->n_dims; d++) {
            uint64_t line = 0;
            uint64_t held[3];

            for (uint32_t i = 0; i < all->dim[d] / size[d]; i++) {
                in_block(&all->v[k], d, size[d], i, held);
                line += held[2];
            }
            pairs *= line;
        }
        sum += pairs;
    }
    return sum;
}

/* The most loaded block: in every dimension the first, a middle or the last one. */
static uint64_t most_loaded(const struct bundles *all, const uint32_t *size)
{
    uint64_t most = 0;
    uint32_t n = 1;

    for (uint32_t d = 0; d < all->n_dims; d++)
        n *= 3;
    for (uint32_t code = 0; code < n; code++) {
        uint64_t load = 0;

        for (uint32_t k = 0; k < all->n; k++) {
            uint64_t pairs[3] = {all->v[k].w, all->v[k].w, all->v[k].w};
            uint32_t rest = code;

            for (uint32_t d = 0; d < all->n_dims; d++) {
                uint32_t last = all->dim[d] / size[d] - 1;
                uint32_t i = rest % 3 == 2 ? last : MIN(rest % 3, last);
                uint64_t held[3];

                rest /= 3;
                in_block(&all->v[k], d, size[d], i, held);
                for (int j = 0; j < 3; j++)
                    pairs[j] *= held[j];
            }
            load += pairs[0] + pairs[1] - 2 * pairs[2];
        }
        most = MAX(most, load);
    }
    return most;
}

int grid_cost_bricks(const struct target *t,
                     const struct pattern *p,
                     const struct grid_bricks *bricks,
                     struct place_cost *ret)
{
    struct place_cost c = {0};
    uint64_t inside[PLACE_LEVELS_MAX + 1] = {0};
    struct bundles *all = malloc(sizeof(*all));

    if (!all)
        return -ENOMEM;
    bundles_find(p, all);
    for (uint32_t l = 1; l <= t->n_levels; l++) {
        inside[l] = inside_blocks(all, bricks->size[l]);
        if (l < t->n_levels)
            c.max_load[l] = most_loaded(all, bricks->size[l]);
    }
    settle(t, inside, &c);
    free(all);
    *ret = c;
    return 0;
}

/* Loads of the uplinks while a map is walked through: [l][group]. */
struct loads {
    uint64_t *at[PLACE_LEVELS_MAX + 1];
    uint64_t *memory;
};

static int loads_init(struct loads *s, const struct target *t)
{
    size_t n = 1;
    uint64_t *at;

    for (uint32_t l = 1; l <= t->n_levels; l++)
        n += t->n_groups[l];
    at = s->memory = calloc(n, sizeof(*s->memory));
    for (uint32_t l = 1; at && l <= t->n_levels; l++) {
        s->at[l] = at;
        at += t->n_groups[l];
    }
    return at ? 0 : -ENOMEM;
}

/* A row of pairs, from a[i] to b[i]: those of one leaf, the most, cost nothing. */
static void add_row(const struct target *t,
                    const uint32_t *a,
                    const uint32_t *b,
                    uint32_t n,
                    uint64_t w,
                    struct loads *loads,
                    uint64_t *traffic)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t l = 1;

        if (a[i] == b[i])
            continue;
        for (; t->group[l][a[i]] != t->group[l][b[i]]; l++) {
            loads->at[l][t->group[l][a[i]]] += w;
            loads->at[l][t->group[l][b[i]]] += w;
        }
        traffic[l] += w;
    }
}

static void add_pairs(const struct target *t,
                      const struct bundles *all,
                      const struct bundle *b,
                      const uint32_t *leaf,
                      struct loads *loads,
                      uint64_t *traffic)
{
    uint32_t at[PATTERN_DIMS_MAX] = {0};
    uint32_t d;

    do {
        uint64_t place = 0;

        for (d = all->n_dims; d-- > 0;)
            place = place * all->dim[d] + b->lo[0][d] + at[d];
        add_row(t, leaf + place, leaf + place + b->step, b->n[0], b->w, loads, traffic);
        for (d = 1; d < all->n_dims && ++at[d] == b->n[d]; d++)
            at[d] = 0;
    } while (d < all->n_dims);
}

int grid_cost_map(const struct target *t,
                  const struct pattern *p,
                  const uint32_t *leaf,
                  struct place_cost *ret)
{
    struct place_cost c = {0};
    uint64_t inside[PLACE_LEVELS_MAX + 1] = {0};
    uint64_t traffic[PLACE_LEVELS_MAX + 1] = {0};
    struct loads loads = {0};
    struct bundles *all = malloc(sizeof(*all));
    int r = all ? loads_init(&loads, t) : -ENOMEM;

    if (r == 0) {
        bundles_find(p, all);
        for (uint32_t i = 0; i < all->n; i++)
            add_pairs(t, all, &all->v[i], leaf, &loads, traffic);
        inside[1] = p->total;
        for (uint32_t l = 2; l <= t->n_levels; l++)
            inside[1] -= traffic[l];
        for (uint32_t l = 2; l <= t->n_levels; l++)
            inside[l] = inside[l - 1] + traffic[l];
        for (uint32_t l = 1; l < t->n_levels; l++)
            for (uint32_t g = 0; g < t->n_groups[l]; g++)
                c.max_load[l] = MAX(c.max_load[l], loads.at[l][g]);
        settle(t, inside, &c);
        *ret = c;
    }
    free(loads.memory);
    free(all);
    return r;
}
