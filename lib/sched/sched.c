/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sched - the jobs of one center: where each stands, what it holds */
#include "config.h"

#include "sched/sched.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "sched/sched_int.h"

#include "base/banned.h"

/* The slot of a job in one of the states, or 0 with *ret_r = -ENOENT or -EINVAL. */
static uint32_t slot_in(const struct sched *s,
                        uint64_t job,
                        unsigned states,
                        int *ret_r)
{
    uint32_t x = idmap_find(&s->ids, job);

    *ret_r = -ENOENT;
    if (!x)
        return 0;
    *ret_r = -EINVAL;
    if (!(states & (1u << s->jobs[x].state)))
        return 0;
    *ret_r = 0;
    return x;
}

static int slot_new(struct sched *s, uint32_t *ret_x)
{
    if (!s->free_slot) {
        /* By quarters once it is large: what waits by the 100,000 is memory. */
        size_t n = s->n_slots < 4096 ? MAX(2 * s->n_slots, (size_t)64)
                                     : s->n_slots + s->n_slots / 4;
        size_t first = s->n_slots ? s->n_slots : 1;
        struct site_job *jobs;

        n = MIN(n, (size_t)SCHED_JOBS_MAX + 1);
        if (n <= s->n_slots)
            return -EAGAIN;
        if (backlog_pools_grow(&s->pools, n) < 0)
            return -ENOMEM;
        jobs = realloc(s->jobs, n * sizeof(*jobs));
        if (!jobs)
            return -ENOMEM;
        memset(jobs + s->n_slots, 0, (n - s->n_slots) * sizeof(*jobs));
        s->jobs = jobs;
        for (size_t i = n; i-- > first;) {
            jobs[i].next_free = s->free_slot;
            s->free_slot = (uint32_t)i;
        }
        s->n_slots = n;
    }
    *ret_x = s->free_slot;
    s->free_slot = s->jobs[*ret_x].next_free;
    return 0;
}

static void slot_free(struct sched *s, uint32_t x)
{
    struct site_job *j = &s->jobs[x];
    struct reservation *r = j->shape ? reservation_of(s, j->shape->partition) : NULL;

    if (r)
        r->jobs--;
    if (j->shape)
        shape_put(s, j->shape);
    *j = (struct site_job){.next_free = s->free_slot};
    s->free_slot = x;
}

void plans_invalid(struct sched *s)
{
    for (uint32_t p = 0; p < s->n_parts; p++)
        s->partitions[p].plan.valid = false;
}

/* Its two places among those that wait. */
static void rank(const struct sched *s,
                 const struct site_job *j,
                 struct backlog_entry *e)
{
    const struct rank_rule rule = own_rank(s);
    const struct rank_job r = {.seq = j->seq,
                               .submit_s = j->submit_s,
                               .pred_s = j->pred_s,
                               .cores = j->shape->shape.cores,
                               .priority = j->priority,
                               .guest = j->shape->group != 0};

    e->queue = rank_queue(&rule, &r);
    e->scan = rank_scan(&rule, &r);
}

static struct backlog *backlog_of(struct sched *s, const struct site_job *j)
{
    return &s->partitions[j->shape->partition].backlog;
}

/* A job with its shape begins to wait. */
int job_queue(struct sched *s, uint32_t x)
{
    struct site_job *j = &s->jobs[x];
    struct backlog_entry e = {.slot = x, .pred_s = job_stay(s, j)};

    if (shape_by_limit(s, j) < 0)
        return -ENOMEM;
    e.shape = &j->shape->shape;
    rank(s, j, &e);
    if (backlog_add(backlog_of(s, j), &e) < 0)
        return -ENOMEM;
    j->state = SCHED_WAITING;
    j->start_s = -1;
    j->end_s = INT64_MAX;
    s->partitions[j->shape->partition].work += job_work(j);
    s->counts.waiting++;
    s->dirty = true;
    return 0;
}

/* Its priority, or the rule, is another one. */
void job_reorder(struct sched *s, uint32_t x)
{
    struct site_job *j = &s->jobs[x];
    struct backlog *b = backlog_of(s, j);
    struct backlog_entry e = {
        .shape = &j->shape->shape, .slot = x, .pred_s = job_stay(s, j)};
    int r;

    rank(s, j, &e);
    backlog_remove(b, x);
    r = backlog_add(b, &e);
    assert(r == 0); /* into the room that it left */
    (void)r;        /* for builds that leave assert() out */
    s->partitions[j->shape->partition].plan.valid = false;
    s->dirty = true;
}

