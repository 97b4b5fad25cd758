/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sim - centers that replay their logs under a virtual clock
 *
 * A center is a pool of equal cores; a job needs some of them for a time that is
 * known only when it ends. Who starts when is decided by lib/sched (backlog,
 * backfill, profile, predict): the code of the daemon. The model, its order of
 * events within a second and the routes are described in docs/scheduling.md.
 */
#ifndef HOPLUU_SIM_SIM_H
#define HOPLUU_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "sched/share.h"
#include "sim/stats.h"
#include "sim/trace.h"

#define SIM_CENTERS_MAX 128

enum sim_policy {
    SIM_FCFS,
    SIM_EASY,
    SIM_EASY_SJBF,
    SIM_EASY_SABF,
    SIM_CONSERVATIVE,
    SIM_REPLAN,
    SIM_REPLAN_SJF,
    _SIM_POLICY_MAX
};

enum sim_predict { SIM_REQUEST, SIM_LAST2, SIM_EXACT, SIM_ALIKE, _SIM_PREDICT_MAX };
enum sim_correct { SIM_JUMP, SIM_INCREMENT, _SIM_CORRECT_MAX };
enum sim_ties { SIM_BATCH, SIM_PYSS, _SIM_TIES_MAX };

enum sim_route {
    SIM_HOME,
    SIM_LEAST,      /* by load */
    SIM_EARLIEST,   /* by estimated start */
    SIM_EVERYWHERE, /* queued at every center, the first start wins */
    SIM_LATE,       /* offered from home while it waits (sim/late.c) */
    _SIM_ROUTE_MAX
};

#define SIM_SHARE_NONE (-1.0) /* no ceiling */

struct sim_config {
    enum sim_policy policy;
    enum sim_predict predict;
    enum sim_correct correct;
    enum sim_ties ties;
    enum sim_route route;
    bool local_first;
    double foreign_share; /* of a center's cores, or SIM_SHARE_NONE */
    double credit_h;      /* debt limit, machine hours; below 0 = none */
    int64_t state_age_s;  /* others are seen as of the last multiple; 0 = live */
    bool own_shipments;   /* booked into a stale view by who sent them */
    int64_t margin_s;
    int64_t link_delay_ms;
    uint32_t age_weight;
    bool estimates;         /* say and score p50 and p90 of starts (costs plans) */
    struct share_rule late; /* the late route */
};

struct sim_center_spec {
    char name[64];
    uint32_t procs;
};

/* One job that ended, for whoever keeps lists. */
struct sim_record {
    int64_t id;
    int64_t submit_s;
    int64_t start_s;
    uint64_t seq;
    uint32_t run_s;
    uint32_t est_s;
    uint32_t procs;
    uint16_t home;
    uint16_t where;
};

typedef int (*sim_ended_fn)(void *arg, const struct sim_record *r);

struct sim;

/* NULL = no memory. */
struct sim *sim_new(const struct sim_config *config);
void *sim_free(struct sim *s);
DEFINE_FREEP(sim, struct sim)

/* 0, -ENOSPC, or what trace_open gives. The trace stays open until sim_free(). */
int sim_center_add(struct sim *s,
                   const struct sim_center_spec *c,
                   const struct trace_spec *log,
                   struct err *err);

/* Who is told of each end (may be NULL), and how often `progress` is called. */
void sim_listen(struct sim *s, sim_ended_fn ended, void *arg);
void sim_progress(struct sim *s,
                  void (*fn)(void *arg, uint64_t n_ended, int64_t now_s),
                  void *arg);

/* To the end of all logs: 0, or what a log or memory said. */
int sim_run(struct sim *s, struct err *err);

/* What came out; borrowed. home: of a center's own jobs. */
const struct stats *sim_home_stats(const struct sim *s, uint32_t center);
const struct stats *sim_all_stats(const struct sim *s);

/* Waits of a center's own jobs by the 30 days in which they were submitted. */
#define SIM_MONTH_S (30 * 86400)
#define SIM_MONTHS_MAX 600 /* later ones count with the last */

struct sim_month {
    uint64_t n;
    double wait_s;
};
const struct sim_month *sim_months(const struct sim *s, uint32_t center);

struct sim_totals {
    uint64_t jobs;
    uint64_t moved;
    uint64_t offers; /* copies at another center than home (everywhere, late) */
    uint64_t passes;
    uint64_t events;
    int64_t first_submit_s;
    int64_t last_end_s;
    double trace_cpu_s;
    double cpu_s; /* of the simulation alone */
};
struct sim_totals sim_totals(const struct sim *s);

struct sim_flow {
    double lent_core_h;     /* run here for others */
    double borrowed_core_h; /* run elsewhere for us */
    double used_core_s;     /* run here */
};
struct sim_flow sim_flow(const struct sim *s, uint32_t center);

/* Start estimates of jobs that had to wait, by the center that gave them. */
struct sim_estimates {
    uint64_t n;
    uint64_t n_held50; /* started by then */
    uint64_t n_held90;
    double wait_sum_s;
    double p50_sum_s;
    double p90_sum_s;
};
struct sim_estimates sim_estimates(const struct sim *s, uint32_t center);

uint32_t sim_n_centers(const struct sim *s);
const char *sim_center_name(const struct sim *s, uint32_t center);
uint32_t sim_center_procs(const struct sim *s, uint32_t center);

#endif
