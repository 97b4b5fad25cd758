/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sched_int - what the files of struct sched share */
#ifndef HOPLUU_SCHED_SCHED_INT_H
#define HOPLUU_SCHED_SCHED_INT_H

#include "base/table.h"
#include "sched/backfill.h"
#include "sched/backlog.h"
#include "sched/idmap.h"
#include "sched/outlook.h"
#include "sched/rank.h"
#include "sched/running.h"
#include "sched/sched.h"

/* Everything about a request that matters for fitting; jobs that ask alike share one.
 */
struct site_shape {
    struct shape shape; /* first: the backlog hands this back */
    struct request req; /* the key: normalised; the time limit is that of its jobs
                           while there are reservations, else 0 */
    uint32_t group;     /* part of the key */
    uint32_t partition;
    uint32_t plan_cores; /* what it takes of the machine (whole nodes if exclusive) */
    size_t refs;         /* jobs */
    uint64_t unfit_now;  /* s->freed when it did not fit; 0 = not known */
    uint64_t unfit_held; /* s->passes when it did not fit beside a reservation */
    UT_hash_handle hh;
};

/* Who a job's use counts for. */
struct site_account {
    char path[FAIR_NAME_CAP]; /* key */
    double factor;            /* fair-share factor, as of the latest calculation */
    UT_hash_handle hh;
};

struct site_job {
    uint64_t id; /* 0 = the slot is free */
    struct site_shape *shape;
    struct site_account *account; /* NULL = nobody's */
    struct node_pick *picks;      /* [n_picks] while it holds nodes */
    uint64_t user;
    uint64_t seq; /* order of arrival */
    int64_t submit_s;
    int64_t begin_s;
    int64_t start_s;   /* reserved or running: since; waiting: planned, -1 = unknown */
    int64_t end_s;     /* expected, while it holds nodes */
    int64_t charged_s; /* running: its use is counted up to then */
    uint32_t n_picks;
    uint32_t limit_s;
    uint32_t pred_s;
    uint32_t priority;
    uint32_t next_free; /* slot */
    uint32_t said_in_s; /* after submit_s its start was estimated; UINT32_MAX = never */
    uint32_t planned_s; /* … so: from then on */
    uint32_t p50_s;
    uint32_t p90_s;
    uint8_t state; /* enum sched_state */
};

struct site_partition {
    struct sched_partition p;
    struct backlog backlog;
    uint64_t free_cores; /* on its nodes that are up, during a pass */
    /* the plan: running jobs, then the queue */
    struct outlook plan;
    uint64_t work; /* core-seconds of all that wait */
};

struct reservation {
    char name[NAME_CAP];
    int64_t start_s;
    int64_t end_s;
    uint32_t jobs; /* that wait or run in it */
    bool used;
    bool over;
};

#define SCHED_PARTS_MAX                                                                \
    (PARTITIONS_MAX + RESERVATIONS_MAX) /* bits of a node's mask                       \
                                         */
#define CLOSINGS_MAX (1 + 2 * RESERVATIONS_MAX)

struct group {
    uint32_t ceiling; /* UINT32_MAX = none */
    uint64_t held;    /* cores */
};

struct sched {
    struct sched_config config;
    struct nodes nodes;
    struct site_partition partitions[SCHED_PARTS_MAX]; /* then reservations */
    uint32_t n_partitions;
    uint32_t n_parts; /* up to the last one that is used, reservations too */
    struct reservation reservations[RESERVATIONS_MAX];
    uint32_t n_reservations;
    struct group *groups; /* [n_groups] */
    uint32_t *room;       /* [n_groups] cores each may take, made for a pass */
    uint32_t n_groups;
    struct site_shape *shapes; /* table by req and group */
    struct site_job *jobs;     /* [n_slots], slot 0 unused */
    size_t n_slots;
    uint32_t free_slot;
    size_t n_jobs;
    struct idmap ids;
    struct backlog_pools pools;
    struct running running; /* reserved and running */
    struct order_pool deferred;
    uint32_t deferred_root; /* by begin time */
    struct predict *predict;
    struct forecast forecast;
    struct share *share; /* NULL = guests are not judged (yet) */
    uint64_t share_cores;
    double kept_slack_s; /* from before a restart, until there is a share */
    uint64_t kept_n;
    struct sched_priority priority;
    struct fair *fair;
    struct site_account *accounts; /* table by path */
    int64_t calc_s;                /* the next calculation of priorities */
    int64_t ranked_s;              /* the latest ranking */
    int64_t charged_s;             /* before a restart, use was counted up to then */
    uint32_t sweep;  /* slot whose priority is brought up to date next; 0 = all are */
    int64_t judge_s; /* guests that wait are judged again then; INT64_MAX = none */
    uint64_t seq;
    uint64_t freed;  /* raised whenever something became free */
    uint64_t passes; /* reservations made: numbers the heads */
    bool dirty;      /* something changed since the last pass */
    bool reserved;   /* some node is held for a head, in this pass */
    uint64_t *begun; /* [n_begun] ids, of the pass in hand */
    size_t n_begun;
    size_t cap_begun;
    struct sched_counts counts;
};