void job_unqueue(struct sched *s, uint32_t x)
{
    struct site_job *j = &s->jobs[x];

    backlog_remove(backlog_of(s, j), x);
    s->partitions[j->shape->partition].work -= job_work(j);
    s->counts.waiting--;
}

static int defer(struct sched *s, uint32_t x)
{
    struct site_job *j = &s->jobs[x];

    if (order_pool_grow(&s->deferred, s->n_slots) < 0)
        return -ENOMEM;
    order_insert(&s->deferred, &s->deferred_root, x,
                 (struct order_key){(uint64_t)j->begin_s, j->seq}, 0);
    j->state = SCHED_DEFERRED;
    s->counts.deferred++;
    return 0;
}

/* Its picks leave `now` of their nodes; it is expected back at end_s. */
int job_take(struct sched *s, uint32_t x, int64_t start_s, int64_t end_s)
{
    struct site_job *j = &s->jobs[x];
    struct group *g = &s->groups[j->shape->group];
    uint32_t cores = 0;
    int r;

    for (uint32_t i = 0; i < j->n_picks; i++)
        cores += j->picks[i].cores;
    r = running_add(&s->running, (struct running_job){end_s, j->seq, x, cores});
    if (r < 0)
        return r;
    j->start_s = start_s;
    j->end_s = end_s;
    r = guest_came(s, j, cores);
    if (r < 0) {
        (void)running_remove(&s->running, end_s, j->seq); /* just added */
        return r;
    }
    nodes_take(&s->nodes, j->picks, j->n_picks);
    g->held += cores;
    if (j->shape->group)
        s->counts.foreign_cores += cores;
    return 0;
}

void job_give(struct sched *s, uint32_t x)
{
    struct site_job *j = &s->jobs[x];
    uint32_t cores = 0;
    bool was = running_remove(&s->running, j->end_s, j->seq);

    assert(was);
    (void)was; /* for builds that leave assert() out */
    for (uint32_t i = 0; i < j->n_picks; i++)
        cores += j->picks[i].cores;
    guest_left(s, j);
    nodes_give(&s->nodes, j->picks, j->n_picks);
    free(j->picks);
    j->picks = NULL;
    j->n_picks = 0;
    s->groups[j->shape->group].held -= cores;
    if (j->shape->group)
        s->counts.foreign_cores -= cores;
    if (j->state == SCHED_RUNNING)
        s->counts.running--;
    else
        s->counts.reserved--;
    s->freed++;
    s->dirty = true;
    plans_invalid(s);
}

/* Group numbers are centers: the tables grow to the largest one seen. */
static int group_room(struct sched *s, uint32_t group)
{
    struct group *groups;
    uint32_t *room;

    if (group >= BACKLOG_GROUPS_MAX)
        return -EINVAL;
    if (group < s->n_groups)
        return 0;
    groups = realloc(s->groups, (group + 1) * sizeof(*groups));
    if (!groups)
        return -ENOMEM;
    s->groups = groups;
    room = realloc(s->room, (group + 1) * sizeof(*room));
    if (!room)
        return -ENOMEM;
    s->room = room;
    for (uint32_t g = s->n_groups; g <= group; g++)
        groups[g] = (struct group){.ceiling = UINT32_MAX};
    s->n_groups = group + 1;
    return 0;
}

int sched_ceiling_set(struct sched *s, uint32_t group, uint32_t cores)
{
    int r;

    if (group == 0)
        return -EINVAL;
    r = group_room(s, group);
    if (r < 0)
        return r;
    s->groups[group].ceiling = cores;
    s->freed++;
    s->dirty = true;
    return 0;
}

/* A slot with everything but a place; nothing is counted yet. */
static int job_new(struct sched *s,
                   uint64_t job,
                   const struct request *req,
                   const struct sched_meta *meta,
                   uint32_t *ret_x,
                   struct err *err)
{
    uint32_t limit_s = 0;
    struct request by_limit = *req;
    struct reservation *reserved;
    uint32_t x = 0;
    struct site_job *j;
    int p;
    int r;

