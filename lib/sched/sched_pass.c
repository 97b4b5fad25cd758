/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched_pass - a pass over a machine of nodes
 *
 * One backfill pass per partition, the one whose head waits longest first. Where
 * partitions share nodes, a later one sees the reservations of the earlier ones
 * and keeps the strictest of them: conservative, never wrong.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sched/sched_int.h"

#include "base/banned.h"

/* One partition's queue, in hand. */
struct hand {
    struct sched *s;
    uint32_t partition;
    int64_t now_s;
    int64_t held_at_s; /* earliest reservation that stands on its nodes */
};

static uint64_t free_cores(void *arg)
{
    const struct hand *h = arg;

    return h->s->partitions[h->partition].free_cores;
}

static const uint32_t *room(void *arg)
{
    const struct hand *h = arg;

    return h->s->room;
}

static enum fit fit(void *arg, struct shape *shape)
{
    const struct hand *h = arg;
    struct sched *s = h->s;
    struct site_shape *x = (struct site_shape *)shape;
    uint32_t mask = UINT32_C(1) << x->partition;

    if (shape->group && s->share) {
        shape->most_s = share_longest(s->share, x->plan_cores, h->now_s);
        if (!shape->most_s)
            return FIT_NOT;
    }
    if (x->unfit_now == s->freed || shape->cores > s->room[shape->group]
        || shape->cores > s->partitions[x->partition].free_cores)
        return FIT_NOT;
    if (!inside(s, x, h->now_s))
        return FIT_NOT;
    s->nodes.closed = closed_at(s, x, h->now_s);
    if (s->reserved) {
        if (x->unfit_held != s->passes) {
            if (nodes_fit(&s->nodes, &x->req, mask, NODES_LATER))
                return FIT_ANY;
            x->unfit_held = s->passes;
        }
    }
    if (!nodes_fit(&s->nodes, &x->req, mask, NODES_NOW)) {
        x->unfit_now = s->freed;
        return FIT_NOT;
    }
    return s->reserved ? FIT_SHORT : FIT_ANY;
}

/* The choice offered breaks nothing: enough tasks, within limits of nodes, none twice.
 */
static bool choice_ok(const struct request *req,
                      const struct node_pick *pick,
                      size_t n,
                      struct nodes *m)
{
    uint64_t tasks = 0;

    if (n == 0 || n > m->n || n < req->min_nodes
        || (req->max_nodes && n > req->max_nodes))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (pick[i].node >= m->n || pick[i].tasks == 0)
            return false;
        for (size_t k = 0; k < i; k++)
            if (pick[k].node == pick[i].node)
                return false;
        tasks += pick[i].tasks;
    }
    return tasks == req->n_tasks;
}

/* What a candidate could take at most, before somebody chose. */
static bool choice_within(const struct nodes *m,
                          const struct request *req,
                          enum nodes_view view,
                          const struct node_pick *pick,
                          size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (pick[i].tasks > nodes_tasks(m, pick[i].node, req, view))
            return false;
    return true;
}

/* The nodes of job `slot`, into the scratch. */
static int pick_nodes(struct hand *h,
                      uint32_t slot,
                      enum nodes_view view,
                      size_t *ret_n)
{
    struct sched *s = h->s;
    const struct site_shape *shape = s->jobs[slot].shape;
    const struct sched_ask ask = {.nodes = &s->nodes,
                                  .req = &shape->req,
                                  .now_s = h->now_s,
                                  .run_s = s->jobs[slot].pred_s,
                                  .later = view == NODES_AHEAD};
    struct node_pick *pick = s->nodes.scratch;
    uint32_t mask = UINT32_C(1) << shape->partition;
    size_t n = nodes_could(&s->nodes, &shape->req, mask, view, pick);
    size_t chosen = 0;

    if (s->config.choose && n > 0
        && s->config.choose(s->config.choose_arg, &ask, pick, n, &chosen) == 0
        && choice_ok(&shape->req, pick, chosen, &s->nodes)
        && choice_within(&s->nodes, &shape->req, view, pick, chosen)) {
        *ret_n = chosen;
    } else {
        int r;

        if (s->config.choose) /* whatever it left behind */
            n = nodes_could(&s->nodes, &shape->req, mask, view, pick);
        r = nodes_choose(&shape->req, pick, n, ret_n);
        if (r < 0)
            return r;
    }
    nodes_charge(&s->nodes, &shape->req, pick, *ret_n);
    return 0;
}

/* Every partition of a picked node has that much less. */
static void less_free(struct sched *s, const struct node_pick *pick, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t p = 0; p < s->n_parts; p++)
            if (s->nodes.v[pick[i].node].partitions & (UINT32_C(1) << p))
                s->partitions[p].free_cores -=
                    MIN(s->partitions[p].free_cores, (uint64_t)pick[i].cores);
}

