/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * cost - the judge: J, traffic per level and the load of every uplink
 *
 * Loads come from two sums per group: what its ranks exchange with anybody, less
 * twice what they exchange with each other. One walk over the pairs fills both.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/pattern_int.h"
#include "place/target_int.h"

#include "base/banned.h"

/* inside[l][g]: bytes between ranks of group g (after find_loads(): the load of its
 * uplink); volume[leaf]: of its ranks. */
struct sums {
    uint64_t *inside[PLACE_LEVELS_MAX + 1];
    uint64_t *volume;
    uint64_t *ranks; /* [n_leaves] ranks on a leaf, for alltoall */
    uint64_t *memory;
};

static int sums_init(struct sums *s, const struct target *t)
{
    size_t n = 2 * (size_t)t->n_leaves;
    uint64_t *at;

    for (uint32_t l = 1; l <= t->n_levels; l++)
        n += t->n_groups[l];
    at = s->memory = calloc(n, sizeof(*s->memory));
    if (!at)
        return -ENOMEM;
    for (uint32_t l = 1; l <= t->n_levels; l++) {
        s->inside[l] = at;
        at += t->n_groups[l];
    }
    s->volume = at;
    s->ranks = at + t->n_leaves;
    return 0;
}

/* Pairs of the rows: inside[] at the level where they meet, and the traffic. */
static void add_rows(struct sums *s,
                     const struct target *t,
                     const struct pattern *p,
                     const uint32_t *slot,
                     struct place_cost *c)
{
    for (uint32_t u = 0; u < p->n; u++) {
        uint32_t a = t->leaf[slot[u]];
        uint64_t volume = 0;

        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++) {
            uint32_t v = p->adj[e];
            uint32_t b;
            uint32_t l;

            volume += p->w[e];
            if (v < u)
                continue;
            b = t->leaf[slot[v]];
            if (slot[u] == slot[v]) {
                c->traffic[0] += p->w[e];
                s->inside[1][a] += p->w[e];
                continue;
            }
            l = target_meet(t, a, b);
            c->traffic[l] += p->w[e];
            s->inside[l][t->group[l][a]] += p->w[e];
        }
        s->volume[a] += volume;
        s->ranks[a]++;
    }
}

/* On top, what every pair exchanges: k ranks together are k (k - 1) / 2 pairs. */
static void add_uniform(struct sums *s,
                        const struct target *t,
                        const struct pattern *p,
                        struct place_cost *c)
{
    uint64_t below[PLACE_LEVELS_MAX + 1] = {0};

    if (!p->uniform)
        return;
    for (uint32_t l = 1; l <= t->n_levels; l++) {
        for (uint32_t g = 0; g < t->n_groups[l]; g++) {
            uint64_t k = 0;
            uint64_t parts = 0;

            for (uint32_t i = t->first_leaf[l][g]; i < t->first_leaf[l][g + 1]; i++)
                k += s->ranks[i];
            if (l > 1)
                for (uint32_t i = t->group[l - 1][t->first_leaf[l][g]];
                     i < t->n_groups[l - 1] && t->parent[l - 1][i] == g; i++) {
                    uint64_t m = 0;

                    for (uint32_t j = t->first_leaf[l - 1][i];
                         j < t->first_leaf[l - 1][i + 1]; j++)
                        m += s->ranks[j];
                    parts += m * (m - (m > 0)) / 2;
                }
            s->inside[l][g] += p->uniform * (k * (k - (k > 0)) / 2 - parts);
            below[l] += k * (k - (k > 0)) / 2 - parts;
        }
        c->traffic[l] += p->uniform * below[l];
    }
    for (uint32_t i = 0; i < t->n_leaves; i++)
        s->volume[i] += s->ranks[i] * p->uniform * (p->n - 1);
}

