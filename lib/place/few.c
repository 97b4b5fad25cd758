/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* few - annealing with dense tables, see few_int.h */
#include "config.h"

#include "place/few_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

#define LOGS 1024
#define GROUPS_EACH 8     /* one proposal in so many is about whole groups */
#define ROW_MAX (1 << 26) /* what one vertex may cost anywhere, scaled */
#define NOTHING (1 << 29)
#define ROUND 256 /* proposals between two looks at the temperature */

struct few {
    const struct target *t;
    const struct graph *g;
    uint32_t n, n_leaves;
    int32_t *w;       /* [n_arcs] scaled */
    int32_t *pair;    /* [n x n] */
    int32_t *apart;   /* [n_leaves x n_leaves] */
    int32_t *near;    /* [n x n_leaves] */
    uint32_t *leaf;   /* [n] */
    uint32_t *slot;   /* [n] place in list */
    uint32_t *list;   /* [n] vertices in the order of their leaves */
    uint32_t *first;  /* [n_leaves + 1] */
    uint32_t *talker; /* [n_talkers] vertices that have pairs */
    uint32_t n_talkers;
    uint32_t *sister;    /* [n_leaves] the first leaf of its group of level 2 */
    uint32_t *n_sisters; /* [n_leaves] how many there are, itself too */
    int64_t cost;
    float minus_log[LOGS];
};

void few_free(struct few *f)
{
    if (!f)
        return;
    free(f->w);
    free(f->pair);
    free(f->apart);
    free(f->near);
    free(f->leaf);
    free(f->slot);
    free(f->list);
    free(f->first);
    free(f->talker);
    free(f->sister);
    free(f->n_sisters);
    free(f);
}

/* Bytes that one unit stands for, so that no row passes ROW_MAX. */
static int64_t scale_of(const struct target *t, const struct graph *g)
{
    int64_t most = 1;
    int64_t far = MAX(t->distance[t->n_levels], INT64_C(1));

    for (uint32_t v = 0; v < g->n; v++) {
        int64_t sum = 0;

        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++)
            sum += g->w[e];
        most = MAX(most, sum);
    }
    return most / (ROW_MAX / far) + 1;
}

static void fill_pairs(struct few *f)
{
    const struct graph *g = f->g;
    int64_t scale = scale_of(f->t, g);

    for (uint32_t v = 0; v < g->n; v++)
        for (uint32_t e = g->xadj[v]; e < g->xadj[v + 1]; e++) {
            f->w[e] = (int32_t)((g->w[e] + scale / 2) / scale);
            f->pair[(size_t)v * g->n + g->adj[e]] = f->w[e];
        }
}

static void fill_sisters(struct few *f)
{
    const struct target *t = f->t;

    for (uint32_t v = 0; v < f->n; v++)
        if (f->g->xadj[v] < f->g->xadj[v + 1])
            f->talker[f->n_talkers++] = v;
    for (uint32_t b = 0; b < f->n_leaves; b++) {
        uint32_t l = MIN(UINT32_C(2), t->n_levels);
        uint32_t q = t->group[l][b];

        f->sister[b] = t->first_leaf[l][q];
        f->n_sisters[b] = t->first_leaf[l][q + 1] - f->sister[b];
    }
}

struct few *few_new(const struct target *t, const struct graph *g)
{
    size_t n = g->n;
    size_t k = t->n_leaves;
    struct few *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->t = t;
    f->g = g;
    f->n = g->n;
    f->n_leaves = t->n_leaves;
    f->w = malloc(((size_t)g->n_arcs + 1) * sizeof(*f->w));
    f->pair = calloc(n * n, sizeof(*f->pair));
    f->apart = malloc(k * k * sizeof(*f->apart));
    f->near = malloc(n * k * sizeof(*f->near));
    f->leaf = malloc(n * sizeof(*f->leaf));
    f->slot = malloc(n * sizeof(*f->slot));
    f->list = malloc(n * sizeof(*f->list));
    f->first = malloc((k + 2) * sizeof(*f->first));
    f->talker = malloc(n * sizeof(*f->talker));
    f->sister = malloc(k * sizeof(*f->sister));
    f->n_sisters = malloc(k * sizeof(*f->n_sisters));
    if (!f->w || !f->pair || !f->apart || !f->near || !f->leaf || !f->slot || !f->list
        || !f->first || !f->talker || !f->sister || !f->n_sisters) {
        few_free(f);
        return NULL;
    }
    fill_pairs(f);
    fill_sisters(f);
    for (uint32_t a = 0; a < k; a++)
        for (uint32_t b = 0; b < k; b++)
            f->apart[a * k + b] = (int32_t)t->distance[target_meet(t, a, b)];
    for (int i = 0; i < LOGS; i++)
        f->minus_log[i] = -logf(((float)i + 0.5F) / LOGS);
    return f;
}

