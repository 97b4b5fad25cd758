/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * plan - what a pool expects, and the policies that decide by a plan
 *
 * conservative: every job has a reservation from its submission on; when a job
 * ends early the schedule is compressed in queue order until nobody moves, so no
 * promise is broken. replan: everything is placed anew at every event.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/sim_int.h"

#include "base/banned.h"

int running_profile(const struct sim *s, const struct sim_center *c, struct profile *p)
{
    int64_t cores = c->pool.free;

    if (!p->n) {
        if (profile_init(p, s->now_s, cores) < 0)
            return -ENOMEM;
    } else {
        profile_reset(p, s->now_s, cores);
    }
    for (size_t i = 0; i < c->pool.running.n; i++) {
        int64_t end_s = MAX(c->pool.running.v[i].end_s, s->now_s + 1);

        cores += c->pool.running.v[i].cores;
        if (profile_append(p, end_s, cores) < 0)
            return -ENOMEM;
    }
    return 0;
}

int center_plan(struct sim *s, struct sim_center *c, const struct profile **ret_p)
{
    int r;

    *ret_p = &c->plan;
    if (s->config.policy == SIM_CONSERVATIVE) {
        *ret_p = &c->reserved;
        return 0;
    }
    if (c->plan_valid)
        return 0;
    r = running_profile(s, c, &c->plan);
    for (uint32_t x = backlog_head(&c->pool.queue, NULL); x && r == 0;
         x = backlog_next(&c->pool.queue, x)) {
        const struct sim_job *j = &s->jobs[x];
        int64_t at_s;

        r = profile_reserve(&c->plan, s->now_s, j->pred_s, j->procs, &at_s);
    }
    c->plan_valid = r == 0;
    return r;
}

double center_load(const struct sim *s, const struct sim_center *c)
{
    int64_t w = c->pool.work;

    for (size_t i = 0; i < c->pool.running.n; i++)
        w += MAX(c->pool.running.v[i].end_s - s->now_s, (int64_t)0)
             * c->pool.running.v[i].cores;
    return (double)w / (double)c->pool.procs;
}

/* The waiting slots in queue order, or by prediction: caller frees. NULL = no memory.
 */
static uint32_t *waiting(const struct sim_center *c, bool shortest)
{
    uint32_t *v = malloc((c->pool.queue.n + 1) * sizeof(*v));
    size_t n = 0;

    if (!v)
        return NULL;
    for (uint32_t x = backlog_head(&c->pool.queue, NULL); x;
         x = backlog_next(&c->pool.queue, x)) {
        size_t i = n++;

        if (shortest) /* stable insertion: this policy is for comparison only */
            for (; i > 0
                   && c->pool.pools.scan.v[v[i - 1]].value
                          > c->pool.pools.scan.v[x].value;
                 i--)
                v[i] = v[i - 1];
        v[i] = x;
    }
    v[n] = 0;
    return v;
}

static int start_now(struct sim *s, struct sim_center *c, uint32_t x)
{
    pool_unqueue(&c->pool, x);
    return center_start(s, c, x);
}

int plan_pass(struct sim *s, struct sim_center *c)
{
    _cleanup_(freep) uint32_t *v = NULL;
    struct profile p = {0};
    size_t n = 0;
    int r;

    if (c->pool.free == 0)
        return 0;
    v = waiting(c, s->config.policy == SIM_REPLAN_SJF);
    if (!v)
        return -ENOMEM;
    r = running_profile(s, c, &p);
    for (size_t i = 0; v[i] && r == 0; i++) {
        const struct sim_job *j = &s->jobs[v[i]];
        int64_t at_s = -1;

        r = profile_reserve(&p, s->now_s, j->pred_s, j->procs, &at_s);
        if (at_s == s->now_s)
            v[n++] = v[i];
    }
    profile_release(&p);
    for (size_t i = 0; i < n && r == 0; i++)
        r = start_now(s, c, v[i]);
    return r;
}

int cons_place(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];

    profile_trim(&c->reserved, s->now_s);
    return profile_reserve(&c->reserved, s->now_s, j->pred_s, j->procs, &j->res_s);
}

/* In queue order each job is lifted out and put back, until nobody moves. */
static int compress(struct sim *s, struct sim_center *c)
{
    _cleanup_(freep) uint32_t *v = waiting(c, false);
    bool moved = true;

    if (!v)
        return -ENOMEM;
    while (moved) {
        moved = false;
        for (size_t i = 0; v[i]; i++) {
            struct sim_job *j = &s->jobs[v[i]];
            int64_t t;
            int r = profile_add(&c->reserved, j->res_s, j->res_s + j->pred_s, j->procs);

            if (r < 0)
                return r;
            r = profile_reserve(&c->reserved, s->now_s, j->pred_s, j->procs, &t);
            if (r < 0)
                return r;
            assert(t <= j->res_s);
            moved |= t < j->res_s;
            j->res_s = t;
        }
    }
    return 0;
}

int cons_finish(struct sim *s, struct sim_center *c, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];
    int r;

    profile_trim(&c->reserved, s->now_s);
    if (j->end_s <= s->now_s)
        return 0;
    r = profile_add(&c->reserved, s->now_s, j->end_s, j->procs);
    return r < 0 ? r : compress(s, c);
}

int cons_again(struct sim *s, struct sim_center *c)
{
    int r = running_profile(s, c, &c->reserved);

    for (uint32_t x = backlog_head(&c->pool.queue, NULL); x && r == 0;
         x = backlog_next(&c->pool.queue, x)) {
        struct sim_job *j = &s->jobs[x];

        r = profile_reserve(&c->reserved, s->now_s, j->pred_s, j->procs, &j->res_s);
    }
    return r;
}

int cons_pass(struct sim *s, struct sim_center *c)
{
    int64_t least_s = INT64_MAX;
    uint32_t next;
    int r;

    for (uint32_t x = backlog_head(&c->pool.queue, NULL); x; x = next) {
        const struct sim_job *j = &s->jobs[x];

        next = backlog_next(&c->pool.queue, x);
        /* N.B. ties by event (pyss): an end of this second may be still to come. */
        if (j->res_s > s->now_s || j->procs > c->pool.free) {
            least_s = MIN(least_s, j->res_s);
            continue;
        }
        r = start_now(s, c, x);
        if (r < 0)
            return r;
    }
    if (s->config.predict == SIM_REQUEST || s->config.predict == SIM_EXACT
        || least_s == INT64_MAX || least_s <= s->now_s)
        return 0;
    return heap_push(&s->wakes, (struct due){least_s, c->idx, 0});
}
