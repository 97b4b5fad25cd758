/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * drift_build - what an annealing by moves works on, and what comes out of it
 *
 * Vertices are renumbered in the order of the groups that they start in, so that a
 * sweep over all of them walks through memory once.
 */
#include "config.h"

#include "place/drift_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

#include "base/banned.h"

#define ROW_MAX (INT32_MAX / 4) /* weight of all arcs of a vertex, scaled */

void drift_release(struct drift *d)
{
    free(d->id);
    free(d->xadj);
    free(d->arc);
    free(d->group);
    free(d->abroad);
    free(d->hold);
    free(d->border);
    free(d->active);
    free(d->relief);
    for (uint32_t l = 0; l <= PLACE_LEVELS_MAX; l++) {
        free(d->up[l]);
        free(d->off[l]);
        free(d->load[l]);
    }
    *d = (struct drift){0};
}

static uint32_t slots_of(const struct target *t, uint32_t level, uint32_t g)
{
    return t->first_slot[t->first_leaf[level][g + 1]]
           - t->first_slot[t->first_leaf[level][g]];
}

/* up[], off[], step[]: the tree above `level`, all groups empty. */
static int build_tree(struct drift *d)
{
    const struct target *t = d->t;
    uint32_t n = t->n_groups[d->level];

    d->relief = malloc(((size_t)n + 1) * sizeof(*d->relief));
    if (!d->relief)
        return -ENOMEM;
    for (uint32_t l = d->level; l < t->n_levels; l++) {
        d->up[l] = malloc(((size_t)n + 1) * sizeof(*d->up[l]));
        d->off[l] = malloc(((size_t)t->n_groups[l] + 1) * sizeof(*d->off[l]));
        if (!d->up[l] || !d->off[l])
            return -ENOMEM;
        for (uint32_t g = 0; g < n; g++)
            d->up[l][g] = t->group[l][t->first_leaf[d->level][g]];
        for (uint32_t g = 0; g < t->n_groups[l]; g++)
            d->off[l][g] = -(int32_t)slots_of(t, l, g);
        d->step[l] = (float)(t->distance[l + 1] - t->distance[l]);
    }
    return 0;
}

/* id[] in the order of group[], and name[vertex] = its place there. */
static int build_order(struct drift *d,
                       const struct graph *g,
                       const uint32_t *group,
                       uint32_t *name)
{
    uint32_t k = d->t->n_groups[d->level];
    _cleanup_(freep) uint32_t *next = calloc((size_t)k + 2, sizeof(*next));

    d->id = malloc(((size_t)g->n + 1) * sizeof(*d->id));
    if (!next || !d->id)
        return -ENOMEM;
    for (uint32_t v = 0; v < g->n; v++)
        if (g->xadj[v] < g->xadj[v + 1])
            next[group[v] + 1]++;
    for (uint32_t i = 0; i < k; i++)
        next[i + 1] += next[i];
    d->n = next[k];
    for (uint32_t v = 0; v < g->n; v++)
        if (g->xadj[v] < g->xadj[v + 1]) {
            name[v] = next[group[v]]++;
            d->id[name[v]] = v;
        }
    return 0;
}

static int64_t heaviest_row(const struct graph *g)
{
    int64_t most = 1;

    for (uint32_t v = 0; v < g->n; v++) {
        int64_t sum = 0;

        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++)
            sum += g->w[e];
        most = MAX(most, sum);
    }
    return most;
}

static int build_rows(struct drift *d,
                      const struct graph *g,
                      const uint32_t *group,
                      const uint32_t *name)
{
    size_t n = (size_t)d->n + 1;
    uint32_t at = 0;
    int64_t scale = heaviest_row(g) / ROW_MAX + 1;

    d->scale = (double)scale;
    d->xadj = malloc(n * sizeof(*d->xadj));
    d->arc = malloc(((size_t)g->n_arcs + 1) * sizeof(*d->arc));
    d->group = malloc(n * sizeof(*d->group));
    d->abroad = malloc(n * sizeof(*d->abroad));
    d->hold = malloc(n * sizeof(*d->hold));
    d->border = calloc(n / 64 + 1, sizeof(*d->border));
    d->active = malloc(n * sizeof(*d->active));
    if (!d->xadj || !d->arc || !d->group || !d->abroad || !d->hold || !d->border
        || !d->active)
        return -ENOMEM;
    for (uint32_t v = 0; v < d->n; v++) {
        uint32_t u = d->id[v];
        uint32_t abroad = 0;
        int32_t hold = 0;

        d->xadj[v] = at;
        d->group[v] = group[u];
        for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
            int32_t w = (int32_t)((g->w[e] + scale / 2) / scale);
            bool stays = group[g->adj[e]] == group[u];

            d->arc[at++] = (struct drift_arc){name[g->adj[e]], w};
            abroad += !stays;
            hold += stays ? w : -w;
        }
        d->abroad[v] = abroad;
        drift_mark(d, v);
        d->hold[v] = hold;
        for (uint32_t l = d->level; l < d->t->n_levels; l++)
            d->off[l][d->up[l][group[u]]]++;
    }
    d->xadj[d->n] = at;
    return 0;
}

int drift_init(struct drift *d,
               const struct target *t,
               const struct graph *g,
               uint32_t level,
               const uint32_t *group,
               struct rng rng)
{
    _cleanup_(freep) uint32_t *name = malloc(((size_t)g->n + 1) * sizeof(*name));
    int r;

    *d = (struct drift){.t = t, .level = level, .rng = rng};
    r = name ? build_tree(d) : -ENOMEM;
    if (r == 0)
        r = build_order(d, g, group, name);
    if (r == 0)
        r = build_rows(d, g, group, name);
    d->spare = d->n < g->n;
    if (r < 0)
        drift_release(d);
    return r;
}

int drift_limit(struct drift *d, double bottleneck)
{
    const struct target *t = d->t;
    bool near = false;

    for (uint32_t l = d->level; l < t->n_levels; l++) {
        d->load[l] = calloc((size_t)t->n_groups[l] + 1, sizeof(*d->load[l]));
        if (!d->load[l])
            return -ENOMEM;
        d->limit[l] = bottleneck * (double)t->capacity[l] / d->scale;
        for (uint32_t v = 0; v < d->n; v++)
            for (uint32_t e = d->xadj[v]; e < d->xadj[v + 1]; e++) {
                uint32_t a = d->up[l][d->group[v]];
                uint32_t b = d->up[l][d->group[d->arc[e].to]];

                d->load[l][a] += a == b ? 0 : d->arc[e].w;
            }
        for (uint32_t i = 0; i < t->n_groups[l]; i++)
            near = near || d->load[l][i] > d->limit[l] / 2;
    }
    d->limited = near;
    return 0;
}

int drift_result(const struct drift *d, uint32_t n, uint32_t *group)
{
    const struct target *t = d->t;
    uint32_t k = t->n_groups[d->level];
    _cleanup_(freep) uint32_t *taken = calloc((size_t)k + 1, sizeof(*taken));
    uint32_t to = 0;

    if (!taken)
        return -ENOMEM;
    for (uint32_t v = 0; v < n; v++)
        group[v] = UINT32_MAX;
    for (uint32_t v = 0; v < d->n; v++) {
        group[d->id[v]] = d->group[v];
        taken[d->group[v]]++;
    }
    for (uint32_t v = 0; v < n; v++) {
        if (group[v] != UINT32_MAX)
            continue;
        while (to + 1 < k && taken[to] >= slots_of(t, d->level, to))
            to++;
        group[v] = to;
        taken[to]++;
    }
    return 0;
}
