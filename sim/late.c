/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * late - nobody loses by sharing: guests are admitted out of a measured surplus
 *
 * A job waits at home and is offered to every center that it fits; the first
 * center that can start it does. Each center runs its own queue by itself, and
 * beside it a *shadow*: itself alone, on its own arrivals. `slack` is how many
 * seconds of waiting sharing has saved its own users so far, against that shadow,
 * plus a small allowance per job: by Little's law the integral of (own jobs that
 * wait in the shadow - own jobs that wait in reality, wherever they are queued).
 * A guest is let in when the harm that it may do to own arrivals is paid by the
 * slack. It holds no reservation away from home and is never evicted.
 * Derivation, constants and what was tried: docs/scheduling.md, "late".
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/late_int.h"

#include "base/banned.h"

/* --- the shadow ----------------------------------------------------------- */

static int shadow_start(void *arg, uint32_t x)
{
    struct late_hand *h = arg;
    struct sim *s = h->s;
    struct late_center *l = h->c->late;
    struct sim_job *j = &s->jobs[x];
    uint32_t last_s = j->late.ended ? j->run_s : j->est_s;

    j->late.starts = true;
    j->late.start_s = s->now_s;
    j->late.end_s = s->now_s + j->pred_s;
    if (pool_take(&l->shadow, x, j->procs, j->late.end_s, j->seq) < 0
        || heap_push(&s->late_events, (struct event){s->now_s + last_s, j->seq, x}) < 0)
        return -ENOMEM;
    if (j->pred_s < last_s)
        return heap_push(&s->late_events, (struct event){j->late.end_s, j->seq, x});
    return 0;
}

/* A run in the shadow is over, or is expected to use all that it asked. */
static int shadow_event(struct sim *s, const struct event *e)
{
    struct sim_job *j = &s->jobs[e->slot];
    struct late_center *l;
    int64_t last_s;
    int64_t expected_s;

    if (j->seq != e->key || !j->late.in_shadow || !j->late.starts)
        return 0; /* told before */
    l = s->centers[j->home].late;
    last_s = j->late.start_s + (j->late.ended ? j->run_s : j->est_s);
    expected_s = j->late.start_s + j->est_s;
    if (last_s <= s->now_s) {
        pool_give(&l->shadow, j->procs, j->late.end_s, j->seq);
        l->shadow_cores -= j->procs;
        j->late.in_shadow = false;
        l->shadow_dirty = true;
        if (j->late.ended)
            sim_job_free(s, e->slot);
        return 0;
    }
    if (j->late.end_s > s->now_s || j->late.end_s == expected_s)
        return 0;
    l->shadow_dirty = true;
    if (pool_expect(&l->shadow, e->slot, j->procs, j->late.end_s, expected_s, j->seq)
        < 0)
        return -ENOMEM;
    j->late.end_s = expected_s;
    return 0;
}

/* Every shadow is as far as this second. */
static int shadows(struct sim *s)
{
    bool again = true;

    while (again) {
        again = false;
        while (heap_at(&s->late_events) <= s->now_s) {
            struct event e = heap_pop(&s->late_events);
            int r = shadow_event(s, &e);

            if (r < 0)
                return r;
        }
        for (uint32_t i = 0; i < s->n_centers; i++) {
            struct late_center *l = s->centers[i].late;
            struct late_hand h = {s, &s->centers[i]};
            int r;

            if (!l->shadow_dirty)
                continue;
            l->shadow_dirty = false;
            r = pool_pass(&l->shadow, s->config.policy != SIM_FCFS, s->now_s,
                          shadow_start, &h);
            if (r < 0)
                return r;
            again = heap_at(&s->late_events) <= s->now_s || again;
        }
    }
    return 0;
}

/* How long a guest is taken to stay: a multiple of what its user's record predicts. */
static uint32_t guest_length(const struct sim_job *j, double times)
{
    double length = times * j->pred_s;

    if (times <= 0 || length > j->est_s)
        return j->est_s;
    return length < 1 ? 1 : (uint32_t)length;
}

