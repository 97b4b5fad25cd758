/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * map - from a problem to the best map found, never worse than the default
 */
#include "config.h"

#include "place/map_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"

#include "place/grid_int.h"
#include "place/spread_int.h"

#include "base/banned.h"

#define LEVEL_GAIN 2 /* part of the bottleneck for a part of J */
#define IN_VAIN 0.99 /* of the default's bottleneck; what is above is no gain */

static const char *const efforts[] = {
    [PLACE_FAST] = "fast", [PLACE_NORMAL] = "normal", [PLACE_BEST] = "best"};

bool place_effort_parse(const char *word, enum place_effort *ret_effort)
{
    for (int i = 0; i < _PLACE_EFFORT_MAX; i++)
        if (!strcmp(efforts[i], word)) {
            *ret_effort = (enum place_effort)i;
            return true;
        }
    return false;
}

void place_result_release(struct place_result *r)
{
    free(r->slot);
    free(r->cores);
    r->slot = NULL;
    r->cores = NULL;
}

uint32_t place_result_core(const struct place_result *r, uint32_t rank)
{
    return r->cores[(size_t)r->slot[rank] * r->cpus_per_rank];
}

void search_seat(const struct search *s, const uint32_t *leaf, uint32_t *ret_slot)
{
    uint32_t *next = s->trial;

    memcpy(next, s->t.first_slot, s->t.n_leaves * sizeof(*next));
    for (uint32_t u = 0; u < s->p->n_ranks; u++)
        ret_slot[u] = next[leaf[u]]++;
}

/* What may take the place of the best map. */
typedef bool (*takes_fn)(const struct search *s,
                         const struct place_cost *c,
                         double most_cost);

/*
 * A map becomes the best when `takes` says so.
 *
 * leaf    turned into slots; passes to the search
 * known   its figures, NULL: they are found here
 */
static int offer_whole(struct search *s,
                       uint32_t *leaf,
                       const char *method,
                       const struct place_cost *known,
                       takes_fn takes,
                       double most_cost)
{
    struct place_cost c;
    int r = 0;

    search_seat(s, leaf, leaf);
    if (known)
        c = *known;
    else
        r = target_cost(&s->t, s->pattern, leaf, &c);
    if (r < 0 || c.cost > s->usual_cost.cost || c.bottleneck > s->usual_cost.bottleneck
        || !takes(s, &c, most_cost)) {
        free(leaf);
        return r;
    }
    free(s->slot);
    s->slot = leaf;
    s->best_cost = c;
    s->method = method;
    return 1;
}

static int offer(struct search *s,
                 const uint32_t *leaf,
                 const char *method,
                 takes_fn takes,
                 double most_cost)
{
    size_t n = s->p->n_ranks;
    uint32_t *copy = malloc((n + 1) * sizeof(*copy));

    if (!copy)
        return -ENOMEM;
    memcpy(copy, leaf, n * sizeof(*copy));
    return offer_whole(s, copy, method, NULL, takes, most_cost);
}

static bool cheaper(const struct search *s,
                    const struct place_cost *c,
                    double most_cost)
{
    (void)most_cost;
    return c->cost < s->best_cost.cost
           || (c->cost <= s->best_cost.cost && c->bottleneck < s->best_cost.bottleneck);
}

/* A lighter bottleneck, worth what it costs: J that rises loads other links, so a
 * thousandth off the heaviest one is not bought with a hundredth of J. */
static bool leveller(const struct search *s,
                     const struct place_cost *c,
                     double most_cost)
{
    double gain = 1 - c->bottleneck / s->best_cost.bottleneck;
    double loss = c->cost / s->best_cost.cost - 1;

    return c->cost <= most_cost && gain > 0 && gain >= LEVEL_GAIN * loss;
}

int search_offer(struct search *s, const uint32_t *leaf, const char *method)
{
    return offer(s, leaf, method, cheaper, 0);
}

int search_offer_level(struct search *s, const uint32_t *leaf, double most_cost)
{
    return offer(s, leaf, s->method, leveller, most_cost);
}

