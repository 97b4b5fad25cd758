/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* pattern_named - patterns that have a name: grids, ring, alltoall, tree, master */
#include "config.h"

#include "place/pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"

#include "place/machine.h"
#include "place/pattern_int.h"

#include "base/banned.h"

static const struct name {
    const char *word;
    enum pattern_kind kind;
    uint32_t n_dims;
    bool corners;
} names[] = {
    {"stencil2d", PATTERN_GRID,     2, false},
    {"stencil3d", PATTERN_GRID,     3, false},
    {"stencil4d", PATTERN_GRID,     4, false},
    {"5pt",       PATTERN_GRID,     2, false},
    {"7pt",       PATTERN_GRID,     3, false},
    {"9pt",       PATTERN_GRID,     2, true },
    {"27pt",      PATTERN_GRID,     3, true },
    {"ring",      PATTERN_RING,     0, false},
    {"alltoall",  PATTERN_ALLTOALL, 0, false},
    {"tree",      PATTERN_TREE,     0, false},
    {"master",    PATTERN_MASTER,   0, false},
    {"none",      PATTERN_NONE,     0, false},
};

/* The most cubic dimensions whose product is n. */
static void cubic_dims(uint32_t n, struct pattern_grid *g)
{
    uint32_t left = n;

    for (uint32_t d = g->n_dims; d > 1; d--) {
        uint32_t best = 1;

        for (uint32_t f = 1; f <= left; f++) {
            uint64_t power = 1;

            for (uint32_t i = 0; i < d; i++)
                power = MIN(power * f, UINT64_C(1) << 40);
            if (power > left)
                break;
            if (left % f == 0)
                best = f;
        }
        g->dim[d - 1] = best;
        left /= best;
    }
    g->dim[0] = left;
}

static int parse_dims(const char *word, struct pattern_grid *g, struct err *err)
{
    struct words w = WORDS_INIT(PATTERN_DIMS_MAX + 1, 128);
    int r = words_split(&w, word, "xX");

    if (r == 0 && w.n != g->n_dims)
        r = err_set(err, -EINVAL,
                    "'%.60s' has %zu dimensions where %" PRIu32 " are needed", word,
                    w.n, g->n_dims);
    for (size_t i = 0; r == 0 && i < w.n; i++)
        r = measure_u32(w.v[i], 1, PLACE_RANKS_MAX, &g->dim[i], err);
    words_release(&w);
    return r == -E2BIG ? err_set(err, -EINVAL, "'%.60s' has too many dimensions", word)
                       : r;
}

/* Add the neighbours of the rank at x[] to its row; returns the row's end. */
static uint64_t grid_row(struct pattern *p,
                         const uint32_t *x,
                         uint64_t at,
                         const uint64_t *bytes)
{
    const struct pattern_grid *g = &p->grid;
    uint32_t n_off = 1;

    for (uint32_t d = 0; d < g->n_dims; d++)
        n_off *= 3;
    for (uint32_t o = 0; o < n_off; o++) {
        uint64_t to = 0;
        uint64_t stride = 1;
        uint32_t moved = 0;
        uint32_t rest = o;
        bool inside = true;

        for (uint32_t d = 0; d < g->n_dims; d++) {
            int64_t y = (int64_t)x[d] + (int64_t)(rest % 3) - 1;

            moved += rest % 3 != 1;
            rest /= 3;
            if (g->periodic)
                y = (y + g->dim[d]) % g->dim[d];
            inside = inside && y >= 0 && y < g->dim[d];
            to += (uint64_t)(y < 0 ? 0 : y) * stride;
            stride *= g->dim[d];
        }
        if (!inside || moved == 0 || bytes[moved] == 0)
            continue;
        p->adj[at] = (uint32_t)to;
        p->w[at++] = bytes[moved];
    }
    return at;
}

static int fill_grid(struct pattern *p, bool corners, uint64_t face, struct err *err)
{
    uint32_t x[PATTERN_DIMS_MAX] = {0};
    uint64_t *bytes = p->grid_bytes;
    uint64_t at = 0;

    bytes[1] = face;
    bytes[2] = MAX(UINT64_C(1), p->grid.n_dims == 2 ? face / 1000 : face * 3 / 100);
    bytes[3] = bytes[4] = MAX(UINT64_C(1), face / 1000);
    for (uint32_t k = 2; !corners && k <= PATTERN_DIMS_MAX; k++)
        bytes[k] = 0;
    for (uint32_t u = 0; u < p->n; u++) {
        at = grid_row(p, x, at, bytes);
        p->xadj[u + 1] = at;
        for (uint32_t d = 0; d < p->grid.n_dims; d++) {
            if (++x[d] < p->grid.dim[d])
                break;
            x[d] = 0;
        }
    }
    return pattern_settle(p, err);
}

