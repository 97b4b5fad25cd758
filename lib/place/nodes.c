/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * nodes - which nodes a job gets
 *
 * The free nodes that fit, in tree order, form ranges: one per switch. From the top
 * down: if one branch holds the job, the branch that leaves the smallest rest takes
 * it; otherwise the fullest branches are taken whole until one branch holds what is
 * left. A job that hardly communicates takes the smallest branches first.
 */
#include "config.h"

#include "place/place.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/machine_int.h"

#include "base/banned.h"

struct fit {
    uint32_t node;
    uint32_t holds; /* ranks; or 1 when nodes are counted */
    uint32_t take;  /* what is taken of it */
};

struct choice {
    const struct place_nodes_problem *p;
    struct fit *fit; /* [n] sorted by node */
    uint32_t n;
};

/* One branch under a group: fits [from, to). */
struct branch {
    uint32_t from, to;
    uint64_t holds;
    uint64_t whole; /* what it holds when empty */
    int64_t busy_s; /* when its last job ends */
    double apart; /* sum over its busy nodes: how far from our end theirs is, 0 to 1 */
    uint32_t nodes; /* all of it */
    bool used;
};

static int by_node(const void *a, const void *b)
{
    const struct fit *x = a;
    const struct fit *y = b;

    return (x->node > y->node) - (x->node < y->node);
}

/* How many ranks fit on a free node; at most what it has. */
static uint32_t ranks_that_fit(const struct place_nodes_problem *p,
                               const struct place_free *f)
{
    uint32_t per = MAX(p->cpus_per_rank, UINT32_C(1));
    uint64_t n = f->cores / per;

    if (f->mem_mib < p->mem_mib_per_node || f->gpus < p->gpus_per_node)
        return 0;
    if (p->mem_mib_per_rank)
        n = MIN(n, f->mem_mib / p->mem_mib_per_rank);
    if (p->gpus_per_rank)
        n = MIN(n, (uint64_t)(f->gpus / p->gpus_per_rank));
    return (uint32_t)n;
}

/* Ranks on one of n_nodes nodes: the even share, rounded up. */
static uint32_t share(const struct place_nodes_problem *p)
{
    if (p->n_nodes == 0 || p->n_ranks == 0)
        return 1;
    return (p->n_ranks + p->n_nodes - 1) / p->n_nodes;
}

/* Where one node holds all ranks, one node it is: those that do not are left out. */
static void one_node_is_enough(struct choice *c)
{
    uint32_t want = c->p->n_ranks;
    uint32_t n = 0;

    if (c->p->n_nodes)
        return;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->fit[i].holds >= want)
            c->fit[n++] = c->fit[i];
    c->n = n ? n : c->n;
}

static int collect(struct choice *c, struct err *err)
{
    const struct place_nodes_problem *p = c->p;

    c->fit = malloc(((size_t)p->n_free + 1) * sizeof(*c->fit));
    if (!c->fit)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->n_free; i++) {
        uint32_t holds = ranks_that_fit(p, &p->free[i]);

        if (p->free[i].node >= machine_nodes(p->machine))
            return err_set(err, -EINVAL, "no node %" PRIu32, p->free[i].node);
        if (p->n_nodes)
            holds = holds >= share(p) ? 1 : 0;
        if (holds)
            c->fit[c->n++] = (struct fit){p->free[i].node, holds, 0};
    }
    qsort(c->fit, c->n, sizeof(*c->fit), by_node);
    for (uint32_t i = 1; i < c->n; i++)
        if (c->fit[i].node == c->fit[i - 1].node)
            return err_set(err, -EINVAL,
                           "node %" PRIu32 " stands twice in the free set",
                           c->fit[i].node);
    one_node_is_enough(c);
    return 0;
}

/* The whole group of `node` at `level`: what it holds when empty, its last job's end.
 */
static void look_around(const struct choice *c,
                        uint32_t node,
                        uint32_t level,
                        struct branch *b)
{
    const struct machine *m = c->p->machine;
    uint32_t key = machine_node_key(m, node, level);
    uint32_t per = MAX(c->p->cpus_per_rank, UINT32_C(1));
    uint32_t first = node;

