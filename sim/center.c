/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* center - one pool of cores: its queue, what runs, a pass */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/sim_int.h"

#include "base/banned.h"

int center_init(struct sim *s, struct sim_center *c, uint32_t procs)
{
    forecast_init(&c->forecast);
    c->beliefs = calloc(SIM_CENTERS_MAX, sizeof(*c->beliefs));
    if (pool_init(&c->pool, procs) < 0 || !c->beliefs)
        return -ENOMEM;
    if (s->config.policy == SIM_CONSERVATIVE)
        return profile_init(&c->reserved, 0, procs);
    return 0;
}

void center_release(struct sim_center *c)
{
    trace_close(c->trace);
    pool_release(&c->pool);
    profile_release(&c->plan);
    profile_release(&c->reserved);
    profile_release(&c->snap_plan);
    outlook_release(&c->outlook);
    for (uint32_t i = 0; c->beliefs && i < SIM_CENTERS_MAX; i++)
        profile_release(&c->beliefs[i].plan);
    free(c->beliefs);
    stats_release(&c->stats);
}

void center_touch(struct sim *s, struct sim_center *c)
{
    c->dirty = true;
    if (!c->touched) {
        c->touched = true;
        s->touched[s->n_touched++] = c->idx;
    }
}

int center_enqueue(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];
    const struct rank_job r = {.seq = j->seq,
                               .submit_s = j->submit_s,
                               .pred_s = j->pred_s,
                               .cores = j->procs,
                               .guest = j->home != c->idx};
    const struct pool_job p = {.slot = x,
                               .cores = j->procs,
                               .pred_s = j->pred_s,
                               .queue = rank_queue(&s->rule, &r),
                               .scan = rank_scan(&s->rule, &r)};
    int64_t at_s;

    if (pool_queue(&c->pool, &p, s->n_slots) < 0)
        return -ENOMEM;
    if (j->home != c->idx) {
        c->foreign += j->procs;
        s->totals.offers++;
    }
    center_touch(s, c);
    if (s->config.policy == SIM_CONSERVATIVE)
        return cons_place(s, c, x);
    if (s->rule.local_first && j->home == c->idx)
        c->plan_valid = false; /* it may stand before others */
    if (c->plan_valid)
        return profile_reserve(&c->plan, s->now_s, j->pred_s, j->procs, &at_s);
    return 0;
}

void center_drop(struct sim *s, struct sim_center *c, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];

    pool_unqueue(&c->pool, x);
    if (j->home != c->idx)
        c->foreign -= j->procs;
    c->plan_valid = false;
    c->outlook.valid = false;
    c->dirty = true; /* but not touched: that alone causes no pass */
}

/* A copy has started: the others go. */
static void drop_copies(struct sim *s, const struct sim_center *here, uint32_t x)
{
    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct sim_center *c = &s->centers[i];

        if (c != here && s->jobs[x].procs <= c->pool.procs)
            center_drop(s, c, x);
    }
}

/* A guest starts when its home has said go; its cores are kept meanwhile. */
static int64_t claim_s(const struct sim *s,
                       const struct sim_center *c,
                       const struct sim_job *j)
{
    if (j->home == c->idx
        || (s->config.route != SIM_EVERYWHERE && s->config.route != SIM_LATE))
        return 0;
    return (2 * s->config.link_delay_ms + 999) / 1000;
}

/* The job has left every queue of this center. */
int center_start(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];

    j->start_s = s->now_s + claim_s(s, c, j);
    j->end_s = j->start_s + j->pred_s;
    j->where = (uint16_t)c->idx;
    j->running = true;
    c->plan_valid = false;
    c->outlook.valid = false;
    estimate_started(s, x);
    if (pool_take(&c->pool, x, j->procs, j->end_s, j->seq) < 0
        || heap_push(&s->ends, (struct due){j->start_s + j->run_s, s->n_started++, x})
               < 0)
        return -ENOMEM;
    if (j->pred_s < j->run_s
        && heap_push(&s->expiries, (struct due){j->end_s, j->seq, x}) < 0)
        return -ENOMEM;
    if (s->config.route == SIM_EVERYWHERE)
        drop_copies(s, c, x);
    return 0;
}

int center_finish(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];

    pool_give(&c->pool, j->procs, j->end_s, j->seq);
    if (j->home != c->idx)
        c->foreign -= j->procs;
    c->plan_valid = false;
    c->outlook.valid = false;
    if (s->config.policy == SIM_CONSERVATIVE)
        return cons_finish(s, c, x);
    return 0;
}

int center_correct(struct sim *s, struct sim_center *c, uint32_t x, int64_t end_s)
{
    struct sim_job *j = &s->jobs[x];

    if (pool_expect(&c->pool, x, j->procs, j->end_s, end_s, j->seq) < 0)
        return -ENOMEM;
    j->end_s = end_s;
    c->plan_valid = false;
    c->outlook.valid = false;
    if (s->config.policy == SIM_CONSERVATIVE)
        return cons_again(s, c);
    return 0;
}

struct hand {
    struct sim *s;
    struct sim_center *c;
};

static int start(void *arg, uint32_t x)
{
    const struct hand *h = arg;

    return center_start(h->s, h->c, x);
}

int center_pass(struct sim *s, struct sim_center *c)
{
    struct hand h = {s, c};

    if (c->pool.queue.n == 0 || (!c->dirty && s->config.policy != SIM_CONSERVATIVE))
        return 0;
    c->dirty = false;
    s->totals.passes++;
    switch (s->config.policy) {
    case SIM_CONSERVATIVE:
        return cons_pass(s, c);
    case SIM_REPLAN:
    case SIM_REPLAN_SJF:
        return plan_pass(s, c);
    case SIM_FCFS:
    case SIM_EASY:
    case SIM_EASY_SJBF:
    case SIM_EASY_SABF:
    case _SIM_POLICY_MAX:
        break;
    }
    return pool_pass(&c->pool, s->config.policy != SIM_FCFS, s->now_s, start, &h);
}
