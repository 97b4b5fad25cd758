/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * estimate - what each center would have said about a job's start, and what came of it
 *
 * The center that gets a job (its home, if it is queued at several) says p50 and p90
 * when it is submitted, from its plan and its own record (sched/outlook,
 * sched/forecast: the code of a center). A job that starts in the second of its
 * submission was never told to wait and is not scored.
 */
#include "config.h"

#include <errno.h>

#include "base/number.h"
#include "sim/sim_int.h"

#include "base/banned.h"

#define REST_S 60 /* a long plan is built again at most so often */

static int ready(struct sim *s, struct sim_center *c)
{
    const struct running *run = &c->pool.running;
    int64_t cores = c->pool.free;
    int64_t at_s;
    int r;

    if (outlook_stands(&c->outlook, s->now_s, REST_S))
        return 0;
    r = outlook_begin(&c->outlook, s->now_s, cores);
    for (size_t i = 0; i < run->n && r == 0; i++) {
        cores += run->v[i].cores;
        r = outlook_back(&c->outlook, MAX(run->v[i].end_s, s->now_s + 1), cores);
    }
    for (uint32_t x = backlog_head(&c->pool.queue, NULL); x && r == 0;
         x = backlog_next(&c->pool.queue, x))
        r = outlook_put(&c->outlook, s->now_s, s->jobs[x].pred_s, s->jobs[x].procs,
                        &at_s);
    if (r < 0 && r != -EAGAIN)
        return r;
    c->outlook.valid = true;
    return 0;
}

int estimate_job(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];
    uint64_t work = (uint64_t)c->pool.work;
    uint64_t rest;
    int64_t at_s = 0;
    int r;

    if (!s->config.estimates)
        return 0;
    r = ready(s, c);
    if (r < 0)
        return r;
    rest = work > c->outlook.work ? work - c->outlook.work : 0;
    at_s = outlook_expected(&c->outlook, s->now_s, j->pred_s, j->procs, rest,
                            (uint64_t)c->pool.procs);
    j->said = forecast_of(&c->forecast, at_s - s->now_s, j->pred_s);
    j->said_by = (uint16_t)(c->idx + 1);
    r = outlook_put(&c->outlook, s->now_s, j->pred_s, j->procs, &at_s);
    return r == -EAGAIN ? 0 : r;
}

void estimate_started(struct sim *s, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];
    int64_t wait_s = j->start_s - j->submit_s;
    struct sim_center *c;

    if (!j->said_by || wait_s <= 0)
        return;
    c = &s->centers[j->said_by - 1];
    forecast_learn(&c->forecast, &j->said, j->submit_s, wait_s);
    c->estimates.n++;
    c->estimates.n_held50 += wait_s <= j->said.p50_s;
    c->estimates.n_held90 += wait_s <= j->said.p90_s;
    c->estimates.wait_sum_s += (double)wait_s;
    c->estimates.p50_sum_s += j->said.p50_s;
    c->estimates.p90_sum_s += j->said.p90_s;
}
