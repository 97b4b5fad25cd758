/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * state_load - the loads of the uplinks while a map changes
 *
 * When u leaves group g for v: u's pairs inside g begin to cross its uplink and its
 * pairs outside cease to; the other way round for v. Their own pair crosses before
 * and after.
 */
#include "config.h"

#include "place/state_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

static int64_t over(int64_t load, int64_t limit)
{
    return load > limit ? load - limit : 0;
}

static void fill_loads(struct state *s)
{
    const struct graph *g = s->g;
    const struct target *t = s->t;

    for (uint32_t u = 0; u < g->n; u++) {
        uint32_t a = s->leaf[u];

        s->volume[u] = 0;
        for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
            uint32_t meet = target_meet(t, a, s->leaf[g->adj[e]]);

            s->volume[u] += g->w[e];
            for (uint32_t l = 1; l < meet; l++)
                s->load[l][t->group[l][a]] += g->w[e];
        }
    }
    s->excess = 0;
    for (uint32_t l = 1; l < t->n_levels; l++)
        for (uint32_t i = 0; i < t->n_groups[l]; i++)
            s->excess += over(s->load[l][i], s->limit[l]);
}

int state_limit(struct state *s, double bottleneck, int64_t margin)
{
    const struct target *t = s->t;
    size_t n = 1;
    int64_t *at;

    for (uint32_t l = 1; l < t->n_levels; l++)
        n += t->n_groups[l];
    if (!s->volume)
        s->volume = malloc(((size_t)s->g->n + 1) * sizeof(*s->volume));
    if (!s->load[1])
        s->load[1] = malloc(n * sizeof(*s->load[1]));
    if (!s->volume || !s->load[1])
        return -ENOMEM;
    s->bottleneck = bottleneck;
    s->margin = margin;
    at = s->load[1];
    memset(at, 0, n * sizeof(*at));
    for (uint32_t l = 1; l < t->n_levels; l++) {
        double most = bottleneck * (double)t->capacity[l];

        s->load[l] = at;
        at += t->n_groups[l];
        s->limit[l] = most < 4e18 ? (int64_t)most - margin : INT64_MAX / 2;
    }
    s->price = 4 * MAX(t->distance[t->n_levels], INT64_C(1));
    fill_loads(s);
    return 0;
}

double state_bottleneck(const struct state *s)
{
    const struct target *t = s->t;
    double most = 0;

    for (uint32_t l = 1; l < t->n_levels; l++)
        for (uint32_t i = 0; i < t->n_groups[l]; i++)
            most = MAX(most, (double)s->load[l][i] / (double)t->capacity[l]);
    return most;
}

int state_reset(struct state *s, const uint32_t *leaf)
{
    state_set(s, leaf);
    return s->load[1] ? state_limit(s, s->bottleneck, s->margin) : 0;
}

/* [l] what u exchanges with the groups of leaf `a` and of leaf `b` at level l. */
static void attraction(const struct state *s,
                       uint32_t u,
                       uint32_t a,
                       uint32_t b,
                       uint32_t n_levels,
                       int64_t *with_a,
                       int64_t *with_b)
{
    const struct graph *g = s->g;
    const struct target *t = s->t;

    for (uint32_t l = 1; l <= n_levels + 1; l++)
        with_a[l] = with_b[l] = 0;
    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
        uint32_t c = s->leaf[g->adj[e]];
        uint32_t l = n_levels;

        if (t->group[l][c] == t->group[l][a]) {
            while (l > 1 && t->group[l - 1][c] == t->group[l - 1][a])
                l--;
            with_a[l] += g->w[e];
        } else if (t->group[l][c] == t->group[l][b]) {
            while (l > 1 && t->group[l - 1][c] == t->group[l - 1][b])
                l--;
            with_b[l] += g->w[e];
        }
    }
    for (uint32_t l = 2; l <= n_levels; l++) {
        with_a[l] += with_a[l - 1];
        with_b[l] += with_b[l - 1];
    }
}

void state_load_change(const struct state *s,
                       uint32_t u,
                       uint32_t v,
                       struct load_change *ret)
{
    const struct target *t = s->t;
    uint32_t a = s->leaf[u];
    uint32_t b = s->leaf[v];
    uint32_t n = target_meet(t, a, b) - 1;
    int64_t ua[PLACE_LEVELS_MAX + 2];
    int64_t ub[PLACE_LEVELS_MAX + 2];
    int64_t va[PLACE_LEVELS_MAX + 2];
    int64_t vb[PLACE_LEVELS_MAX + 2];
    int64_t both = 2 * state_pair(s, u, v);
    int64_t volume = s->volume[v] - s->volume[u];

    attraction(s, u, a, b, n, ua, ub);
    attraction(s, v, a, b, n, va, vb);
    ret->n_levels = n;
    ret->excess = 0;
    for (uint32_t l = 1; l <= n; l++) {
        int64_t load_a = s->load[l][t->group[l][a]];
        int64_t load_b = s->load[l][t->group[l][b]];

        ret->a[l] = 2 * ua[l] - 2 * va[l] + volume + both;
        ret->b[l] = 2 * vb[l] - 2 * ub[l] - volume + both;
        ret->excess +=
            over(load_a + ret->a[l], s->limit[l]) - over(load_a, s->limit[l]);
        ret->excess +=
            over(load_b + ret->b[l], s->limit[l]) - over(load_b, s->limit[l]);
    }
}

void state_swap_loads(
    struct state *s, uint32_t u, uint32_t v, int64_t delta, const struct load_change *c)
{
    const struct target *t = s->t;

    for (uint32_t l = 1; l <= c->n_levels; l++) {
        s->load[l][t->group[l][s->leaf[u]]] += c->a[l];
        s->load[l][t->group[l][s->leaf[v]]] += c->b[l];
    }
    s->excess += c->excess;
    state_swap(s, u, v, delta);
}

bool state_is_hot(const struct state *s, uint32_t leaf)
{
    const struct target *t = s->t;

    for (uint32_t l = 1; l < t->n_levels; l++)
        if (s->load[l][t->group[l][leaf]] > s->limit[l])
            return true;
    return false;
}
