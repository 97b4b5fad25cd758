/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* grid_int - grids: recognised in a matrix, cut into bricks without a search */
#ifndef HOPLUU_PLACE_GRID_INT_H
#define HOPLUU_PLACE_GRID_INT_H

#include "place/target_int.h"

struct grid {
    uint32_t n;
    struct pattern_grid shape;
    double weight[PATTERN_DIMS_MAX]; /* bytes of a face across each dimension */
    uint32_t *at;                    /* [n] place of each rank, dimension 0 fastest */
};

/* The grid that a named pattern is. 0 or -ENOMEM; release with grid_release(). */
int grid_from_pattern(const struct pattern *p, struct grid *ret);

/*
 * Look for a grid behind the heavy pairs of a matrix, whatever the order of its
 * ranks. Returns 1 (found; release with grid_release()), 0 or -ENOMEM.
 */
int grid_find(const struct pattern *p, struct grid *ret);

void grid_release(struct grid *g);

/*
 * Bricks: every level's groups are blocks of the grid.
 *
 * leaf        [g->n] written
 * ret_exact   all blocks are boxes of one size; otherwise they are cut where the
 *             sizes say, along the plane that costs least
 *
 * Returns 0 or -ENOMEM.
 */
int grid_map(const struct target *t,
             const struct grid *g,
             uint32_t *leaf,
             bool *ret_exact);

#endif
