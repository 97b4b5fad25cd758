/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched_odds - what a center says about the starts of its own jobs, and how that held
 *
 * An own job is told p50 and p90 once, when it joins the queue; when it starts here the
 * record learns. One that starts within AT_ONCE_S was never told to wait, and one that
 * starts elsewhere says nothing about this center. Guests are not scored: they hold no
 * place here.
 */
#include "config.h"

#include "base/number.h"
#include "sched/sched_int.h"

#include "base/banned.h"

#define AT_ONCE_S 5 /* a claim and a launch may take so long */

void odds_say(struct sched *s, uint32_t x, int64_t now_s)
{
    struct site_job *j = &s->jobs[x];
    struct forecast_wait w;
    int64_t at_s;

    j->said_in_s = UINT32_MAX;
    if (j->shape->group || now_s < j->submit_s || now_s - j->submit_s > UINT32_MAX / 2
        || plan_ready(s, j->shape->partition, now_s) < 0)
        return;
    at_s =
        planned_start(s, j->shape->partition, now_s, j->pred_s, j->shape->plan_cores);
    if (at_s == PROFILE_NEVER)
        return;
    w = forecast_of(&s->forecast, at_s - now_s, j->pred_s);
    j->said_in_s = (uint32_t)(now_s - j->submit_s);
    j->planned_s = w.planned_s;
    j->p50_s = w.p50_s;
    j->p90_s = w.p90_s;
}

void odds_started(struct sched *s, uint32_t x, int64_t now_s)
{
    struct site_job *j = &s->jobs[x];
    const struct forecast_wait said = {.planned_s = j->planned_s,
                                       .length_s = j->pred_s,
                                       .p50_s = j->p50_s,
                                       .p90_s = j->p90_s};
    int64_t wait_s = now_s - j->submit_s - j->said_in_s;

    if (j->said_in_s != UINT32_MAX && wait_s > AT_ONCE_S)
        forecast_learn(&s->forecast, &said, j->submit_s + j->said_in_s, wait_s);
    j->said_in_s = UINT32_MAX; /* a second start is another story */
}

bool sched_expect(struct sched *s,
                  uint64_t job,
                  int64_t now_s,
                  struct forecast_wait *ret_w)
{
    uint32_t x = idmap_find(&s->ids, job);
    const struct site_job *j = x ? &s->jobs[x] : NULL;
    int64_t at_s;

    if (!j || j->state != SCHED_WAITING
        || plan_ready(s, j->shape->partition, now_s) < 0)
        return false;
    at_s = j->start_s;
    if (at_s < 0) /* beyond the plan's end: behind all that wait */
        at_s = planned_start(s, j->shape->partition, now_s, j->pred_s,
                             j->shape->plan_cores);
    if (at_s == PROFILE_NEVER)
        return false;
    *ret_w = forecast_of(&s->forecast, at_s - now_s, j->pred_s);
    return true;
}

struct forecast *sched_forecast(struct sched *s)
{
    return &s->forecast;
}
