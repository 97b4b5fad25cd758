/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_int - what the files of the fault simulator share
 *
 *   faults_world.c   events in order of time, clocks
 *   faults_queue.c   the events to come
 *   faults_center.c  birth, crash and restart of a center, what it tells of itself
 *   faults_gate.c    effects: written down in batches, carried out when durable
 *   faults_net.c     connections and messages
 *   faults_lies.c    messages that nobody should have sent, or not now
 *   faults_terms.c   centers that share under terms, people who ask for what cannot be
 *   faults_bed.c     nodes: the production queue, simulated runs
 *   faults_oracle.c  what was really done, and whether that is allowed
 *   faults_money.c   the books of all centers, added up a second time
 *   faults_script.c  a run made from a seed, played
 *   faults_text.c    a run as lines
 *   faults_shrink.c  a short run that still fails
 */
#ifndef HOPLUU_SIM_FAULTS_INT_H
#define HOPLUU_SIM_FAULTS_INT_H

#include "ledger/book.h"
#include "sched/idmap.h"
#include "sched/sched.h"
#include "sim/faults_world.h"

#define MS INT64_C(1000)
#define WALL0_US (INT64_C(1800000000) * US_PER_S) /* when a run begins */
#define CORES 16                                  /* of each center */
#define RUNS_MAX 12  /* of one job, of which traces are kept */
#define PAST_MAX 256 /* messages that may be repeated */
#define JOB_TOKEN UINT64_C(1000000)

/* --- a job as it really is --------------------------------------------------- */

struct truth_run {
    uint32_t epoch;
    uint32_t center;
    bool live;
    bool lost;    /* declared lost: it may run beside another, and does not count */
    bool hosted;  /* recorded by its host */
    bool entered; /* recorded by the entry */
    bool voided;  /* recorded by its host as free of charge */
    uint64_t core_s;
    int64_t milli; /* that its host wrote down as its price */
};

struct truth {
    uint64_t id;
    uint64_t token;
    uint32_t entry; /* from 0 */
    uint32_t n;     /* submission */
    uint32_t cores;
    uint32_t run_s;
    bool other; /* paid by the second project */
    bool answered;
    bool cancelled;
    bool closed;             /* final, and nobody has a copy: never looked at again */
    struct holding *on_disk; /* the entry's */
    struct copy *copies[FAULTS_CENTERS_MAX]; /* on the disks of the candidates */
    struct truth_run runs[RUNS_MAX];
    uint32_t n_runs;
    uint32_t live; /* that count */
    uint32_t lost_live;
    struct lost_run lost[RUNS_MAX]; /* ever declared so */
    uint32_t n_lost;
    uint32_t
        away; /* … whose hosts have said that nothing of them is there, a bit each */
    uint32_t starts;
    struct {
        uint64_t claim;
        int64_t at_us; /* when it was made */
    } claims[FAULTS_CENTERS_MAX];
};

/* --- effects ------------------------------------------------------------------ */

struct save {
    enum fx_kind kind;
    bool hosted;
    uint32_t epoch;
    uint64_t id;
    void *cell; /* struct holding or struct copy; NULL = none */
};

struct deed {
    enum fx_kind kind;
    uint32_t epoch;
    uint32_t center;
    uint64_t id;
    uint64_t ticket;
    struct peer_msg *msg; /* owned */
};

struct batch {
    struct save *saves;
    size_t n_saves;
    size_t cap_saves;
    struct posting *postings;
    size_t n_postings;
    size_t cap_postings;
    struct deed *deeds;
    size_t n_deeds;
    size_t cap_deeds;
    size_t i_deed; /* next to be carried out */
};

/* --- a center ------------------------------------------------------------------ */

struct task {
    uint64_t id;
    uint32_t epoch;
    uint32_t cores;
    enum { TASK_STAGING, TASK_RUNNING, TASK_ENDED } state;
    int64_t at_us; /* when the state changes */
    int64_t started_us;
    struct wall started;
    enum job_state outcome;
    bool cancelled;
    struct request request;
};

/* What a center's disk says of a project (faults_money.c). */
#define MONEY_PROJECTS 2
struct money {
    int64_t granted;
    int64_t available;
    int64_t held;
    int64_t spent;
    int64_t owed;
    int64_t refunding;
    int64_t given[FAULTS_CENTERS_MAX];
    int64_t received[FAULTS_CENTERS_MAX];
};

struct fcenter {
    uint32_t i;
    const struct world *w;
    struct site *site;
    struct book *book; /* NULL while it is down */
    struct fed *fed;
    struct sched *sched;
    struct batch batch[2];
    unsigned open; /* index of the batch that takes effects */
    bool syncing;  /* the other one is on its way to the disk */
    bool doomed;   /* crashes when this event is over */
    bool up;
    int64_t crash_in; /* effect boundaries left; -1 = none armed */
    int64_t crash_span_us;
    int64_t stopped_until_us;
    int64_t disk_until_us;
    int64_t broken_until_us;
    uint64_t incarnation;
    uint64_t sequence_on_disk;
    struct posting *journal; /* on disk */
    struct money money[MONEY_PROJECTS];
    size_t n_journal;
    size_t cap_journal;
    struct task *tasks; /* on its nodes: they survive the daemon */
    size_t n_tasks;
    size_t cap_tasks;
    /* clocks */
    int64_t born_us;
    int64_t mono0_us;
    int64_t drift_ppm;
    int64_t wall_off_us;
    /* timers: true time of the event that counts, INT64_MAX = none */
    int64_t tick_us;
    int64_t pass_us;
    int64_t bed_us;
    int64_t supply_us;
    int64_t supplied_us;
};

