/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * region_int - do a part of a map again
 *
 * A few groups that talk to each other are emptied and their ranks mapped afresh by
 * multisection, with the rest of the map pulling; after a local descent the better
 * of old and new stays. Many such steps mend what one bisection at the top spoiled,
 * each at the price of its region only.
 */
#ifndef HOPLUU_PLACE_REGION_INT_H
#define HOPLUU_PLACE_REGION_INT_H

#include "place/polish_int.h"
#include "place/section_int.h"

struct region_effort {
    uint64_t work;                 /* arcs and ranks times depth, see step_work() */
    uint32_t min_ranks, max_ranks; /* of a region */
    double heat; /* share of J that a step may lose at the beginning */
};

/* Returns 0 or -ENOMEM; s holds the best map met. */
int region_improve(struct state *s,
                   const struct region_effort *effort,
                   struct rng *rng,
                   struct limit *limit);

#endif