    if (idmap_find(&s->ids, job))
        return err_set(err, -EEXIST, "this job is in the queue already");
    if (s->n_jobs >= s->config.max_jobs)
        return err_set(err, -EAGAIN, "the queue is full (%zu jobs): try again later",
                       s->n_jobs);
    p = fits_partition(s, req, &limit_s, err);
    if (p < 0)
        return p;
    if (p >= PARTITIONS_MAX && meta->group)
        return err_set(err, -EINVAL, "reservations are for jobs submitted here");
    r = group_room(s, meta->group);
    if (r < 0)
        return err_set(err, r, "center number %u is out of range", meta->group);
    r = slot_new(s, &x);
    if (r < 0)
        return err_set(err, r, "no room for another job");
    j = &s->jobs[x];
    j->id = job;
    j->user = meta->user;
    j->account = account_get(s, meta->account);
    j->priority = meta->priority;
    j->submit_s = meta->submit_s;
    j->begin_s = meta->begin_s;
    j->limit_s = limit_s;
    j->pred_s = predict_run(s->predict, meta->user, limit_s,
                            (uint32_t)MIN(request_cores(req), (uint64_t)UINT32_MAX));
    j->seq = ++s->seq;
    j->start_s = -1;
    j->said_in_s = UINT32_MAX;
    by_limit.time_limit_s = limit_s;
    j->shape = shape_get(s, &by_limit, (uint32_t)p, meta->group);
    reserved = reservation_of(s, (uint32_t)p);
    if (j->shape && reserved) {
        reserved->jobs++;
        j->begin_s = MAX(j->begin_s, reserved->start_s);
    }
    r = j->shape ? idmap_add(&s->ids, job, x) : -ENOMEM;
    if (r < 0) {
        slot_free(s, x);
        return err_set(err, r, "no memory for another job");
    }
    *ret_x = x;
    return 0;
}

static void job_drop(struct sched *s, uint32_t x)
{
    idmap_remove(&s->ids, s->jobs[x].id);
    slot_free(s, x);
}

int sched_submit(struct sched *s,
                 uint64_t job,
                 const struct request *req,
                 const struct sched_meta *meta,
                 int64_t now_s,
                 struct err *err)
{
    uint32_t x = 0;
    int r = job_new(s, job, req, meta, &x, err);

    if (r < 0)
        return r;
    priority_now(s, &s->jobs[x], now_s);
    if (s->jobs[x].begin_s <= now_s)
        odds_say(s, x, now_s);
    r = s->jobs[x].begin_s > now_s ? defer(s, x) : job_queue(s, x);
    if (r < 0) {
        job_drop(s, x);
        return err_set(err, r, "no memory for another job");
    }
    if (s->jobs[x].state == SCHED_WAITING)
        plan_extend(s, x, now_s);
    s->n_jobs++;
    return 0;
}

int sched_remove(struct sched *s, uint64_t job)
{
    int r;
    uint32_t x = slot_in(s, job, ~0u, &r);

    if (!x)
        return r;
    if (s->jobs[x].state == SCHED_WAITING) {
        job_unqueue(s, x);
        s->partitions[s->jobs[x].shape->partition].plan.valid = false;
        s->dirty = true; /* it may have been the head */
    } else if (s->jobs[x].state == SCHED_DEFERRED) {
        order_remove(&s->deferred, &s->deferred_root, x);
        s->counts.deferred--;
    } else {
        return -EBUSY;
    }
    job_drop(s, x);
    s->n_jobs--;
    return 0;
}

int sched_start(struct sched *s, uint64_t job, int64_t now_s)
{
    int r;
    uint32_t x = slot_in(s, job, 1u << SCHED_RESERVED, &r);
    struct site_job *j;

    if (!x)
        return r;
    j = &s->jobs[x];
    j->state = SCHED_RUNNING;
    j->charged_s = now_s;
    odds_started(s, x, now_s);
    s->counts.reserved--;
    s->counts.running++;
    if (j->start_s != now_s) {
        struct running_job e = {now_s + j->pred_s, j->seq, x, 0};

        for (uint32_t i = 0; i < j->n_picks; i++)
            e.cores += j->picks[i].cores;
        (void)running_remove(&s->running, j->end_s, j->seq); /* it is there */
        (void)running_add(&s->running, e);                   /* its room just left */
        j->start_s = now_s;
        j->end_s = e.end_s;
        plans_invalid(s);
    }
    return 0;
}

