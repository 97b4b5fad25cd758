/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * search - the portfolio for matrices: starts, mending, and what effort buys
 *
 * Effort is counted in units of work (arcs and ranks times depth), not in time, so
 * that a seed decides the map on every computer; a unit is some 70 ns. A part goes
 * into starts (the default order, multisections from different seeds), the rest
 * into mending regions of the best one; `best` mends several and goes on with the
 * best of them.
 */
#include "config.h"

#include "place/search_int.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "place/few_int.h"
#include "place/region_int.h"

#include "base/banned.h"

#define UNITS_PER_S 14e6
#define STARTS_MAX 48
#define FEW 256 /* ranks; annealing reaches the best of so few */
#define DRIFT_FROM 400
#define LOWER_STEP 0.985
#define LOWER_ROUNDS 10
#define HEAT 0.0005       /* share of J that a step of mending may lose at first */
#define LINES_MAX 4       /* of mended maps at the same time */
#define DRIFT_SHARE 1.0   /* of the work */
#define DRIFT_LEAST 50    /* sweeps; what is left hot by fewer is dear to settle */
#define DRIFT_MENDED 0.55 /* the same where mending may help still */

/* Seconds that a search over n ranks may take, points on a line in log(n). */
static double seconds(enum place_effort effort, uint32_t n)
{
    static const struct {
        double n, s[_PLACE_EFFORT_MAX];
    } at[] = {
        {16,    {0.0003, 0.0004, 0.005}},
        {64,    {0.0012, 0.0015, 0.03} },
        {512,   {0.009, 0.080, 0.80}   },
        {1152,  {0.0115, 0.070, 0.80}  },
        {4096,  {0.050, 0.70, 4.0}     },
        {32768, {0.70, 1.90, 12.0}     },
        {4e6,   {25, 60, 300}          },
    };
    double x = MAX((double)n, at[0].n);

    for (size_t i = 1; i < ARRAY_SIZE(at); i++)
        if (x <= at[i].n) {
            double part = log(x / at[i - 1].n) / log(at[i].n / at[i - 1].n);
            double a = at[i - 1].s[effort];

            return a * pow(at[i].s[effort] / a, part);
        }
    return at[ARRAY_SIZE(at) - 1].s[effort];
}

static struct plan make_plan(const struct search *s)
{
    const struct target *t = &s->t;
    enum place_effort effort = s->p->effort;
    struct plan plan = {.n_lines = 1};
    uint64_t depth = 2;
    uint64_t each;
    double share = effort == PLACE_BEST ? 0.2 : 0.35;

    for (uint32_t leaves = t->n_leaves; leaves > 1; leaves /= 2)
        depth++;
    plan.work = (uint64_t)(seconds(effort, s->p->n_ranks) * UNITS_PER_S);
    plan.start_work = depth * (s->g.n_arcs + 4 * (uint64_t)s->g.n) + 1;
    plan.n_starts =
        (uint32_t)MIN((uint64_t)(share * (double)plan.work / (double)plan.start_work),
                      (uint64_t)STARTS_MAX);
    plan.careful_work = plan.start_work * 5 / 2;
    plan.careful = plan.careful_work < plan.work && s->p->n_ranks >= FEW;
    each = plan.careful ? (plan.start_work + plan.careful_work) / 2 : plan.start_work;
    plan.n_starts = (uint32_t)MIN((uint64_t)(share * (double)plan.work / (double)each),
                                  (uint64_t)STARTS_MAX);
    plan.n_starts = MAX(plan.n_starts, UINT32_C(1));
    if (s->g.n >= DRIFT_FROM) {
        plan.n_drifts =
            effort == PLACE_BEST && s->p->n_ranks < SEARCH_MANY ? LINES_MAX - 1 : 1;
        share = effort > PLACE_FAST && s->p->n_ranks < SEARCH_MANY ? DRIFT_MENDED
                                                                   : DRIFT_SHARE;
        plan.drift_work = (uint64_t)(share * (double)plan.work) / plan.n_drifts;
        plan.drift_work -= MIN(plan.drift_work, plan.start_work);
        if (plan.drift_work * DRIFT_UNITS
            < DRIFT_LEAST * (s->g.n_arcs + 8 * (uint64_t)s->g.n))
            plan.drift_work = 0;
    }
    if (effort == PLACE_BEST)
        plan.n_lines = MIN(plan.n_starts + 1, (uint32_t)LINES_MAX);
    else if (effort == PLACE_NORMAL && s->p->n_ranks < SEARCH_MANY)
        plan.n_lines = MIN(plan.n_starts + 1, (uint32_t)LINES_MAX / 2);
    return plan;
}

/* The default order as a map of all vertices: the rest fills what is left. */
static void default_leaves(const struct search *s, uint32_t *leaf)
{
    for (uint32_t u = 0; u < s->t.n_slots; u++)
        leaf[u] = s->t.leaf[target_order(&s->t, u)];
}

static int by_worth(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;

    return (x->worth > y->worth) - (x->worth < y->worth);
}

