/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* region - do a part of a map again, see region_int.h */
#include "config.h"

#include "place/region_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

#define GROUPS_MAX 8

struct redo {
    struct state *s;
    struct section section;
    uint32_t *best;  /* [n] leaf by vertex of the best map met */
    uint32_t *id;    /* [n] vertices of the region */
    uint32_t *fresh; /* [n] leaf by vertex */
    uint32_t *log;   /* [16 n] for the state */
    uint32_t *local; /* [n] place in id, UINT32_MAX: outside */
    uint32_t n;
    uint32_t level;
    uint32_t group[GROUPS_MAX];
    uint32_t k;
};

static int redo_init(struct redo *d,
                     struct state *s,
                     const struct section_effort *effort,
                     struct rng rng)
{
    size_t n = (size_t)s->g->n + 1;

    *d = (struct redo){.s = s};
    d->best = malloc(n * sizeof(uint32_t));
    d->id = malloc(n * sizeof(uint32_t));
    d->fresh = malloc(n * sizeof(uint32_t));
    d->local = malloc(n * sizeof(uint32_t));
    d->log = malloc(16 * n * sizeof(uint32_t));
    if (!d->best || !d->id || !d->fresh || !d->local || !d->log
        || section_init(&d->section, s->t, effort, rng, s->g->n) < 0)
        return -ENOMEM;
    d->section.leaf = d->fresh;
    memcpy(d->fresh, s->leaf, s->g->n * sizeof(uint32_t));
    s->log = d->log;
    s->cap_log = 8 * s->g->n;
    memset(d->local, 0xff, n * sizeof(uint32_t));
    return 0;
}

static void redo_release(struct redo *d)
{
    section_release(&d->section);
    free(d->best);
    free(d->id);
    free(d->fresh);
    free(d->local);
    free(d->log);
}

static uint32_t group_size(const struct target *t, uint32_t level, uint32_t g)
{
    return t->first_slot[t->first_leaf[level][g + 1]]
           - t->first_slot[t->first_leaf[level][g]];
}

static bool has(const struct redo *d, uint32_t g)
{
    for (uint32_t i = 0; i < d->k; i++)
        if (d->group[i] == g)
            return true;
    return false;
}

static void insert(struct redo *d, uint32_t g)
{
    uint32_t i = d->k++;

    for (; i > 0 && d->group[i - 1] > g; i--)
        d->group[i] = d->group[i - 1];
    d->group[i] = g;
}

/* A random group and others that its ranks talk to. */
static void choose_groups(struct redo *d, uint32_t want)
{
    const struct state *s = d->s;
    const struct target *t = s->t;
    struct rng *rng = &d->section.rng;
    const uint32_t *of = t->group[d->level];
    uint32_t size;

    d->k = 0;
    insert(d, of[s->leaf[rng_below(rng, s->g->n)]]);
    size = group_size(t, d->level, d->group[0]);
    for (uint32_t i = 0; i < 60 && d->k < GROUPS_MAX && size < want; i++) {
        uint32_t g = d->group[rng_below(rng, d->k)];
        uint32_t from = s->first[t->first_leaf[d->level][g]];
        uint32_t to = s->first[t->first_leaf[d->level][g + 1]];
        uint32_t u;
        uint32_t degree;

        if (to == from)
            continue;
        u = s->list[from + rng_below(rng, to - from)];
        degree = s->g->xadj[u + 1] - s->g->xadj[u];
        if (degree == 0)
            continue;
        g = of[s->leaf[s->g->adj[s->g->xadj[u] + rng_below(rng, degree)]]];
        if (!has(d, g)) {
            insert(d, g);
            size += group_size(t, d->level, g);
        }
    }
}

/* The ranks of the chosen groups as a graph of their own. */
static int extract(struct redo *d, struct graph *ret)
{
    const struct state *s = d->s;
    const struct graph *g = s->g;
    const struct target *t = s->t;
    uint32_t arcs = 0;
    uint32_t at = 0;
    int r;

    d->n = 0;
    for (uint32_t i = 0; i < d->k; i++) {
        uint32_t from = s->first[t->first_leaf[d->level][d->group[i]]];
        uint32_t to = s->first[t->first_leaf[d->level][d->group[i] + 1]];

        for (uint32_t j = from; j < to; j++) {
            uint32_t u = s->list[j];

            d->local[u] = d->n;
            d->id[d->n++] = u;
            arcs += g->xadj[u + 1] - g->xadj[u];
        }
    }
    r = graph_room(ret, d->n, arcs);
    for (uint32_t v = 0; r == 0 && v < d->n; v++) {
        uint32_t u = d->id[v];

        for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++)
            if (d->local[g->adj[e]] != UINT32_MAX) {
                ret->adj[at] = d->local[g->adj[e]];
                ret->w[at++] = g->w[e];
            }
        ret->size[v] = g->size[u];
        ret->total_size += g->size[u];
        ret->xadj[v + 1] = at;
    }
    ret->n_arcs = at;
    for (uint32_t v = 0; v < d->n; v++)
        d->local[d->id[v]] = UINT32_MAX;
    return r;
}

