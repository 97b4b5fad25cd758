/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * share_shadow - the center as it would be alone
 *
 * A job that still runs in reality holds its cores in the shadow until it has ended
 * there or its request is used up: nobody knows more. Between two events the number of
 * jobs that wait is constant, so the slack is exact.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sched/share_int.h"

#include "base/banned.h"

struct hand {
    struct share *s;
    int64_t now_s;
};

static int slot_new(struct share *s, uint32_t *ret_x)
{
    if (!s->free_slot) {
        size_t n =
            MIN(s->n_slots ? 2 * s->n_slots : (size_t)256, (size_t)SHARE_JOBS_MAX + 1);
        size_t first = s->n_slots ? s->n_slots : 1;
        struct own *own;

        if (n <= s->n_slots)
            return -EAGAIN;
        own = realloc(s->own, n * sizeof(*own));
        if (!own)
            return -ENOMEM;
        memset(own + s->n_slots, 0, (n - s->n_slots) * sizeof(*own));
        s->own = own;
        s->n_slots = n;
        for (size_t i = n; i-- > first;) {
            own[i].next_free = s->free_slot;
            s->free_slot = (uint32_t)i;
        }
    }
    *ret_x = s->free_slot;
    s->free_slot = s->own[*ret_x].next_free;
    return 0;
}

void own_free(struct share *s, uint32_t x)
{
    idmap_remove(&s->ids, s->own[x].id);
    s->own[x] = (struct own){.next_free = s->free_slot};
    s->free_slot = x;
}

static int shadow_start(void *arg, uint32_t x)
{
    struct hand *h = arg;
    struct share *s = h->s;
    struct own *j = &s->own[x];
    uint32_t last_s = j->ended ? j->run_s : j->est_s;

    j->started = true;
    j->start_s = h->now_s;
    j->end_s = h->now_s + j->pred_s;
    if (pool_take(&s->shadow, x, j->cores, j->end_s, j->seq) < 0
        || heap_push(&s->due, (struct due){h->now_s + last_s, j->seq, x}) < 0)
        return -ENOMEM;
    if (j->pred_s < last_s)
        return heap_push(&s->due, (struct due){j->end_s, j->seq, x});
    return 0;
}

/* A run in the shadow is over, or is expected to use all that it asked. */
static int event(struct share *s, const struct due *e, int64_t now_s)
{
    struct own *j = &s->own[e->slot];
    int64_t last_s;
    int64_t expected_s;

    if (j->seq != e->key || !j->shadow || !j->started)
        return 0; /* told before */
    last_s = j->start_s + (j->ended ? j->run_s : j->est_s);
    expected_s = j->start_s + j->est_s;
    if (last_s <= now_s) {
        pool_give(&s->shadow, j->cores, j->end_s, j->seq);
        s->shadow_cores -= j->cores;
        j->shadow = false;
        s->dirty = true;
        if (j->ended)
            own_free(s, e->slot);
        return 0;
    }
    if (j->end_s > now_s || j->end_s == expected_s)
        return 0;
    s->dirty = true;
    if (pool_expect(&s->shadow, e->slot, j->cores, j->end_s, expected_s, j->seq) < 0)
        return -ENOMEM;
    j->end_s = expected_s;
    return 0;
}

static int run_at(struct share *s, int64_t now_s)
{
    struct hand h = {s, now_s};
    int r = 0;

    while (r == 0 && (s->dirty || heap_at(&s->due) <= now_s)) {
        while (r == 0 && heap_at(&s->due) <= now_s) {
            struct due e = heap_pop(&s->due);

            r = event(s, &e, now_s);
        }
        if (r == 0 && s->dirty) {
            s->dirty = false;
            r = pool_pass(&s->shadow, s->backfill, now_s, shadow_start, &h);
        }
    }
    return r;
}

static void saved(struct share *s, double slack_s)
{
    s->slack_s += slack_s;
    s->days[s->day % SHARE_DAYS] += slack_s;
}

/* The slack up to t, day by day. */
static void integrate(struct share *s, int64_t t)
{
    double rate = (double)s->shadow.queue.n - (double)s->waiting;

    while (s->at_s < t) {
        int64_t next = MIN((s->day + 1) * 86400, t);

        saved(s, (double)(next - s->at_s) * rate);
        s->at_s = next;
        if (next == (s->day + 1) * 86400) {
            s->day++;
            s->days[s->day % SHARE_DAYS] = 0;
        }
    }
}

int share_clock(struct share *s, int64_t now_s)
{
    int r = 0;

    while (r == 0 && s->at_s < now_s) {
        int64_t next;

        if (s->dirty)
            r = run_at(s, s->at_s);
        next = heap_at(&s->due);
        next = MIN(next, now_s);
        integrate(s, MAX(next, s->at_s));
        if (next < now_s)
            r = run_at(s, next);
    }
    return r;
}

int share_settle(struct share *s, int64_t now_s)
{
    int r = share_clock(s, now_s);

    return r < 0 ? r : run_at(s, now_s);
}

int64_t share_next_s(const struct share *s)
{
    return s->dirty ? s->at_s : heap_at(&s->due);
}

