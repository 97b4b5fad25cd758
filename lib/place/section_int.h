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
 * Map every vertex of g (n_slots of size 1) to a leaf.
 *
 * ret_leaf   [g->n] written on success
 *
 * Returns 0 or -ENOMEM.
 */
int section_map(const struct target *t,
                const struct graph *g,
                const struct section_effort *effort,
                struct rng *rng,
                uint32_t *ret_leaf);

#endif
