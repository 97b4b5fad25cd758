/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * polish_int - better maps by exchanging vertices: descent, and annealing
 */
#ifndef HOPLUU_PLACE_POLISH_INT_H
#define HOPLUU_PLACE_POLISH_INT_H

#include "place/state_int.h"

/* A deadline as the searches see it. */
struct limit {
    bool (*expired)(void *arg);
    void *arg;
    bool over; /* it said so once: everybody stops */
};

bool limit_over(struct limit *l);

/*
 * Exchange each vertex with any vertex of the leaves of its neighbours or of their
 * sister leaves while that lowers J.
 */
void polish_descend(struct state *s, struct limit *limit);

/* The same for some vertices only, but with whom they like. */
void polish_descend_some(struct state *s, const uint32_t *v, uint32_t n);

/*
 * Bring a map that is above a limit of its links down under it, as cheaply as
 * exchanges of ranks on loaded leaves do it. It may not succeed.
 */
void polish_relieve(struct state *s, struct rng *rng, struct limit *limit);

/*
 * Simulated annealing with `n_tries` proposals, temperature falling from hot to
 * cold times the mean rise of a proposal.
 */
void polish_anneal(struct state *s,
                   uint64_t n_tries,
                   double hot,
                   double cold,
                   struct rng *rng,
                   struct limit *limit);

#endif
