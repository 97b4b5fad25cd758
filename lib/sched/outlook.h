/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * outlook - what a queue expects: its running jobs, then its waiting ones, each at its
 *        earliest place
 *
 * The first OUTLOOK_JOBS waiting jobs are placed one by one; the rest counts as so much
 * work behind them. A plan is extended by a job that joins at the end; anything else
 * makes it invalid, and its owner builds it again when somebody asks: at once if it is
 * short, a long one at most once per `rest_s`, so that its cost does not depend on how
 * busy the center is. Centers and simulator estimate from the same plan.
 */
#ifndef HOPLUU_SCHED_OUTLOOK_H
#define HOPLUU_SCHED_OUTLOOK_H

#include "sched/profile.h"

#define OUTLOOK_JOBS 1000 /* waiting jobs whose place is held exactly */

struct outlook {
    struct profile free;
    bool valid;
    int64_t built_s;
    size_t jobs;   /* waiting ones that are in it */
    uint64_t work; /* core-seconds of those */
    int64_t end_s; /* latest planned end */
};

void outlook_release(struct outlook *p);

/* Empty, with so many cores free now: 0 or -ENOMEM. Then outlook_back() by rising time
 * for what runs, outlook_put() for what waits, and `valid` is the caller's to set. */
int outlook_begin(struct outlook *p, int64_t now_s, int64_t cores);

/* From at_s on so many cores are free: 0 or -ENOMEM. */
int outlook_back(struct outlook *p, int64_t at_s, int64_t cores);

/*
 * A waiting job takes its earliest place.
 *
 * ret_at_s   written when it has one: -1 = never on these cores
 *
 * Returns 0, -EAGAIN (the plan is full: the job is part of the rest) or -ENOMEM.
 */
int outlook_put(struct outlook *p,
                int64_t now_s,
                uint32_t pred_s,
                uint32_t cores,
                int64_t *ret_at_s);

/* Whether it still says enough at now_s. */
bool outlook_stands(const struct outlook *p, int64_t now_s, int64_t rest_s);

/*
 * outlook_expected - where a job that came now would start, behind all that wait
 *
 * rest      core-seconds that wait and are not in the plan
 * machine   cores that work on them
 *
 * Returns a time, or PROFILE_NEVER.
 */
int64_t outlook_expected(const struct outlook *p,
                         int64_t from_s,
                         uint32_t pred_s,
                         uint32_t cores,
                         uint64_t rest,
                         uint64_t machine);

#endif