    if (!c->p->busy_s || c->p->end_s <= 0)
        return;
    while (first > 0 && machine_node_key(m, first - 1, level) == key)
        first--;
    for (uint32_t i = first;
         i < machine_nodes(m) && machine_node_key(m, i, level) == key; i++) {
        int64_t busy_s = c->p->busy_s[i];

        b->busy_s = MAX(b->busy_s, busy_s);
        b->nodes++;
        if (busy_s > 0)
            b->apart += fabs((double)(busy_s - c->p->end_s))
                        / ((double)busy_s + (double)c->p->end_s);
        b->whole += c->p->n_nodes ? 1 : machine_node_size(m, i) / per;
    }
}

/* The branches of [from, to) at `level`; caller frees. NULL: out of memory. */
static struct branch *branches(
    const struct choice *c, uint32_t level, uint32_t from, uint32_t to, uint32_t *ret_n)
{
    struct branch *b = malloc(((size_t)(to - from) + 1) * sizeof(*b));
    uint32_t n = 0;
    uint32_t last = 0;

    if (!b)
        return NULL;
    for (uint32_t i = from; i < to; i++) {
        uint32_t key = machine_node_key(c->p->machine, c->fit[i].node, level);

        if (i == from || key != last) {
            b[n] = (struct branch){.from = i};
            look_around(c, c->fit[i].node, level, &b[n++]);
        }
        last = key;
        b[n - 1].to = i + 1;
        b[n - 1].holds += c->fit[i].holds;
    }
    *ret_n = n;
    return b;
}

/*
 * How badly a branch suits: the share of it that is left over and, when ends are
 * known, how much longer it would stay broken, or how much longer it is anyway (less
 * bad), and how far from ours the ends of its jobs lie. The shares were found by trial
 * on several seeds: bench/nodes.
 */
static double misfit(const struct choice *c, const struct branch *b, uint64_t want)
{
    double end = (double)c->p->end_s;
    double late = (double)b->busy_s - end;
    double rest = (double)(b->holds - want);

    if (c->p->end_s <= 0 || !c->p->busy_s || b->whole == 0)
        return rest;
    return rest / (double)b->whole
           + 0.2 * (late < 0 ? -late / end : 0.15 * late / (late + end))
           + 0.15 * b->apart / b->nodes;
}

/* Is x a better branch than y for `want`? Both hold it. */
static bool better(const struct choice *c,
                   const struct branch *x,
                   const struct branch *y,
                   uint64_t want)
{
    return misfit(c, x, want) < misfit(c, y, want);
}

/* The branch to use next, and whether it holds all that is wanted. */
static struct branch *next_branch(
    const struct choice *c, struct branch *b, uint32_t n, uint64_t want, bool *ret_all)
{
    struct branch *best = NULL;
    struct branch *most = NULL;
    struct branch *least = NULL;

    for (uint32_t i = 0; i < n; i++) {
        if (b[i].used)
            continue;
        if (b[i].holds >= want && (!best || better(c, &b[i], best, want)))
            best = &b[i];
        if (!most || b[i].holds > most->holds)
            most = &b[i];
        if (!least || b[i].holds < least->holds)
            least = &b[i];
    }
    if (c->p->quiet) {
        *ret_all = least && least->holds >= want;
        return least;
    }
    *ret_all = best != NULL;
    return best ? best : most;
}

/* Take `want` from [from, to), one group of `level`. 0 or -ENOMEM. */
static int take(
    struct choice *c, uint32_t level, uint32_t from, uint32_t to, uint64_t want)
{
    struct branch *b;
    uint32_t n = 0;
    int r = 0;