struct sim_late sim_late_default(void)
{
    return (struct sim_late){
        .allow_s = 50, .rho = 0.8, .open = 0.2, .length = 2, .hold = 2};
}

/* --- jobs ----------------------------------------------------------------- */

/* Guests come in by rising prediction, weighed with their size. */
static uint64_t guest_rank(const struct sim *s, const struct sim_job *j)
{
    if (s->config.late.area <= 0)
        return j->pred_s;
    return (uint64_t)(1000 * j->pred_s * pow(j->procs, s->config.late.area));
}

static int offer(struct sim *s, struct late_center *l, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];
    const struct pool_job p = {
        .slot = x,
        .cores = j->procs,
        .pred_s = j->est_s,
        .queue = {0,   j->seq},
        .scan = { guest_rank(s, j), j->seq}
    };

    for (uint32_t i = 0; i < s->n_centers; i++)
        if (i != j->home && j->procs <= s->centers[i].pool.procs)
            s->totals.offers++;
    return pool_queue(&l->offers, &p, s->n_slots);
}

int late_submit(struct sim *s, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];
    struct sim_center *c = &s->centers[j->home];
    struct late_center *l = c->late;
    const struct rank_job rank = {
        .seq = j->seq, .submit_s = j->submit_s, .pred_s = j->pred_s, .cores = j->procs};
    const struct pool_job p = {.slot = x,
                               .cores = j->procs,
                               .pred_s = j->pred_s,
                               .queue = rank_queue(&s->rule, &rank),
                               .scan = rank_scan(&s->rule, &rank)};
    int r;

    l->n++;
    l->slack += s->config.late.allow_s;
    l->waiting++;
    l->shadow_cores += j->procs;
    l->shadow_dirty = true;
    j->late.in_shadow = true;
    r = pool_queue(&l->shadow, &p, s->n_slots);
    if (r == 0)
        r = demand_add(&l->demand, s->now_s, MIN(l->shadow_cores, c->pool.procs));
    if (r == 0)
        r = offer(s, l, x);
    return r < 0 ? r : center_enqueue(s, c, x);
}

/* It has left the queues: at home, and as an offer. */
static int started(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct late_center *home = s->centers[s->jobs[x].home].late;

    home->waiting--;
    pool_unqueue(&home->offers, x);
    return center_start(s, c, x);
}

static int own_start(void *arg, uint32_t x)
{
    struct late_hand *h = arg;

    return started(h->s, h->c, x);
}

int late_finish(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct sim_job *j = &s->jobs[x];
    struct late_center *l = c->late;
    int64_t end_s;

    j->running = false;
    j->late.ended = true;
    if (j->home != c->idx) {
        size_t i = 0;

        while (l->guests[i].slot != x)
            i++;
        l->guests[i] = l->guests[--l->n_guests];
        l->guest_cores -= j->procs;
    }
    if (!j->late.in_shadow) {
        sim_job_free(s, x);
        return 0;
    }
    if (!j->late.starts)
        return 0;
    end_s = j->late.start_s + j->run_s;
    return heap_push(&s->late_events, (struct event){MAX(end_s, s->now_s), j->seq, x});
}

/* --- guests --------------------------------------------------------------- */

/* What the guests that run may still cost own arrivals, in seconds of waiting. One
 * that has outlived its length is judged by its request from then on. */
static double held(const struct sim *s, const struct late_center *l)
{
    double sum = 0;

    for (size_t i = 0; i < l->n_guests; i++) {
        const struct late_guest *g = &l->guests[i];
        double age = (double)(s->now_s - g->start_s);
        double length = age < g->length_s ? g->length_s : g->est_s;
        double left = length - age;

        if (left > 0)
            sum += g->rate * left * left / 2;
    }
    return sum;
}

/* How much of a window nobody has seen yet: 1 at first, 0 when it was seen whole. */
static double unseen(const struct sim *s)
{
    double part = 1 - (double)(s->now_s - s->totals.first_submit_s) / LATE_WINDOW_S;

    return MAX(part, 0.0);
}