/* --- connections ------------------------------------------------------------------ */

struct flink { /* from one center to another */
    bool cut;
    bool up;           /* the sender believes that it is connected */
    int64_t notice_us; /* when the sender sees the silence */
};

struct parcel {
    struct peer_msg msg;
    struct parcel *next; /* in the free list */
};

/* A supply on its way to some centers. */
struct told {
    uint32_t refs;
    struct told *next; /* in the free list */
    struct supply supply;
};

struct past {
    uint32_t from;
    uint32_t to;
    struct peer_msg msg;
};

/* --- events ---------------------------------------------------------------------- */

enum event_kind {
    EVENT_MSG,     /* parcel from a to b */
    EVENT_SUPPLY,  /* supply from a to b */
    EVENT_FSYNC,   /* of a */
    EVENT_TICK,    /* of a's fed */
    EVENT_PASS,    /* of a's sched */
    EVENT_BED,     /* a task of a changes state */
    EVENT_TELL,    /* a tells its supply */
    EVENT_NOTICE,  /* a looks at its link to b */
    EVENT_CONNECT, /* a and b find each other again */
    EVENT_BACK,    /* a restarts */
    EVENT_GO_ON,   /* a continues after a stop */
    EVENT_FILES,   /* the output of a run at a has arrived */
};

struct fevent {
    int64_t at_us;
    uint64_t order; /* of those at the same time */
    enum event_kind kind;
    uint32_t a;
    uint32_t b;
    union {
        struct parcel *parcel;
        struct told *told;
        uint64_t incarnation;
        uint64_t id;
    };
};

struct fqueue {
    struct fevent *v;
    size_t n;
    size_t cap;
    uint64_t order;
};

struct world {
    uint64_t seed;
    uint64_t draws; /* of the fates below */
    uint64_t lots;  /* of those that came later: the others stay what they were */
    struct weather weather;
    uint32_t n;
    int64_t budget_milli;
    int64_t now_us;
    bool calm; /* healed: the network is kind */
    struct fcenter c[FAULTS_CENTERS_MAX];
    struct flink link[FAULTS_CENTERS_MAX][FAULTS_CENTERS_MAX];
    struct fqueue queue;
    struct parcel *parcels; /* free ones */
    struct told *tolds;     /* free ones */
    struct cell *cells;     /* free ones */
    struct past *past;      /* [PAST_MAX] ring */
    size_t n_past;
    struct truth *jobs; /* [n_jobs] by submission; address changes as it grows */
    size_t n_jobs;
    size_t cap_jobs;
    struct idmap by_id; /* id -> index + 1 */
    size_t first_open;  /* all jobs before it are closed */
    struct submission {
        uint64_t id;
        int r;
    } * submissions; /* [n_submissions] by number */
    size_t n_submissions;
    size_t open_jobs;                  /* answered and not closed */
    const struct peer_msg *delivering; /* in the step under way; NULL = none */
    struct faults_result *r;
};

/* --- faults_world.c --------------------------------------------------------------- */
/* A number that follows from the seed and from what has happened so far. */
uint64_t world_draw(struct world *w);
bool world_chance(struct world *w, uint32_t per_mille);
uint64_t world_lot(struct world *w);
struct now fcenter_now(const struct world *w, const struct fcenter *c);
/* True time at which a center's clock will show this. */
int64_t fcenter_when(const struct fcenter *c, struct mono at);
/* After each step: when fed wants attention. */
void fcenter_timer(struct world *w, struct fcenter *c);
/* It cannot be carried on: no memory. */
void world_fail(struct world *w);

/* --- faults_queue.c -----------------------------------------------------------------
 */
void fqueue_add(struct world *w, struct fevent e);
bool fqueue_next(struct fqueue *q, int64_t until_us, struct fevent *ret_e);
void fqueue_release(struct world *w);

/* --- faults_center.c -----------------------------------------------------------------
 */
int fcenter_birth(struct world *w, uint32_t i);
void fcenter_release(struct world *w, struct fcenter *c);
void fcenter_crash(struct world *w, struct fcenter *c, int64_t span_us);
void fcenter_back(struct world *w, struct fcenter *c);
void fcenter_tell(struct world *w, struct fcenter *c);
void fcenter_supply_soon(struct world *w, struct fcenter *c, int64_t in_us);
bool fcenter_runs(const struct world *w, const struct fcenter *c); /* up, not stopped */

/* --- faults_gate.c ------------------------------------------------------------------
 */