/* It waits in the shadow. */
static int shadow_queue(struct share *s, uint32_t x)
{
    const struct own *j = &s->own[x];
    const struct rank_job rank = {
        .seq = j->seq, .submit_s = j->submit_s, .pred_s = j->pred_s, .cores = j->cores};
    const struct pool_job p = {.slot = x,
                               .cores = j->cores,
                               .pred_s = j->pred_s,
                               .queue = rank_queue(&s->rank, &rank),
                               .scan = rank_scan(&s->rank, &rank)};

    return pool_queue(&s->shadow, &p, s->n_slots);
}

int share_submit(struct share *s, const struct share_job *j, int64_t now_s)
{
    uint32_t x = 0;
    int r = share_clock(s, now_s);

    if (idmap_find(&s->ids, j->id))
        return -EEXIST;
    if (r == 0)
        r = slot_new(s, &x);
    if (r < 0)
        return r;
    s->own[x] = (struct own){.id = j->id,
                             .seq = ++s->seq,
                             .submit_s = j->submit_s,
                             .cores = (uint32_t)MIN((int64_t)j->cores, s->cores),
                             .asked = j->cores,
                             .pred_s = j->pred_s,
                             .est_s = j->est_s,
                             .waits = true,
                             .shadow = true};
    r = idmap_add(&s->ids, j->id, x);
    if (r == 0)
        r = shadow_queue(s, x);
    if (r < 0) {
        own_free(s, x);
        return r;
    }
    s->n++;
    saved(s, s->rule.allow_s);
    s->waiting++;
    s->shadow_cores += s->own[x].cores;
    s->dirty = true;
    s->stay_valid = false;
    demand_forget(&s->demand, now_s - SHARE_WINDOW_S);
    /* Without room one arrival is not remembered. */
    (void)demand_add(&s->demand, now_s, MIN(s->shadow_cores, s->cores));
    return 0;
}

/* Everybody in the shadow takes the place that it had, or waits for one. */
static int move_in(struct share *s)
{
    int r = 0;

    s->shadow_cores = 0;
    for (uint32_t x = 1; x < s->n_slots && r == 0; x++) {
        struct own *j = &s->own[x];

        if (!j->id || !j->shadow)
            continue;
        j->cores = (uint32_t)MIN((int64_t)j->asked, s->cores);
        s->shadow_cores += j->cores;
        if (j->started && j->cores <= s->shadow.free) {
            r = pool_take(&s->shadow, x, j->cores, j->end_s, j->seq);
        } else {
            j->started = false;
            r = shadow_queue(s, x);
        }
    }
    return r;
}

int share_resize(struct share *s, int64_t cores, int64_t now_s)
{
    struct pool pool = {0};
    struct demand demand = {0};
    int r = share_settle(s, now_s);

    if (r < 0 || cores == s->cores)
        return r;
    r = pool_init(&pool, cores);
    if (r == 0)
        r = demand_init(&demand, cores);
    for (size_t i = 0; i < s->demand.n && r == 0; i++) {
        const struct demand_entry *e =
            &s->demand.ring[(s->demand.first + i) % s->demand.cap];

        r = demand_add(&demand, e->at_s, MIN(e->cores, cores));
    }
    if (r < 0) {
        pool_release(&pool);
        demand_release(&demand);
        return r;
    }
    pool_release(&s->shadow);
    demand_release(&s->demand);
    s->shadow = pool;
    s->shadow.queue.pools = &s->shadow.pools; /* it has moved */
    s->demand = demand;
    s->cores = cores;
    s->dirty = true;
    s->stay_valid = false;
    return move_in(s);
}

static struct own *find(struct share *s, uint64_t id, uint32_t *ret_x)
{
    *ret_x = idmap_find(&s->ids, id);
    return *ret_x ? &s->own[*ret_x] : NULL;
}

static void waits(struct share *s, struct own *j, bool waits)
{
    if (j->waits != waits && !j->ended) {
        j->waits = waits;
        s->waiting += waits ? 1 : -1;
    }
}

void share_started(struct share *s, uint64_t id, int64_t now_s)
{
    uint32_t x;
    struct own *j = find(s, id, &x);

    if (j && share_clock(s, now_s) == 0)
        waits(s, j, false);
}

void share_requeued(struct share *s, uint64_t id, int64_t now_s)
{
    uint32_t x;
    struct own *j = find(s, id, &x);

    if (j && share_clock(s, now_s) == 0)
        waits(s, j, true);
}

int share_ended(struct share *s, uint64_t id, int64_t run_s, int64_t now_s)
{
    uint32_t x;
    struct own *j = find(s, id, &x);
    int r = share_clock(s, now_s);

    if (!j || r < 0)
        return r;
    waits(s, j, false);
    if (j->ended)
        return 0;
    j->ended = true;
    if (run_s > 0)
        j->run_s = (uint32_t)MIN(run_s, (int64_t)j->est_s);
    if (!j->shadow) {
        own_free(s, x);
        return 0;
    }
    if (!j->started)
        return 0;
    return heap_push(&s->due,
                     (struct due){MAX(j->start_s + j->run_s, now_s), j->seq, x});
}
