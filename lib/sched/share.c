/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * share - guests, and what they may cost
 *
 * Guests hold cores for their lengths; let G(t) be what they hold t seconds from now.
 * An own arrival that wants u cores at time t finds too few until T(u), the first
 * moment with G <= cores - u, so it loses T(u) - t. With arrivals as in the last window
 * the expected loss of all is the sum over them of T(u)^2 / 2 / window. A guest that
 * leaves before one that stands in the same way costs nothing more.
 */
#include "config.h"

#include "sched/share.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "sched/share_int.h"

#include "base/banned.h"

struct share_rule share_rule_default(void)
{
    return (struct share_rule){.allow_s = 50, .rho = 3, .open = 0.8, .length = 2};
}

struct share *share_new(const struct share_rule *rule,
                        const struct rank_rule *rank,
                        bool backfill,
                        int64_t cores,
                        int64_t now_s)
{
    struct share *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->rule = *rule;
    s->rank = *rank;
    s->backfill = backfill;
    s->cores = cores;
    s->at_s = now_s;
    s->day = now_s / 86400;
    if (pool_init(&s->shadow, cores) < 0 || demand_init(&s->demand, cores) < 0)
        return share_free(s);
    return s;
}

void *share_free(struct share *s)
{
    if (!s)
        return NULL;
    pool_release(&s->shadow);
    demand_release(&s->demand);
    heap_release(&s->due);
    idmap_release(&s->ids);
    free(s->own);
    free(s->guests);
    free(s->stay);
    free(s);
    return NULL;
}

uint32_t share_length(const struct share_rule *rule, uint32_t pred_s, uint32_t est_s)
{
    double length = rule->length * pred_s;

    if (rule->length <= 0 || length > est_s)
        return est_s;
    return length < 1 ? 1 : (uint32_t)length;
}

/* --- harm ------------------------------------------------------------------- */

/* One that has outlived its length is judged by its request from then on. */
static double left_of(const struct guest *g, int64_t now_s)
{
    double age = (double)(now_s - g->start_s);
    double length = age < g->length_s ? g->length_s : g->est_s;

    return MAX(length - age, 0.0);
}

static int longer_first(const void *a, const void *b)
{
    const struct staying *x = a;
    const struct staying *y = b;

    return x->left_s > y->left_s ? -1 : x->left_s < y->left_s;
}

/* Own arrivals per second that find too little beside so many cores of guests. */
static double rate_beside(const struct share *s, int64_t cores)
{
    if (cores <= 0)
        return 0; /* alone: that is not the guests' doing */
    return (double)demand_above(&s->demand, s->cores - cores) / SHARE_WINDOW_S;
}

static void look(struct share *s, int64_t now_s)
{
    int64_t cores = 0;
    double before = 0;

    if (s->stay_valid && s->stay_s == now_s)
        return;
    demand_forget(&s->demand, now_s - SHARE_WINDOW_S);
    for (size_t i = 0; i < s->n_guests; i++)
        s->stay[i] =
            (struct staying){left_of(&s->guests[i], now_s), s->guests[i].cores};
    if (s->n_guests)
        qsort(s->stay, s->n_guests, sizeof(*s->stay), longer_first);
    s->harm_s = 0;
    if (s->rule.additive > 0) {
        for (size_t i = 0; i < s->n_guests; i++) {
            double left = left_of(&s->guests[i], now_s);

            s->harm_s += s->guests[i].rate * left * left / 2;
        }
    }
    for (size_t i = 0; i < s->n_guests && s->rule.additive <= 0; i++) {
        double rate;

        cores += s->stay[i].cores;
        rate = rate_beside(s, cores);
        s->harm_s += (rate - before) * s->stay[i].left_s * s->stay[i].left_s / 2;
        before = rate;
    }
    s->stay_s = now_s;
    s->stay_valid = true;
}

/*
 * The longest stay of a newcomer with so many cores for which the harm of all is at
 * most `most`. From the guest that leaves first to the one that leaves last: those
 * that leave before the newcomer stand behind it, with its cores before them.
 */
