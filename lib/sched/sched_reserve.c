/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched_reserve - nodes kept for some jobs, from one moment to another
 *
 * A reservation is a partition of its own (index PARTITIONS_MAX and above) with a queue
 * of its own, up while it lasts; jobs that name it wait there and must end by its end.
 * All others may use its nodes only if by their time limits they end before it begins:
 * by limits, not by predictions, so that nobody else's job is ever there. Which nodes
 * are closed to a job depends on its limit, so while there are reservations shapes are
 * kept apart by it.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "sched/sched_int.h"

#include "base/banned.h"

static struct reservation *find(struct sched *s, const char *name)
{
    for (uint32_t i = 0; i < RESERVATIONS_MAX; i++)
        if (s->reservations[i].used && !strcmp(s->reservations[i].name, name))
            return &s->reservations[i];
    return NULL;
}

static uint32_t part_of(const struct sched *s, const struct reservation *r)
{
    return PARTITIONS_MAX + (uint32_t)(r - s->reservations);
}

struct reservation *reservation_of(struct sched *s, uint32_t partition)
{
    return partition >= PARTITIONS_MAX ? &s->reservations[partition - PARTITIONS_MAX]
                                       : NULL;
}

int64_t ends_by(int64_t from_s, uint32_t limit_s)
{
    return limit_s == 0 || limit_s == DURATION_UNLIMITED ? INT64_MAX : from_s + limit_s;
}

/* Partitions whose nodes a job may not use if it starts at from_s. */
uint32_t closed_at(const struct sched *s, const struct site_shape *x, int64_t from_s)
{
    int64_t until_s = ends_by(from_s + s->config.late_s, x->req.time_limit_s);
    uint32_t closed = 0;

    if (!s->n_reservations || x->partition >= PARTITIONS_MAX)
        return 0;
    for (uint32_t i = 0; i < RESERVATIONS_MAX; i++) {
        const struct reservation *r = &s->reservations[i];

        if (r->used && r->start_s < until_s && r->end_s > from_s)
            closed |= UINT32_C(1) << (PARTITIONS_MAX + i);
    }
    return closed;
}