/* Tables for the map leaf[]. */
static void set(struct few *f, const uint32_t *leaf)
{
    const struct graph *g = f->g;
    int64_t twice = 0;

    memcpy(f->leaf, leaf, f->n * sizeof(*leaf));
    memset(f->first, 0, ((size_t)f->n_leaves + 2) * sizeof(*f->first));
    memset(f->near, 0, (size_t)f->n * f->n_leaves * sizeof(*f->near));
    for (uint32_t u = 0; u < f->n; u++)
        f->first[leaf[u] + 2]++;
    for (uint32_t b = 0; b < f->n_leaves; b++)
        f->first[b + 2] += f->first[b + 1];
    for (uint32_t u = 0; u < f->n; u++) {
        f->slot[u] = f->first[leaf[u] + 1]++;
        f->list[f->slot[u]] = u;
        for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
            const int32_t *row = f->apart + (size_t)leaf[g->adj[e]] * f->n_leaves;

            for (uint32_t b = 0; b < f->n_leaves; b++)
                f->near[(size_t)u * f->n_leaves + b] += f->w[e] * row[b];
        }
        twice += f->near[(size_t)u * f->n_leaves + leaf[u]];
    }
    f->cost = twice / 2;
}

/* u and its neighbours learn that it goes from leaf a to leaf b. */
static void tell(struct few *f, uint32_t u, uint32_t a, uint32_t b)
{
    const struct graph *g = f->g;
    const struct target *t = f->t;
    const int32_t *was = f->apart + (size_t)a * f->n_leaves;
    const int32_t *is = f->apart + (size_t)b * f->n_leaves;
    uint32_t l = target_meet(t, a, b); /* leaves outside this group do not notice */
    uint32_t from = t->first_leaf[l][t->group[l][a]];
    uint32_t to = t->first_leaf[l][t->group[l][a] + 1];

    for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
        int32_t *row = f->near + (size_t)g->adj[e] * f->n_leaves;
        int32_t w = f->w[e];

        for (uint32_t i = from; i < to; i++)
            row[i] += w * (is[i] - was[i]);
    }
    f->leaf[u] = b;
}

static void exchange(struct few *f, uint32_t u, uint32_t v)
{
    uint32_t a = f->leaf[u];
    uint32_t b = f->leaf[v];
    uint32_t i = f->slot[u];
    uint32_t j = f->slot[v];

    tell(f, u, a, b);
    tell(f, v, b, a);
    f->slot[u] = j;
    f->slot[v] = i;
    f->list[j] = u;
    f->list[i] = v;
}

struct proposal {
    uint32_t u, v;
    int32_t delta; /* NOTHING or more: they are on one leaf */
};

/* Random bits for one proposal, 16 for each decision. */
static inline uint32_t pick(uint64_t bits, unsigned which, uint32_t n)
{
    return ((uint32_t)(bits >> (16 * which) & 0xffff) * n) >> 16;
}

/*
 * A vertex, and one on the leaf of a neighbour or on a sister of that. Without a
 * branch: what is chosen at random is not predicted.
 */
static inline void propose(const struct few *f, uint64_t bits, struct proposal *ret)
{
    uint32_t u = f->talker[pick(bits, 0, f->n_talkers)];
    uint32_t row = f->g->xadj[u];
    uint32_t x = pick(bits, 1, 8 * (f->g->xadj[u + 1] - row));
    uint32_t a = f->leaf[u];
    uint32_t b = f->leaf[f->g->adj[row + x / 8]];
    uint32_t sister = f->sister[b] + pick(bits, 2, f->n_sisters[b]);
    uint32_t v;
    const int32_t *near_u = f->near + (size_t)u * f->n_leaves;
    const int32_t *near_v;

    b ^= (b ^ sister) & -(uint32_t)((x % 8 == 0) | (a == b));
    v = f->list[f->first[b] + pick(bits >> 2, 2, f->first[b + 1] - f->first[b])];
    near_v = f->near + (size_t)v * f->n_leaves;
    ret->u = u;
    ret->v = v;
    ret->delta = near_u[b] - near_u[a] + near_v[a] - near_v[b]
                 + 2 * f->pair[(size_t)u * f->n + v]
                       * (f->apart[(size_t)a * f->n_leaves + b] - f->apart[0])
                 + NOTHING * (a == b);
}

/* A whole group may change places with one that is as large. */
#define GROUP_MAX 16 /* vertices */

struct group_swap {
    uint32_t n; /* vertices of both, one group after the other */
    uint32_t v[2 * GROUP_MAX];
    uint32_t to[2 * GROUP_MAX]; /* leaf that each goes to */
};

/* Vertices of group ga and the leaves of gb that they would go to; false: unequal. */
static bool add_members(
    const struct few *f, uint32_t l, uint32_t ga, uint32_t gb, struct group_swap *s)
{
    const uint32_t *first_leaf = f->t->first_leaf[l];
    uint32_t a = first_leaf[ga];
    uint32_t b = first_leaf[gb];
    uint32_t k = first_leaf[ga + 1] - a;

    if (first_leaf[gb + 1] - b != k)
        return false;
    for (uint32_t i = 0; i < k; i++) {
        uint32_t n = f->first[a + i + 1] - f->first[a + i];

        if (f->first[b + i + 1] - f->first[b + i] != n || s->n + n > 2 * GROUP_MAX)
            return false;
        for (uint32_t j = 0; j < n; j++) {
            s->v[s->n] = f->list[f->first[a + i] + j];
            s->to[s->n++] = b + i;
        }
    }
    return true;
}

