/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* state - a map under change, see state_int.h */
#include "config.h"

#include "place/state_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

#define NEAR_MAX (UINT64_C(6) << 20) /* entries, 48 MiB */
#define APART_MAX 2048               /* leaves, 16 MiB */

void state_release(struct state *s)
{
    free(s->leaf);
    free(s->first);
    free(s->list);
    free(s->where);
    free(s->near);
    free(s->with);
    free(s->apart);
    free(s->volume);
    free(s->load[1]);
    *s = (struct state){0};
}

static void fill_apart(struct state *s)
{
    for (uint32_t a = 0; a < s->n_leaves; a++)
        for (uint32_t b = 0; b < s->n_leaves; b++)
            s->apart[(size_t)a * s->n_leaves + b] =
                (int32_t)s->t->distance[target_meet(s->t, a, b)];
}

int state_init(struct state *s,
               const struct target *t,
               const struct graph *g,
               const uint32_t *leaf)
{
    size_t n = g->n;

    *s = (struct state){.t = t, .g = g, .n_leaves = t->n_leaves};
    s->leaf = malloc((n + 1) * sizeof(*s->leaf));
    s->first = malloc(((size_t)t->n_leaves + 2) * sizeof(*s->first));
    s->list = malloc((n + 1) * sizeof(*s->list));
    s->where = malloc((n + 1) * sizeof(*s->where));
    s->with = calloc((size_t)t->n_leaves + 1, sizeof(*s->with));
    if (n * t->n_leaves <= NEAR_MAX)
        s->near = malloc((n * t->n_leaves + 1) * sizeof(*s->near));
    if (t->n_leaves <= APART_MAX)
        s->apart = malloc(((size_t)t->n_leaves * t->n_leaves + 1) * sizeof(*s->apart));
    if (!s->leaf || !s->first || !s->list || !s->where || !s->with
        || (!s->near && n * t->n_leaves <= NEAR_MAX)
        || (!s->apart && t->n_leaves <= APART_MAX)) {
        state_release(s);
        return -ENOMEM;
    }
    if (s->apart)
        fill_apart(s);
    state_set(s, leaf);
    return 0;
}

/*
 * One row from what u exchanges with each leaf: everybody is at the largest distance,
 * less what each level's group brings them nearer.
 */
static void fill_row(struct state *s, uint32_t u)
{
    const struct graph *g = s->g;
    const struct target *t = s->t;
    int64_t *row = s->near + (size_t)u * s->n_leaves;
    int64_t all = 0;

    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
        s->with[s->leaf[g->adj[e]]] += g->w[e];
        all += g->w[e];
    }
    for (uint32_t b = 0; b < s->n_leaves; b++)
        row[b] = all * t->distance[t->n_levels];
    for (uint32_t l = 1; l < t->n_levels; l++) {
        int64_t nearer = t->distance[l + 1] - t->distance[l];
        const uint32_t *first = t->first_leaf[l];

        for (uint32_t q = 0; q < t->n_groups[l]; q++) {
            int64_t sum = 0;

            for (uint32_t b = first[q]; b < first[q + 1]; b++)
                sum += s->with[b];
            for (uint32_t b = first[q]; sum && b < first[q + 1]; b++)
                row[b] -= sum * nearer;
        }
    }
    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++)
        s->with[s->leaf[g->adj[e]]] = 0;
}

void state_set(struct state *s, const uint32_t *leaf)
{
    const struct graph *g = s->g;
    int64_t twice = 0;

    if (s->leaf != leaf)
        memcpy(s->leaf, leaf, g->n * sizeof(*leaf));
    memset(s->first, 0, ((size_t)s->n_leaves + 2) * sizeof(*s->first));
    for (uint32_t u = 0; u < g->n; u++)
        s->first[s->leaf[u] + 2]++;
    for (uint32_t b = 0; b < s->n_leaves; b++)
        s->first[b + 2] += s->first[b + 1];
    for (uint32_t u = 0; u < g->n; u++) {
        uint32_t i = s->first[s->leaf[u] + 1]++;

        s->list[i] = u;
        s->where[u] = i;
    }
    for (uint32_t u = 0; s->near && u < g->n; u++)
        fill_row(s, u);
    for (uint32_t u = 0; u < g->n; u++)
        twice += state_near(s, u, s->leaf[u]);
    s->cost = twice / 2;
}

int64_t state_sum(const struct state *s, uint32_t u, uint32_t b)
{
    const struct graph *g = s->g;
    int64_t sum = 0;

    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++)
        sum += g->w[e] * state_apart(s, b, s->leaf[g->adj[e]]);
    return sum;
}

int64_t state_pair(const struct state *s, uint32_t u, uint32_t v)
{
    const struct graph *g = s->g;

    if (g->xadj[v + 1] - g->xadj[v] < g->xadj[u + 1] - g->xadj[u]) {
        uint32_t x = u;

        u = v;
        v = x;
    }
    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++)
        if (g->adj[e] == v)
            return g->w[e];
    return 0;
}

/* u's neighbours learn that it went from leaf a to leaf b. */
static void tell(struct state *s, uint32_t u, uint32_t a, uint32_t b)
{
    const struct graph *g = s->g;
    const struct target *t = s->t;
    uint32_t l = target_meet(t, a, b) - 1; /* below the level where they meet */
    uint32_t ga = t->group[l][a];
    uint32_t gb = t->group[l][b];
    uint32_t from[2] = {t->first_leaf[l][ga], t->first_leaf[l][gb]};
    uint32_t to[2] = {t->first_leaf[l][ga + 1], t->first_leaf[l][gb + 1]};

    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
        int64_t *row = s->near + (size_t)g->adj[e] * s->n_leaves;
        int64_t w = g->w[e];

        for (int k = 0; k < 2; k++)
            for (uint32_t i = from[k]; i < to[k]; i++)
                row[i] += w * (state_apart(s, b, i) - state_apart(s, a, i));
    }
}

void state_swap(struct state *s, uint32_t u, uint32_t v, int64_t delta)
{
    uint32_t a = s->leaf[u];
    uint32_t b = s->leaf[v];
    uint32_t i = s->where[u];
    uint32_t j = s->where[v];

    if (s->n_log < s->cap_log) {
        s->log[2 * (size_t)s->n_log] = u;
        s->log[2 * (size_t)s->n_log++ + 1] = v;
    }
    if (s->near) {
        tell(s, u, a, b);
        tell(s, v, b, a);
    }
    s->leaf[u] = b;
    s->leaf[v] = a;
    s->list[i] = v;
    s->list[j] = u;
    s->where[u] = j;
    s->where[v] = i;
    s->cost += delta;
}

void state_swap_any(struct state *s, uint32_t u, uint32_t v)
{
    int64_t delta = state_swap_less(s, u, v) + state_swap_pair(s, u, v);
    struct load_change c;

    if (s->load[1]) {
        state_load_change(s, u, v, &c);
        state_swap_loads(s, u, v, delta, &c);
    } else {
        state_swap(s, u, v, delta);
    }
}

void state_undo(struct state *s)
{
    uint32_t n = s->n_log;
    uint32_t cap = s->cap_log;

    s->cap_log = 0; /* taking back is not kept */
    while (n-- > 0)
        state_swap_any(s, s->log[2 * (size_t)n], s->log[2 * (size_t)n + 1]);
    s->n_log = 0;
    s->cap_log = cap;
}
