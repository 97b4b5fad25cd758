/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* polish - exchanges that lower J: descent and annealing on the tree metric */
#include "config.h"

#include "place/polish_int.h"

#include <math.h>

#include "base/number.h"

#include "base/banned.h"

bool limit_over(struct limit *l)
{
    if (!l->over && l->expired)
        l->over = l->expired(l->arg);
    return l->over;
}

/* A map above a limit: may this exchange bring it down? */
static bool may_relieve(const struct state *s, uint32_t u, uint32_t v)
{
    return s->excess > 0
           && (state_is_hot(s, s->leaf[u]) || state_is_hot(s, s->leaf[v]));
}

/* Exchange u and v if J (rising by d) and excess together rise by no more than bar. */
static bool try_swap(struct state *s, uint32_t u, uint32_t v, int64_t d, double bar)
{
    struct load_change c;

    if (!s->load[1]) {
        if ((double)d > bar)
            return false;
        state_swap(s, u, v, d);
        return true;
    }
    if ((double)d > bar && s->excess == 0)
        return false;
    state_load_change(s, u, v, &c);
    if ((double)d + (double)c.excess * (double)s->price > bar)
        return false;
    state_swap_loads(s, u, v, d, &c);
    return true;
}

/* The best partner for u on leaf b; INT64_MAX when there is none. */
static int64_t best_on_leaf(const struct state *s,
                            uint32_t u,
                            uint32_t b,
                            uint32_t *ret_v)
{
    int64_t gain_u = state_near(s, u, b) - state_near(s, u, s->leaf[u]);
    uint32_t a = s->leaf[u];
    int64_t best = INT64_MAX;

    for (uint32_t i = s->first[b]; i < s->first[b + 1]; i++) {
        uint32_t v = s->list[i];
        int64_t d;

        if (s->g->size[v] != s->g->size[u])
            continue;
        d = gain_u + state_near(s, v, a) - state_near(s, v, b);
        if (d >= best || d >= 0)
            continue;
        d += state_swap_pair(s, u, v);
        if (d < best) {
            best = d;
            *ret_v = v;
        }
    }
    return best;
}

/* What is known while a partner for u is looked for. */
struct best {
    int64_t delta;
    uint32_t partner;
};

/* Leaves [from, to): one of the two must gain by itself, and here it is u. */
static void try_leaves(
    const struct state *s, uint32_t u, uint32_t from, uint32_t to, struct best *best)
{
    int64_t here = state_near(s, u, s->leaf[u]);

    for (uint32_t b = from; b < to; b++) {
        uint32_t v = UINT32_MAX;
        int64_t d;

        if (state_near(s, u, b) >= here || b == s->leaf[u])
            continue;
        d = best_on_leaf(s, u, b, &v);
        if (d < best->delta)
            *best = (struct best){d, v};
    }
}

/* Leaves of u's neighbours and their sisters; few leaves are all looked at. */
static bool improve(struct state *s, uint32_t u)
{
    const struct graph *g = s->g;
    const struct target *t = s->t;
    struct best best = {0, UINT32_MAX};
    uint32_t last = UINT32_MAX;

    if (s->near && s->n_leaves <= 64) {
        try_leaves(s, u, 0, s->n_leaves, &best);
    } else {
        for (uint32_t e = g->xadj[u]; e < g->xadj[u + 1]; e++) {
            uint32_t c = s->leaf[g->adj[e]];
            uint32_t q = t->n_levels > 1 ? t->group[2][c] : 0;

            if (q == last)
                continue;
            last = q;
            if (t->n_levels > 1)
                try_leaves(s, u, t->first_leaf[2][q], t->first_leaf[2][q + 1], &best);
            else
                try_leaves(s, u, 0, s->n_leaves, &best);
        }
    }
    return best.partner != UINT32_MAX && try_swap(s, u, best.partner, best.delta, -0.5);
}

void polish_descend(struct state *s, struct limit *limit)
{
    bool any = true;

    for (int round = 0; any && round < 30; round++) {
        any = false;
        for (uint32_t u = 0; u < s->g->n; u++) {
            if (u % 256 == 0 && limit_over(limit))
                return;
            for (int i = 0; i < 4 && improve(s, u); i++)
                any = true;
        }
    }
}

