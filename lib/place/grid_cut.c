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

struct list {
    struct box *v;
    size_t n, cap;
};

struct cutter {
    const struct target *t;
    const struct grid *g;
    struct list all;    /* what is being cut, level below level */
    struct list upper;  /* of the part that is being cut off, */
    struct list plane;  /* and what is left to share out */
    uint32_t *in_plane; /* [largest dimension] points of each plane */
    uint32_t stride[PATTERN_DIMS_MAX];
    uint32_t *leaf; /* [g->n] by grid place */
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

/* The box around n boxes, at least one. */
static struct box bounds(const struct cutter *c, const struct box *v, size_t n)
{
    struct box all = v[0];

    for (size_t i = 1; i < n; i++)
        for (uint32_t d = 0; d < c->g->shape.n_dims; d++) {
            all.lo[d] = MIN(all.lo[d], v[i].lo[d]);
            all.hi[d] = MAX(all.hi[d], v[i].hi[d]);
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

static int add(struct list *l, const struct box *b)
{
    if (l->n == l->cap) {
        size_t cap = MAX(2 * l->cap, (size_t)64);
        struct box *more = reallocarray(l->v, cap, sizeof(*more));

        if (!more)
            return -ENOMEM;
        l->v = more;
        l->cap = cap;
    }
    l->v[l->n++] = *b;
    return 0;
}

/* The part of a box with coordinate d in [lo, hi) joins the list. */
static int add_slab(struct list *l, struct box b, uint32_t d, uint32_t lo, uint32_t hi)
{
    b.lo[d] = MAX(b.lo[d], lo);
    b.hi[d] = MIN(b.hi[d], hi);
    return b.lo[d] < b.hi[d] ? add(l, &b) : 0;
}

/* The plane of dimension d before which at most *want points of n boxes lie;
 * *want becomes how many of its own are wanted too. */
static uint32_t find_plane(struct cutter *c,
                           const struct box *v,
                           size_t n,
                           const struct box *all,
                           uint32_t d,
                           uint32_t *want)
{
    uint32_t x = all->lo[d];

    if (n == 1) {
        uint32_t each = points(c->g, v) / (v->hi[d] - v->lo[d]);

        x += *want / each;
        *want %= each;
        return x;
    }
    memset(c->in_plane + x, 0, (all->hi[d] - x) * sizeof(*c->in_plane));
    for (size_t i = 0; i < n; i++) {
        uint32_t each = points(c->g, &v[i]) / (v[i].hi[d] - v[i].lo[d]);

        for (uint32_t y = v[i].lo[d]; y < v[i].hi[d]; y++)
            c->in_plane[y] += each;
    }
    for (; x < all->hi[d] && c->in_plane[x] <= *want; x++)
        *want -= c->in_plane[x];
    return x;
}

/*
 * Boxes [first, last) of the list, cut in two: the first `want` points join it, and
 * after *ret_middle the others. What the cut falls into is shared out in the same way.
 */
static int split(
    struct cutter *c, size_t first, size_t last, uint32_t want, size_t *ret_middle)
{
    size_t begin = first;
    size_t end = last;
    struct list *from = &c->all;
    int r = 0;

    c->upper.n = c->plane.n = 0;
    while (r == 0 && begin < end) {
        struct box all = bounds(c, from->v + begin, end - begin);
        uint32_t d = best_dim(c->g, &all);
        uint32_t x = find_plane(c, from->v + begin, end - begin, &all, d, &want);
        uint32_t rest = x + (want > 0);
        size_t mark = c->plane.n;

        for (size_t i = begin; r == 0 && i < end; i++) {
            struct box b = from->v[i];

            r = add_slab(&c->all, b, d, all.lo[d], x);
            if (r == 0)
                r = add_slab(&c->upper, b, d, rest, all.hi[d]);
            if (r == 0)
                r = add_slab(&c->plane, b, d, x, rest);
        }
        from = &c->plane;
        begin = mark;
        end = c->plane.n;
    }
    *ret_middle = c->all.n;
    for (size_t i = 0; r == 0 && i < c->upper.n; i++)
        r = add(&c->all, &c->upper.v[i]);
    return r;
}

static void fill(const struct cutter *c, const struct box *b, uint32_t leaf)
{
    uint32_t n_dims = c->g->shape.n_dims;
    uint32_t row = b->hi[0] - b->lo[0];
    uint32_t at[PATTERN_DIMS_MAX];
    uint32_t *to = c->leaf;
    uint32_t d;

    memcpy(at, b->lo, sizeof(at));
    for (d = 0; d < n_dims; d++)
        to += at[d] * c->stride[d];
    do {
        for (uint32_t x = 0; x < row; x++)
            to[x] = leaf;
        for (d = 1; d < n_dims; d++) {
            to += c->stride[d];
            if (++at[d] < b->hi[d])
                break;
            to -= (at[d] - b->lo[d]) * c->stride[d];
            at[d] = b->lo[d];
        }
    } while (d < n_dims);
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
    size_t mark = c->all.n;
    size_t between;
    size_t end;
    uint32_t middle;
    uint32_t n0;
    int r;

    while (to - from == 1 && level > 1) {
        uint32_t one = t->first_leaf[level][from];
        uint32_t last_one = t->first_leaf[level][from + 1] - 1;

        level--;
        from = t->group[level][one];
        to = t->group[level][last_one] + 1;
    }
    if (n == 0)
        return 0;
    if (to - from == 1) {
        for (size_t i = first; i < last; i++)
            fill(c, &c->all.v[i], from);
        return 0;
    }
    middle = from + (to - from) / 2;
    n0 = slots_of(c, level, from, middle);
    r = split(c, first, last, n0, &between);
    end = c->all.n;
    if (r == 0)
        r = cut(c, mark, between, n0, level, from, middle);
    if (r == 0)
        r = cut(c, between, end, n - n0, level, middle, to);
    c->all.n = mark;
    return r;
}

int grid_cut(const struct target *t, const struct grid *g, uint32_t *leaf)
{
    struct cutter c = {.t = t, .g = g, .leaf = leaf};
    struct box whole = {{0}, {0}};
    uint32_t most = 0;
    uint32_t stride = 1;
    int r;

    for (uint32_t d = 0; d < g->shape.n_dims; d++) {
        whole.hi[d] = g->shape.dim[d];
        most = MAX(most, g->shape.dim[d]);
        c.stride[d] = stride;
        stride *= g->shape.dim[d];
    }
    c.in_plane = malloc(((size_t)most + 1) * sizeof(*c.in_plane));
    if (g->at)
        c.leaf = malloc(((size_t)g->n + 1) * sizeof(*c.leaf));
    r = c.in_plane && c.leaf ? add(&c.all, &whole) : -ENOMEM;
    if (r == 0)
        r = cut(&c, 0, 1, g->n, t->n_levels, 0, 1);
    for (uint32_t u = 0; r == 0 && g->at && u < g->n; u++)
        leaf[u] = c.leaf[g->at[u]];
    free(c.all.v);
    free(c.upper.v);
    free(c.plane.v);
    free(c.in_plane);
    if (c.leaf != leaf)
        free(c.leaf);
    return r;
}
