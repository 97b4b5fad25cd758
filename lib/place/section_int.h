/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* section_int - a map from the top of the machine down, by repeated bisection */
#ifndef HOPLUU_PLACE_SECTION_INT_H
#define HOPLUU_PLACE_SECTION_INT_H

#include "place/bisect_int.h"
#include "place/target_int.h"

struct section_effort {
    uint32_t tries;    /* starts on each coarsest graph */
    uint32_t top_runs; /* whole bisections of a large part, the best counts */
    uint32_t low_runs; /* the same further down */
    uint32_t top_from; /* a part of at least this many ranks is large */
};

/*
 * Map every vertex of g (n_slots of size 1) to a group of level `stop`.
 *
 * stop        1: the leaves
 * ret_group   [g->n] written on success
 *
 * Returns 0 or -ENOMEM.
 */
int section_map(const struct target *t,
                const struct graph *g,
                const struct section_effort *effort,
                struct rng *rng,
                uint32_t stop,
                uint32_t *ret_group);

/*
 * The same when it is known which group of `level` each vertex goes to.
 *
 * level   not below `stop`
 * group   [g->n] as many vertices in each as it has slots
 */
int section_split(const struct target *t,
                  const struct graph *g,
                  const struct section_effort *effort,
                  struct rng *rng,
                  uint32_t level,
                  const uint32_t *group,
                  uint32_t stop,
                  uint32_t *ret_group);

/* Working memory for graphs of up to n vertices; one per search. */
struct section {
    const struct target *t;
    const struct section_effort *effort;
    struct bisect_room room;
    struct rng rng;
    uint32_t *local; /* [n] */
    uint32_t *leaf;  /* where the result goes, by the vertices' ids */
    uint32_t stop;   /* the level whose groups it names, 1: leaves */
};

int section_init(struct section *s,
                 const struct target *t,
                 const struct section_effort *effort,
                 struct rng rng,
                 uint32_t n);
void section_release(struct section *s);

/*
 * Map the vertices of g (ids: id) to the groups group[0..k) of `level`, which are
 * in rising order and hold exactly g->n slots; s->leaf[id] is written.
 *
 * state   where everybody else is: pairs that leave g pull towards them; NULL: not
 *         taken into account
 */
struct state;
int section_groups(struct section *s,
                   const struct graph *g,
                   const uint32_t *id,
                   uint32_t level,
                   const uint32_t *group,
                   uint32_t k,
                   const struct state *state);

#endif
