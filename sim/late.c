/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * late - nobody loses by sharing: guests are admitted out of a measured surplus
 *
 * A job waits at home and is offered to every center that it fits; the first center
 * that can start it does. Each center runs its own queue by itself; how long a guest it
 * may take is for its books to say (sched/share: the code of a center). A guest holds
 * no reservation away from home and is never evicted.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/late_int.h"

#include "base/banned.h"

/* --- jobs ----------------------------------------------------------------- */

static int offer(struct sim *s, struct late_center *l, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];
    const struct pool_job p = {
        .slot = x,
        .cores = j->procs,
        .pred_s = j->est_s,
        .queue = {0,         j->seq},
        .scan = {j->pred_s, j->seq}
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
    const struct share_job own = {.id = j->seq + 1,
                                  .submit_s = j->submit_s,
                                  .cores = j->procs,
                                  .pred_s = j->pred_s,
                                  .est_s = j->est_s};
    int r = share_submit(c->late->share, &own, s->now_s);

    if (r == 0)
        r = offer(s, c->late, x);
    return r < 0 ? r : center_enqueue(s, c, x);
}

/* It has left the queues: at home, and as an offer. */
static int started(struct sim *s, struct sim_center *c, uint32_t x)
{
    struct late_center *home = s->centers[s->jobs[x].home].late;

    share_started(home->share, s->jobs[x].seq + 1, s->now_s);
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

    if (j->home != c->idx)
        share_guest_left(c->late->share, j->seq + 1, s->now_s);
    return share_ended(s->centers[j->home].late->share, j->seq + 1, j->run_s, s->now_s);
}

/* --- guests --------------------------------------------------------------- */

/* The longest guest of so many cores that may come in now; 0 = none. */
static uint32_t longest(const struct sim *s, struct sim_center *c, uint32_t cores)
{
    double share = s->config.foreign_share;
    int64_t held = share_state(c->late->share).guest_cores;

    if (cores > c->pool.free
        || (share >= 0 && (double)(held + cores) > share * (double)c->pool.procs))
        return 0;
    return share_longest(c->late->share, cores, s->now_s);
}

/* It leaves the reservation of the center's own head alone. */
static bool beside_head(const struct sim *s, const struct sim_center *c, uint32_t x)
{
    const struct sim_job *j = &s->jobs[x];

    return c->pool.extra == POOL_NO_EXTRA || j->procs <= c->pool.extra
           || s->now_s + j->est_s <= c->pool.shadow_s;
}

/* The first of one home's jobs of one size that may come in. */
static uint32_t first_of(const struct sim *s,
                         struct sim_center *c,
                         const struct pool *offers,
                         const struct shape *shape,
                         const struct order_key *after)
{
    uint32_t x = order_next(&offers->pools.scan, shape->root, after, UINT32_MAX);
    uint32_t most_s;

    if (!x) /* nobody is left to ask for */
        return 0;
    most_s = longest(s, c, shape->cores);
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
                           const struct order_key *after)
{
    const struct order_key *best_key = NULL;
    uint32_t best = 0;

    for (uint32_t i = 0; i < s->n_centers; i++) {
        const struct pool *o = &s->centers[i].late->offers;

        if (i == c->idx)
            continue;
        for (size_t k = 0;
             k < o->queue.n_shapes && o->queue.shapes[k]->cores <= c->pool.free; k++) {
            uint32_t x = first_of(s, c, o, o->queue.shapes[k], after);

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
    struct sim_job *j = &s->jobs[x];
    struct sim_center *home = &s->centers[j->home];
    uint32_t length_s = share_length(&s->config.late, j->pred_s, j->est_s);
    int r = share_guest_came(c->late->share, j->seq + 1, j->procs, length_s, j->est_s,
                             s->now_s);

    if (r < 0)
        return r;
    c->foreign += j->procs;
    if (c->pool.extra != POOL_NO_EXTRA && s->now_s + j->est_s > c->pool.shadow_s)
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
    while ((x = next_guest(s, c, &last))) {
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
    struct share_state st = share_state(c->late->share);

    return st.n ? st.slack_s / (double)st.n : 0;
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
    int r = 0;

    for (uint32_t i = 0; i < s->n_centers && r == 0; i++)
        r = share_settle(s->centers[i].late->share, s->now_s);
    while (any && r == 0) {
        any = false;
        r = own_passes(s);
        in_turn(s, turn);
        for (uint32_t i = 0; i < s->n_centers && r == 0; i++)
            r = guest_pass(s, turn[i], &any);
    }
    return r;
}

int64_t late_next_s(const struct sim *s)
{
    int64_t t = INT64_MAX;

    for (uint32_t i = 0; i < s->n_centers; i++)
        t = MIN(t, share_next_s(s->centers[i].late->share));
    return t;
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
        l->share = share_new(&s->config.late, &s->rule, s->config.policy != SIM_FCFS,
                             procs, 0);
        if (!l->share || pool_init(&l->offers, procs) < 0)
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
        share_free(l->share);
        pool_release(&l->offers);
        free(l);
        s->centers[i].late = NULL;
    }
}
