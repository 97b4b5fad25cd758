/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bisect_int - cut a graph in two parts of exact sizes, few bytes between them
 *
 * Multilevel: clusters by heavy-edge matching, greedy growing on the coarsest
 * graph, Fiduccia-Mattheyses with rollback on the way back. With vertices of size 1
 * the sizes are met exactly.
 */
#ifndef HOPLUU_PLACE_BISECT_INT_H
#define HOPLUU_PLACE_BISECT_INT_H

#include "place/graph_int.h"
#include "place/rng_int.h"

/* Scratch for graphs of up to n vertices; one per search. */
struct bisect_room {
    uint32_t cap;
    int64_t *gain;       /* [cap] */
    int64_t *across;     /* [cap] bytes to the other side */
    uint32_t *heap[2];   /* [cap] vertices, best gain first */
    uint32_t *at;        /* [cap] place in its heap, UINT32_MAX: none */
    uint32_t *moved;     /* [cap] in order */
    unsigned char *side; /* [cap] trial */
    uint32_t *map;       /* [cap] */
    uint32_t *order;     /* [cap] */
    uint32_t *mark;      /* [cap] */
};

int bisect_room_init(struct bisect_room *b, uint32_t n);
void bisect_room_release(struct bisect_room *b);

/*
 * side    [g->n] 0 or 1, written
 * want0   total size of side 0
 * tries   starts on the coarsest graph
 *
 * Returns 0 or -ENOMEM.
 */
int bisect(struct bisect_room *b,
           const struct graph *g,
           uint64_t want0,
           uint32_t tries,
           struct rng *rng,
           unsigned char *side);

/* Bytes between the two sides, and the pulls of side 1. */
int64_t bisect_cut(const struct graph *g, const unsigned char *side);

/*
 * FM passes until one gains nothing. The size of side 0 may be off by `tol` inside
 * a pass and by `end_tol` at its end (by the start's error, if that is larger).
 * Returns the cut.
 */
int64_t bisect_refine(struct bisect_room *b,
                      const struct graph *g,
                      uint64_t want0,
                      uint64_t tol,
                      uint64_t end_tol,
                      uint32_t patience,
                      unsigned char *side);

/* Heavy-edge matching into map[]; clusters of at most max_size. Number of clusters. */
uint32_t bisect_match(struct bisect_room *b,
                      const struct graph *g,
                      uint64_t max_size,
                      struct rng *rng);

#endif
