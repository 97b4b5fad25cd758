/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * relieve - bring the loads of the uplinks under their limits
 *
 * A rank on an overloaded branch changes places with one on the leaf of a neighbour
 * or on a leaf drawn at random; of all such exchanges the one is made that lowers
 * the excess, and among those the one that costs J least per byte.
 */
#include "config.h"

#include "place/polish_int.h"

#include "base/banned.h"

#define WEIGHED 10 /* exchanges per rank in all */
#define DRAWN 4    /* leaves drawn at random for each rank */

struct relief {
    uint32_t *left; /* exchanges that may still be weighed */
    double price;   /* J per byte of excess, the least known */
    int64_t delta;
    uint32_t v;
};

static void try_leaf(const struct state *s, uint32_t u, uint32_t b, struct relief *best)
{
    if (b == s->leaf[u])
        return;
    for (uint32_t i = s->first[b]; i < s->first[b + 1]; i++) {
        uint32_t v = s->list[i];
        struct load_change c;
        int64_t d;
        double price;

        if (s->g->size[v] != s->g->size[u])
            continue;
        d = state_swap_less(s, u, v);
        /* Even if it took all of the excess away it would be dearer. */
        if (best->v != UINT32_MAX && (double)d >= best->price * (double)s->excess)
            continue;
        if (*best->left == 0)
            return;
        --*best->left;
        state_load_change(s, u, v, &c);
        if (c.excess >= 0)
            continue;
        d += state_swap_pair(s, u, v);
        price = (double)d / -(double)c.excess;
        if (best->v == UINT32_MAX || price < best->price)
            *best = (struct relief){best->left, price, d, v};
    }
}

static bool relieve_one(struct state *s, uint32_t u, struct rng *rng, uint32_t *left)
{
    const struct graph *g = s->g;
    struct relief best = {.left = left, .v = UINT32_MAX};
    struct load_change c;
    uint32_t last = UINT32_MAX;

    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
        if (s->leaf[g->adj[e]] != last)
            try_leaf(s, u, s->leaf[g->adj[e]], &best);
        last = s->leaf[g->adj[e]];
    }
    for (int i = 0; i < DRAWN; i++)
        try_leaf(s, u, rng_below(rng, s->n_leaves), &best);
    if (best.v == UINT32_MAX)
        return false;
    state_load_change(s, u, best.v, &c);
    state_swap_loads(s, u, best.v, best.delta, &c);
    return true;
}

void polish_relieve(struct state *s, struct rng *rng, struct limit *limit)
{
    uint32_t left = WEIGHED * s->g->n;
    bool any = true;

    for (int round = 0; round < 20 && any && left > 0 && s->excess > 0; round++) {
        any = false;
        for (uint32_t u = 0; u < s->g->n && s->excess > 0; u++) {
            if (u % 64 == 0 && limit_over(limit))
                return;
            if (state_is_hot(s, s->leaf[u]) && relieve_one(s, u, rng, &left))
                any = true;
        }
    }
}