/*
 * The change when all of s go. What near[] says of pairs inside s, whose distances
 * do not change, is taken out.
 */
static int64_t weigh_groups(const struct few *f, const struct group_swap *s)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t u = s->v[i];
        const int32_t *pair = f->pair + (size_t)u * f->n;
        const int32_t *from = f->apart + (size_t)f->leaf[u] * f->n_leaves;
        const int32_t *to = f->apart + (size_t)s->to[i] * f->n_leaves;
        const int32_t *near = f->near + (size_t)u * f->n_leaves;
        int64_t inside = 0;

        for (uint32_t j = 0; j < s->n; j++) {
            uint32_t b = f->leaf[s->v[j]];

            inside += (int64_t)pair[s->v[j]] * (to[b] - from[b]);
        }
        sum += near[s->to[i]] - near[f->leaf[u]] - inside;
    }
    return sum;
}

/* A group of level l goes near a neighbour of one of its vertices. */
static bool propose_groups(const struct few *f,
                           uint64_t bits,
                           uint32_t l,
                           struct group_swap *s)
{
    const struct graph *g = f->g;
    const struct target *t = f->t;
    uint32_t u = pick(bits, 0, f->n);
    uint32_t degree = g->xadj[u + 1] - g->xadj[u];
    uint32_t ga = t->group[l][f->leaf[u]];
    uint32_t b;
    uint32_t q;
    uint32_t first;
    uint32_t gb;

    if (degree == 0)
        return false;
    b = f->leaf[g->adj[g->xadj[u] + pick(bits, 1, degree)]];
    q = t->group[l + 1][b];
    if (q == t->parent[l][ga])
        return false;
    first = t->group[l][t->first_leaf[l + 1][q]];
    gb =
        first + pick(bits, 2, t->group[l][t->first_leaf[l + 1][q + 1] - 1] - first + 1);
    s->n = 0;
    return add_members(f, l, ga, gb, s) && add_members(f, l, gb, ga, s);
}

static double mean_rise(const struct few *f, struct rng *rng)
{
    double sum = 0;
    uint32_t n = 0;

    for (uint32_t i = 0; i < 500; i++) {
        struct proposal p;

        propose(f, rng_next(rng), &p);
        if (p.delta <= 0 || p.delta >= NOTHING / 2)
            continue;
        sum += p.delta;
        n++;
    }
    return n ? sum / n : 0;
}

/* The best map met, kept when it is about to be left. */
struct best_map {
    int64_t cost;
    bool here; /* it is where f is now */
    uint32_t *leaf;
};

static void save_best(const struct few *f, struct best_map *best)
{
    if (best->here)
        memcpy(best->leaf, f->leaf, f->n * sizeof(*best->leaf));
    best->here = false;
}

/* The map will cost d more after the next move. */
static void note_change(struct few *f, struct best_map *best, int64_t d)
{
    if (d > 0)
        save_best(f, best);
    f->cost += d;
    if (f->cost < best->cost) {
        best->cost = f->cost;
        best->here = true;
    }
}

static void try_groups(
    struct few *f, uint64_t bits, uint32_t level, float bar, struct best_map *best)
{
    struct group_swap s = {0};
    int64_t d;

    if (!propose_groups(f, bits, level, &s))
        return;
    d = weigh_groups(f, &s);
    if ((float)d > bar)
        return;
    note_change(f, best, d);
    for (uint32_t i = 0; i < s.n / 2; i++)
        exchange(f, s.v[i], s.v[s.n / 2 + i]);
}

int64_t few_anneal(struct few *f,
                   uint64_t n_tries,
                   double hot,
                   double cold,
                   struct rng *rng,
                   struct limit *limit,
                   uint32_t *leaf)
{
    struct best_map best = {.leaf = leaf};
    uint32_t n_inner = f->t->n_levels > 2 ? f->t->n_levels - 2 : 0;
    uint32_t level = 0;
    float temp;
    float step;

    set(f, leaf);
    best.cost = f->cost;
    if (f->n_talkers == 0)
        return best.cost;
    temp = (float)(mean_rise(f, rng) * hot);
    step = (float)pow(cold / hot, (double)ROUND / (double)MAX(n_tries, UINT64_C(1)));
    for (uint64_t i = 0; i < n_tries; i++) {
        uint64_t bits = rng_next(rng);
        float bar = temp * f->minus_log[bits >> 54];
        struct proposal p;

        if (i % ROUND == 0) {
            temp *= step;
            if (limit_over(limit))
                break;
        }
        if (i % GROUPS_EACH == 0 && n_inner > 0) {
            level = level % n_inner + 1;
            try_groups(f, bits, level, bar, &best);
            continue;
        }
        propose(f, bits, &p);
        if ((float)p.delta > bar)
            continue;
        note_change(f, &best, p.delta);
        exchange(f, p.u, p.v);
    }
    save_best(f, &best);
    return best.cost;
}