static int mend(struct search *s, struct state *st, struct line *line, uint64_t work)
{
    struct region_effort e = {
        .work = work, .min_ranks = 32, .max_ranks = 300, .heat = HEAT};
    int r = state_reset(st, line->leaf);

    if (r == 0 && s->g.n <= FEW) {
        polish_anneal(st, work * 2 / 3, 0.1, 0.005, &s->rng, &s->limit);
        e.work /= 3;
        polish_descend(st, &s->limit);
        if (search_worth(st) > line->worth)
            r = state_reset(st, line->leaf);
    }
    if (r == 0)
        r = region_improve(st, &e, &s->rng, &s->limit);
    if (r < 0)
        return r;
    polish_descend(st, &s->limit);
    search_relieve(s, st);
    memcpy(line->leaf, st->leaf, s->g.n * sizeof(*line->leaf));
    line->worth = search_worth(st);
    r = search_offer_state(s, st);
    return r < 0 ? r : 0;
}

/*
 * Half of the lines go on after each round; every round gets the same work, and the
 * last one is left with one line.
 */
static int run_lines(struct search *s,
                     const struct plan *plan,
                     struct state *st,
                     struct line *line,
                     uint64_t spent)
{
    uint64_t left = plan->work - MIN(plan->work, spent);
    uint32_t n = plan->n_lines;
    uint32_t rounds = 1;
    int r = 0;

    while (n > 1 && !(line[n - 1].worth < INFINITY))
        n--;
    for (uint32_t k = n; k > 1; k = (k + 1) / 2)
        rounds++;
    for (;; n = (n + 1) / 2) {
        for (uint32_t i = 0; r == 0 && i < n; i++)
            r = mend(s, st, &line[i], left / rounds / n);
        qsort(line, n, sizeof(*line), by_worth);
        if (r < 0 || n == 1)
            return r;
    }
}

/*
 * The second objective: under a limit somewhat below what the most loaded link
 * carries, regions are done again, for half of the work of the search itself. What
 * keeps the slack is the next one to go on from.
 */
static int lower_bottleneck(struct search *s,
                            const struct plan *plan,
                            struct state *st,
                            uint32_t *leaf)
{
    struct region_effort e = {.work = plan->work / 2 / LOWER_ROUNDS,
                              .min_ranks = 32,
                              .max_ranks = 300,
                              .heat = HEAT};
    double most_cost = s->best_cost.cost * (1 + s->p->slack);
    int r = state_reset(st, leaf);

    for (int i = 0; r >= 0 && i < LOWER_ROUNDS && !limit_over(&s->limit); i++) {
        r = state_limit(st, state_bottleneck(st) * LOWER_STEP, 0);
        if (r == 0)
            r = region_improve(st, &e, &s->rng, &s->limit);
        if (r < 0)
            return r;
        polish_relieve(st, &s->rng, &s->limit);
        if ((double)st->cost > most_cost) {
            r = state_reset(st, leaf);
            continue;
        }
        memcpy(leaf, st->leaf, s->g.n * sizeof(*leaf));
        r = search_offer_level(s, leaf, most_cost);
    }
    return r < 0 ? r : 0;
}

int search_matrix(struct search *s)
{
    struct line line[LINES_MAX] = {{0}};
    struct state st = {0};
    struct plan plan;
    bool enough = false;
    bool drifted = false;
    uint64_t spent = 0;
    int r = graph_from_pattern(&s->g, s->pattern, s->t.n_slots,
                               s->t.distance[s->t.n_levels]);

    if (r < 0)
        return r;
    plan = make_plan(s);
    default_leaves(s, s->trial);
    r = state_init(&st, &s->t, &s->g, s->trial);
    if (r == 0)
        r = state_limit(&st, INFINITY, 0);
    if (r == 0) /* what the default has without the pairs that were left out */
        r = state_limit(&st, state_bottleneck(&st), 0);
    for (uint32_t i = 0; r == 0 && i < plan.n_lines; i++) {
        line[i].worth = INFINITY;
        line[i].leaf = malloc(((size_t)s->g.n + 1) * sizeof(uint32_t));
        r = line[i].leaf ? 0 : -ENOMEM;
    }
    if (r == 0)
        r = start_best(s, &plan, &st, line);
    if (r == 0 && s->g.n <= FEW_MAX)
        r = start_few(s, &plan, &st, line, &enough);
    if (r == 0 && plan.n_drifts > 0) {
        r = start_drifts(s, &plan, &st, line, &drifted);
        spent = plan.n_drifts * (plan.start_work + plan.drift_work);
        enough =
            drifted && s->g.n >= SEARCH_MANY; /* mending such a map gains nothing */
    }
    if (r == 0 && !enough && !drifted) {
        r = start_sections(s, &plan, &st, line);
        spent = plan.n_starts * plan.start_work
                + (plan.careful
                       ? (plan.n_starts + 1) / 2 * (plan.careful_work - plan.start_work)
                       : 0);
    }
    if (r == 0 && !enough)
        r = run_lines(s, &plan, &st, line, spent);
    if (r == 0 && s->p->slack > 0)
        r = lower_bottleneck(s, &plan, &st, line[0].leaf);
    for (uint32_t i = 0; i < plan.n_lines; i++)
        free(line[i].leaf);
    state_release(&st);
    return r;
}
