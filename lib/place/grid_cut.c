/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid_cut - a grid cut in two, and again, to sizes that make no equal boxes
 *
 * What belongs to a range of groups is a list of boxes, mostly one large one and the
 * rows and points that the sizes ask for. It is cut across the dimension whose planes
 * are cheapest; of the plane that the cut falls into, a part is taken in the same
 * way. So a cut costs as much as there are boxes and planes, not points.
 */
#include "config.h"

#include "place/grid_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

struct box {
    uint32_t lo[PATTERN_DIMS_MAX], hi[PATTERN_DIMS_MAX];
};

struct cutter {
    const struct target *t;
    const struct grid *g;
    struct box *box; /* lists of those that are being cut, one after the other */
    size_t n, cap;   /* of box */
    uint32_t *plane; /* [largest dimension] points of each plane */
    uint32_t *leaf;  /* [g->n] by grid place */
};

static uint32_t points(const struct grid *g, const struct box *b)
{
    uint32_t n = 1;

    for (uint32_t d = 0; d < g->shape.n_dims; d++)
        n *= b->hi[d] - b->lo[d];
    return n;
}

/* Slots of groups [from, to) that the first n slots have. */
static uint32_t slots_of(const struct cutter *c,
                         uint32_t level,
                         uint32_t from,
                         uint32_t to)
{
    const struct target *t = c->t;
    uint32_t a = t->first_slot[t->first_leaf[level][from]];
    uint32_t b = t->first_slot[t->first_leaf[level][to]];

    return MIN(b, c->g->n) - MIN(a, c->g->n);
}

/* The box around the boxes [from, to) of the list. */
static struct box bounds(const struct cutter *c, size_t from, size_t to)
{
    struct box all = c->box[from];

    for (size_t i = from + 1; i < to; i++)
        for (uint32_t d = 0; d < c->g->shape.n_dims; d++) {
            all.lo[d] = MIN(all.lo[d], c->box[i].lo[d]);
            all.hi[d] = MAX(all.hi[d], c->box[i].hi[d]);
        }
    return all;
}

/* The dimension across which a box is cheapest to cut. */
static uint32_t best_dim(const struct grid *g, const struct box *b)
{
    uint32_t best = 0;
    double best_cost = 0;

    for (uint32_t d = 0; d < g->shape.n_dims; d++) {
        double cost = g->weight[d];

        for (uint32_t e = 0; e < g->shape.n_dims; e++)
            cost *= e == d ? 1.0 : (double)(b->hi[e] - b->lo[e]);
        if (b->hi[d] - b->lo[d] > 1
            && (best_cost <= 0 || cost < best_cost || b->hi[best] - b->lo[best] <= 1)) {
            best = d;
            best_cost = cost;
        }
    }
    return best;
}

static int add(struct cutter *c, const struct box *b)
{
    if (c->n == c->cap) {
        struct box *more = reallocarray(c->box, 2 * c->cap, sizeof(*more));

        if (!more)
            return -ENOMEM;
        c->box = more;
        c->cap *= 2;
    }
    c->box[c->n++] = *b;
    return 0;
}

/* The parts of boxes [from, to) with coordinate d in [lo, hi) join the list. */
static int add_slabs(
    struct cutter *c, size_t from, size_t to, uint32_t d, uint32_t lo, uint32_t hi)
{
    int r = 0;

    for (size_t i = from; r == 0 && i < to; i++) {
        struct box b = c->box[i];

        b.lo[d] = MAX(b.lo[d], lo);
        b.hi[d] = MIN(b.hi[d], hi);
        if (b.lo[d] < b.hi[d])
            r = add(c, &b);
    }
    return r;
}

/* The plane of dimension d before which at most `want` points of the boxes lie;
 * *ret_left: how many of its own are wanted too. */
static uint32_t find_plane(struct cutter *c,
                           size_t from,
                           size_t to,
                           const struct box *all,
                           uint32_t d,
                           uint32_t want,
                           uint32_t *ret_left)
{
    uint32_t x = all->lo[d];

    memset(c->plane + x, 0, (all->hi[d] - x) * sizeof(*c->plane));
    for (size_t i = from; i < to; i++) {
        const struct box *b = &c->box[i];
        uint32_t each = points(c->g, b) / (b->hi[d] - b->lo[d]);

        for (uint32_t y = b->lo[d]; y < b->hi[d]; y++)
            c->plane[y] += each;
    }
    for (; x < all->hi[d] && c->plane[x] <= want; x++)
        want -= c->plane[x];
    *ret_left = want;
    return x;
}

