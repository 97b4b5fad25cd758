/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched - one center's queue and machine: which job starts now, and where
 *
 * A job is waiting, deferred (its begin time lies ahead), reserved (a pass gave
 * it nodes; somebody is being asked whether it may start) or running. It leaves
 * by sched_end(), sched_release() or sched_remove(). Times are whole seconds of
 * one clock that the caller chooses (a daemon: seconds since 1970 UTC).
 *
 *     submit -> waiting -> pass -> reserved -> start   -> running -> end
 *                 ^                   |------> release (claim refused)
 *                 '-------------------'------> requeue
 *
 * Invariants (sched_check): what jobs hold on a node plus what is free there is
 * what it has; a job holds what was chosen for it from its pass until it leaves.
 * Policies and sources: docs/scheduling.md.
 */
#ifndef HOPLUU_SCHED_SCHED_H
#define HOPLUU_SCHED_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/words.h"
#include "model/job_state.h"
#include "model/request.h"
#include "model/supply.h"
#include "sched/fair.h"
#include "sched/forecast.h"
#include "sched/nodes.h"
#include "sched/predict.h"
#include "sched/share.h"

#define SCHED_JOBS_MAX 20000000 /* waiting and running, per center */

enum sched_policy {
    SCHED_FCFS,
    SCHED_EASY,         /* one reservation, the rest in queue order */
    SCHED_EASY_SJBF,    /* … the rest by shortest predicted time */
    SCHED_CONSERVATIVE, /* every job of the plan has a reservation */
    _SCHED_POLICY_MAX
};

const char *sched_policy_word(enum sched_policy p); /* "easy-sjbf" */
bool sched_policy_parse(const char *word, enum sched_policy *ret_p);

/* What a choice of nodes is about; all is borrowed during the call. */
struct sched_ask {
    const struct nodes *nodes; /* pick[].node is an index into it */
    const struct request *req;
    int64_t now_s;
    uint32_t run_s; /* the job is expected to run so long */
    bool later;     /* for a reservation: what stands on nodes now says nothing */
};

/*
 * Where a job's tasks go, when several nodes could take them.
 *
 * pick      [n] in: candidates, each with the most tasks it can take and its free
 *           cores; out: the first *ret_n are chosen, .tasks set, their sum n_tasks
 *
 * Returns 0 or -ENOENT (the default choice is made then; also when the answer
 * breaks the request).
 */
typedef int (*sched_choose_fn)(void *arg,
                               const struct sched_ask *ask,
                               struct node_pick *pick,
                               size_t n,
                               size_t *ret_n);

struct sched_config {
    enum sched_policy policy;
    bool local_first;       /* own jobs before all foreign ones */
    uint32_t foreign_cores; /* that foreign jobs may hold; UINT32_MAX = no ceiling */
    uint32_t age_weight;    /* see docs/scheduling.md, "age guard"; 0 = none */
    enum predict_by predict;
    uint32_t late_s;        /* a job may start so much after its pass, or be killed so
                               much after its limit: counts before reservations */
    bool share;             /* guests only as far as own users do not lose by them */
    size_t max_jobs;        /* that wait or run here; full is -EAGAIN */
    sched_choose_fn choose; /* NULL = fewest nodes, best fit */
    void *choose_arg;
};

/* easy-sjbf over the whole queue, local first, no ceiling, last two, 1e6 jobs. */
struct sched_config sched_config_default(void);

struct sched_partition {
    char name[NAME_CAP];
    bool is_default;
    bool up;
    uint32_t max_time_s;     /* DURATION_UNLIMITED = none */
    uint32_t default_time_s; /* for jobs that name none */
    uint32_t max_nodes;      /* per job; 0 = no limit */
    uint32_t job_factor;     /* for priorities, among those of all partitions */
};

/* What the scheduler must know of a job beside its request. */
struct sched_meta {
    uint32_t group;    /* 0 = own; else whose guest it is (a center's number) */
    uint32_t priority; /* larger first; same priority: first come first */
    uint64_t user;     /* key for predictions */
    int64_t submit_s;
    int64_t begin_s;             /* not before; 0 = at once */
    char account[FAIR_NAME_CAP]; /* "institution/project" that its use counts for; "" =
                                    none */
};

struct sched;

struct sched *sched_new(const struct sched_config *config); /* NULL = no memory */
void *sched_free(struct sched *s);
DEFINE_FREEP(sched, struct sched)

/* --- the machine --------------------------------------------------------- */

/* Adds a partition or changes it: its index (bit) or -ENOSPC. */
int sched_partition_set(struct sched *s, const struct sched_partition *p);
int sched_partition_find(const struct sched *s, const char *name); /* "" = default */

/*
 * Adds a node or changes it. name and all count, `partitions` is a mask of
 * partition indices, gpu_type what its GPUs are ("" = not said). A node that goes down
 * keeps what runs there (sched_end says when that is over) and gets nothing new.
 *
 * Returns its index, -ENOSPC or -ENOMEM.
 */
