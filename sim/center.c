/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* center - one pool of cores: its queue, what runs, a pass */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/sim_int.h"

#include "base/banned.h"

int center_init(struct sim *s, struct sim_center *c)
{
    c->free = c->procs;
    backlog_init(&c->queue, &c->pools);
    c->shapes = calloc((size_t)c->procs + 1, sizeof(*c->shapes));
    c->beliefs = calloc(SIM_CENTERS_MAX, sizeof(*c->beliefs));
    if (!c->shapes || !c->beliefs)
        return -ENOMEM;
    for (int64_t i = 0; i <= c->procs; i++)
        c->shapes[i].cores = (uint32_t)i;
    if (s->config.policy == SIM_CONSERVATIVE)
        return profile_init(&c->reserved, 0, c->procs);
    return 0;
}

void center_release(struct sim_center *c)
{
    trace_close(c->trace);
    running_release(&c->running);
    backlog_release(&c->queue);
    backlog_pools_release(&c->pools);
    free(c->shapes);
    profile_release(&c->plan);
    profile_release(&c->reserved);
    profile_release(&c->snap_plan);
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
    const struct backlog_entry e = {.shape = &c->shapes[j->procs],
                                    .slot = x,
                                    .queue = rank_queue(&s->rule, &r),
                                    .scan = rank_scan(&s->rule, &r),
                                    .pred_s = j->pred_s};
    int64_t at_s;

    if (backlog_pools_grow(&c->pools, s->n_slots) < 0 || backlog_add(&c->queue, &e) < 0)
        return -ENOMEM;
    c->queued_work += (int64_t)j->pred_s * j->procs;
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

    backlog_remove(&c->queue, x);
    c->queued_work -= (int64_t)j->pred_s * j->procs;
    if (j->home != c->idx)
        c->foreign -= j->procs;
    c->plan_valid = false;
    c->dirty = true; /* but not touched: that alone causes no pass */
}

/* A copy has started: the others go. */
static void drop_copies(struct sim *s, const struct sim_center *here, uint32_t x)
{
    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct sim_center *c = &s->centers[i];

        if (c != here && s->jobs[x].procs <= c->procs)
            center_drop(s, c, x);
    }
}

/* The job has left every queue of this center. */
int center_start(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];

    assert(j->procs <= c->free);
    j->start_s = s->now_s;
    j->end_s = s->now_s + j->pred_s;
    j->where = (uint16_t)c->idx;
    j->running = true;
    c->free -= j->procs;
    c->plan_valid = false;
    if (running_add(&c->running, (struct running_job){j->end_s, j->seq, x, j->procs})
            < 0
        || heap_push(&s->ends, (struct event){s->now_s + j->run_s, s->n_started++, x})
               < 0)
        return -ENOMEM;
    if (j->pred_s < j->run_s
        && heap_push(&s->expiries, (struct event){j->end_s, j->seq, x}) < 0)
        return -ENOMEM;
    if (s->config.route == SIM_EVERYWHERE)
        drop_copies(s, c, x);
    return 0;
}

static int start_waiting(struct sim *s, struct sim_center *c, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];

    backlog_remove(&c->queue, x);
    c->queued_work -= (int64_t)j->pred_s * j->procs;
    return center_start(s, c, x);
}

int center_finish(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];
    bool was = running_remove(&c->running, j->end_s, j->seq);

    assert(was);
    (void)was;
    c->free += j->procs;
    if (j->home != c->idx)
        c->foreign -= j->procs;
    c->plan_valid = false;
    if (s->config.policy == SIM_CONSERVATIVE)
        return cons_finish(s, c, x);
    return 0;
}

int center_correct(struct sim *s, struct sim_center *c, uint32_t x, int64_t end_s)
{
    struct sim_job *j = &s->jobs[x];
    bool was = running_remove(&c->running, j->end_s, j->seq);

    assert(was);
    (void)was;
    j->end_s = end_s;
    c->plan_valid = false;
    if (running_add(&c->running, (struct running_job){end_s, j->seq, x, j->procs}) < 0)
        return -ENOMEM;
    if (s->config.policy == SIM_CONSERVATIVE)
        return cons_again(s, c);
    return 0;
}

/* --- the pool as a machine that backfill_pass() drives -------------------- */

struct hand {
    struct sim *s;
    struct sim_center *c;
};

static enum fit fit(void *arg, struct shape *shape)
{
    const struct hand *h = arg;

    if (shape->cores > h->c->free)
        return FIT_NOT;
    return shape->cores <= h->c->extra ? FIT_ANY : FIT_SHORT;
}

static uint64_t free_cores(void *arg)
{
    const struct hand *h = arg;

    return (uint64_t)h->c->free;
}

static int start(void *arg, uint32_t x)
{
    const struct hand *h = arg;
    struct sim_center *c = h->c;
    const struct sim_job *j = &h->s->jobs[x];

    if (c->extra != NO_EXTRA && h->s->now_s + j->pred_s > c->shadow_s)
        c->extra -= j->procs;
    return start_waiting(h->s, c, x);
}

/* The first moment when enough is back, and what is over then. */
static int reserve(void *arg, uint32_t head, int64_t *ret_at_s)
{
    const struct hand *h = arg;
    struct sim_center *c = h->c;
    int64_t need = h->s->jobs[head].procs;
    int64_t avail = c->free;
    size_t i = 0;

    while (avail < need)
        avail += c->running.v[i++].cores;
    c->shadow_s = h->s->now_s;
    if (i > 0)
        c->shadow_s = MAX(c->shadow_s, c->running.v[i - 1].end_s);
    while (i < c->running.n && c->running.v[i].end_s <= c->shadow_s)
        avail += c->running.v[i++].cores;
    c->extra = avail - need;
    *ret_at_s = c->shadow_s;
    return 0;
}

int center_pass(struct sim *s, struct sim_center *c)
{
    struct hand h = {s, c};
    const struct backfill_machine m = {.arg = &h,
                                       .fit = fit,
                                       .free_cores = free_cores,
                                       .start = start,
                                       .reserve = reserve};

    if (c->queue.n == 0 || (!c->dirty && s->config.policy != SIM_CONSERVATIVE))
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
    c->extra = NO_EXTRA;
    return backfill_pass(&c->queue, &m, s->config.policy != SIM_FCFS, INT64_MAX,
                         s->now_s);
}
