/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * section - multisection along the machine tree, exact sizes all the way
 *
 * A range of sister groups is cut in two halves of groups and the graph in two
 * parts of their sizes; a single group is opened and its members are cut, down to
 * the leaves. Levels are separable (J is a weighted sum of cuts), so a cut need
 * not know the distances below it.
 */
#include "config.h"

#include "place/section_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

#include "place/state_int.h"

#include "base/banned.h"

/* Groups [from, to) of `level`; all vertices of g (ids: id) go there. */
static int cut(struct section *s,
               const struct graph *g,
               const uint32_t *id,
               uint32_t level,
               uint32_t from,
               uint32_t to);

static uint32_t first_slot(const struct target *t, uint32_t level, uint32_t group)
{
    return t->first_slot[t->first_leaf[level][group]];
}

static int best_bisection(struct section *s,
                          const struct graph *g,
                          uint64_t want0,
                          unsigned char *side)
{
    uint32_t runs =
        g->n >= s->effort->top_from ? s->effort->top_runs : s->effort->low_runs;
    int64_t best = INT64_MAX;
    _cleanup_(freep) unsigned char *trial = runs > 1 ? malloc(g->n) : NULL;

    if (runs <= 1)
        return bisect(&s->room, g, want0, s->effort->tries, &s->rng, side);
    if (!trial)
        return -ENOMEM;
    for (uint32_t i = 0; i < runs; i++) {
        int r = bisect(&s->room, g, want0, s->effort->tries, &s->rng, trial);
        int64_t c;

        if (r < 0)
            return r;
        c = bisect_cut(g, trial);
        if (c < best) {
            best = c;
            memcpy(side, trial, g->n);
        }
    }
    return 0;
}

static int cut_in_two(struct section *s,
                      const struct graph *g,
                      const uint32_t *id,
                      uint32_t level,
                      uint32_t from,
                      uint32_t to)
{
    uint32_t middle = from + (to - from) / 2;
    uint64_t want0 = first_slot(s->t, level, middle) - first_slot(s->t, level, from);
    _cleanup_(freep) unsigned char *side = malloc((size_t)g->n + 1);
    _cleanup_(freep) uint32_t *ids = malloc(((size_t)g->n + 1) * sizeof(*ids));
    int r = side && ids ? best_bisection(s, g, want0, side) : -ENOMEM;

    for (unsigned char which = 0; r == 0 && which < 2; which++) {
        struct graph part = {0};

        r = graph_part(&part, g, side, which, id, ids, s->local);
        if (r == 0)
            r = cut(s, &part, ids, level, which ? middle : from, which ? to : middle);
        graph_release(&part);
    }
    return r;
}

static int cut(struct section *s,
               const struct graph *g,
               const uint32_t *id,
               uint32_t level,
               uint32_t from,
               uint32_t to)
{
    const struct target *t = s->t;

    while (to - from == 1 && level > s->stop) {
        uint32_t first = t->first_leaf[level][from];
        uint32_t last = t->first_leaf[level][from + 1] - 1;

        level--;
        from = t->group[level][first];
        to = t->group[level][last] + 1;
    }
    if (to - from > 1)
        return cut_in_two(s, g, id, level, from, to);
    for (uint32_t v = 0; v < g->n; v++)
        s->leaf[id[v]] = from;
    return 0;
}

int section_init(struct section *s,
                 const struct target *t,
                 const struct section_effort *effort,
                 struct rng rng,
                 uint32_t n)
{
    int r;

    *s = (struct section){.t = t, .effort = effort, .rng = rng, .stop = 1};
    s->local = malloc(((size_t)n + 1) * sizeof(*s->local));
    r = s->local ? bisect_room_init(&s->room, n) : -ENOMEM;
    if (r < 0)
        section_release(s);
    return r;
}

void section_release(struct section *s)
{
    free(s->local);
    bisect_room_release(&s->room);
    s->local = NULL;
}

int section_map(const struct target *t,
                const struct graph *g,
                const struct section_effort *effort,
                struct rng *rng,
                uint32_t stop,
                uint32_t *ret_group)
{
    struct section s;
    _cleanup_(freep) uint32_t *id = malloc(((size_t)g->n + 1) * sizeof(*id));
    int r = id ? section_init(&s, t, effort, *rng, g->n) : -ENOMEM;

    if (r < 0)
        return r;
    for (uint32_t v = 0; v < g->n; v++)
        id[v] = v;
    s.leaf = ret_group;
    s.stop = stop;
    r = cut(&s, g, id, t->n_levels, 0, 1);
    *rng = s.rng;
    section_release(&s);
    return r;
}

/* Vertices of g in the order of group[], first[k] where those of group k begin. */
static void sort_members(
    const uint32_t *group, uint32_t n, uint32_t k, uint32_t *first, uint32_t *member)
{
    memset(first, 0, ((size_t)k + 2) * sizeof(*first));
    for (uint32_t v = 0; v < n; v++)
        first[group[v] + 2]++;
    for (uint32_t i = 0; i < k; i++)
        first[i + 2] += first[i + 1];
    for (uint32_t v = 0; v < n; v++)
        member[first[group[v] + 1]++] = v;
}

