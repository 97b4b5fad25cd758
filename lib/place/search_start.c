/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* search_start - maps to begin with: the best so far, multisections, annealed ones */
#include "config.h"

#include "place/search_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/drift_int.h"
#include "place/few_int.h"
#include "place/section_int.h"

#include "base/banned.h"

#define FEW_TRIES 540 /* proposals per vertex of an annealing of very few */
#define FEW_HOT 0.03
#define FEW_COLD 0.015

/* A map's J, and the price of what is above the links' limits. */
double search_worth(const struct state *st)
{
    return (double)st->cost + (double)st->excess * (double)st->price;
}

/* Keep the map in the lines if it is better than the worst of them. */
void search_keep(const struct state *st,
                 struct line *line,
                 uint32_t n_lines,
                 uint32_t n_ranks)
{
    double w = search_worth(st);
    uint32_t i = n_lines - 1;
    uint32_t *leaf = line[i].leaf;

    for (uint32_t k = 0; k < n_lines; k++)
        if (line[k].worth == w)
            return; /* most likely the same map */
    if (w >= line[i].worth)
        return;
    for (; i > 0 && line[i - 1].worth > w; i--)
        line[i] = line[i - 1];
    memcpy(leaf, st->leaf, n_ranks * sizeof(*leaf));
    line[i] = (struct line){leaf, w};
}

/* A map that may not be used yet: cool annealing, then exchange by exchange. */
void search_relieve(struct search *s, struct state *st)
{
    polish_relieve(st, &s->rng, &s->limit);
    if (st->excess == 0 || s->limit.over)
        return;
    polish_anneal(st, 8 * (uint64_t)s->g.n, 0.05, 0.005, &s->rng, &s->limit);
    polish_relieve(st, &s->rng, &s->limit);
    if (st->excess == 0)
        polish_descend(st, &s->limit);
}

/* A map that fails by what was left out asks for a margin from now on. */
int search_offer_state(struct search *s, struct state *st)
{
    int r = search_offer(s, st->leaf, "multisection");

    if (r == 0 && st->excess == 0 && (double)st->cost < 0.999 * s->best_cost.cost)
        st->margin = s->g.dropped;
    return r;
}

int start_sections(struct search *s,
                   const struct plan *plan,
                   struct state *st,
                   struct line *line)
{
    static const struct section_effort sections[2] = {
        {3, 1, 1, UINT32_MAX},
        {4, 4, 2, 200       }
    };
    uint32_t *leaf = malloc(((size_t)s->g.n + 1) * sizeof(*leaf));
    bool over = true;
    int r = leaf ? 0 : -ENOMEM;

    /* Two more when none keeps the limits: the default would be all there is. */
    for (uint32_t i = 0;
         r == 0 && (i < plan->n_starts || (over && i < plan->n_starts + 2)); i++) {
        if (i > 0 && limit_over(&s->limit))
            break;
        r = section_map(&s->t, &s->g, &sections[plan->careful && i % 2 == 0], &s->rng,
                        1, leaf);
        if (r == 0)
            r = state_reset(st, leaf);
        if (r < 0)
            break;
        polish_descend(st, &s->limit);
        if (st->excess > 0)
            search_relieve(s, st);
        over = over && st->excess > 0;
        search_keep(st, line, plan->n_lines, s->g.n);
        r = search_offer_state(s, st);
    }
    free(leaf);
    return r < 0 ? r : 0;
}

/*
 * Very few ranks: the first cut is the one that annealing does not mend, so the best
 * of several is taken; the rest is annealed with dense tables. *ret_enough: that has
 * given a map that may be used.
 */
int start_few(struct search *s,
              const struct plan *plan,
              struct state *st,
              struct line *line,
              bool *ret_enough)
{
    struct section_effort section = {1, 10, 1, s->g.n};
    uint32_t *leaf = malloc(((size_t)s->g.n + 1) * sizeof(*leaf));
    struct few *few = few_new(&s->t, &s->g);
    int r =
        leaf && few ? section_map(&s->t, &s->g, &section, &s->rng, 1, leaf) : -ENOMEM;

    if (r == 0) {
        (void)few_anneal(few, FEW_TRIES * (uint64_t)s->g.n, FEW_HOT, FEW_COLD, &s->rng,
                         &s->limit, leaf);
        r = state_reset(st, leaf);
    }
    if (r == 0) {
        polish_descend(st, &s->limit);
        search_relieve(s, st);
        *ret_enough = st->excess == 0 && s->p->effort < PLACE_BEST;
        search_keep(st, line, plan->n_lines, s->g.n);
        r = search_offer_state(s, st);
    }
    few_free(few);
    free(leaf);
    return r < 0 ? r : 0;
}

/* The map that is best so far (of a grid, say, or the caller's) is a line too. */
int start_best(struct search *s,
               const struct plan *plan,
               struct state *st,
               struct line *line)
{
    uint32_t *leaf = malloc(((size_t)s->g.n + 1) * sizeof(*leaf));
    uint32_t *room;
    uint32_t b = 0;
    int r;

    if (!leaf)
        return -ENOMEM;
    room = calloc((size_t)s->t.n_leaves + 1, sizeof(*room));
    if (!room) {
        free(leaf);
        return -ENOMEM;
    }
    for (uint32_t u = 0; u < s->p->n_ranks; u++) {
        leaf[u] = s->t.leaf[s->slot ? s->slot[u] : target_order(&s->t, u)];
        room[leaf[u]]++;
    }
    for (uint32_t u = s->p->n_ranks; u < s->g.n; u++) {
        while (s->t.first_slot[b] + room[b] == s->t.first_slot[b + 1])
            b++;
        leaf[u] = b;
        room[b]++;
    }
    r = state_reset(st, leaf);
    if (r == 0)
        search_keep(st, line, plan->n_lines, s->g.n);
    free(leaf);
    free(room);
    return r;
}

/* One map annealed by moves of single ranks; leaf: scratch for all vertices. */
static int drift(struct search *s, struct state *st, uint64_t work, uint32_t *leaf)
{
    int r = drift_map(&s->t, &s->g, work * DRIFT_UNITS, st->bottleneck, &s->rng,
                      &s->limit, leaf);

    if (r == 0)
        r = state_reset(st, leaf);
    if (r < 0)
        return r;
    if (st->near) /* without the table it takes longer than it is worth */
        polish_descend(st, &s->limit);
    search_relieve(s, st);
    return 0;
}

/*
 * More ranks: annealing by moves takes a start further than mending does.
 * *ret_enough: it has given a map that keeps the limits of the links.
 */
int start_drifts(struct search *s,
                 const struct plan *plan,
                 struct state *st,
                 struct line *line,
                 bool *ret_enough)
{
    uint32_t *leaf = malloc(((size_t)s->g.n + 1) * sizeof(*leaf));
    int r = leaf ? 0 : -ENOMEM;

    for (uint32_t i = 0; r >= 0 && i < plan->n_drifts; i++) {
        if (i > 0 && limit_over(&s->limit))
            break;
        r = drift(s, st, plan->drift_work, leaf);
        if (r < 0 || st->excess > 0)
            continue;
        *ret_enough = true;
        search_keep(st, line, plan->n_lines, s->g.n);
        r = search_offer_state(s, st);
    }
    free(leaf);
    return r < 0 ? r : 0;
}
