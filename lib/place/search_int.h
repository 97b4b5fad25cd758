/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* search_int - a search's plan, the starts that it pays for, and the lines it keeps */
#ifndef HOPLUU_PLACE_SEARCH_INT_H
#define HOPLUU_PLACE_SEARCH_INT_H

#include "place/map_int.h"
#include "place/state_int.h"

#define DRIFT_UNITS 10 /* units of drift_int.h that one of ours is worth */

struct plan {
    uint64_t work;         /* in all, units */
    uint64_t start_work;   /* of one multisection */
    uint64_t careful_work; /* of one that takes the best of several cuts */
    uint32_t n_starts;
    uint32_t n_lines;
    bool careful;        /* every other start */
    uint64_t drift_work; /* of one start annealed by moves */
    uint32_t n_drifts;
};

/* One start: a map and what it is worth. */
struct line {
    uint32_t *leaf;
    double worth;
};

/* What a map is worth: J, and the price of what is above the links' limits. */
double search_worth(const struct state *st);

/* Keep the map in the lines if it is better than the worst of them. */
void search_keep(const struct state *st,
                 struct line *line,
                 uint32_t n_lines,
                 uint32_t n_ranks);

/* A map that may not be used yet: bring it under the limits of the links. */
void search_relieve(struct search *s, struct state *st);

/* Offer the map that st holds: 1 when it became the best, 0 when not, -ENOMEM. */
int search_offer_state(struct search *s, struct state *st);

/*
 * The starts. Each keeps what it finds in the lines and offers it; 0 or -ENOMEM.
 *
 * best     the map that is best so far (of a grid, say, or the caller's)
 * few      very few ranks
 * drifts   annealing by moves; starts: multisections
 * *ret_enough   set when a map was found that keeps the limits and need not be mended
 */
int start_best(struct search *s,
               const struct plan *plan,
               struct state *st,
               struct line *line);
int start_few(struct search *s,
              const struct plan *plan,
              struct state *st,
              struct line *line,
              bool *ret_enough);
int start_drifts(struct search *s,
                 const struct plan *plan,
                 struct state *st,
                 struct line *line,
                 bool *ret_enough);
int start_sections(struct search *s,
                   const struct plan *plan,
                   struct state *st,
                   struct line *line);

#endif