/* The graph of the vertices id[0..n), all of one group, whose places are local[]. */
static int member_graph(struct graph *ret,
                        const struct graph *g,
                        const uint32_t *group,
                        const uint32_t *id,
                        uint32_t n,
                        uint32_t *local)
{
    uint32_t arcs = 0;
    uint32_t at = 0;
    int r;

    for (uint32_t v = 0; v < n; v++) {
        local[id[v]] = v;
        arcs += g->xadj[id[v] + 1] - g->xadj[id[v]];
    }
    r = graph_room(ret, n, arcs);
    for (uint32_t v = 0; r == 0 && v < n; v++) {
        for (uint32_t e = g->xadj[id[v]]; e < g->xadj[id[v] + 1]; e++)
            if (group[g->adj[e]] == group[id[v]]) {
                ret->adj[at] = local[g->adj[e]];
                ret->w[at++] = g->w[e];
            }
        ret->size[v] = g->size[id[v]];
        ret->total_size += ret->size[v];
        ret->xadj[v + 1] = at;
    }
    ret->n_arcs = at;
    return r;
}

int section_split(const struct target *t,
                  const struct graph *g,
                  const struct section_effort *effort,
                  struct rng *rng,
                  uint32_t level,
                  const uint32_t *group,
                  uint32_t stop,
                  uint32_t *ret_group)
{
    struct section s;
    uint32_t k = t->n_groups[level];
    _cleanup_(freep) uint32_t *first = malloc(((size_t)k + 2) * sizeof(*first));
    _cleanup_(freep) uint32_t *member = malloc(((size_t)g->n + 1) * sizeof(*member));
    int r = first && member ? section_init(&s, t, effort, *rng, g->n) : -ENOMEM;

    if (r < 0)
        return r;
    sort_members(group, g->n, k, first, member);
    s.leaf = ret_group;
    s.stop = stop;
    for (uint32_t i = 0; r == 0 && i < k; i++) {
        struct graph part = {0};

        r = member_graph(&part, g, group, member + first[i], first[i + 1] - first[i],
                         s.local);
        if (r == 0)
            r = cut(&s, &part, member + first[i], level, i, i + 1);
        graph_release(&part);
    }
    *rng = s.rng;
    section_release(&s);
    return r;
}

/* Where to split a list of groups: between parents if they differ, as high as
 * possible, else in the middle. */
static uint32_t split_at(const struct target *t,
                         uint32_t level,
                         const uint32_t *group,
                         uint32_t k)
{
    uint32_t best = k / 2;
    uint32_t best_level = level;
    uint32_t best_off = 0;

    for (uint32_t i = 1; i < k; i++) {
        uint32_t l = level;
        uint32_t a = group[i - 1];
        uint32_t b = group[i];
        uint32_t off = i > k / 2 ? i - k / 2 : k / 2 - i;

        while (a != b && l < t->n_levels) {
            a = t->parent[l][a];
            b = t->parent[l][b];
            l++;
        }
        if (l > best_level || (l == best_level && off < best_off)) {
            best_level = l;
            best = i;
            best_off = off;
        }
    }
    return best;
}

/* What outsiders make of it: g->pull for leaf `a` against leaf `b`. */
static int fill_pull(struct section *s,
                     struct graph *g,
                     const uint32_t *id,
                     uint32_t a,
                     uint32_t b,
                     const struct state *state)
{
    const struct graph *all = state->g;

    if (!g->pull)
        g->pull = malloc(((size_t)g->n + 1) * sizeof(*g->pull));
    if (!g->pull)
        return -ENOMEM;
    for (uint32_t v = 0; v < g->n; v++)
        s->leaf[id[v]] = UINT32_MAX; /* marks the insiders */
    for (uint32_t v = 0; v < g->n; v++) {
        int64_t pull = 0;

        for (uint32_t e = all->xadj[id[v]]; e < all->xadj[id[v] + 1]; e++) {
            uint32_t u = all->adj[e];
            uint32_t c = state->leaf[u];

            if (s->leaf[u] == UINT32_MAX)
                continue;
            pull += all->w[e] * (state_apart(state, b, c) - state_apart(state, a, c));
        }
        /* A cut byte costs as much as a and b are apart. */
        g->pull[v] = pull / MAX(state_apart(state, a, b), INT64_C(1));
    }
    for (uint32_t v = 0; v < g->n; v++)
        s->leaf[id[v]] = state->leaf[id[v]];
    return 0;
}

int section_groups(struct section *s,
                   const struct graph *g,
                   const uint32_t *id,
                   uint32_t level,
                   const uint32_t *group,
                   uint32_t k,
                   const struct state *state)
{
    const struct target *t = s->t;
    struct graph whole = *g; /* with a pull of its own */
    uint32_t half;
    uint64_t want0 = 0;
    _cleanup_(freep) unsigned char *side = NULL;
    _cleanup_(freep) uint32_t *ids = NULL;
    int r = 0;

    if (k == 1)
        return cut(s, g, id, level, group[0], group[0] + 1);
    side = malloc((size_t)g->n + 1);
    ids = malloc(((size_t)g->n + 1) * sizeof(*ids));
    if (!side || !ids)
        return -ENOMEM;
    half = split_at(t, level, group, k);
    for (uint32_t i = 0; i < half; i++)
        want0 += first_slot(t, level, group[i] + 1) - first_slot(t, level, group[i]);
    whole.pull = NULL;
    if (state && t->parent[level]
        && t->parent[level][group[0]] != t->parent[level][group[k - 1]])
        r = fill_pull(s, &whole, id, t->first_leaf[level][group[0]],
                      t->first_leaf[level][group[k - 1]], state);
    if (r == 0)
        r = best_bisection(s, &whole, want0, side);
    free(whole.pull);
    for (unsigned char which = 0; r == 0 && which < 2; which++) {
        struct graph part = {0};

        r = graph_part(&part, g, side, which, id, ids, s->local);
        if (r == 0)
            r = section_groups(s, &part, ids, level, which ? group + half : group,
                               which ? k - half : half, state);
        graph_release(&part);
    }
    return r;
}
