/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * state_int - a map under change: what each vertex would cost on each leaf
 *
 * near[u * n_leaves + b] is what u's pairs would cost if u sat on leaf b, pairs
 * inside a leaf counted at distance[1]. A swap's cost is then four look-ups,
 * whatever the degree; a change touches only leaves whose distance changed. Where
 * the table would be too large (`near` NULL), costs are summed over the neighbours.
 *
 * With a limit on the links' loads (state_limit), `load` follows every exchange and
 * `excess` is what all loads are above their limits together; the searches weigh it
 * with `price`, so that a map that breaks the limit is led back.
 *
 * Invariants: leaf[list[i]] is the leaf whose segment holds i; where[list[i]] = i;
 * sizes on a leaf add up to its slots.
 */
#ifndef HOPLUU_PLACE_STATE_INT_H
#define HOPLUU_PLACE_STATE_INT_H

#include "place/graph_int.h"
#include "place/rng_int.h"
#include "place/target_int.h"

struct state {
    const struct target *t;
    const struct graph *g;
    uint32_t n_leaves;
    uint32_t *leaf;                      /* [n] */
    uint32_t *first;                     /* [n_leaves + 1] segments of list */
    uint32_t *list;                      /* [n] vertices of each leaf */
    uint32_t *where;                     /* [n] */
    int64_t *near;                       /* [n x n_leaves] or NULL */
    int64_t *with;                       /* [n_leaves] scratch, all 0 */
    int32_t *apart;                      /* [n_leaves x n_leaves] distances, or NULL */
    int64_t cost;                        /* J as far as leaves see it */
    int64_t *volume;                     /* [n] what each vertex exchanges in all */
    int64_t *load[PLACE_LEVELS_MAX + 1]; /* [l][group], NULL: no limit is set */
    int64_t limit[PLACE_LEVELS_MAX + 1]; /* [l] */
    int64_t excess;
    uint32_t *log; /* [2 * cap_log] pairs exchanged, or NULL: not kept */
    uint32_t n_log, cap_log;
    double bottleneck; /* the limit as it was given */
    int64_t margin;
    int64_t price; /* of one byte above a limit, in J */
};

/* Borrow t and g; copy leaf[]. 0 or -ENOMEM. */
int state_init(struct state *s,
               const struct target *t,
               const struct graph *g,
               const uint32_t *leaf);
void state_release(struct state *s);

/* Fresh sums for the map leaf[]. */
void state_set(struct state *s, const uint32_t *leaf);

static inline int64_t state_apart(const struct state *s, uint32_t a, uint32_t b)
{
    if (s->apart)
        return s->apart[(size_t)a * s->n_leaves + b];
    return s->t->distance[target_meet(s->t, a, b)];
}

/* What u's pairs would cost with u on leaf b. */
int64_t state_sum(const struct state *s, uint32_t u, uint32_t b);

static inline int64_t state_near(const struct state *s, uint32_t u, uint32_t b)
{
    if (s->near)
        return s->near[(size_t)u * s->n_leaves + b];
    return state_sum(s, u, b);
}

/* Weight of the pair (u, v). */
int64_t state_pair(const struct state *s, uint32_t u, uint32_t v);

/* Change of J when u and v (of equal size) change places, less the pair (u, v). */
static inline int64_t state_swap_less(const struct state *s, uint32_t u, uint32_t v)
{
    uint32_t a = s->leaf[u];
    uint32_t b = s->leaf[v];

    return state_near(s, u, b) - state_near(s, u, a) + state_near(s, v, a)
           - state_near(s, v, b);
}

/* What the pair (u, v) adds to state_swap_less(); never negative. */
static inline int64_t state_swap_pair(const struct state *s, uint32_t u, uint32_t v)
{
    return 2 * state_pair(s, u, v)
           * (state_apart(s, s->leaf[u], s->leaf[v]) - s->t->distance[1]);
}

/* Exchange u and v; delta is what J changes. Loads are not followed. */
void state_swap(struct state *s, uint32_t u, uint32_t v, int64_t delta);

/*
 * Watch that no uplink carries more than `bottleneck` times its capacity, less
 * `margin` bytes, from now on. 0 or -ENOMEM.
 */
int state_limit(struct state *s, double bottleneck, int64_t margin);

/* The most loaded uplink relative to its capacity; a limit must have been set. */
double state_bottleneck(const struct state *s);

/* What an exchange does to the loads on both ways up to where they meet. */
struct load_change {
    uint32_t n_levels; /* levels 1 to n_levels change */
    int64_t a[PLACE_LEVELS_MAX + 1];
    int64_t b[PLACE_LEVELS_MAX + 1];
    int64_t excess; /* change */
};

void state_load_change(const struct state *s,
                       uint32_t u,
                       uint32_t v,
                       struct load_change *ret);

/* state_swap() and the loads. */
void state_swap_loads(struct state *s,
                      uint32_t u,
                      uint32_t v,
                      int64_t delta,
                      const struct load_change *c);

/* Another map, with the loads if they are watched. */
int state_reset(struct state *s, const uint32_t *leaf);

/* Take back the exchanges of the log, the last one first. */
void state_undo(struct state *s);

/* Exchange u and v whatever it costs. */
void state_swap_any(struct state *s, uint32_t u, uint32_t v);

/* Is an uplink above a limit on the way up from this leaf? */
bool state_is_hot(const struct state *s, uint32_t leaf);

#endif
