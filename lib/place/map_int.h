/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * map_int - one search for a map: what it knows and the best that it has
 *
 * A candidate is offered as rank -> leaf; it is judged exactly and kept when it
 * beats what is there without being worse than the default in J or bottleneck.
 */
#ifndef HOPLUU_PLACE_MAP_INT_H
#define HOPLUU_PLACE_MAP_INT_H

#include "place/graph_int.h"
#include "place/polish_int.h"
#include "place/rng_int.h"
#include "place/target_int.h"

/* Ranks; so many leave no time for several lines, and a grid cut so often is not
 * bettered by a search. */
#define SEARCH_MANY 2000

struct search {
    const struct place_problem *p;
    const struct pattern *pattern;
    struct target t;
    struct graph g; /* n_slots vertices; empty for a closed form */
    struct rng rng;
    struct limit limit;
    uint32_t *slot;  /* [n_ranks] the best map so far, NULL: the default one */
    uint32_t *trial; /* [n_slots] scratch */
    struct place_cost best_cost;
    struct place_cost usual_cost;
    const char *method;
};

/*
 * Judge a map rank -> leaf ([n_ranks] or more, the rest is ignored).
 * Returns 1 when it became the best, 0 when not, -ENOMEM.
 */
int search_offer(struct search *s, const uint32_t *leaf, const char *method);

/*
 * The same for the second objective: it becomes the best when its bottleneck is
 * lower and J no more than most_cost.
 */
int search_offer_level(struct search *s, const uint32_t *leaf, double most_cost);

/* Slots for a map rank -> leaf: each leaf's slots go to its ranks in order. */
void search_seat(const struct search *s, const uint32_t *leaf, uint32_t *ret_slot);

/* The best of all maps, for up to SEARCH_ALL slots. 0 or -ENOMEM. */
#define SEARCH_ALL 9
int search_all(struct search *s);

/* The multisection and annealing portfolio for matrices. 0 or -ENOMEM. */
int search_matrix(struct search *s);

#endif
