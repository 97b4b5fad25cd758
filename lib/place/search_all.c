/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * search_all - every map of a few ranks, by branch and bound over leaves
 *
 * Ranks take leaves in order; what the ranks so far cost each other only grows, so
 * a branch ends when that reaches the best known.
 */
#include "config.h"

#include "place/map_int.h"

#include "place/pattern_int.h"

#include "base/banned.h"

struct all {
    struct search *s;
    uint32_t leaf[SEARCH_ALL + 1];
    uint32_t room[SEARCH_ALL + 1];
    uint64_t w[SEARCH_ALL][SEARCH_ALL];
    int r;
};

static void go_on(struct all *a, uint32_t u, double cost)
{
    struct search *s = a->s;
    const struct target *t = &s->t;

    if (a->r < 0 || cost >= s->best_cost.cost)
        return;
    if (u == s->p->n_ranks) {
        a->r = search_offer(s, a->leaf, "all maps tried");
        return;
    }
    for (uint32_t b = 0; b < t->n_leaves; b++) {
        double more = 0;

        if (a->room[b] == 0)
            continue;
        for (uint32_t v = 0; v < u; v++)
            more +=
                (double)a->w[u][v] * (double)t->distance[target_meet(t, b, a->leaf[v])];
        a->leaf[u] = b;
        a->room[b]--;
        go_on(a, u + 1, cost + more);
        a->room[b]++;
    }
}

int search_all(struct search *s)
{
    struct all a = {.s = s};
    const struct pattern *p = s->pattern;

    for (uint32_t b = 0; b < s->t.n_leaves; b++)
        a.room[b] = s->t.first_slot[b + 1] - s->t.first_slot[b];
    for (uint32_t u = 0; u < p->n; u++)
        for (uint32_t v = 0; v < p->n; v++)
            a.w[u][v] = u == v ? 0 : p->uniform;
    for (uint32_t u = 0; u < p->n; u++)
        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++)
            a.w[u][p->adj[e]] += p->w[e];
    go_on(&a, 0, 0);
    return a.r < 0 ? a.r : 0;
}