/* Own arrivals per second that would find too little with so many more cores taken.
 * Until a whole window was seen, some are assumed that nobody has seen yet. */
static double hit_rate(const struct sim *s, struct sim_center *c, uint32_t cores)
{
    struct late_center *l = c->late;

    demand_forget(&l->demand, s->now_s - LATE_WINDOW_S);
    return ((double)demand_above(&l->demand, c->pool.procs - l->guest_cores - cores)
            + s->config.late.prior * unseen(s))
           / LATE_WINDOW_S;
}

/* The longest guest of so many cores that may come in now; 0 = none. */
static uint32_t longest(const struct sim *s,
                        struct sim_center *c,
                        uint32_t cores,
                        double held_s)
{
    const struct sim_late *k = &s->config.late;
    struct late_center *l = c->late;
    double share = s->config.foreign_share;
    double most = UINT32_MAX;
    double rate;

    if (cores > c->pool.free
        || (share >= 0
            && (double)(l->guest_cores + cores) > share * (double)c->pool.procs))
        return 0;
    rate = hit_rate(s, c, cores);
    if (rate > 0) {
        double mark = (k->open + k->cold * unseen(s)) * k->allow_s * (double)l->n;
        bool open = l->slack > k->floor_s && l->slack > mark;
        double can_pay = (open ? k->risk : k->rho) * l->slack - held_s;
        double paid = can_pay > 0 ? sqrt(2 * can_pay / rate) : 0;

        if (open && k->risk <= 0)
            paid = UINT32_MAX;
        most = MIN(most, paid);
    }
    return most < 1 ? 0 : most >= UINT32_MAX ? UINT32_MAX : (uint32_t)most;
}

/* It leaves the reservation of the center's own head alone. */
static bool beside_head(const struct sim *s, const struct sim_center *c, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];

    return c->pool.extra == POOL_NO_EXTRA || j->procs <= c->pool.extra
           || s->now_s + guest_length(j, s->config.late.hold) <= c->pool.shadow_s;
}

/* The first of one home's jobs of one size that may come in. */
static uint32_t first_of(const struct sim *s,
                         struct sim_center *c,
                         const struct pool *offers,
                         const struct shape *shape,
                         const struct order_key *after,
                         double held_s)
{
    uint32_t most_s = longest(s, c, shape->cores, held_s);
    uint32_t x = 0;

    if (!most_s)
        return 0;
    while ((x = order_next(&offers->pools.scan, shape->root, after, most_s))) {
        if (beside_head(s, c, x))
            return x;
        after = &offers->pools.scan.v[x].key;
    }
    return 0;
}

/* The shortest guest that may come in, behind the last one that was looked at. */
static uint32_t next_guest(const struct sim *s,
                           struct sim_center *c,
                           const struct order_key *after,
                           double held_s)
{
    const struct order_key *best_key = NULL;
    uint32_t best = 0;

    for (uint32_t i = 0; i < s->n_centers; i++) {
        const struct pool *o = &s->centers[i].late->offers;

        if (i == c->idx)
            continue;
        for (size_t k = 0;
             k < o->queue.n_shapes && o->queue.shapes[k]->cores <= c->pool.free; k++) {
            uint32_t x = first_of(s, c, o, o->queue.shapes[k], after, held_s);

            if (x && (!best || order_before(&o->pools.scan.v[x].key, best_key))) {
                best = x;
                best_key = &o->pools.scan.v[x].key;
            }
        }
    }
    return best;
}

