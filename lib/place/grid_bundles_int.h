/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid_bundles_int - the pairs of a named grid as a few bundles
 *
 * A bundle is every place of a box with the place that is a fixed step away. How many
 * of its pairs a range of ranks or a block holds is a product or a sum of products.
 */
#ifndef HOPLUU_PLACE_GRID_BUNDLES_INT_H
#define HOPLUU_PLACE_GRID_BUNDLES_INT_H

#include "place/pattern_int.h"

#define BUNDLES_MAX 64 /* 62 of 3 dimensions, periodic, with all corners */

/* Pairs (x, x + step) for all x in a box. */
struct bundle {
    uint64_t w;
    uint32_t n[PATTERN_DIMS_MAX];     /* size of the box */
    uint32_t lo[2][PATTERN_DIMS_MAX]; /* where it begins, of x and of x + step */
    uint64_t area[PATTERN_DIMS_MAX];  /* [d] places of the box below dimension d */
    int64_t step;                     /* in ranks, positive */
};

struct bundles {
    uint32_t n_dims;
    uint32_t dim[PATTERN_DIMS_MAX];
    uint32_t n;
    struct bundle v[BUNDLES_MAX];
};

/* The bundles of a named grid: each pair in one of them. */
void bundles_find(const struct pattern *p, struct bundles *all);

#endif