/* Exchange until every vertex of the region is on the leaf that `leaf` says. */
static void move_to(struct redo *d, const uint32_t *leaf)
{
    struct state *s = d->s;

    for (uint32_t i = 0; i < d->n; i++) {
        uint32_t u = d->id[i];
        uint32_t b = leaf[u];

        if (s->leaf[u] == b)
            continue;
        for (uint32_t j = s->first[b]; j < s->first[b + 1]; j++) {
            uint32_t v = s->list[j];

            if (leaf[v] != b) {
                state_swap_any(s, u, v);
                break;
            }
        }
    }
}

static int64_t worth(const struct state *s)
{
    return s->cost + (s->load[1] ? s->excess * s->price : 0);
}

/* What one step costs, in units that do not depend on the computer. */
static uint64_t step_work(const struct redo *d, const struct graph *part)
{
    const struct target *t = d->s->t;
    uint64_t leaves = 0;
    uint64_t depth = 2;

    for (uint32_t i = 0; i < d->k; i++)
        leaves += t->first_leaf[d->level][d->group[i] + 1]
                  - t->first_leaf[d->level][d->group[i]];
    for (; leaves > 1; leaves /= 2)
        depth++;
    return depth * (part->n_arcs + 4 * (uint64_t)part->n);
}

/* Do the region again; worse by up to `most` is let pass. */
static int step(struct redo *d, double most, uint64_t *work)
{
    struct state *s = d->s;
    struct graph part = {0};
    int64_t before = worth(s);
    int r = extract(d, &part);

    *work += step_work(d, &part);
    if (r == 0)
        r = section_groups(&d->section, &part, d->id, d->level, d->group, d->k, s);
    graph_release(&part);
    if (r < 0)
        return r;
    s->n_log = 0;
    move_to(d, d->fresh);
    polish_descend_some(s, d->id, d->n);
    if ((double)(worth(s) - before) > most)
        state_undo(s);
    return 0;
}

/* Levels whose groups are worth doing again: not too small, not the whole. */
static void choose_levels(const struct state *s,
                          uint32_t *ret_lowest,
                          uint32_t *ret_highest)
{
    const struct target *t = s->t;
    uint32_t lowest = 1;
    uint32_t highest;

    while (lowest < t->n_levels && t->n_groups[lowest] > s->g->n / 3)
        lowest++;
    highest = lowest;
    while (highest + 1 < t->n_levels && t->n_groups[highest + 1] > 2)
        highest++;
    *ret_lowest = lowest;
    *ret_highest = highest;
}

/* Ranks of a region: small ones more often than large ones. */
static uint32_t choose_size(struct rng *rng, const struct region_effort *e)
{
    double x = (double)rng_below(rng, 1 << 20) / (1 << 20);

    return (uint32_t)(e->min_ranks * pow((double)e->max_ranks / e->min_ranks, x));
}

int region_improve(struct state *s,
                   const struct region_effort *effort,
                   struct rng *rng,
                   struct limit *limit)
{
    static const struct section_effort section = {3, 1, 1, UINT32_MAX};
    struct redo d;
    uint64_t work = 0;
    uint32_t lowest;
    uint32_t highest;
    int64_t best;
    int r = redo_init(&d, s, &section, *rng);

    choose_levels(s, &lowest, &highest);
    best = worth(s);
    if (r == 0)
        memcpy(d.best, s->leaf, s->g->n * sizeof(*d.best));
    for (uint32_t idle = 0; r == 0 && work < effort->work && idle < 1000; idle++) {
        struct rng *random = &d.section.rng;
        double left = 1 - (double)work / (double)effort->work;
        double luck = ((double)rng_below(random, 1024) + 0.5) / 1024;

        if (limit_over(limit))
            break;
        d.level = lowest + rng_below(random, highest - lowest + 1);
        choose_groups(&d, choose_size(random, effort));
        if (d.k < 2)
            continue;
        idle = 0;
        r = step(&d, -log(luck) * effort->heat * left * (double)s->cost, &work);
        if (worth(s) < best) {
            best = worth(s);
            memcpy(d.best, s->leaf, s->g->n * sizeof(*d.best));
        }
    }
    if (r == 0 && worth(s) > best)
        r = state_reset(s, d.best);
    *rng = d.section.rng;
    s->log = NULL;
    s->cap_log = s->n_log = 0;
    redo_release(&d);
    return r;
}