void polish_descend_some(struct state *s, const uint32_t *v, uint32_t n)
{
    bool any = true;

    for (int round = 0; any && round < 6; round++) {
        any = false;
        for (uint32_t i = 0; i < n && s->n_log + 4 < s->cap_log; i++)
            for (int k = 0; k < 3 && improve(s, v[i]); k++)
                any = true;
    }
}

/* A leaf worth trying for u: a neighbour's, or a sister of it. UINT32_MAX: none. */
static uint32_t propose_leaf(const struct state *s,
                             uint32_t u,
                             uint64_t bits,
                             uint32_t n_sister)
{
    const struct graph *g = s->g;
    uint32_t degree = g->xadj[u + 1] - g->xadj[u];
    uint32_t v;
    uint32_t b;

    if (degree == 0)
        return UINT32_MAX;
    v = g->adj[g->xadj[u] + rng_scale((uint32_t)bits, degree)];
    b = s->leaf[v];
    if (n_sister && (b == s->leaf[u] || (bits >> 32 & 7) == 0)) {
        uint32_t q = s->t->group[2][b];
        uint32_t from = s->t->first_leaf[2][q];
        uint32_t n = s->t->first_leaf[2][q + 1] - from;

        b = from + rng_scale((uint32_t)(bits >> 35) << 3, n);
    }
    return b == s->leaf[u] ? UINT32_MAX : b;
}

#define LOGS 1024

struct anneal {
    struct state *s;
    struct rng rng;
    double minus_log[LOGS];
    uint32_t n_sister;
};

/* One proposal: u and v, and the change without their own pair. */
static bool propose(struct anneal *a,
                    uint32_t *ret_u,
                    uint32_t *ret_v,
                    int64_t *ret_delta)
{
    struct state *s = a->s;
    uint64_t r = rng_next(&a->rng);
    uint32_t u = rng_scale((uint32_t)(r >> 32), s->g->n);
    uint64_t q = rng_next(&a->rng);
    uint32_t b = propose_leaf(s, u, q, a->n_sister);
    uint32_t v;

    if (b == UINT32_MAX || s->first[b] == s->first[b + 1])
        return false;
    v = s->list[s->first[b] + rng_scale((uint32_t)r, s->first[b + 1] - s->first[b])];
    if (s->g->size[v] != s->g->size[u])
        return false;
    *ret_u = u;
    *ret_v = v;
    *ret_delta = state_swap_less(s, u, v);
    return true;
}

static double mean_rise(struct anneal *a)
{
    double sum = 0;
    uint32_t n = 0;

    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t u;
        uint32_t v;
        int64_t d;

        if (!propose(a, &u, &v, &d) || d <= 0)
            continue;
        sum += (double)d;
        n++;
    }
    return n ? sum / n : 0;
}

void polish_anneal(struct state *s,
                   uint64_t n_tries,
                   double hot,
                   double cold,
                   struct rng *rng,
                   struct limit *limit)
{
    struct anneal a = {.s = s, .rng = *rng, .n_sister = s->t->n_levels > 1};
    double unit;
    double temp;
    double step;

    if (s->n_leaves < 2 || s->g->n < 2)
        return;
    for (int i = 0; i < LOGS; i++)
        a.minus_log[i] = -log((i + 0.5) / LOGS);
    unit = mean_rise(&a);
    temp = unit * hot;
    step = n_tries > 1024 ? pow(cold / hot, 1024.0 / (double)n_tries) : 1;
    for (uint64_t i = 0; i < n_tries; i++) {
        uint32_t u;
        uint32_t v;
        int64_t d;
        double bar;

        if (i % 1024 == 0) {
            temp *= step;
            if (limit_over(limit))
                break;
        }
        if (!propose(&a, &u, &v, &d))
            continue;
        bar = temp * a.minus_log[rng_next(&a.rng) % LOGS];
        if ((double)d > bar && !may_relieve(s, u, v))
            continue;
        d += state_swap_pair(s, u, v);
        (void)try_swap(s, u, v, d, bar);
    }
    *rng = a.rng;
}