    if (level == machine_node_level(c->p->machine)) {
        c->fit[from].take = (uint32_t)want;
        return 0;
    }
    b = branches(c, level - 1, from, to, &n);
    if (!b)
        return -ENOMEM;
    while (r == 0 && want > 0) {
        bool all = false;
        struct branch *x = next_branch(c, b, n, want, &all);
        uint64_t part;

        if (!x)
            break;
        part = MIN(want, x->holds);
        x->used = true;
        r = take(c, level - 1, x->from, x->to, part);
        want -= part;
    }
    free(b);
    return r;
}

/* Leaf switches that an empty machine would need. */
static uint32_t least_leaves(const struct choice *c, uint64_t want)
{
    const struct machine *m = c->p->machine;
    uint32_t level = machine_node_level(m) + 1;
    uint32_t per = MAX(c->p->cpus_per_rank, UINT32_C(1));
    uint64_t largest = 0;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < machine_nodes(m); i++) {
        if (i > 0 && machine_node_key(m, i, level) != machine_node_key(m, i - 1, level))
            sum = 0;
        sum += c->p->n_nodes ? 1 : machine_node_size(m, i) / per;
        largest = MAX(largest, sum);
    }
    return largest ? (uint32_t)((want + largest - 1) / largest) : 1;
}

static int report(struct choice *c, uint64_t want, struct place_nodes_result *ret)
{
    const struct machine *m = c->p->machine;
    uint32_t leaf_level = MIN(machine_node_level(m) + 1, machine_levels(m));
    struct place_nodes_result r = {.top_level = machine_node_level(m)};
    uint32_t left = c->p->n_ranks;

    r.node = malloc(((size_t)c->n + 1) * sizeof(*r.node));
    r.ranks = malloc(((size_t)c->n + 1) * sizeof(*r.ranks));
    if (!r.node || !r.ranks) {
        place_nodes_release(&r);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t k = r.n_nodes;

        if (!c->fit[i].take)
            continue;
        if (k == 0
            || machine_node_key(m, c->fit[i].node, leaf_level)
                   != machine_node_key(m, r.node[k - 1], leaf_level))
            r.n_leaves++;
        while (k > 0 && r.top_level < machine_levels(m)
               && machine_node_key(m, c->fit[i].node, r.top_level)
                      != machine_node_key(m, r.node[0], r.top_level))
            r.top_level++;
        r.node[k] = c->fit[i].node;
        r.ranks[k] = c->p->n_nodes
                         ? (left + c->p->n_nodes - k - 1) / (c->p->n_nodes - k)
                         : c->fit[i].take;
        left -= r.ranks[k];
        r.n_nodes++;
    }
    r.least_leaves = leaf_level > machine_node_level(m) ? least_leaves(c, want) : 1;
    (void)snprintf(r.why, sizeof(r.why),
                   "%" PRIu32 " nodes on %" PRIu32
                   " leaf switches (an empty machine needs %" PRIu32 ")%s",
                   r.n_nodes, r.n_leaves, r.least_leaves,
                   c->p->quiet ? "; the job hardly communicates and takes what others "
                                 "leave"
                               : "");
    *ret = r;
    return 0;
}

int place_nodes(const struct place_nodes_problem *problem,
                struct place_nodes_result *ret,
                struct err *err)
{
    struct choice c = {.p = problem};
    uint64_t want = problem->n_nodes ? problem->n_nodes : problem->n_ranks;
    uint64_t have = 0;
    int r;

    if (want == 0)
        return err_set(err, -EINVAL, "ask for nodes or for ranks");
    r = collect(&c, err);
    for (uint32_t i = 0; r == 0 && i < c.n; i++)
        have += c.fit[i].holds;
    if (r == 0 && have < want)
        r = err_set(err, -ENOSPC,
                    "%" PRIu64 " %s asked for, what is free and fits holds %" PRIu64,
                    want, problem->n_nodes ? "nodes" : "ranks", have);
    if (r == 0)
        r = take(&c, machine_levels(problem->machine), 0, c.n, want);
    if (r == 0)
        r = report(&c, want, ret);
    free(c.fit);
    return r;
}

void place_nodes_release(struct place_nodes_result *r)
{
    free(r->node);
    free(r->ranks);
    r->node = NULL;
    r->ranks = NULL;
}
