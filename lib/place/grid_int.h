/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* grid_int - grids: recognised in a matrix, cut into bricks without a search */
#ifndef HOPLUU_PLACE_GRID_INT_H
#define HOPLUU_PLACE_GRID_INT_H

#include "place/target_int.h"

struct grid {
    uint32_t n;
    struct pattern_grid shape;
    double weight[PATTERN_DIMS_MAX]; /* bytes of a face across each dimension */
    uint32_t *at; /* [n] place of each rank, dimension 0 fastest; NULL: that order */
};

/* The grid that a named pattern is; release with grid_release(). */
void grid_from_pattern(const struct pattern *p, struct grid *ret);

/*
 * Look for a grid behind the heavy pairs of a matrix, whatever the order of its
 * ranks. Returns 1 (found; release with grid_release()), 0 or -ENOMEM.
 */
int grid_find(const struct pattern *p, struct grid *ret);

void grid_release(struct grid *g);

/* Equal blocks of a grid at every level. */
struct grid_bricks {
    uint32_t size[PLACE_LEVELS_MAX + 1][PATTERN_DIMS_MAX]; /* [l] of a group of l */
};

/*
 * Bricks: every level's groups are blocks of the grid.
 *
 * leaf         [g->n] written
 * ret_bricks   the blocks, if they are equal boxes
 *
 * Returns 1 (equal boxes), 0 (cut where the sizes say, along the plane that
 * costs least) or -ENOMEM.
 */
int grid_map(const struct target *t,
             const struct grid *g,
             uint32_t *leaf,
             struct grid_bricks *ret_bricks);

/* Cut to the sizes of the groups, equal or not; leaf as above. 0 or -ENOMEM. */
int grid_cut(const struct target *t, const struct grid *g, uint32_t *leaf);

/*
 * The figures of a named grid in default order (t->order is NULL), in bricks, and
 * with every rank on the leaf that leaf[] says; one rank a slot. All agree with
 * target_cost(). 0 or -ENOMEM.
 */
int grid_cost_in_order(const struct target *t,
                       const struct pattern *p,
                       struct place_cost *ret);
int grid_cost_bricks(const struct target *t,
                     const struct pattern *p,
                     const struct grid_bricks *bricks,
                     struct place_cost *ret);
int grid_cost_map(const struct target *t,
                  const struct pattern *p,
                  const uint32_t *leaf,
                  struct place_cost *ret);

#endif
