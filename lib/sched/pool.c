/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* pool - equal cores that backfill_pass() drives */
#include "config.h"

#include "sched/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sched/backfill.h"

#include "base/banned.h"

struct hand {
    struct pool *p;
    int64_t now_s;
    pool_start_fn start;
    void *arg;
};

int pool_init(struct pool *p, int64_t procs)
{
    *p = (struct pool){.procs = procs, .free = procs, .extra = POOL_NO_EXTRA};
    backlog_init(&p->queue, &p->pools);
    p->shapes = calloc((size_t)procs + 1, sizeof(*p->shapes));
    if (!p->shapes)
        return -ENOMEM;
    for (int64_t i = 0; i <= procs; i++)
        p->shapes[i].cores = (uint32_t)i;
    return 0;
}

void pool_release(struct pool *p)
{
    running_release(&p->running);
    backlog_release(&p->queue);
    backlog_pools_release(&p->pools);
    free(p->shapes);
    p->shapes = NULL;
}

int pool_queue(struct pool *p, const struct pool_job *j, size_t n_slots)
{
    const struct backlog_entry e = {.shape = &p->shapes[j->cores],
                                    .slot = j->slot,
                                    .queue = j->queue,
                                    .scan = j->scan,
                                    .pred_s = j->pred_s};

    if (backlog_pools_grow(&p->pools, n_slots) < 0 || backlog_add(&p->queue, &e) < 0)
        return -ENOMEM;
    p->work += (int64_t)j->pred_s * j->cores;
    return 0;
}

static int64_t cores_of(const struct pool *p, uint32_t slot)
{
    return backlog_shape(&p->queue, slot)->cores;
}

static int64_t pred_of(const struct pool *p, uint32_t slot)
{
    return p->pools.scan.v[slot].value;
}

void pool_unqueue(struct pool *p, uint32_t slot)
{
    p->work -= pred_of(p, slot) * cores_of(p, slot);
    backlog_remove(&p->queue, slot);
}

int pool_take(
    struct pool *p, uint32_t slot, uint32_t cores, int64_t end_s, uint64_t seq)
{
    assert(cores <= p->free);
    if (running_add(&p->running, (struct running_job){end_s, seq, slot, cores}) < 0)
        return -ENOMEM;
    p->free -= cores;
    return 0;
}

void pool_give(struct pool *p, uint32_t cores, int64_t end_s, uint64_t seq)
{
    bool was = running_remove(&p->running, end_s, seq);

    assert(was);
    (void)was; /* for builds that leave assert() out */
    p->free += cores;
}

int pool_expect(struct pool *p,
                uint32_t slot,
                uint32_t cores,
                int64_t end_s,
                int64_t new_s,
                uint64_t seq)
{
    pool_give(p, cores, end_s, seq);
    return pool_take(p, slot, cores, new_s, seq);
}

static enum fit fit(void *arg, struct shape *shape)
{
    const struct hand *h = arg;

    if (shape->cores > h->p->free)
        return FIT_NOT;
    return shape->cores <= h->p->extra ? FIT_ANY : FIT_SHORT;
}

static uint64_t free_cores(void *arg)
{
    const struct hand *h = arg;

    return (uint64_t)h->p->free;
}

static int start(void *arg, uint32_t slot)
{
    const struct hand *h = arg;
    struct pool *p = h->p;

    if (p->extra != POOL_NO_EXTRA && h->now_s + pred_of(p, slot) > p->shadow_s)
        p->extra -= cores_of(p, slot);
    pool_unqueue(p, slot);
    return h->start(h->arg, slot);
}

/* The first moment when enough is back, and what is over then. */
static void reserve_for(struct pool *p, uint32_t head, int64_t now_s)
{
    int64_t need = cores_of(p, head);
    int64_t avail = p->free;
    size_t i = 0;

    while (avail < need)
        avail += p->running.v[i++].cores;
    p->shadow_s = now_s;
    if (i > 0)
        p->shadow_s = MAX(p->shadow_s, p->running.v[i - 1].end_s);
    while (i < p->running.n && p->running.v[i].end_s <= p->shadow_s)
        avail += p->running.v[i++].cores;
    p->extra = avail - need;
}

static int reserve(void *arg, uint32_t head, int64_t *ret_at_s)
{
    const struct hand *h = arg;

    reserve_for(h->p, head, h->now_s);
    *ret_at_s = h->p->shadow_s;
    return 0;
}

int pool_pass(struct pool *p, bool backfill, int64_t now_s, pool_start_fn fn, void *arg)
{
    struct hand h = {p, now_s, fn, arg};
    const struct backfill_machine m = {.arg = &h,
                                       .fit = fit,
                                       .free_cores = free_cores,
                                       .start = start,
                                       .reserve = reserve};

    p->extra = POOL_NO_EXTRA;
    return backfill_pass(&p->queue, &m, backfill, INT64_MAX, now_s);
}

void pool_reserve(struct pool *p, int64_t now_s)
{
    uint32_t head = backlog_head(&p->queue, NULL);

    p->extra = POOL_NO_EXTRA;
    if (head)
        reserve_for(p, head, now_s);
}
