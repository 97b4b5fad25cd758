/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * share - how much of itself a center may lend without making its own users wait longer
 *
 * Beside reality runs a *shadow*: the center alone, on its own arrivals, with the same
 * policy. `slack` is what sharing has saved its own users so far: the integral of (own
 * jobs that wait in the shadow - own jobs that wait in reality, wherever they are
 * queued), by Little's law the difference of summed waits, plus a small allowance per
 * own job. A guest comes in when the waiting that the guests together may cost own
 * arrivals is paid by the slack. Derivation, constants, what was tried:
 * docs/scheduling.md, "Late".
 *
 * The same object judges in a center (lib/fed) and in the simulator (sim/late). Times
 * are whole seconds of one clock that never falls; numbers here decide who waits, never
 * who pays. Ceilings: SHARE_JOBS_MAX own jobs, SHARE_GUESTS_MAX guests.
 */
#ifndef HOPLUU_SCHED_SHARE_H
#define HOPLUU_SCHED_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "sched/rank.h"

#define SHARE_JOBS_MAX 20000000
#define SHARE_GUESTS_MAX 100000
#define SHARE_WINDOW_S (14 * 86400) /* how far back own demand is looked at */

struct share_rule {
    double allow_s;  /* what each own job may lose */
    double rho;      /* of the slack that guests may put at risk */
    double open;     /* slack above this part of all allowances: no harm is too much */
    double length;   /* a guest's length is so many times its prediction, at most its
                      * request; 0 = its request */
    double month;    /* … 1: the slack of the last 30 days binds as well */
    double additive; /* not 0: harm summed over guests, not by who would really wait */
};

struct share_rule share_rule_default(void);

struct share;

/* cores of the whole center, 1 or more; NULL = no memory. */
struct share *share_new(const struct share_rule *rule,
                        const struct rank_rule *rank,
                        bool backfill,
                        int64_t cores,
                        int64_t now_s);
void *share_free(struct share *s);
DEFINE_FREEP(share, struct share)

/* --- own jobs, wherever they are queued and run ---------------------------- */

struct share_job {
    uint64_t id; /* not 0 */
    int64_t submit_s;
    uint32_t cores; /* more than the center has: counted as all of it */
    uint32_t pred_s;
    uint32_t est_s;
};

/* 0, -EEXIST, -EAGAIN (SHARE_JOBS_MAX) or -ENOMEM. */
int share_submit(struct share *s, const struct share_job *j, int64_t now_s);

/* It runs, somewhere. Unknown ids are fine, here and below. */
void share_started(struct share *s, uint64_t id, int64_t now_s);

/* It waits again. */
void share_requeued(struct share *s, uint64_t id, int64_t now_s);

/* It is over after running so long (0 or less: it never ran): 0 or -ENOMEM. */
int share_ended(struct share *s, uint64_t id, int64_t run_s, int64_t now_s);

/* --- guests here ------------------------------------------------------------ */

/* How long a guest is taken to stay: a multiple of what its user's record predicts. */
uint32_t share_length(const struct share_rule *rule, uint32_t pred_s, uint32_t est_s);

/*
 * share_longest - the longest guest of so many cores that may come in now
 *
 * By its request, in seconds; 0 = none, UINT32_MAX = any. Whether the cores are free,
 * and leave an own head's reservation alone (by request too), is for the caller.
 */
uint32_t share_longest(struct share *s, uint32_t cores, int64_t now_s);

/* Seconds of waiting that the guests here may cost own arrivals, as of now_s. */
double share_harm(struct share *s, int64_t now_s);

/* length_s: share_length(). 0, -EAGAIN (SHARE_GUESTS_MAX) or -ENOMEM. */
int share_guest_came(struct share *s,
                     uint64_t id,
                     uint32_t cores,
                     uint32_t length_s,
                     uint32_t est_s,
                     int64_t now_s);
void share_guest_left(struct share *s, uint64_t id, int64_t now_s);

/* --- time -------------------------------------------------------------------- */

/* The shadow is as far as now_s: 0 or -ENOMEM. */
int share_settle(struct share *s, int64_t now_s);

/* When the shadow changes next; INT64_MAX = not by itself. */
int64_t share_next_s(const struct share *s);

/* The center has so many cores from now on: 0 or -ENOMEM (it stays as it was). Jobs
 * that no longer fit beside each other in the shadow wait there again. */
int share_resize(struct share *s, int64_t cores, int64_t now_s);

struct share_state {
    double slack_s;   /* saved for own users so far, and allowed */
    double allowed_s; /* of that, allowances */
    uint64_t n;       /* own submissions */
    int64_t waiting;  /* own jobs that wait */
    size_t shadow_waiting;
    int64_t guest_cores;
    size_t n_guests;
};
struct share_state share_state(const struct share *s);

/* What is kept over a restart: the jobs that are there are submitted again. */
void share_resume(struct share *s, double slack_s, uint64_t n);

#endif