static int take_guest(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct late_center *l = c->late;
    struct sim_job *j = &s->jobs[x];
    struct sim_center *home = &s->centers[j->home];
    double length_s = (double)guest_length(j, s->config.late.length);

    if (l->n_guests == l->cap_guests) {
        size_t cap = l->cap_guests ? 2 * l->cap_guests : 64;
        struct late_guest *v = realloc(l->guests, cap * sizeof(*v));

        if (!v)
            return -ENOMEM;
        l->guests = v;
        l->cap_guests = cap;
    }
    l->guests[l->n_guests++] = (struct late_guest){.slot = x,
                                                   .length_s = length_s,
                                                   .start_s = s->now_s,
                                                   .est_s = (double)j->est_s,
                                                   .rate = hit_rate(s, c, j->procs)};
    l->guest_cores += j->procs;
    c->foreign += j->procs;
    if (c->pool.extra != POOL_NO_EXTRA
        && s->now_s + guest_length(j, s->config.late.hold) > c->pool.shadow_s)
        c->pool.extra -= j->procs;
    center_drop(s, home, x);
    center_touch(s, home);
    return started(s, c, x);
}

static int guest_pass(struct sim *s, struct sim_center *c, bool *ret_any)
{
    struct order_key last = {0};
    uint32_t x;

    if (c->pool.free == 0)
        return 0;
    pool_reserve(&c->pool, s->now_s);
    while ((x = next_guest(s, c, &last, held(s, c->late)))) {
        int r;

        last = s->centers[s->jobs[x].home].late->offers.pools.scan.v[x].key;
        r = take_guest(s, c, x);
        if (r < 0)
            return r;
        *ret_any = true;
        if (c->pool.free == 0)
            break;
    }
    return 0;
}

static double surplus(const struct sim_center *c)
{
    return c->late->n ? c->late->slack / (double)c->late->n : 0;
}

/* Centers with most slack per own job first. */
static void in_turn(struct sim *s, struct sim_center **turn)
{
    for (uint32_t i = 0; i < s->n_centers; i++) {
        uint32_t k = i;

        for (; k > 0 && surplus(turn[k - 1]) < surplus(&s->centers[i]); k--)
            turn[k] = turn[k - 1];
        turn[k] = &s->centers[i];
    }
}

static int own_passes(struct sim *s)
{
    int r = 0;

    for (uint32_t i = 0; i < s->n_touched; i++) {
        struct sim_center *c = &s->centers[s->touched[i]];
        struct late_hand h = {s, c};

        c->touched = false;
        if (r == 0 && c->pool.queue.n > 0)
            r = pool_pass(&c->pool, s->config.policy != SIM_FCFS, s->now_s, own_start,
                          &h);
    }
    s->n_touched = 0;
    return r;
}

int late_settle(struct sim *s)
{
    struct sim_center *turn[SIM_CENTERS_MAX];
    bool any = true;
    int r = shadows(s);

    while (any && r == 0) {
        any = false;
        r = own_passes(s);
        in_turn(s, turn);
        for (uint32_t i = 0; i < s->n_centers && r == 0; i++)
            r = guest_pass(s, turn[i], &any);
    }
    return r;
}

void late_clock(struct sim *s, int64_t next_s)
{
    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct late_center *l = s->centers[i].late;

        l->slack += (double)(next_s - s->now_s)
                    * ((double)l->shadow.queue.n - (double)l->waiting);
    }
}

int64_t late_next_s(const struct sim *s)
{
    return heap_at(&s->late_events);
}

int late_init(struct sim *s)
{
    if (s->config.route != SIM_LATE)
        return 0;
    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct late_center *l = calloc(1, sizeof(*l));
        int64_t procs = s->centers[i].pool.procs;

        if (!l)
            return -ENOMEM;
        s->centers[i].late = l;
        if (pool_init(&l->shadow, procs) < 0 || pool_init(&l->offers, procs) < 0
            || demand_init(&l->demand, procs) < 0)
            return -ENOMEM;
    }
    return 0;
}

void late_release(struct sim *s)
{
    for (uint32_t i = 0; i < s->n_centers; i++) {
        struct late_center *l = s->centers[i].late;

        if (!l)
            continue;
        pool_release(&l->shadow);
        pool_release(&l->offers);
        demand_release(&l->demand);
        free(l->guests);
        free(l);
        s->centers[i].late = NULL;
    }
    heap_release(&s->late_events);
}