void gate_take(struct world *w, struct fcenter *c, const struct fed_effects *fx);
void gate_fsync(struct world *w, struct fcenter *c); /* one has completed */
void gate_carry_out(struct world *w, struct fcenter *c);
void gate_crash(struct world *w, struct fcenter *c); /* what is not durable is gone */
void gate_release(struct world *w, struct fcenter *c);
void cells_release(struct world *w);
void cell_free(struct world *w, void *cell);
/* Something may end here: the armed crash counts it. */
void gate_boundary(struct fcenter *c);

/* --- faults_net.c --------------------------------------------------------------------
 */
struct parcel *parcel_new(struct world *w);
void parcel_free(struct world *w, struct parcel *p);
void net_send(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m);
/* NULL = no memory. The caller's reference goes with told_drop(). */
struct told *told_new(struct world *w);
void told_drop(struct world *w, struct told *t);
void net_supply(struct world *w, uint32_t from, uint32_t to, struct told *t);
void net_deliver(struct world *w, struct fevent *e);
void net_notice(struct world *w, uint32_t a, uint32_t b);
void net_connect(struct world *w, uint32_t a, uint32_t b);
void net_connect_soon(struct world *w, uint32_t a, uint32_t b);
void net_lost(struct world *w, uint32_t a, uint32_t b); /* both see the end */
void net_cut(struct world *w, uint32_t a, uint32_t b);
void net_heal(struct world *w, uint32_t a, uint32_t b);
/* Somebody puts it on the network who need not be who he says. */
void net_forge(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m);

/* --- faults_lies.c -------------------------------------------------------------------
 */
void lies_repeat(struct world *w, int64_t which, bool lie, uint32_t as);
/* An older message about the same job comes along, in either direction. */
void lies_echo(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m);
/* `as` says something of a job in which it has no part. */
void lies_forge(struct world *w, int64_t which, uint32_t as);
/* A claim came to one that is not its holder, and it permits it. */
void lies_answer(struct world *w,
                 uint32_t from,
                 uint32_t to,
                 const struct peer_msg *claim);

/* --- faults_terms.c ------------------------------------------------------------------
 */
void terms_apply(struct site *s, uint32_t n, uint64_t seed);
void terms_job(struct holding *h, uint32_t n);
void terms_ask(struct world *w, struct fcenter *c, int64_t which);

/* --- faults_bed.c
 * --------------------------------------------------------------------- */
int bed_open(struct world *w, struct fcenter *c);
void bed_crash(struct fcenter *c);
void bed_resume(struct world *w, struct fcenter *c); /* ends are told again */
void bed_queue(struct world *w, struct fcenter *c, uint64_t id);
void bed_drop(struct world *w, struct fcenter *c, uint64_t id);
void bed_start(struct world *w, struct fcenter *c, uint64_t id, uint32_t epoch);
void bed_cancel(struct world *w, struct fcenter *c, uint64_t id);
void bed_forget(struct world *w, struct fcenter *c, uint64_t id);
void bed_pass(struct world *w, struct fcenter *c);
void bed_turn(struct world *w, struct fcenter *c);
void bed_return(struct world *w, struct fcenter *c, uint64_t id);
void bed_returned(struct world *w, struct fcenter *c, uint64_t id);
void bed_node_dies(struct world *w, struct fcenter *c, int64_t which);
void bed_again(struct world *w, struct fcenter *c); /* its nodes say all they have */
int bed_fits(void *arg, const struct request *r, struct err *err);
int64_t bed_estimate(void *arg, const struct request *r);

/* --- faults_oracle.c
 * -------------------------------------------------------------------- */
struct truth *truth_find(const struct world *w, uint64_t id);
struct truth *truth_new(struct world *w, uint64_t id, uint64_t token, uint32_t entry);
/* The holder has written down whom it permits. */
void oracle_granted(struct world *w, struct truth *t);
/* The holder has written down which runs are lost. */
void oracle_lost(struct world *w, struct truth *t);
/* Something of it was written down or dropped: it may be over. */
void oracle_touched(struct world *w, struct truth *t);
/* What a crash left of the jobs of this center. */
void oracle_crashed(struct world *w, uint32_t center);
void oracle_answered(struct world *w, uint32_t center, uint64_t id);
void oracle_started(struct world *w, uint32_t center, uint64_t id, uint32_t epoch);
void oracle_ended(struct world *w, uint32_t center, uint64_t id, uint32_t epoch);
void oracle_killed(struct world *w, uint32_t center, uint64_t id);
void oracle_run(struct world *w,
                uint32_t center,
                uint64_t id,
                uint32_t epoch,
                const struct copy *host,
                const struct holding *entry);
void oracle_step(struct world *w, struct fcenter *c, const struct fed_effects *fx);
void oracle_claimed(struct world *w, uint32_t center, uint64_t id, uint64_t claim);
/* --- faults_money.c
 * ----------------------------------------------------------------------- */
/* A step is durable. */
void money_booked(struct world *w, struct fcenter *c, const struct posting *p);
/* The book is folded from the disk again. */
void money_back(struct world *w, const struct fcenter *c);
void violation(struct world *w, const char *what, ...)
    __attribute__((format(printf, 2, 3)));

#endif
