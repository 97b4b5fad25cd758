/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * graph_int - the graph that the searches work on
 *
 * Vertices are ranks, or clusters of `size` ranks. Weights are signed because
 * gains are; graph_from_pattern() scales them so that J of any map stays below
 * 2^60. Rows are symmetric, in any order.
 */
#ifndef HOPLUU_PLACE_GRAPH_INT_H
#define HOPLUU_PLACE_GRAPH_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "place/pattern.h"

struct graph {
    uint32_t n;
    uint32_t n_arcs;
    uint32_t *xadj; /* [n + 1] */
    uint32_t *adj;  /* [n_arcs] */
    int64_t *w;     /* [n_arcs] */
    uint32_t *size; /* [n] */
    int64_t *pull;  /* [n] what it costs more on side 1 of a bisection, or NULL: 0 */
    uint64_t total_size;
    int64_t dropped; /* bytes of pairs too faint to search by, as scaled */
};

/* All return 0 or -ENOMEM; the result is released with graph_release(). */
int graph_room(struct graph *g, uint32_t n, uint32_t n_arcs);
void graph_release(struct graph *g);

/*
 * n_slots vertices: the ranks, then ranks that talk to nobody. Pairs that are faint
 * for both ranks (a star of collectives, say) are left out: they decide nothing and
 * make a rank's degree large. Maps are judged with them.
 */
int graph_from_pattern(struct graph *g,
                       const struct pattern *p,
                       uint32_t n_slots,
                       int64_t max_distance);

/*
 * The part of g whose side[] is `which`.
 *
 * local   [g->n] scratch
 * ret_id  [part's n] filled with id[] of its vertices
 */
int graph_part(struct graph *ret,
               const struct graph *g,
               const unsigned char *side,
               unsigned char which,
               const uint32_t *id,
               uint32_t *ret_id,
               uint32_t *local);

/*
 * Contract clusters: vertex v goes into cluster map[v] of n_coarse.
 *
 * mark   [n_coarse] scratch, any content
 */
int graph_contract(struct graph *ret,
                   const struct graph *g,
                   const uint32_t *map,
                   uint32_t n_coarse,
                   uint32_t *mark);

#endif