/* The default map; NULL: out of memory. Caller frees. */
static uint32_t *default_slots(const struct search *s)
{
    size_t n = s->p->n_ranks;
    uint32_t *slot = malloc((n + 1) * sizeof(*slot));

    for (uint32_t u = 0; slot && u < n; u++)
        slot[u] = target_order(&s->t, u);
    return slot;
}

static int search_init(struct search *s, const struct place_problem *p, struct err *err)
{
    uint32_t cores = p->cores ? p->n_cores : machine_cores(p->machine);
    int r;

    *s = (struct search){
        .p = p,
        .pattern = p->pattern,
        .rng = {p->seed * 2 + 1       },
        .limit = { .expired = p->expired, .arg = p->expired_arg},
        .method = "default",
    };
    if (pattern_ranks(p->pattern) != p->n_ranks)
        return err_set(err, -EINVAL,
                       "the pattern has %" PRIu32 " ranks, the job %" PRIu32,
                       pattern_ranks(p->pattern), p->n_ranks);
    r = target_init(&s->t, p->machine, p->cores, cores, p->cpus_per_rank, err);
    if (r < 0)
        return r;
    if (s->t.n_slots < p->n_ranks)
        return err_set(err, -ENOSPC,
                       "%" PRIu32 " ranks need %" PRIu32 " slots, there are %" PRIu32,
                       p->n_ranks, p->n_ranks, s->t.n_slots);
    s->trial = malloc(((size_t)s->t.n_slots + 1) * sizeof(*s->trial));
    if (!s->trial)
        return -ENOMEM;
    if (!s->t.order && pattern_kind(s->pattern) == PATTERN_GRID) {
        r = grid_cost_in_order(&s->t, s->pattern, &s->usual_cost);
    } else {
        uint32_t *usual = default_slots(s);

        r = usual ? target_cost(&s->t, s->pattern, usual, &s->usual_cost) : -ENOMEM;
        free(usual);
    }
    s->best_cost = s->usual_cost;
    return r;
}

static void search_release(struct search *s)
{
    target_release(&s->t);
    graph_release(&s->g);
    free(s->slot);
    free(s->trial);
}

/* Nothing to gain: everybody is equally far, or nobody talks. */
static const char *futile(const struct search *s)
{
    if (s->usual_cost.cost <= 0 || pattern_pairs(s->pattern) == 0)
        return "the ranks do not talk to each other: any order is as good";
    if (s->t.n_leaves < 2)
        return "all ranks are equally near to each other: any order is as good";
    if (pattern_uniform(s->pattern) && s->p->n_ranks == s->t.n_slots)
        return "every rank talks to every other on a full machine: all orders cost the "
               "same";
    return NULL;
}

/*
 * Where the fullest link counts (there is a slack), and it is as full as in default
 * order, an exchange ends no sooner, however cheap the rest is; it may even end later,
 * because short ways take from long ones on the links that they share.
 */
static bool in_vain(const struct search *s)
{
    return s->slot && s->p->slack > 0
           && s->best_cost.bottleneck > IN_VAIN * s->usual_cost.bottleneck;
}

static void keep_default(struct search *s)
{
    free(s->slot);
    s->slot = NULL;
    s->best_cost = s->usual_cost;
    s->method = "default";
}

static void explain(const struct search *s, const char *futile_why, char *why)
{
    double was = s->usual_cost.cost;
    double is = s->best_cost.cost;

    if (futile_why) {
        (void)snprintf(why, PLACE_WHY_MAX, "%s", futile_why);
    } else if (!strcmp(s->method, "default")) {
        (void)snprintf(why, PLACE_WHY_MAX,
                       "the default order is the best known: nothing that was tried "
                       "costs less%s",
                       s->limit.over ? " (the deadline cut the search short)" : "");
    } else {
        (void)snprintf(
            why, PLACE_WHY_MAX,
            "%s: traffic times distance falls by %.1f %%, the most loaded "
            "link by %.1f %% against the default order%s",
            s->method, was > 0 ? 100 * (1 - is / was) : 0,
            s->usual_cost.bottleneck > 0
                ? 100 * (1 - s->best_cost.bottleneck / s->usual_cost.bottleneck)
                : 0,
            s->limit.over ? " (the deadline cut the search short)" : "");
    }
}

