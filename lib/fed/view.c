/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * view - what a peer told about itself, with our own shipments booked in
 *
 * A supply is old the moment it arrives. What we have sent there since then is in
 * nobody's reading, so it is subtracted here until the next supply, which has seen
 * it, replaces the view: without that, every router ships to the same idle center.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "fed/fed_int.h"
#include "sched/forecast.h"

#include "base/banned.h"

#define BOOKINGS_MAX 128
#define UNLIMITED_S (INT64_C(366) * 86400)

struct booking {
    uint32_t part;
    int64_t from_s; /* after the reading */
    int64_t to_s;
    uint64_t cores;
};

struct view {
    struct supply supply;
    struct mono at;
    struct booking bookings[BOOKINGS_MAX];
    size_t n_bookings;
    uint64_t
        overflow[PARTITIONS_MAX]; /* cores shipped beyond the table: never free here */
};

int view_take(struct view **v, const struct supply *s, struct mono now)
{
    if (!*v)
        *v = malloc(sizeof(**v));
    if (!*v)
        return -ENOMEM;
    (*v)->supply = *s;
    (*v)->at = now;
    (*v)->n_bookings = 0;
    memset((*v)->overflow, 0, sizeof((*v)->overflow));
    return 0;
}

void *view_free(struct view *v)
{
    free(v);
    return NULL;
}

const struct supply *view_supply(const struct view *v, struct mono *ret_at)
{
    *ret_at = v->at;
    return &v->supply;
}

static int64_t duration(const struct request *r)
{
    return r->time_limit_s == DURATION_UNLIMITED ? UNLIMITED_S : r->time_limit_s;
}

/* Cores free at t seconds after the reading. */
static int64_t free_at(const struct view *v, uint32_t part, int64_t t)
{
    const struct supply_part *p = &v->supply.parts[part];
    int64_t cores = 0;

    for (uint32_t i = 0; i < p->n_steps && p->steps[i].in_s <= t; i++)
        cores = p->steps[i].cores;
    for (size_t i = 0; i < v->n_bookings; i++)
        if (v->bookings[i].part == part && v->bookings[i].from_s <= t
            && t < v->bookings[i].to_s)
            cores -= (int64_t)v->bookings[i].cores;
    return cores - (int64_t)v->overflow[part];
}

/* Whether so many cores are free throughout [t, t + len). */
static bool free_through(
    const struct view *v, uint32_t part, int64_t t, int64_t len, int64_t need)
{
    const struct supply_part *p = &v->supply.parts[part];

    if (free_at(v, part, t) < need)
        return false;
    for (uint32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].in_s > t && p->steps[i].in_s < t + len
            && free_at(v, part, p->steps[i].in_s) < need)
            return false;
    for (size_t i = 0; i < v->n_bookings; i++)
        if (v->bookings[i].part == part && v->bookings[i].from_s > t
            && v->bookings[i].from_s < t + len
            && free_at(v, part, v->bookings[i].from_s) < need)
            return false;
    return true;
}

int64_t view_estimate(struct view *v, const struct request *r, struct mono now)
{
    const struct supply_part *p = supply_part(&v->supply, r->partition);
    int64_t t0 = (now.us - v->at.us) / US_PER_S;
    int64_t len = duration(r);
    int64_t need;
    int64_t best = INT64_MAX;
    uint32_t part;

    if (!p)
        return -1;
    part = (uint32_t)(p - v->supply.parts);
    need = r->exclusive ? (int64_t)MAX(r->min_nodes, 1u) * p->node_cores_max
                        : (int64_t)request_cores(r);
    /* A start can only come when something becomes free: now, a step, or a booking's
     * end. */
    if (free_through(v, part, t0, len, need))
        return 0;
    for (uint32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].in_s > t0 && p->steps[i].in_s < best
            && free_through(v, part, p->steps[i].in_s, len, need))
            best = p->steps[i].in_s;
    for (size_t i = 0; i < v->n_bookings; i++)
        if (v->bookings[i].part == part && v->bookings[i].to_s > t0
            && v->bookings[i].to_s < best
            && free_through(v, part, v->bookings[i].to_s, len, need))
            best = v->bookings[i].to_s;
    return best == INT64_MAX ? -1 : best - t0;
}

void view_odds(const struct view *v, struct route_view *r)
{
    struct forecast_wait w;

    if (!forecast_heard(&v->supply, r->wait_s, &w))
        return;
    r->p50_s = w.p50_s;
    r->p90_s = w.p90_s;
    r->n_scored = v->supply.n_scored;
    r->held90 = v->supply.held90;
}

void view_book(struct view *v, const struct request *r, int64_t wait_s, struct mono now)
{
    const struct supply_part *p = supply_part(&v->supply, r->partition);
    int64_t t0 = (now.us - v->at.us) / US_PER_S;
    uint32_t part;

    if (!p)
        return;
    part = (uint32_t)(p - v->supply.parts);
    if (v->n_bookings == BOOKINGS_MAX) {
        v->overflow[part] += request_cores(r);
        return;
    }
    v->bookings[v->n_bookings++] = (struct booking){
        .part = part,
        .from_s = t0 + MAX(wait_s, INT64_C(0)),
        .to_s = t0 + MAX(wait_s, INT64_C(0)) + duration(r),
        .cores = request_cores(r),
    };
}
