/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sim_int - what the files of the simulator share */
#ifndef HOPLUU_SIM_SIM_INT_H
#define HOPLUU_SIM_SIM_INT_H

#include "sched/forecast.h"
#include "sched/heap.h"
#include "sched/outlook.h"
#include "sched/pool.h"
#include "sched/predict.h"
#include "sched/profile.h"
#include "sched/rank.h"
#include "sim/sim.h"

/* A job in the system. */
struct sim_job {
    int64_t id;
    uint64_t user;
    uint64_t seq; /* rank among all submissions */
    int64_t submit_s;
    int64_t start_s;
    int64_t end_s; /* expected, while it runs */
    int64_t res_s; /* conservative: its reservation */
    uint32_t run_s;
    uint32_t est_s;
    uint32_t pred_s;
    uint32_t procs;
    uint32_t next_free;
    uint16_t home;
    uint16_t where;
    uint8_t n_correct;
    bool running;
    uint16_t said_by; /* the center that estimated its start, + 1; 0 = none */
    struct forecast_wait said;
};

/* What one center believes of another while its state is old. */
struct sim_belief {
    bool is_own; /* differs from the snapshot: own shipments are booked */
    double load;
    struct profile plan;
};

struct sim_center {
    char name[64];
    uint32_t idx;
    struct pool pool; /* what is free, what runs, what waits here */
    struct trace *trace;
    bool has_next;
    struct trace_job next; /* of its log */
    bool dirty;            /* something happened since its last pass */
    bool touched;          /* in this batch */
    /* what it tells */
    struct profile plan;
    bool plan_valid;
    struct profile reserved; /* conservative: running jobs and all reservations */
    int64_t foreign;         /* cores of guests that run or wait here */
    int64_t debt;
    /* stale views */
    double snap_load;
    struct profile snap_plan;
    struct sim_belief *beliefs; /* [n_centers] of the others */
    struct stats stats;         /* own jobs */
    struct sim_flow flow;
    struct late_center *late;
    struct outlook outlook;
    struct forecast forecast;
    struct sim_estimates estimates;
    struct sim_month months[SIM_MONTHS_MAX];
};

struct sim {
    struct sim_config config;
    struct sim_center centers[SIM_CENTERS_MAX];
    uint32_t n_centers;
    struct sim_job *jobs; /* [n_slots], slot 0 unused */
    size_t n_slots;
    uint32_t free_slot;
    struct heap ends;     /* key: start counter */
    struct heap expiries; /* key: seq */
    struct heap wakes;    /* key: center */
    struct heap submits;  /* key: seq; of this second */
    uint64_t n_submitted;
    uint64_t n_started;
    int64_t now_s;
    int64_t snap_s;
    bool have_snap;
    struct predict *predict;
    struct rank_rule rule;
    struct stats all;
    struct sim_totals totals;
    sim_ended_fn ended;
    void *ended_arg;
    void (*progress)(void *arg, uint64_t n_ended, int64_t now_s);
    void *progress_arg;
    uint32_t touched[SIM_CENTERS_MAX]; /* in order of first touch */
    uint32_t n_touched;
    int err; /* first failure inside a callback */
};

/* center.c */
int center_init(struct sim *s, struct sim_center *c, uint32_t procs);
void center_release(struct sim_center *c);
int center_enqueue(struct sim *s, struct sim_center *c, uint32_t x);
void center_drop(struct sim *s, struct sim_center *c, uint32_t x);
int center_start(struct sim *s, struct sim_center *c, uint32_t x);
int center_finish(struct sim *s, struct sim_center *c, uint32_t x);
int center_correct(struct sim *s, struct sim_center *c, uint32_t x, int64_t end_s);
int center_pass(struct sim *s, struct sim_center *c);
void center_touch(struct sim *s, struct sim_center *c);

/* plan.c */
int running_profile(const struct sim *s, const struct sim_center *c, struct profile *p);
int center_plan(struct sim *s, struct sim_center *c, const struct profile **ret_p);
double center_load(const struct sim *s, const struct sim_center *c);
int plan_pass(struct sim *s, struct sim_center *c);
int cons_pass(struct sim *s, struct sim_center *c);
int cons_place(struct sim *s, struct sim_center *c, uint32_t x);
int cons_finish(struct sim *s, struct sim_center *c, uint32_t x);
int cons_again(struct sim *s, struct sim_center *c);

/* estimate.c: what its center says of a job that is about to be queued there, and
 * what came of it */
int estimate_job(struct sim *s, struct sim_center *c, uint32_t x);
void estimate_started(struct sim *s, uint32_t x);

/* route.c: the center that gets the job. */
int route_choose(struct sim *s, uint32_t x, uint32_t *ret_c);
int route_sent(struct sim *s, uint32_t x, uint32_t to);

/* late.c */
int late_init(struct sim *s);
void late_release(struct sim *s);
int late_submit(struct sim *s, uint32_t x);
int late_finish(struct sim *s, struct sim_center *c, uint32_t x);
int late_settle(struct sim *s);
int64_t late_next_s(const struct sim *s);

#endif
