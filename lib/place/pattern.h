/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * pattern - who talks to whom: bytes between every two ranks
 *
 * An undirected graph. A pair's weight is the bytes that it exchanges in both
 * directions together. Named grids remember their shape, so that a map can be
 * computed instead of searched; `alltoall` keeps one number instead of n^2.
 */
#ifndef HOPLUU_PLACE_PATTERN_H
#define HOPLUU_PLACE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define PATTERN_DIMS_MAX 4
#define PATTERN_WEIGHT_MAX (UINT64_C(1) << 50) /* bytes of one pair */

struct pattern;

enum pattern_kind {
    PATTERN_MATRIX, /* from measurements */
    PATTERN_GRID,
    PATTERN_RING,
    PATTERN_ALLTOALL,
    PATTERN_TREE,
    PATTERN_MASTER,
    PATTERN_NONE,
    _PATTERN_KIND_MAX
};

struct pattern_grid {
    uint32_t n_dims;                /* 0: not a grid */
    uint32_t dim[PATTERN_DIMS_MAX]; /* dimension 0 fastest */
    bool periodic;
};

/*
 * A pattern from its name:
 *   stencil2d|stencil3d|stencil4d:AxBxC[:periodic][:BYTES]   faces only
 *   5pt 7pt (as stencil2d, stencil3d), 9pt 27pt (with edges and corners)
 *   ring alltoall tree master none, each with [:BYTES]
 * BYTES is what one face (ring, pair, branch) exchanges, 1000 unless given; an
 * edge of 27pt exchanges 3 %, a corner (and a corner of 9pt) 0.1 % of it.
 * Without dimensions (stencil3d alone) the most cubic ones for n_ranks are taken.
 *
 * n_ranks   0: as many as the dimensions say
 *
 * Returns 0, -EINVAL (with what would be right), -E2BIG or -ENOMEM; caller frees
 * with pattern_free().
 */
int pattern_parse(const char *text,
                  uint32_t n_ranks,
                  struct pattern **ret_p,
                  struct err *err);

/*
 * A pattern from a symmetric compressed matrix, which is copied.
 *
 * xadj   [n + 1] where each rank's neighbours begin; adj, w [xadj[n]]
 *        every pair stands in both rows with the same weight; ranks themselves and
 *        weights of 0 are left out; a pair that stands twice is summed
 * w      NULL: all 1
 *
 * Returns 0, -EINVAL (not symmetric, out of range), -E2BIG or -ENOMEM.
 */
int pattern_from_csr(uint32_t n,
                     const uint64_t *xadj,
                     const uint32_t *adj,
                     const uint64_t *w,
                     struct pattern **ret_p,
                     struct err *err);

/* One direction of one pair, as measured; order and repetition do not matter. */
struct pattern_flow {
    uint32_t from, to;
    uint64_t bytes;
};

/* A pattern from flows, both directions added up. */
int pattern_from_flows(uint32_t n,
                       const struct pattern_flow *flows,
                       size_t n_flows,
                       struct pattern **ret_p,
                       struct err *err);

struct pattern *pattern_free(struct pattern *p);
DEFINE_FREEP(pattern, struct pattern)

uint32_t pattern_ranks(const struct pattern *p);
enum pattern_kind pattern_kind(const struct pattern *p);
const struct pattern_grid *pattern_grid(const struct pattern *p);
uint64_t pattern_bytes(const struct pattern *p); /* all pairs, each once */
uint64_t pattern_pairs(const struct pattern *p); /* pairs that talk */

/* What every pair exchanges in an alltoall (its rows below are empty), else 0. */
uint64_t pattern_uniform(const struct pattern *p);

/* Rows as in pattern_from_csr(), sorted by neighbour; borrowed. */
const uint64_t *pattern_xadj(const struct pattern *p);
const uint32_t *pattern_adj(const struct pattern *p);
const uint64_t *pattern_weight(const struct pattern *p);

/* Weight of the rank itself, for more ranks than cores (METIS files); else 1. */
uint64_t pattern_rank_weight(const struct pattern *p, uint32_t rank);

/* The same pattern, rank i being called name[i] (a permutation): for tests. */
int pattern_renamed(const struct pattern *p,
                    const uint32_t *name,
                    struct pattern **ret_p,
                    struct err *err);

#endif