/* A job of a reservation ends with it. */
bool inside(const struct sched *s, const struct site_shape *x, int64_t from_s)
{
    return x->partition < PARTITIONS_MAX
           || ends_by(from_s, x->req.time_limit_s)
                  <= s->reservations[x->partition - PARTITIONS_MAX].end_s;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* Now, and the later moments from which on other nodes are closed to a job. */
size_t closings(const struct sched *s,
                const struct site_shape *x,
                int64_t now_s,
                int64_t at_s[CLOSINGS_MAX])
{
    size_t n = 0;

    at_s[n++] = now_s;
    for (uint32_t i = 0; i < RESERVATIONS_MAX && x->partition < PARTITIONS_MAX; i++) {
        const struct reservation *r = &s->reservations[i];
        int64_t last_s = r->start_s - s->config.late_s - x->req.time_limit_s;

        if (!r->used || r->end_s <= now_s)
            continue;
        at_s[n++] = r->end_s;
        if (last_s >= now_s && ends_by(0, x->req.time_limit_s) != INT64_MAX)
            at_s[n++] = last_s + 1;
    }
    qsort(at_s, n, sizeof(*at_s), by_time);
    return n;
}

/* --- coming and going ----------------------------------------------------------- */

/* The names are nodes of this center: their indices. */
static int find_nodes(const struct sched *s,
                      const struct words *nodes,
                      uint32_t *index,
                      struct err *err)
{
    for (size_t i = 0; i < nodes->n; i++) {
        int k = nodes_find(&s->nodes, nodes->v[i]);

        if (k < 0)
            return err_set(err, -ENOENT, "there is no node %s here", nodes->v[i]);
        index[i] = (uint32_t)k;
    }
    return nodes->n > 0 ? 0 : err_set(err, -EINVAL, "it needs nodes");
}

/* Two reservations do not have one node at one time. */
static int check_others(const struct sched *s,
                        const struct sched_reservation *r,
                        const uint32_t *index,
                        size_t n,
                        struct err *err)
{
    for (uint32_t i = 0; i < RESERVATIONS_MAX; i++) {
        const struct reservation *x = &s->reservations[i];

        if (!x->used || x->start_s >= r->end_s || x->end_s <= r->start_s)
            continue;
        for (size_t k = 0; k < n; k++)
            if (s->nodes.v[index[k]].partitions & (UINT32_C(1) << (PARTITIONS_MAX + i)))
                return err_set(err, -EBUSY, "node %s is in reservation %s at that time",
                               s->nodes.v[index[k]].name, x->name);
    }
    return 0;
}

/* Nobody runs there who may still do so when it begins. */
static int check_running(const struct sched *s,
                         const struct sched_reservation *r,
                         const uint32_t *index,
                         size_t n,
                         struct err *err)
{
    for (size_t i = 0; i < s->running.n; i++) {
        const struct site_job *j = &s->jobs[s->running.v[i].slot];

        if (ends_by(j->start_s, j->limit_s) <= r->start_s)
            continue;
        for (uint32_t p = 0; p < j->n_picks; p++)
            for (size_t k = 0; k < n; k++)
                if (j->picks[p].node == index[k])
                    return err_set(err, -EBUSY,
                                   "job %" PRIu64 " may run on node %s until after the "
                                   "start: choose a later one, or IGNORE_JOBS",
                                   j->id, s->nodes.v[index[k]].name);
    }
    return 0;
}

/* Shapes by limit, or no longer so. */
static int requeue_all(struct sched *s)
{
    for (uint32_t x = 1; x < s->n_slots; x++) {
        if (!s->jobs[x].id || s->jobs[x].state != SCHED_WAITING)
            continue;
        job_unqueue(s, x);
        if (job_queue(s, x) < 0)
            return -ENOMEM; /* cannot be: it is put where it was, at worst */
    }
    return 0;
}

/* While there are reservations a waiting job's shape says its limit. */
int shape_by_limit(struct sched *s, struct site_job *j)
{
    struct site_shape *shape = j->shape;
    uint32_t limit_s = s->n_reservations ? j->limit_s : 0;
    struct request req = shape->req;
    struct site_shape *other;

    if (shape->req.time_limit_s == limit_s)
        return 0;
    req.time_limit_s = limit_s;
    other = shape_get(s, &req, shape->partition, shape->group);
    if (!other)
        return -ENOMEM;
    shape_put(s, shape);
    j->shape = other;
    return 0;
}

static void begin(struct sched *s,
                  struct reservation *to,
                  const struct sched_reservation *r,
                  const uint32_t *index,
                  size_t n)
{
    uint32_t p = part_of(s, to);

    *to = (struct reservation){.used = true, .start_s = r->start_s, .end_s = r->end_s};
    (void)word_copy(to->name, sizeof(to->name), r->name); /* the same ceiling */
    (void)word_copy(s->partitions[p].p.name, NAME_CAP, r->name);
    backlog_init(&s->partitions[p].backlog, &s->pools);
    s->partitions[p].work = 0;
    s->partitions[p].p.up = false;
    s->partitions[p].p.max_time_s =
        (uint32_t)MIN(r->end_s - r->start_s, (int64_t)UINT32_MAX - 1);
    for (size_t i = 0; i < n; i++)
        s->nodes.v[index[i]].partitions |= UINT32_C(1) << p;
    s->n_reservations++;
    s->n_parts = MAX(s->n_parts, p + 1);
}

static void forget(struct sched *s, struct reservation *r)
{
    uint32_t p = part_of(s, r);

    for (size_t i = 0; i < s->nodes.n; i++)
        s->nodes.v[i].partitions &= ~(UINT32_C(1) << p);
    backlog_release(&s->partitions[p].backlog);
    outlook_release(&s->partitions[p].plan);
    memset(&s->partitions[p], 0, sizeof(s->partitions[p]));
    memset(r, 0, sizeof(*r));
    s->n_reservations--;
    s->freed++;
    s->dirty = true;
    plans_invalid(s);
}

int sched_reserve(struct sched *s,
                  const struct sched_reservation *r,
                  const struct words *nodes,
                  int64_t now_s,
                  struct err *err)
{
    uint32_t *index = calloc(nodes->n + 1, sizeof(*index));
    struct reservation *to = NULL;
    int e = index ? 0 : err_set(err, -ENOMEM, "out of memory");

    for (uint32_t i = 0; i < RESERVATIONS_MAX && !to; i++)
        to = s->reservations[i].used ? NULL : &s->reservations[i];
    if (e == 0 && find(s, r->name))
        e = err_set(err, -EEXIST, "there is a reservation %s already", r->name);
    if (e == 0 && (r->end_s <= r->start_s || r->end_s <= now_s))
        e = err_set(err, -EINVAL, "its end must come after its start and after now");
    if (e == 0 && !to)
        e = err_set(err, -ENOSPC, "there are %d reservations already, the most",
                    RESERVATIONS_MAX);
    if (e == 0)
        e = find_nodes(s, nodes, index, err);
    if (e == 0)
        e = check_others(s, r, index, nodes->n, err);
    if (e == 0 && !r->ignore_jobs)
        e = check_running(s, r, index, nodes->n, err);
    if (e == 0) {
        begin(s, to, r, index, nodes->n);
        e = requeue_all(s);
        s->dirty = true;
        plans_invalid(s);
    }
    free(index);
    return e;
}

int sched_unreserve(struct sched *s, const char *name, struct err *err)
{
    struct reservation *r = find(s, name);

    if (!r)
        return err_set(err, -ENOENT, "there is no reservation %s", name);
    if (r->jobs)
        return err_set(err, -EBUSY, "%u jobs wait or run in reservation %s", r->jobs,
                       name);
    forget(s, r);
    return requeue_all(s);
}

int sched_reservation_jobs(struct sched *s, const char *name)
{
    const struct reservation *r = find(s, name);

    return r ? (int)r->jobs : -ENOENT;
}

/* Those that have begun are open to their jobs, those that are over to everybody. */
void reserve_ready(struct sched *s, int64_t now_s)
{
    for (uint32_t i = 0; i < RESERVATIONS_MAX && s->n_reservations; i++) {
        struct reservation *r = &s->reservations[i];
        struct site_partition *p = &s->partitions[PARTITIONS_MAX + i];

        if (!r->used)
            continue;
        r->over = now_s >= r->end_s;
        if (p->p.up != (now_s >= r->start_s && !r->over)) {
            p->p.up = !p->p.up;
            s->freed++;
            s->dirty = true;
            plans_invalid(s);
        }
        if (r->over && !r->jobs) {
            forget(s, r);
            (void)requeue_all(s); /* shapes that say too much do no harm */
        }
    }
}

/* The next moment at which a reservation begins or ends. */
int64_t reserve_next_s(const struct sched *s)
{
    int64_t t = INT64_MAX;

    for (uint32_t i = 0; i < RESERVATIONS_MAX && s->n_reservations; i++) {
        const struct reservation *r = &s->reservations[i];

        if (!r->used)
            continue;
        if (!s->partitions[PARTITIONS_MAX + i].p.up && !r->over)
            t = MIN(t, r->start_s);
        else if (!r->over)
            t = MIN(t, r->end_s);
    }
    return t;
}

/* What a plan of a partition must do without: nodes while they are reserved. */
int reserve_plan(struct sched *s, uint32_t partition, int64_t now_s)
{
    struct outlook *plan = &s->partitions[partition].plan;

    for (uint32_t i = 0; i < RESERVATIONS_MAX && partition < PARTITIONS_MAX; i++) {
        const struct reservation *r = &s->reservations[i];
        uint32_t mask = UINT32_C(1) << (PARTITIONS_MAX + i);
        int64_t cores = 0;

        if (!r->used || r->end_s <= now_s)
            continue;
        for (size_t k = 0; k < s->nodes.n; k++) {
            const struct node *n = &s->nodes.v[k];

            if (n->up && (n->partitions & mask)
                && (n->partitions & (UINT32_C(1) << partition)))
                cores += n->all.cores;
        }
        if (profile_add(&plan->free, MAX(r->start_s, now_s), r->end_s, -cores) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Index of its partition, -ENOENT. */
int reservation_part(struct sched *s, const char *name)
{
    const struct reservation *r = find(s, name);

    return r && !r->over ? (int)part_of(s, r) : -ENOENT;
}