int sched_release(struct sched *s, uint64_t job)
{
    int r;
    uint32_t x = slot_in(s, job, 1u << SCHED_RESERVED, &r);

    if (!x)
        return r;
    job_give(s, x);
    job_drop(s, x);
    s->n_jobs--;
    return 0;
}

int sched_requeue(struct sched *s, uint64_t job, int64_t now_s)
{
    int r;
    uint32_t x = slot_in(s, job, 1u << SCHED_RESERVED | 1u << SCHED_RUNNING, &r);

    uint8_t was;
    int64_t start_s;
    int64_t end_s;

    if (!x)
        return r;
    charge(s, &s->jobs[x], now_s);
    was = s->jobs[x].state;
    start_s = s->jobs[x].start_s;
    end_s = s->jobs[x].end_s;
    priority_now(s, &s->jobs[x], now_s); /* it waits since it was submitted */
    r = job_queue(s, x);
    if (r < 0)
        return r;
    s->jobs[x].state = was; /* it still holds its nodes */
    s->jobs[x].start_s = start_s;
    s->jobs[x].end_s = end_s;
    job_give(s, x);
    s->jobs[x].state = SCHED_WAITING;
    s->jobs[x].start_s = -1;
    s->jobs[x].end_s = INT64_MAX;
    return 0;
}

int sched_end_unlearned(struct sched *s, uint64_t job)
{
    int r;
    uint32_t x = slot_in(s, job, 1u << SCHED_RESERVED | 1u << SCHED_RUNNING, &r);

    if (!x)
        return r;
    job_give(s, x);
    job_drop(s, x);
    s->n_jobs--;
    return 0;
}

int sched_end(struct sched *s, uint64_t job, int64_t now_s)
{
    int r;
    uint32_t x = slot_in(s, job, 1u << SCHED_RUNNING, &r);
    struct site_job *j;
    uint32_t run_s;

    if (!x)
        return r;
    j = &s->jobs[x];
    run_s =
        now_s > j->start_s ? (uint32_t)MIN(now_s - j->start_s, (int64_t)UINT32_MAX) : 0;
    /* A run that cannot be remembered is only a worse prediction. */
    (void)predict_ended(s->predict, j->user, j->limit_s, j->shape->shape.cores, run_s);
    charge(s, j, now_s);
    return sched_end_unlearned(s, job);
}

/* The picks given are sane and inside the machine. */
static bool picks_ok(const struct sched *s, const struct node_pick *pick, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (pick[i].node >= s->nodes.n)
            return false;
    return n > 0;
}

int sched_restore_running(struct sched *s,
                          uint64_t job,
                          const struct request *req,
                          const struct sched_meta *meta,
                          const struct node_pick *pick,
                          size_t n,
                          int64_t started_s)
{
    struct request ask = *req;
    uint32_t x = 0;
    struct site_job *j;
    int r;

    if (!picks_ok(s, pick, n))
        return -ENOENT;
    if (reservation_part(s, ask.reservation) < 0)
        ask.reservation[0] = '\0'; /* it runs on beyond its end */
    r = job_new(s, job, &ask, meta, &x, NULL);
    if (r < 0)
        return r;
    j = &s->jobs[x];
    j->picks = malloc(n * sizeof(*pick));
    if (j->picks) {
        memcpy(j->picks, pick, n * sizeof(*pick));
        j->n_picks = (uint32_t)n;
        if (!pick[0].cores)
            nodes_charge(&s->nodes, &j->shape->req, j->picks, n);
        r = job_take(s, x, started_s, started_s + j->pred_s);
    }
    if (!j->picks || r < 0) {
        free(j->picks);
        job_drop(s, x);
        return -ENOMEM;
    }
    j->state = SCHED_RUNNING;
    j->charged_s = MAX(started_s, s->charged_s);
    s->counts.running++;
    s->n_jobs++;
    plans_invalid(s);
    return 0;
}