static int begun(struct sched *s, uint64_t id)
{
    if (s->n_begun == s->cap_begun) {
        size_t cap = s->cap_begun ? 2 * s->cap_begun : 64;
        uint64_t *v = realloc(s->begun, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        s->begun = v;
        s->cap_begun = cap;
    }
    s->begun[s->n_begun++] = id;
    return 0;
}

static void make_room(struct sched *s)
{
    uint64_t foreign = s->counts.foreign_cores;
    uint64_t all = s->config.foreign_cores;
    uint64_t left = all > foreign ? all - foreign : 0;

    for (uint32_t g = 0; g < s->n_groups; g++) {
        const struct group *x = &s->groups[g];
        uint64_t own = x->ceiling > x->held ? x->ceiling - x->held : 0;

        if (x->ceiling == UINT32_MAX)
            own = UINT32_MAX;
        if (g > 0 && all != UINT32_MAX)
            own = MIN(own, left);
        s->room[g] = (uint32_t)MIN(own, (uint64_t)UINT32_MAX);
    }
    s->room[0] = UINT32_MAX;
}

/* A job that outlives a reservation on its nodes takes from it too. */
static void take_then(struct sched *s, const struct node_pick *pick, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->nodes.v[pick[i].node].reserved)
            amount_take(&s->nodes.v[pick[i].node].then, &pick[i]);
}

