/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * pattern_int - the inside of a pattern, for the room only
 *
 * Invariants: rows are sorted, symmetric, without self and without weight 0;
 * the sum of all weights stays below 2^62.
 */
#ifndef HOPLUU_PLACE_PATTERN_INT_H
#define HOPLUU_PLACE_PATTERN_INT_H

#include "place/pattern.h"

struct pattern {
    enum pattern_kind kind;
    uint32_t n;
    uint64_t *xadj;   /* [n + 1] */
    uint32_t *adj;    /* [xadj[n]] */
    uint64_t *w;      /* [xadj[n]] */
    uint64_t *rank_w; /* [n] or NULL: all 1 */
    uint64_t total;   /* each pair once, without `uniform` */
    uint64_t uniform; /* what every pair exchanges on top (alltoall) */
    struct pattern_grid grid;
    uint64_t grid_bytes[PATTERN_DIMS_MAX + 1]; /* [k] a pair whose places differ in k
                                                  dimensions; only of a grid */
};

/* n ranks, room for n_arcs; rows empty. NULL: out of memory. */
struct pattern *pattern_new_room(uint32_t n, uint64_t n_arcs);

/* Sort rows, sum repeated neighbours, drop self and 0, check symmetry and sums. */
int pattern_settle(struct pattern *p, struct err *err);

#endif