int sched_node_set(struct sched *s,
                   const char *name,
                   uint32_t cores,
                   uint64_t bytes,
                   uint32_t gpus,
                   const char *gpu_type,
                   uint32_t partitions,
                   bool up);
int sched_node_up(struct sched *s, uint32_t node, bool up); /* 0 or -ENOENT */
const struct nodes *sched_nodes(const struct sched *s);

/* From now on nodes are chosen so; NULL = fewest nodes, best fit. */
void sched_choose_set(struct sched *s, sched_choose_fn choose, void *arg);

/* Cores that one group may hold at a time; UINT32_MAX = no ceiling of its own.
 * 0, -EINVAL (group 0 or above 999) or -ENOMEM. */
int sched_ceiling_set(struct sched *s, uint32_t group, uint32_t cores);

/* --- jobs ---------------------------------------------------------------- */

/*
 * Whether the request can ever run on this machine, empty.
 *
 * Returns 0, -ENOENT (no such partition) or -E2BIG (a limit; the text names both
 * figures: "48 cores asked, partition main has 32").
 */
int sched_fits(struct sched *s, const struct request *req, struct err *err);

/* 0, -EEXIST, -EAGAIN (max_jobs), -ENOMEM, or what sched_fits says. */
int sched_submit(struct sched *s,
                 uint64_t job,
                 const struct request *req,
                 const struct sched_meta *meta,
                 int64_t now_s,
                 struct err *err);

/* A waiting or deferred job leaves: 0, -ENOENT, -EBUSY (reserved or running). */
int sched_remove(struct sched *s, uint64_t job);

/*
 * sched_pass - give nodes to every job that can start now
 *
 * cb   told of each job after the whole pass; it may call any function below,
 *      but not sched_pass
 *
 * Costs nothing when nothing has changed since the last pass. Returns how many
 * were reserved, or -ENOMEM (those told before it stand).
 */
typedef void (*sched_reserved_fn)(void *arg, uint64_t job);
int sched_pass(struct sched *s, int64_t now_s, sched_reserved_fn cb, void *arg);

/* When time alone can change something: a pass is due then. INT64_MAX = never. */
int64_t sched_next_s(const struct sched *s);

/* Each returns 0, -ENOENT, or -EINVAL (the job is in another state). */
int sched_start(struct sched *s, uint64_t job, int64_t now_s);
int sched_release(struct sched *s, uint64_t job);                /* reserved: gone */
int sched_requeue(struct sched *s, uint64_t job, int64_t now_s); /* waits again */
int sched_end(struct sched *s, uint64_t job, int64_t now_s);

/* It ended and its run time says nothing about the next one (node failure). */
int sched_end_unlearned(struct sched *s, uint64_t job);

/*
 * A job that ran when we were last here takes up its nodes again.
 *
 * pick   [n] node and tasks (and what they take, if cores is not 0)
 *
 * Returns 0, -EEXIST, -ENOENT (partition or node), -EAGAIN, -ENOMEM.
 */
int sched_restore_running(struct sched *s,
                          uint64_t job,
                          const struct request *req,
                          const struct sched_meta *meta,
                          const struct node_pick *pick,
                          size_t n,
                          int64_t started_s);

/* --- priorities ------------------------------------------------------------ */

/*
 * Slurm's multifactor priority (docs/scheduling.md, "Order by fair share"): with any
 * weight the queue is ordered by it, and who may backfill too; with none (the default)
 * by sched_meta.priority and arrival. What accounts use is counted in any case.
 */
struct sched_priority {
    struct fair_weights weights;
    uint32_t half_life_s; /* of what was used */
    uint32_t calc_s;      /* usage and priorities are brought up to date so often */
    bool favor_small;     /* the size factor is larger for smaller jobs */
};

/* No weights; half-life and greatest age 7 days, brought up to date every 5 minutes. */
struct sched_priority sched_priority_default(void);

/* Those that wait are put into the new order at once. 0 or -ENOMEM. */
int sched_priority_set(struct sched *s, const struct sched_priority *p, int64_t now_s);

/* Shares of "institution" or "institution/project" among its siblings: as fair_set().
 * One that nobody named has one share. */
int sched_shares_set(struct sched *s,
                     const char *account,
                     uint32_t shares,
                     struct err *err);

/* The terms of a job that waits; false = it does not. */
bool sched_terms(struct sched *s,
                 uint64_t job,
                 int64_t now_s,
                 struct fair_terms *ret_t);

/* The jobs that wait, partition by partition in queue order; non-zero from each() ends.
 */
void sched_each_waiting(const struct sched *s,
                        int (*each)(uint64_t job, uint32_t partition, void *arg),
                        void *arg);

/* Accounts and what they used, brought up to date, for display. */
const struct fair *sched_fair(struct sched *s, int64_t now_s);