static int start(void *arg, uint32_t slot)
{
    struct hand *h = arg;
    struct sched *s = h->s;
    struct site_job *j = &s->jobs[slot];
    struct site_shape *shape = j->shape;
    bool shorter = h->now_s + job_stay(s, j) <= h->held_at_s;
    uint64_t cores = 0;
    size_t n = 0;
    int r = -ENOENT;

    s->nodes.closed = closed_at(s, shape, h->now_s);
    if (s->reserved && shape->unfit_held != s->passes)
        r = pick_nodes(h, slot, NODES_LATER, &n);
    if (r < 0 && (shorter || !s->reserved))
        r = pick_nodes(h, slot, NODES_NOW, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        cores += s->nodes.scratch[i].cores;
    if (r < 0 || cores > s->room[shape->shape.group]) {
        shape->unfit_now = s->freed;
        return -EAGAIN;
    }
    if (begun(s, j->id) < 0)
        return -ENOMEM;
    j->picks = malloc(n * sizeof(*j->picks));
    if (!j->picks) {
        s->n_begun--;
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        j->picks[i] = s->nodes.scratch[i];
    j->n_picks = (uint32_t)n;
    if (job_take(s, slot, h->now_s, h->now_s + j->pred_s) < 0) {
        free(j->picks);
        j->picks = NULL;
        j->n_picks = 0;
        s->n_begun--;
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        struct node *node = &s->nodes.v[j->picks[i].node];

        node->end_s = MAX(node->end_s, j->end_s);
    }
    if (s->reserved && !shorter)
        take_then(s, j->picks, n);
    job_unqueue(s, slot);
    j->state = SCHED_RESERVED;
    s->counts.reserved++;
    less_free(s, j->picks, n);
    make_room(s);
    return 0;
}

/* What will be free when the first k running jobs have ended. */
static void look_ahead(struct sched *s, uint32_t mask, size_t k)
{
    for (size_t i = 0; i < s->nodes.n; i++)
        s->nodes.v[i].ahead = s->nodes.v[i].used;
    for (size_t i = 0; i < k; i++) {
        const struct site_job *j = &s->jobs[s->running.v[i].slot];

        for (uint32_t q = 0; q < j->n_picks; q++) {
            struct amount *a = &s->nodes.v[j->picks[q].node].ahead;

            a->cores -= j->picks[q].cores;
            a->gpus -= j->picks[q].gpus;
            a->bytes -= j->picks[q].bytes;
            a->jobs--;
        }
    }
    nodes_look_ahead(&s->nodes, mask);
}

/* The fewest running jobs, lo to hi, that must end before the shape fits; hi + 1 = not
 * even all. Which nodes are closed has been said. */
static size_t jobs_before(struct sched *s,
                          struct site_shape *shape,
                          size_t lo,
                          size_t hi)
{
    uint32_t mask = UINT32_C(1) << shape->partition;
    size_t end = hi + 1;

    while (lo < end) {
        size_t mid = lo + (end - lo) / 2;

        if (mid > hi)
            break;
        look_ahead(s, mask, mid);
        if (nodes_fit(&s->nodes, &shape->req, mask, NODES_AHEAD))
            end = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* How many running jobs are expected to have ended at at_s. */
static size_t ended_by(const struct sched *s, int64_t at_s)
{
    size_t k = 0;

    while (k < s->running.n && s->running.v[k].end_s <= at_s)
        k++;
    return k;
}

/*
 * When the head can start, and how many running jobs have ended then. Between two
 * moments at which reservations open or close nodes to it, more ends only help.
 * INT64_MAX = not foreseen.
 */
static int64_t head_start(struct sched *s,
                          struct site_shape *shape,
                          int64_t now_s,
                          size_t *ret_k)
{
    int64_t from[CLOSINGS_MAX];
    size_t n = closings(s, shape, now_s, from);

    for (size_t i = 0; i < n; i++) {
        size_t lo = i ? ended_by(s, from[i]) : 0;
        size_t hi = i + 1 < n ? ended_by(s, from[i + 1] - 1) : s->running.n;
        size_t k;
        int64_t at_s;

        s->nodes.closed = closed_at(s, shape, from[i]);
        k = jobs_before(s, shape, lo, MAX(lo, hi));
        if (k > MAX(lo, hi) || (i == 0 && k == 0))
            continue; /* k = 0: it fits now, but for another's reservation */
        at_s = k > lo ? MAX(s->running.v[k - 1].end_s, from[i]) : from[i];
        if (!inside(s, shape, at_s))
            return INT64_MAX;
        *ret_k = ended_by(s, at_s);
        return at_s;
    }
    return INT64_MAX;
}

static int reserve(void *arg, uint32_t head, int64_t *ret_at_s)
{
    struct hand *h = arg;
    struct sched *s = h->s;
    struct site_shape *shape = s->jobs[head].shape;
    uint32_t mask = UINT32_C(1) << shape->partition;
    size_t k = 0;
    size_t n = 0;
    int64_t at_s = head_start(s, shape, h->now_s, &k);

    *ret_at_s = INT64_MAX;
    if (at_s == INT64_MAX)
        return 0;
    look_ahead(s, mask, k);
    if (pick_nodes(h, head, NODES_AHEAD, &n) < 0)
        return 0;
    nodes_reserve(&s->nodes, mask, s->nodes.scratch, n);
    s->reserved = true;
    s->passes++;
    h->held_at_s = MIN(h->held_at_s, at_s);
    *ret_at_s = at_s;
    return 0;
}

/* Predictions that have run out: expect the job to use all that it asked. */
static void correct(struct sched *s, int64_t now_s)
{
    while (s->running.n > 0 && s->running.v[0].end_s <= now_s) {
        struct running_job e = s->running.v[0];
        struct site_job *j = &s->jobs[e.slot];
        int64_t end_s = j->start_s + j->limit_s;

        (void)running_remove(&s->running, e.end_s, e.tie); /* it is there */
        e.end_s = MAX(end_s, now_s + 1);
        j->end_s = e.end_s;
        (void)running_add(&s->running, e); /* its room just left */
        s->dirty = true;
        plans_invalid(s);
    }
}

/* Jobs whose begin time has come join the queue. */
static int arrive(struct sched *s, int64_t now_s)
{
    uint32_t x;

    while ((x = order_next(&s->deferred, s->deferred_root, NULL, UINT32_MAX))) {
        if (s->jobs[x].begin_s > now_s)
            break;
        priority_now(s, &s->jobs[x], now_s);
        if (job_queue(s, x) < 0)
            return -ENOMEM;
        order_remove(&s->deferred, &s->deferred_root, x);
        s->counts.deferred--;
        plan_extend(s, x, now_s);
    }
    return 0;
}

int64_t sched_next_s(const struct sched *s)
{
    uint32_t x = order_next(&s->deferred, s->deferred_root, NULL, UINT32_MAX);
    int64_t t = x ? s->jobs[x].begin_s : INT64_MAX;

    if (s->running.n > 0 && s->counts.waiting > 0)
        t = MIN(t, s->running.v[0].end_s);
    if (by_priority(s) && s->counts.waiting > 0)
        t = MIN(t, s->sweep ? 0 : s->calc_s);
    t = MIN(t, reserve_next_s(s));
    return MIN(t, s->judge_s);
}

static void count_free(struct sched *s)
{
    for (uint32_t p = 0; p < s->n_parts; p++)
        s->partitions[p].free_cores = 0;
    for (size_t i = 0; i < s->nodes.n; i++) {
        struct node *n = &s->nodes.v[i];

        n->reserved = false;
        for (uint32_t p = 0; p < s->n_parts && n->up; p++)
            if (n->partitions & (UINT32_C(1) << p))
                s->partitions[p].free_cores += n->now.cores;
    }
    s->reserved = false;
}

/* When each node's last job is expected to end: for those who choose. */
static void know_ends(struct sched *s)
{
    for (size_t i = 0; i < s->nodes.n; i++)
        s->nodes.v[i].end_s = 0;
    for (size_t i = 0; i < s->running.n; i++) { /* the earliest end first */
        const struct site_job *j = &s->jobs[s->running.v[i].slot];

        for (uint32_t k = 0; k < j->n_picks; k++)
            s->nodes.v[j->picks[k].node].end_s = j->end_s;
    }
}

/* Partitions with somebody waiting, the one whose head came first in front. */
static uint32_t in_turn(struct sched *s, uint32_t *turn)
{
    uint64_t seq[SCHED_PARTS_MAX];
    uint32_t n = 0;

    for (uint32_t p = 0; p < s->n_parts; p++) {
        uint32_t x = backlog_head(&s->partitions[p].backlog, s->room);
        uint32_t i = n;

        if (!x || !s->partitions[p].p.up)
            continue;
        for (; i > 0 && seq[i - 1] > s->jobs[x].seq; i--) {
            seq[i] = seq[i - 1];
            turn[i] = turn[i - 1];
        }
        seq[i] = s->jobs[x].seq;
        turn[i] = p;
        n++;
    }
    return n;
}

/* Every job of the plan has its place; those whose place is now start. */
static int pass_planned(struct hand *h)
{
    struct sched *s = h->s;
    struct site_partition *p = &s->partitions[h->partition];
    uint32_t x;
    size_t n = 0;
    int r;

    p->plan.valid = false;
    p->plan.built_s = h->now_s - 1; /* of this second is not enough */
    r = plan_ready(s, h->partition, h->now_s);
    if (r < 0)
        return r;
    for (x = backlog_head(&p->backlog, s->room); x && n < OUTLOOK_JOBS; n++) {
        uint32_t next = backlog_next(&p->backlog, x);
        struct site_job *j = &s->jobs[x];

        /* Only a pass promises: a plan for a question may be made while an end of
         * this second is still to come. */
        if (j->start_s >= 0)
            j->end_s = MIN(j->end_s, j->start_s);
        if (j->start_s == h->now_s
            && fit(h, backlog_shape(&p->backlog, x)) != FIT_NOT) {
            r = start(h, x);
            if (r < 0 && r != -EAGAIN)
                return r;
        }
        x = next;
    }
    return 0;
}

static int pass_partition(struct hand *h)
{
    const struct backfill_machine m = {.arg = h,
                                       .fit = fit,
                                       .free_cores = free_cores,
                                       .room = room,
                                       .start = start,
                                       .reserve = reserve};
    struct sched *s = h->s;

    if (s->config.policy == SCHED_CONSERVATIVE)
        return pass_planned(h);
    return backfill_pass(&s->partitions[h->partition].backlog, &m,
                         s->config.policy != SCHED_FCFS, h->held_at_s, h->now_s);
}

/* Partition p shares a node with one of the mask. */
static bool overlaps(const struct sched *s, uint32_t p, uint32_t mask)
{
    for (size_t i = 0; i < s->nodes.n && mask; i++)
        if ((s->nodes.v[i].partitions & (UINT32_C(1) << p))
            && (s->nodes.v[i].partitions & mask))
            return true;
    return false;
}

int sched_pass(struct sched *s, int64_t now_s, sched_reserved_fn cb, void *arg)
{
    uint32_t turn[SCHED_PARTS_MAX];
    int64_t held[SCHED_PARTS_MAX];
    uint32_t n = 0;
    size_t told;
    int r;

    correct(s, now_s);
    reserve_ready(s, now_s);
    r = priority_ready(s, now_s);
    if (r == 0)
        r = arrive(s, now_s);
    if (r == 0)
        r = share_ready(s, now_s);
    if (r < 0 || !s->dirty)
        return r;
    s->dirty = false;
    s->n_begun = 0;
    if (s->counts.waiting > 0) {
        make_room(s);
        count_free(s);
        if (s->config.choose)
            know_ends(s);
        n = in_turn(s, turn);
    }
    for (uint32_t i = 0; i < n && r >= 0; i++) {
        struct hand h = {s, turn[i], now_s, INT64_MAX};

        for (uint32_t k = 0; k < i; k++)
            if (overlaps(s, turn[i], UINT32_C(1) << turn[k]))
                h.held_at_s = MIN(h.held_at_s, held[k]);
        r = pass_partition(&h);
        held[i] = h.held_at_s;
    }
    if (s->n_begun > 0)
        plans_invalid(s);
    if (r < 0)
        s->dirty = true;
    told = s->n_begun;
    for (size_t i = 0; i < told; i++)
        cb(arg, s->begun[i]);
    return r < 0 ? r : (int)told;
}
