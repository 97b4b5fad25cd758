/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * few_int - annealing by exchanges for so few vertices that tables hold everything
 *
 * What every vertex would cost on every leaf, what every two vertices exchange and
 * how far every two leaves are apart, each as 32 bits: an exchange is weighed without
 * a loop. Loads of links are not followed; the caller judges what comes out.
 */
#ifndef HOPLUU_PLACE_FEW_INT_H
#define HOPLUU_PLACE_FEW_INT_H

#include "place/graph_int.h"
#include "place/polish_int.h"
#include "place/rng_int.h"
#include "place/target_int.h"

#define FEW_MAX 128 /* vertices, all of size 1 */

struct few;

/* Tables for g on t. NULL: out of memory. */
struct few *few_new(const struct target *t, const struct graph *g);
void few_free(struct few *f);

/*
 * n_tries proposals, the temperature falling from hot to cold times the mean rise
 * of a proposal.
 *
 * leaf   [g->n] where every vertex is, and then the best map met
 *
 * Returns what that map costs, in units of the tables.
 */
int64_t few_anneal(struct few *f,
                   uint64_t n_tries,
                   double hot,
                   double cold,
                   struct rng *rng,
                   struct limit *limit,
                   uint32_t *leaf);

#endif