/* What accounts used, as text, and back (before jobs come): as fair_write(),
 * fair_read().
 */
void sched_keep_usage(struct sched *s, int64_t now_s, struct buf *b);
int sched_recall_usage(struct sched *s, const char *text, struct err *err);

/* --- reservations ---------------------------------------------------------- */

#define RESERVATIONS_MAX 16

/* Nodes kept for the jobs that name it (request.reservation) from start_s to end_s. */
struct sched_reservation {
    char name[NAME_CAP];
    int64_t start_s;
    int64_t end_s;
    bool ignore_jobs; /* jobs that run there already may go on into it */
};

/*
 * sched_reserve - from now on no other job starts there that may not end before
 *
 * Returns 0, -EEXIST, -EINVAL (times), -ENOENT (a node), -EBUSY (another reservation or
 * a running job is in the way), -ENOSPC (RESERVATIONS_MAX) or -ENOMEM.
 */
int sched_reserve(struct sched *s,
                  const struct sched_reservation *r,
                  const struct words *nodes,
                  int64_t now_s,
                  struct err *err);

/* 0, -ENOENT or -EBUSY (jobs wait or run in it). One that is over goes by itself with
 * its last job. */
int sched_unreserve(struct sched *s, const char *name, struct err *err);

/* Jobs that wait or run in it; -ENOENT. */
int sched_reservation_jobs(struct sched *s, const char *name);

/* --- sharing --------------------------------------------------------------- */

enum sched_own_state { OWN_WAITS, OWN_RUNS, OWN_OVER };

/* A job that was submitted at this center, wherever it waits or runs. */
struct sched_own {
    uint64_t job;
    uint64_t user;
    int64_t submit_s;
    int64_t run_s; /* OWN_OVER: how long it ran, 0 = never */
    enum sched_own_state state;
};

/*
 * Tells the books that judge guests (sched/share.h) how one of our own jobs stands;
 * telling it twice is fine. One that could never run here is no loss of ours.
 *
 * Returns 0 or -ENOMEM.
 */
int sched_own(struct sched *s,
              const struct sched_own *o,
              const struct request *req,
              int64_t now_s);

/* false = guests are not judged (config.share, or no nodes yet). */
bool sched_share_state(const struct sched *s, struct share_state *ret_st);

/* What is worth keeping over a restart, as lines of text, and back: 0 or -EINVAL. */
void sched_keep(const struct sched *s, struct buf *b);
int sched_recall(struct sched *s, const char *text, struct err *err);

/* --- questions ----------------------------------------------------------- */

enum sched_state {
    SCHED_UNKNOWN,
    SCHED_DEFERRED,
    SCHED_WAITING,
    SCHED_RESERVED,
    SCHED_RUNNING,
    _SCHED_STATE_MAX
};

struct sched_view {
    enum sched_state state;
    enum job_reason reason; /* why it waits: BEGIN_TIME, RESOURCES or PRIORITY */
    uint32_t position;      /* 1 = next in its partition; 0 = does not wait */
    uint32_t predicted_s;
    uint32_t limit_s;
    int64_t start_s; /* reserved or running: since; else expected, -1 unknown */
    int64_t end_s;   /* reserved or running: expected; else -1 */
    const struct node_pick *pick; /* [n_pick] borrowed until the job leaves */
    size_t n_pick;
};

/* false = no such job. */
bool sched_view(struct sched *s, uint64_t job, int64_t now_s, struct sched_view *ret_v);

/*
 * Seconds until a job with this request would start if it came now, from the
 * plan (running jobs, then the queue, each at its earliest place).
 *
 * Returns 0, what sched_fits says, or -ENOMEM.
 */
int sched_estimate(struct sched *s,
                   const struct request *req,
                   const struct sched_meta *meta,
                   int64_t now_s,
                   int64_t *ret_wait_s,
                   struct err *err);

/*
 * What this center's record makes of a wait that was planned (sched_estimate) for such
 * a job: p50 and p90.
 */
struct forecast_wait sched_odds(struct sched *s,
                                const struct request *req,
                                const struct sched_meta *meta,
                                int64_t wait_s);

/* The same of a job that waits here, from now on; false = it does not wait or its plan
 * is not known. */
bool sched_expect(struct sched *s,
                  uint64_t job,
                  int64_t now_s,
                  struct forecast_wait *ret_w);

/* How the estimates of own jobs that had to wait turned out: lives with s. */
struct forecast *sched_forecast(struct sched *s);

/* Fills all but center and at: 0 or -ENOMEM. */
int sched_supply(struct sched *s, int64_t now_s, struct supply *ret_supply);

struct sched_counts {
    size_t waiting;
    size_t deferred;
    size_t reserved;
    size_t running;
    uint64_t foreign_cores; /* held by guests */
};
struct sched_counts sched_counts(const struct sched *s);

/* For tests and debug builds. */
bool sched_check(const struct sched *s);

#endif