static void find_loads(struct sums *s, const struct target *t, struct place_cost *c)
{
    for (uint32_t l = 1; l < t->n_levels; l++) {
        uint64_t *within = s->inside[l];

        for (uint32_t g = 0; g < t->n_groups[l]; g++) {
            uint64_t volume = 0;
            uint64_t load;

            for (uint32_t i = t->first_leaf[l][g]; i < t->first_leaf[l][g + 1]; i++)
                volume += s->volume[i];
            load = volume - 2 * within[g];
            c->max_load[l] = MAX(c->max_load[l], load);
            s->inside[l + 1][t->parent[l][g]] += within[g];
            within[g] = load; /* has been handed up: now it is the uplink's load */
        }
        c->bottleneck =
            MAX(c->bottleneck, (double)c->max_load[l] / (double)t->capacity[l]);
    }
}

int target_cost(const struct target *t,
                const struct pattern *p,
                const uint32_t *slot,
                struct place_cost *ret)
{
    struct place_cost c = {.n_levels = t->n_levels};
    struct sums s = {0};
    unsigned __int128 sum = 0;

    if (sums_init(&s, t) < 0)
        return -ENOMEM;
    add_rows(&s, t, p, slot, &c);
    add_uniform(&s, t, p, &c);
    find_loads(&s, t, &c);
    for (uint32_t l = 1; l <= t->n_levels; l++)
        sum += (unsigned __int128)c.traffic[l] * (uint64_t)t->distance[l];
    c.cost = (double)sum;
    free(s.memory);
    *ret = c;
    return 0;
}

int place_score(const struct machine *machine,
                const struct pattern *pattern,
                const uint32_t *core,
                struct place_cost *ret,
                struct err *err)
{
    struct target t;
    int r;

    for (uint32_t u = 0; u < pattern->n; u++)
        if (core[u] >= machine_cores(machine))
            return err_set(err, -EINVAL,
                           "rank %" PRIu32 " is on core %" PRIu32
                           ", the machine has %" PRIu32,
                           u, core[u], machine_cores(machine));
    r = target_init(&t, machine, NULL, machine_cores(machine), 1, err);
    if (r < 0)
        return r;
    r = target_cost(&t, pattern, core, ret);
    target_release(&t);
    return r;
}

/* The group and what is under it, depth first. */
static void list_links(const struct sums *s,
                       const struct target *t,
                       uint32_t level,
                       uint32_t group,
                       uint32_t lowest,
                       struct place_link *v,
                       size_t *n)
{
    struct place_link *at = &v[*n];
    uint32_t first = t->first_leaf[level][group];
    uint32_t end = t->first_leaf[level][group + 1];

    *at = (struct place_link){.level = level, .core = t->cores[t->first_slot[first]]};
    for (uint32_t b = first; b < end; b++)
        at->n_ranks += (uint32_t)s->ranks[b];
    if (at->n_ranks == 0)
        return;
    at->load = level < t->n_levels ? s->inside[level][group] : 0;
    ++*n;
    if (level <= lowest)
        return;
    for (uint32_t g = t->group[level - 1][first]; g <= t->group[level - 1][end - 1];
         g++)
        list_links(s, t, level - 1, g, lowest, v, n);
}

int place_links(const struct machine *machine,
                const struct pattern *pattern,
                const uint32_t *core,
                uint32_t lowest,
                struct place_link **ret_links,
                size_t *ret_n,
                struct err *err)
{
    struct place_cost c = {0};
    struct target t;
    struct sums s = {0};
    struct place_link *v = NULL;
    size_t n = 0;
    int r = place_score(machine, pattern, core, &c, err); /* checks the cores */

    if (r == 0)
        r = target_init(&t, machine, NULL, machine_cores(machine), 1, err);
    if (r < 0)
        return r;
    for (uint32_t l = 1; l <= t.n_levels; l++)
        n += t.n_groups[l];
    v = malloc((n + 1) * sizeof(*v));
    r = v ? sums_init(&s, &t) : -ENOMEM;
    if (r == 0) {
        add_rows(&s, &t, pattern, core, &c);
        add_uniform(&s, &t, pattern, &c);
        find_loads(&s, &t, &c);
        n = 0;
        list_links(&s, &t, t.n_levels, 0, lowest ? lowest : 1, v, &n);
        *ret_links = TAKE_PTR(v);
        *ret_n = n;
    }
    free(s.memory);
    free(v);
    target_release(&t);
    return r;
}