/*
 * The first `want` points of boxes [from, to) join the list; upper: all others. Both
 * cut alike.
 */
static int add_part(struct cutter *c, size_t from, size_t to, uint32_t want, bool upper)
{
    struct box all = bounds(c, from, to);
    uint32_t d = best_dim(c->g, &all);
    uint32_t left;
    uint32_t x = find_plane(c, from, to, &all, d, want, &left);
    size_t plane;
    size_t after;
    int r = upper ? add_slabs(c, from, to, d, x + (left > 0), all.hi[d])
                  : add_slabs(c, from, to, d, all.lo[d], x);

    if (r < 0 || left == 0)
        return r;
    plane = c->n;
    r = add_slabs(c, from, to, d, x, x + 1);
    after = c->n;
    if (r == 0)
        r = add_part(c, plane, after, left, upper);
    /* What the plane gives takes the plane's place. */
    c->n -= after - plane;
    memmove(c->box + plane, c->box + after, (c->n - plane) * sizeof(*c->box));
    return r;
}

static void fill(const struct cutter *c, const struct box *b, uint32_t leaf)
{
    const struct pattern_grid *s = &c->g->shape;
    uint32_t at[PATTERN_DIMS_MAX];
    uint32_t row = b->hi[0] - b->lo[0];
    uint32_t d;

    memcpy(at, b->lo, sizeof(at));
    do {
        uint32_t place = 0;

        for (d = s->n_dims; d-- > 0;)
            place = place * s->dim[d] + at[d];
        for (uint32_t x = 0; x < row; x++)
            c->leaf[place + x] = leaf;
        for (d = 1; d < s->n_dims && ++at[d] == b->hi[d]; d++)
            at[d] = b->lo[d];
    } while (d < s->n_dims);
}

/* Boxes [first, last) of the list, n points, go to groups [from, to) of `level`. */
static int cut(struct cutter *c,
               size_t first,
               size_t last,
               uint32_t n,
               uint32_t level,
               uint32_t from,
               uint32_t to)
{
    const struct target *t = c->t;
    size_t mark = c->n;
    uint32_t middle;
    uint32_t n0;
    int r;

    while (to - from == 1 && level > 1) {
        uint32_t one = t->first_leaf[level][from];
        uint32_t end = t->first_leaf[level][from + 1] - 1;

        level--;
        from = t->group[level][one];
        to = t->group[level][end] + 1;
    }
    if (n == 0)
        return 0;
    if (to - from == 1) {
        for (size_t i = first; i < last; i++)
            fill(c, &c->box[i], from);
        return 0;
    }
    middle = from + (to - from) / 2;
    n0 = slots_of(c, level, from, middle);
    r = add_part(c, first, last, n0, false);
    if (r == 0)
        r = cut(c, mark, c->n, n0, level, from, middle);
    c->n = mark;
    if (r == 0)
        r = add_part(c, first, last, n0, true);
    if (r == 0)
        r = cut(c, mark, c->n, n - n0, level, middle, to);
    c->n = mark;
    return r;
}

int grid_cut(const struct target *t, const struct grid *g, uint32_t *leaf)
{
    struct cutter c = {.t = t, .g = g, .cap = 256, .leaf = leaf};
    struct box whole = {{0}, {0}};
    uint32_t most = 0;
    int r;

    for (uint32_t d = 0; d < g->shape.n_dims; d++) {
        whole.hi[d] = g->shape.dim[d];
        most = MAX(most, g->shape.dim[d]);
    }
    c.box = malloc(c.cap * sizeof(*c.box));
    c.plane = malloc(((size_t)most + 1) * sizeof(*c.plane));
    if (g->at)
        c.leaf = malloc(((size_t)g->n + 1) * sizeof(*c.leaf));
    r = c.box && c.plane && c.leaf ? add(&c, &whole) : -ENOMEM;
    if (r == 0)
        r = cut(&c, 0, 1, g->n, t->n_levels, 0, 1);
    for (uint32_t u = 0; r == 0 && g->at && u < g->n; u++)
        leaf[u] = c.leaf[g->at[u]];
    free(c.box);
    free(c.plane);
    if (c.leaf != leaf)
        free(c.leaf);
    return r;
}
