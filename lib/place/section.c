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

#include "base/banned.h"

struct section {
    const struct target *t;
    const struct section_effort *effort;
    struct bisect_room room;
    struct rng rng;
    uint32_t *local;
    uint32_t *leaf;
};

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

    while (to - from == 1 && level > 1) {
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

int section_map(const struct target *t,
                const struct graph *g,
                const struct section_effort *effort,
                struct rng *rng,
                uint32_t *ret_leaf)
{
    struct section s = {.t = t, .effort = effort, .rng = *rng, .leaf = ret_leaf};
    _cleanup_(freep) uint32_t *id = malloc(((size_t)g->n + 1) * sizeof(*id));
    int r;

    s.local = malloc(((size_t)g->n + 1) * sizeof(*s.local));
    r = id && s.local ? bisect_room_init(&s.room, g->n) : -ENOMEM;
    if (r == 0) {
        for (uint32_t v = 0; v < g->n; v++)
            id[v] = v;
        r = cut(&s, g, id, t->n_levels, 0, 1);
        bisect_room_release(&s.room);
    }
    free(s.local);
    *rng = s.rng;
    return r;
}
