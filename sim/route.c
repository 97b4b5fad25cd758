/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * route - which center a job is sent to when it is submitted
 *
 * By earliest estimated start (or by load). State of others may be old; then a
 * router books what it sent itself into its view of them until the next state.
 */
#include "config.h"

#include <errno.h>

#include "base/number.h"
#include "sim/sim_int.h"

#include "base/banned.h"

static bool by_plan(const struct sim *s)
{
    return s->config.route == SIM_EARLIEST;
}

/* Everybody's state is told again at each multiple of the state's age. */
static int refresh(struct sim *s)
{
    int64_t t;

    if (s->config.state_age_s == 0)
        return 0;
    t = s->now_s / s->config.state_age_s * s->config.state_age_s;
    if (s->have_snap && t <= s->snap_s)
        return 0;
    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct sim_center *c = &s->centers[i];
        const struct profile *plan;

        c->snap_load = center_load(s, c);
        if (by_plan(s)
            && (center_plan(s, c, &plan) < 0 || profile_copy(&c->snap_plan, plan) < 0))
            return -ENOMEM;
        for (uint32_t k = 0; k < s->n_centers; k++)
            c->beliefs[k].is_own = false;
    }
    s->snap_s = t;
    s->have_snap = true;
    return 0;
}

/* How good a center looks from the job's home: start in seconds, or load. */
static int score(struct sim *s, const struct sim_job *j, uint32_t at, double *ret_score)
{
    struct sim_center *c = &s->centers[at];
    const struct sim_belief *b = &s->centers[j->home].beliefs[at];
    bool live = s->config.state_age_s == 0 || at == j->home;
    const struct profile *plan = b->is_own ? &b->plan : &c->snap_plan;
    double load = b->is_own ? b->load : c->snap_load;

    if (by_plan(s)) {
        if (live && center_plan(s, c, &plan) < 0)
            return -ENOMEM;
        *ret_score = (double)profile_find(plan, s->now_s, j->pred_s, j->procs);
        return 0;
    }
    if (live)
        *ret_score = center_load(s, c);
    else
        *ret_score = MAX(load - (double)(s->now_s - s->snap_s), 0.0);
    return 0;
}

static bool may_take(const struct sim *s,
                     const struct sim_center *c,
                     const struct sim_job *j)
{
    double share = s->config.foreign_share;

    if (j->procs > c->pool.procs)
        return false;
    return c->idx == j->home || share < 0
           || (double)(c->foreign + j->procs) <= share * (double)c->pool.procs;
}

static bool in_debt(const struct sim *s, const struct sim_center *home)
{
    return s->config.credit_h >= 0
           && (double)home->debt > s->config.credit_h * 3600 * (double)home->pool.procs;
}

int route_choose(struct sim *s, uint32_t x, uint32_t *ret_c)
{
    const struct sim_job *j = &s->jobs[x];
    const struct sim_center *home = &s->centers[j->home];
    uint32_t n = 0;
    double best;
    int r;

    *ret_c = j->home;
    for (uint32_t i = 0; i < s->n_centers; i++)
        n += may_take(s, &s->centers[i], j);
    if (s->config.route == SIM_HOME || n <= 1 || in_debt(s, home))
        return 0;
    r = refresh(s);
    if (r == 0)
        r = score(s, j, j->home, &best);
    if (r < 0)
        return r;
    best -= (double)s->config.margin_s;
    for (uint32_t i = 0; i < s->n_centers; i++) {
        double there;

        if (i == j->home || !may_take(s, &s->centers[i], j))
            continue;
        r = score(s, j, i, &there);
        if (r < 0)
            return r;
        if (there < best) {
            best = there;
            *ret_c = i;
        }
    }
    return 0;
}

int route_sent(struct sim *s, uint32_t x, uint32_t to)
{
    const struct sim_job *j = &s->jobs[x];
    struct sim_center *c = &s->centers[to];
    struct sim_belief *b = &s->centers[j->home].beliefs[to];
    int64_t work = (int64_t)j->pred_s * j->procs;
    int64_t at_s;

    if (to == j->home)
        return 0;
    s->totals.moved++;
    s->centers[j->home].debt += work;
    c->debt -= work;
    if (!s->config.own_shipments || s->config.state_age_s == 0 || !s->have_snap)
        return 0;
    if (!b->is_own) {
        b->load = c->snap_load;
        if (by_plan(s) && profile_copy(&b->plan, &c->snap_plan) < 0)
            return -ENOMEM;
        b->is_own = true;
    }
    b->load += (double)work / (double)c->pool.procs;
    if (by_plan(s))
        return profile_reserve(&b->plan, s->now_s, j->pred_s, j->procs, &at_s);
    return 0;
}