static int fill_list(struct pattern **ret_p,
                     enum pattern_kind kind,
                     uint32_t n,
                     uint64_t bytes,
                     struct err *err)
{
    _cleanup_(freep) struct pattern_flow *f = calloc((size_t)n + 1, sizeof(*f));
    size_t k = 0;
    int r;

    if (!f)
        return -ENOMEM;
    for (uint32_t i = kind == PATTERN_RING && n > 2 ? 0 : 1; i < n; i++) {
        uint32_t to = 0;

        if (kind == PATTERN_NONE || kind == PATTERN_ALLTOALL)
            break;
        if (kind == PATTERN_RING)
            to = i == 0 ? n - 1 : i - 1;
        else if (kind == PATTERN_TREE)
            to = i & (i - 1);
        f[k++] = (struct pattern_flow){i, to, bytes};
    }
    r = pattern_from_flows(n, f, k, ret_p, err);
    if (r == 0) {
        (*ret_p)->kind = kind;
        (*ret_p)->uniform = kind == PATTERN_ALLTOALL ? bytes : 0;
    }
    return r;
}

static int make_grid(const struct name *name,
                     struct pattern_grid g,
                     uint32_t n_ranks,
                     uint64_t bytes,
                     struct pattern **ret_p,
                     struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    uint64_t n = 1;
    uint32_t row = 1;
    int r;

    if (g.dim[0] == 0)
        cubic_dims(n_ranks, &g);
    for (uint32_t d = 0; d < g.n_dims; d++) {
        n = MIN(n * g.dim[d], UINT64_C(1) << 40);
        row *= 3;
    }
    if (n_ranks && n != n_ranks)
        return err_set(err, -EINVAL,
                       "the dimensions give %" PRIu64 " ranks, the job has %" PRIu32, n,
                       n_ranks);
    row = name->corners ? row - 1 : 2 * g.n_dims;
    if (n > PLACE_RANKS_MAX || n * row > PLACE_ARCS_MAX)
        return err_set(err, -E2BIG, "a grid of %" PRIu64 " ranks is too large", n);
    p = pattern_new_room((uint32_t)n, n * row);
    if (!p)
        return -ENOMEM;
    p->kind = PATTERN_GRID;
    p->grid = g;
    r = fill_grid(p, name->corners, bytes, err);
    if (r == 0)
        *ret_p = TAKE_PTR(p);
    return r;
}

static const struct name *find_name(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (!strcmp(names[i].word, word))
            return &names[i];
    return NULL;
}

int pattern_parse(const char *text,
                  uint32_t n_ranks,
                  struct pattern **ret_p,
                  struct err *err)
{
    struct words w = WORDS_INIT(8, 256);
    struct pattern_grid g = {0};
    const struct name *name = NULL;
    uint64_t bytes = 1000;
    int r = words_split(&w, text, ":");

    if (r == -E2BIG || (r == 0 && w.n == 0))
        r = err_set(err, -EINVAL, "'%.60s' is not a pattern", text);
    if (r == 0) {
        name = find_name(w.v[0]);
        if (!name)
            r = err_set(err, -EINVAL,
                        "no pattern '%.40s': use stencil2d, stencil3d, stencil4d, 5pt, "
                        "7pt, 9pt, 27pt, ring, alltoall, tree, master or none",
                        w.v[0]);
    }
    for (size_t i = 1; r == 0 && i < w.n; i++) {
        g.n_dims = name->n_dims;
        if (!strcmp(w.v[i], "periodic") && name->n_dims)
            g.periodic = true;
        else if (i == 1 && name->n_dims)
            r = parse_dims(w.v[i], &g, err);
        else
            r = measure_u64(w.v[i], 1, PATTERN_WEIGHT_MAX, &bytes, err);
    }
    if (r == 0 && n_ranks == 0 && g.dim[0] == 0)
        r = err_set(err, -EINVAL, "pattern %.40s needs a number of ranks", name->word);
    if (r == 0 && n_ranks > PLACE_RANKS_MAX)
        r = err_set(err, -E2BIG, "at most %" PRIu32 " ranks", PLACE_RANKS_MAX);
    if (r == 0) {
        g.n_dims = name->n_dims;
        r = name->kind == PATTERN_GRID
                ? make_grid(name, g, n_ranks, bytes, ret_p, err)
                : fill_list(ret_p, name->kind, n_ranks, bytes, err);
    }
    words_release(&w);
    return r;
}