/* The caller's map, if it gave one. */
static int offer_start(struct search *s, struct err *err)
{
    uint32_t *leaf;
    int r;

    if (!s->p->start)
        return 0;
    leaf = malloc(((size_t)s->p->n_ranks + 1) * sizeof(*leaf));
    if (!leaf)
        return -ENOMEM;
    memset(s->trial, 0, s->t.n_slots * sizeof(*s->trial));
    r = 0;
    for (uint32_t u = 0; r == 0 && u < s->p->n_ranks; u++) {
        uint32_t x = s->p->start[u];

        if (x >= s->t.n_slots || s->trial[x]++)
            r = err_set(err, -EINVAL,
                        "the map to start with puts rank %" PRIu32 " on slot %" PRIu32
                        ", which is taken or not there",
                        u, x);
        else
            leaf[u] = s->t.leaf[x];
    }
    if (r == 0)
        r = search_offer(s, leaf, "start");
    free(leaf);
    return r < 0 ? r : 0;
}

/*
 * The bricks of a grid, named or found. *ret_enough: nothing else need be tried.
 * A named grid of equal bricks is done with; so is any other in a hurry, and a large
 * one, which a search does not better.
 */
static int offer_grid(struct search *s, bool *ret_enough)
{
    bool named = pattern_kind(s->pattern) == PATTERN_GRID;
    struct grid_bricks bricks;
    struct place_cost cost;
    struct grid g;
    bool exact = false;
    uint32_t *leaf;
    int r = 0;

    *ret_enough = false;
    if (named)
        grid_from_pattern(s->pattern, &g);
    else
        r = grid_find(s->pattern, &g);
    if (r < 0 || (!named && r == 0))
        return r;
    leaf = malloc(((size_t)g.n + 1) * sizeof(*leaf));
    r = leaf ? grid_map(&s->t, &g, leaf, &bricks) : -ENOMEM;
    exact = r > 0;
    if (r >= 0 && named)
        r = exact ? grid_cost_bricks(&s->t, s->pattern, &bricks, &cost)
                  : grid_cost_map(&s->t, s->pattern, leaf, &cost);
    if (r >= 0) {
        r = offer_whole(s, leaf, "grid", named ? &cost : NULL, cheaper, 0);
        leaf = NULL;
    }
    if (r > 0)
        *ret_enough =
            named
            && (exact || s->p->n_ranks >= SEARCH_MANY ? s->p->effort < PLACE_BEST
                                                      : s->p->effort == PLACE_FAST);
    free(leaf);
    grid_release(&g);
    return r < 0 ? r : 0;
}

static int search_map(struct search *s)
{
    bool enough = false;
    int r;

    if (s->t.n_slots <= SEARCH_ALL)
        return search_all(s);
    r = offer_grid(s, &enough);
    return r < 0 || enough ? r : search_matrix(s);
}

int place_map(const struct place_problem *problem,
              struct place_result *ret,
              struct err *err)
{
    struct search s;
    const char *why = NULL;
    int r = search_init(&s, problem, err);

    if (r == 0)
        r = offer_start(&s, err);
    if (r == 0) {
        why = futile(&s);
        if (!why)
            r = search_map(&s);
    }
    if (r == 0 && in_vain(&s)) {
        keep_default(&s);
        why = "the most loaded link carries as much in the best order found: the "
              "default order stays";
    }
    if (r == 0 && s.slot)
        r = spread_routes(&s.t, s.pattern, s.slot);
    r = r > 0 ? 0 : r;
    if (r == 0 && !s.slot) {
        s.slot = default_slots(&s);
        r = s.slot ? 0 : -ENOMEM;
    }
    if (r == 0) {
        *ret = (struct place_result){
            .n_ranks = problem->n_ranks,
            .n_slots = s.t.n_slots,
            .cpus_per_rank = s.t.cpus_per_rank,
            .slot = TAKE_PTR(s.slot),
            .cores = TAKE_PTR(s.t.cores),
            .ours = s.best_cost,
            .usual = s.usual_cost,
            .cut_short = s.limit.over,
        };
        (void)word_copy(ret->method, sizeof(ret->method), s.method);
        explain(&s, why, ret->why);
    }
    search_release(&s);
    return r;
}
