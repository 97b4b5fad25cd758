/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched_plan - what a center expects (sched/outlook.h), in cores of a partition
 *
 * How free cores lie on nodes is not seen, so an estimate for a request that is hard
 * to place is early; forecast.c learns by how much.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/measure.h"
#include "base/number.h"
#include "sched/sched_int.h"

#include "base/banned.h"

#define REST_S 1 /* a long plan is built again at most so often */

/* Cores of a job on nodes of a partition that are up. */
static int64_t cores_in(const struct sched *s, const struct site_job *j, uint32_t mask)
{
    int64_t cores = 0;

    for (uint32_t i = 0; i < j->n_picks; i++) {
        const struct node *n = &s->nodes.v[j->picks[i].node];

        if ((n->partitions & mask) && n->up)
            cores += j->picks[i].cores;
    }
    return cores;
}

/* Free cores from now on, as the running jobs give theirs back. */
static int running_plan(struct sched *s, uint32_t p, int64_t now_s)
{
    struct outlook *plan = &s->partitions[p].plan;
    uint32_t mask = UINT32_C(1) << p;
    int64_t cores = 0;

    for (size_t i = 0; i < s->nodes.n; i++)
        if ((s->nodes.v[i].partitions & mask) && s->nodes.v[i].up)
            cores += s->nodes.v[i].now.cores;
    if (outlook_begin(plan, now_s, cores) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < s->running.n; i++) {
        const struct running_job *e = &s->running.v[i];

        cores += cores_in(s, &s->jobs[e->slot], mask);
        if (outlook_back(plan, MAX(e->end_s, now_s + 1), cores) < 0)
            return -ENOMEM;
    }
    return s->n_reservations ? reserve_plan(s, p, now_s) : 0;
}

/* One waiting job takes its place in the plan. */
static int plan_job(struct sched *s,
                    struct site_partition *part,
                    uint32_t x,
                    int64_t now_s)
{
    struct site_job *j = &s->jobs[x];
    int r =
        outlook_put(&part->plan, now_s, j->pred_s, j->shape->plan_cores, &j->start_s);

    return r == -EAGAIN ? 0 : r;
}

/* In queue order, each at its earliest place. */
static int plan_queue(struct sched *s, struct site_partition *part, int64_t now_s)
{
    int r = 0;

    for (uint32_t x = backlog_head(&part->backlog, NULL);
         x && part->plan.jobs < OUTLOOK_JOBS && r == 0;
         x = backlog_next(&part->backlog, x))
        r = plan_job(s, part, x, now_s);
    return r;
}

struct promised {
    int64_t at_s; /* INT64_MAX = nothing promised yet */
    size_t turn;  /* in the queue */
    uint32_t slot;
};

static int by_promise(const void *a, const void *b)
{
    const struct promised *x = a;
    const struct promised *y = b;

    if (x->at_s != y->at_s)
        return x->at_s < y->at_s ? -1 : 1;
    return x->turn < y->turn ? -1 : 1;
}

/*
 * Conservative: in the order of the starts promised before, then the new ones.
 * Whoever is placed first had an earlier start, and moves to an earlier one only:
 * from the moment promised to a later job on it takes no more than it did, so that
 * job's old place is still there and nobody is put later than promised.
 */
static int plan_promised(struct sched *s, struct site_partition *part, int64_t now_s)
{
    size_t most = MIN(part->backlog.n, (size_t)OUTLOOK_JOBS);
    struct promised *v = malloc((most + 1) * sizeof(*v));
    size_t n = 0;
    int r = 0;

    if (!v)
        return -ENOMEM;
    for (uint32_t x = backlog_head(&part->backlog, NULL); x && n < most;
         x = backlog_next(&part->backlog, x), n++)
        v[n] = (struct promised){s->jobs[x].end_s, n, x};
    qsort(v, n, sizeof(*v), by_promise);
    for (size_t i = 0; i < n && r == 0; i++)
        r = plan_job(s, part, v[i].slot, now_s);
    free(v);
    return r;
}

int plan_ready(struct sched *s, uint32_t p, int64_t now_s)
{
    struct site_partition *part = &s->partitions[p];
    int r;

    if (outlook_stands(&part->plan, now_s, REST_S))
        return 0;
    r = running_plan(s, p, now_s);
    if (r < 0)
        return r;
    r = s->config.policy == SCHED_CONSERVATIVE ? plan_promised(s, part, now_s)
                                               : plan_queue(s, part, now_s);
    if (r < 0)
        return r;
    part->plan.valid = true;
    return 0;
}

void plan_extend(struct sched *s, uint32_t x, int64_t now_s)
{
    struct site_partition *part = &s->partitions[s->jobs[x].shape->partition];

    if (!part->plan.valid)
        return;
    if (backlog_next(&part->backlog, x) || plan_job(s, part, x, now_s) < 0)
        part->plan.valid = false; /* not the last, or no memory: built when asked */
}

int64_t planned_start(struct sched *s,
                      uint32_t partition,
                      int64_t from_s,
                      uint32_t pred_s,
                      uint32_t cores)
{
    const struct site_partition *part = &s->partitions[partition];
    uint64_t rest = part->work > part->plan.work ? part->work - part->plan.work : 0;
    uint64_t machine = 0;

    for (size_t i = 0; i < s->nodes.n && rest; i++)
        if ((s->nodes.v[i].partitions & (UINT32_C(1) << partition)) && s->nodes.v[i].up)
            machine += s->nodes.v[i].all.cores;
    return outlook_expected(&part->plan, from_s, pred_s, cores, rest, machine);
}

static uint32_t predicted(struct sched *s,
                          const struct request *req,
                          const struct sched_meta *meta,
                          uint32_t limit_s)
{
    return predict_run(s->predict, meta->user, limit_s,
                       (uint32_t)MIN(request_cores(req), (uint64_t)UINT32_MAX));
}

int sched_estimate(struct sched *s,
                   const struct request *req,
                   const struct sched_meta *meta,
                   int64_t now_s,
                   int64_t *ret_wait_s,
                   struct err *err)
{
    uint32_t limit_s = 0;
    int64_t from_s = MAX(now_s, meta->begin_s);
    uint32_t cores;
    int64_t t;
    int p = fits_partition(s, req, &limit_s, err);

    if (p < 0)
        return p;
    if (plan_ready(s, (uint32_t)p, now_s) < 0)
        return err_set(err, -ENOMEM, "no memory for a plan");
    cores = plan_cores(s, req, (uint32_t)p);
    if (p >= PARTITIONS_MAX)
        from_s = MAX(from_s, reservation_of(s, (uint32_t)p)->start_s);
    t = planned_start(s, (uint32_t)p, from_s, predicted(s, req, meta, limit_s), cores);
    if (t == PROFILE_NEVER)
        return err_set(err, -E2BIG,
                       "%u cores asked, partition %s has fewer that are up", cores,
                       s->partitions[p].p.name);
    *ret_wait_s = t - now_s;
    return 0;
}

struct forecast_wait sched_odds(struct sched *s,
                                const struct request *req,
                                const struct sched_meta *meta,
                                int64_t wait_s)
{
    uint32_t limit_s = DURATION_UNLIMITED;

    (void)fits_partition(s, req, &limit_s, NULL); /* no: the longest class */
    return forecast_of(&s->forecast, wait_s, predicted(s, req, meta, limit_s));
}