static double stay_within(const struct share *s, uint32_t newcomer, double most)
{
    int64_t held = s->guest_cores; /* of those that stay longer than the newcomer */
    double front = s->harm_s;      /* their harm, without the newcomer */
    double behind = 0;             /* of those that leave before it, with it */
    double best = 0;

    for (size_t i = s->n_guests;; i--) {
        double lo = i < s->n_guests ? s->stay[i].left_s : 0;
        double hi = i > 0 ? s->stay[i - 1].left_s : INFINITY;
        double rate = rate_beside(s, held + newcomer) - rate_beside(s, held);
        double can_pay = most - front - behind;
        double stay;

        /* Harm only rises with the stay; where it does not, it costs nothing. */
        if (rate > 0 && can_pay < rate * lo * lo / 2)
            return best;
        stay = rate > 0 ? sqrt(2 * can_pay / rate) : INFINITY;
        best = MIN(stay, hi);
        if (stay < hi || i == 0)
            return best;
        held -= s->stay[i - 1].cores;
        front -= (rate_beside(s, held + s->stay[i - 1].cores) - rate_beside(s, held))
                 * hi * hi / 2;
        behind += (rate_beside(s, held + s->stay[i - 1].cores + newcomer)
                   - rate_beside(s, held + newcomer))
                  * hi * hi / 2;
    }
}

double share_harm(struct share *s, int64_t now_s)
{
    look(s, now_s);
    return s->harm_s;
}

static double window_slack(const struct share *s)
{
    double sum = 0;

    for (int i = 0; i < SHARE_DAYS; i++)
        sum += s->days[i];
    return sum;
}

uint32_t share_longest(struct share *s, uint32_t cores, int64_t now_s)
{
    double slack = s->slack_s;
    double most;
    double rate;

    look(s, now_s);
    rate = rate_beside(s, s->guest_cores + cores);
    if (s->rule.month > 0)
        slack = MIN(slack, s->rule.month * window_slack(s));
    if (rate <= 0
        || (slack > 0 && slack > s->rule.open * s->rule.allow_s * (double)s->n))
        return UINT32_MAX;
    if (s->rule.additive > 0)
        most = s->rule.rho * slack - s->harm_s > 0
                   ? sqrt(2 * (s->rule.rho * slack - s->harm_s) / rate)
                   : 0;
    else
        most = stay_within(s, cores, s->rule.rho * MAX(slack, 0.0));
    return most < 1 ? 0 : most >= UINT32_MAX ? UINT32_MAX : (uint32_t)most;
}

/* --- guests ------------------------------------------------------------------ */

int share_guest_came(struct share *s,
                     uint64_t id,
                     uint32_t cores,
                     uint32_t length_s,
                     uint32_t est_s,
                     int64_t now_s)
{
    if (s->n_guests == s->cap_guests) {
        size_t cap = s->cap_guests ? 2 * s->cap_guests : 64;
        struct guest *v;
        struct staying *stay;

        if (s->n_guests >= SHARE_GUESTS_MAX)
            return -EAGAIN;
        v = realloc(s->guests, cap * sizeof(*v));
        if (!v)
            return -ENOMEM;
        s->guests = v;
        stay = realloc(s->stay, cap * sizeof(*stay));
        if (!stay)
            return -ENOMEM;
        s->stay = stay;
        s->cap_guests = cap;
    }
    s->guests[s->n_guests++] =
        (struct guest){.id = id,
                       .start_s = now_s,
                       .cores = cores,
                       .length_s = length_s,
                       .est_s = est_s,
                       .rate = rate_beside(s, s->guest_cores + cores)};
    s->guest_cores += cores;
    s->stay_valid = false;
    return 0;
}

void share_guest_left(struct share *s, uint64_t id, int64_t now_s)
{
    (void)now_s;
    for (size_t i = 0; i < s->n_guests; i++) {
        if (s->guests[i].id != id)
            continue;
        s->guest_cores -= s->guests[i].cores;
        s->guests[i] = s->guests[--s->n_guests];
        s->stay_valid = false;
        return;
    }
}

struct share_state share_state(const struct share *s)
{
    return (struct share_state){.slack_s = s->slack_s,
                                .allowed_s = s->rule.allow_s * (double)s->n,
                                .n = s->n,
                                .waiting = s->waiting,
                                .shadow_waiting = s->shadow.queue.n,
                                .guest_cores = s->guest_cores,
                                .n_guests = s->n_guests};
}

void share_resume(struct share *s, double slack_s, uint64_t n)
{
    s->slack_s += slack_s;
    s->n += n;
}
