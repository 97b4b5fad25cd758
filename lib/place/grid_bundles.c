/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* grid_bundles - from the offsets of a stencil to its bundles of pairs */
#include "config.h"

#include "place/grid_bundles_int.h"

#include <string.h>

#include "base/banned.h"

/* Dimension d of a bundle that goes o there (-1, 0, 1), over the edge or not. */
static void set_dim(struct bundle *b, uint32_t d, uint32_t dim, int o, bool over)
{
    uint32_t far = dim - 1;

    b->n[d] = o == 0 ? dim : over ? 1 : far;
    b->lo[0][d] = o == 0 ? 0 : over ? (o > 0 ? far : 0) : (o > 0 ? 0 : 1);
    b->lo[1][d] = o == 0 ? 0 : over ? (o > 0 ? 0 : far) : (o > 0 ? 1 : 0);
}

static void add_bundle(struct bundles *all, struct bundle b)
{
    int64_t stride = 1;
    uint64_t area = 1;

    b.step = 0;
    for (uint32_t d = 0; d < all->n_dims; d++) {
        b.step += ((int64_t)b.lo[1][d] - (int64_t)b.lo[0][d]) * stride;
        stride *= all->dim[d];
        b.area[d] = area;
        area *= b.n[d];
    }
    if (area == 0 || b.step == 0)
        return;
    if (b.step < 0) {
        uint32_t lo[PATTERN_DIMS_MAX];

        memcpy(lo, b.lo[0], sizeof(lo));
        memcpy(b.lo[0], b.lo[1], sizeof(lo));
        memcpy(b.lo[1], lo, sizeof(lo));
        b.step = -b.step;
    }
    all->v[all->n++] = b;
}

/* The bundles of one offset: 3^d digits, 0 to 2 for -1 to 1. */
static void add_offset(struct bundles *all, const struct pattern *p, uint32_t offset)
{
    int o[PATTERN_DIMS_MAX] = {0};
    uint32_t moved = 0;
    struct bundle b = {0};

    for (uint32_t d = 0; d < all->n_dims; d++) {
        o[d] = (int)(offset % 3) - 1;
        offset /= 3;
        moved += o[d] != 0;
    }
    b.w = p->grid_bytes[moved];
    if (b.w == 0)
        return;
    for (uint32_t over = 0; over < 1U << all->n_dims; over++) {
        bool fits = over == 0 || p->grid.periodic;

        for (uint32_t d = 0; d < all->n_dims; d++) {
            fits = fits && (o[d] != 0 || !(over >> d & 1));
            set_dim(&b, d, all->dim[d], o[d], over >> d & 1);
        }
        if (fits)
            add_bundle(all, b);
    }
}

void bundles_find(const struct pattern *p, struct bundles *all)
{
    uint32_t n = 1;

    all->n = 0;
    all->n_dims = p->grid.n_dims;
    memcpy(all->dim, p->grid.dim, sizeof(all->dim));
    for (uint32_t d = 0; d < all->n_dims; d++)
        n *= 3;
    for (uint32_t i = n / 2 + 1; i < n; i++) /* of two opposite offsets one */
        add_offset(all, p, i);
}