/* How long it counts beside a reservation: a guest by its request. */
static inline uint32_t job_stay(const struct sched *s, const struct site_job *j)
{
    return s->config.share && j->shape->group ? j->limit_s : j->pred_s;
}

static inline uint64_t job_work(const struct site_job *j)
{
    return (uint64_t)j->pred_s * j->shape->plan_cores;
}

/* sched_shape.c */
struct site_shape *shape_get(struct sched *s,
                             const struct request *req,
                             uint32_t partition,
                             uint32_t group);
void shape_put(struct sched *s, struct site_shape *shape);

/* sched_fits.c: index of the partition, or as sched_fits; ret_limit_s = job's limit. */
int fits_partition(struct sched *s,
                   const struct request *req,
                   uint32_t *ret_limit_s,
                   struct err *err);
uint32_t plan_cores(const struct sched *s,
                    const struct request *req,
                    uint32_t partition);

/* sched.c */
int job_queue(struct sched *s, uint32_t x);
void job_reorder(struct sched *s, uint32_t x);
void job_unqueue(struct sched *s, uint32_t x);
int job_take(struct sched *s, uint32_t x, int64_t start_s, int64_t end_s);
void job_give(struct sched *s, uint32_t x);
void plans_invalid(struct sched *s);

/* sched_reserve.c */
struct reservation *reservation_of(struct sched *s, uint32_t partition);
int reservation_part(struct sched *s, const char *name);
uint32_t closed_at(const struct sched *s, const struct site_shape *x, int64_t from_s);
bool inside(const struct sched *s, const struct site_shape *x, int64_t from_s);
int64_t ends_by(int64_t from_s, uint32_t limit_s);
size_t closings(const struct sched *s,
                const struct site_shape *x,
                int64_t now_s,
                int64_t at_s[CLOSINGS_MAX]);
int shape_by_limit(struct sched *s, struct site_job *j);
void reserve_ready(struct sched *s, int64_t now_s);
int64_t reserve_next_s(const struct sched *s);
int reserve_plan(struct sched *s, uint32_t partition, int64_t now_s);

/* sched_priority.c */
struct site_account *account_get(struct sched *s, const char *path);
void accounts_free(struct sched *s);
bool by_priority(const struct sched *s);
void priority_now(struct sched *s, struct site_job *j, int64_t now_s);
int priority_ready(struct sched *s, int64_t now_s);
void charge(struct sched *s, struct site_job *j, int64_t now_s);

/* sched_share.c */
struct rank_rule own_rank(const struct sched *s);
int share_ready(struct sched *s, int64_t now_s);
int guest_came(struct sched *s, const struct site_job *j, uint32_t cores);
void guest_left(struct sched *s, const struct site_job *j);

/* sched_plan.c */
int plan_ready(struct sched *s, uint32_t partition, int64_t now_s);
void plan_extend(struct sched *s, uint32_t x, int64_t now_s);

/* sched_odds.c: what is said of a job that is about to wait, and what came of it. */
void odds_say(struct sched *s, uint32_t x, int64_t now_s);
void odds_started(struct sched *s, uint32_t x, int64_t now_s);
int64_t planned_start(struct sched *s,
                      uint32_t partition,
                      int64_t from_s,
                      uint32_t pred_s,
                      uint32_t cores);

#endif
