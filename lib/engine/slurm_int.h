/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* slurm_int - what the parts of the Slurm engine share */
#ifndef HOPLUU_ENGINE_SLURM_INT_H
#define HOPLUU_ENGINE_SLURM_INT_H

#include <event2/event.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/table.h"
#include "engine/engine.h"
#include "engine/queue.h"
#include "engine/slurm.h"
#include "engine/slurm_rpc.h"
#include "engine/worker.h"

#define SLURM_ASKS_MAX 4096 /* calls that wait for slurmctld */
#define SLURM_NOTE_MAX 4096

struct slurm;

enum sjob_state {
    SJOB_WAITING,    /* in our queue */
    SJOB_ASKING,     /* could start by the mirror; slurmctld is asked too */
    SJOB_PUT_OFF,    /* slurmctld said later: asked again in a moment */
    SJOB_PACED,      /* slurmctld said now; too many have just gone */
    SJOB_READY,      /* the daemon was told */
    SJOB_SUBMITTING, /* the order is on its way */
    SJOB_UNSURE,     /* its answer was lost, or it is of an earlier life of ours: what
                        the next whole look shows decides */
    SJOB_HELD,       /* in Slurm, not released yet */
    SJOB_SENT,       /* released */
    SJOB_RUNNING,    /* started was told */
    SJOB_GATHERING,  /* it has ended; its outputs are copied */
    SJOB_ENDED,      /* told, kept until forget */
};

struct sjob {
    uint64_t id;
    UT_hash_handle hh;
    struct slurm *e;
    enum sjob_state state;
    struct engine_job job; /* as it was queued */
    uint32_t epoch;
    struct slurm_order *order; /* until it is in Slurm; NULL when adopted */
    char account[NAME_CAP];
    bool home;
    char *inputs_dir;
    char *outputs;       /* JSON array of patterns */
    bool std_err;        /* it has one of its own */
    uint32_t slurm_job;  /* 0 = none known */
    uint32_t asked_look; /* UNSURE: looks begun after this one decide */
    uint32_t tries;      /* of submitting */
    bool parked;         /* before the first look: the machine is not known yet */
    unsigned refusals;   /* of its estimate, in a row */
    bool adopted;
    bool was_started; /* adopted, and its start had been told */
    bool in_sched;    /* holds nodes in the mirror */
    bool cancelled;
    bool limited;       /* its exact limit was set */
    bool asking;        /* a release or a limit is on its way */
    bool killing;       /* so is the cancellation */
    bool placed;        /* the mirror has the nodes that Slurm gave it */
    uint32_t seen_look; /* that its record was in */
    char *nodes;
    char key[TITLE_CAP]; /* settlement: center/cluster/job/submit time/restarts */
    struct wall started;
    struct wall ended;
    enum job_state outcome;
    enum job_reason reason;
    int32_t exit_code;
    int32_t exit_signal;
    struct usage usage;
    struct node_use *uses; /* measured by node daemons, of each node */
    size_t n_uses;
    struct buf note;
    char *output_dir;    /* NULL = nothing travels */
    struct event *later; /* callbacks from the loop */
    TAILQ_ENTRY(sjob) turn;
    bool in_turns;      /* ASKING, PUT_OFF or PACED */
    int64_t put_off_us; /* mono: since when; 0 = it is not */
};

/* A job in Slurm's table, ours or the site's own, as the mirror has it. */
struct seen {
    uint32_t id; /* Slurm's */
    UT_hash_handle hh;
    uint32_t look;  /* in which it was seen last */
    uint32_t state; /* raw */
    uint32_t restarts;
    int waits;        /* partition in whose queue it stands; -1 = none */
    bool in_sched;    /* the site's own, with nodes in the mirror */
    uint64_t id_ours; /* 0 = the site's own */
    uint32_t epoch;
    int64_t submit_s;
    uint64_t elapsed_s; /* once it is over */
    bool over;
};

struct snode {
    char name[NAME_CAP];
    UT_hash_handle hh;
    uint32_t index; /* in sched */
    uint32_t partitions;
    const char *word;
    char why[TITLE_CAP];
    bool known; /* Slurm has it */
    bool up;
    uint32_t cores;
    uint64_t mem_bytes;
    struct slurm *e;
    struct conn *conn;  /* its daemon beside slurmd; NULL = none */
    int64_t load_milli; /* -1 = not said */
    int64_t free_bytes; /* -1 = not said */
    int64_t energy_uj;  /* 0 = not known */
    int64_t energy_at_us;
    int64_t power_mw; /* 0 = not known */
};

struct slurm {
    struct engine engine;
    struct event_base *base;
    const struct engine_callbacks *cb;
    void *arg;
    struct queue q;
    struct worker *worker; /* orders and questions about jobs, one after the other */
    struct worker *looker; /* looks: ends are seen while orders wait */
    struct worker *files;
    struct sjob *jobs;
    struct seen *seen;
    struct snode *nodes;
    struct event *tick; /* the next look */
    struct event *sweep;
    uint32_t sweep_s;   /* from one to the next */
    struct wall swept;  /* the last */
    char *completions;  /* file of records; NULL = none */
    struct event *ends; /* that file has changed */
    off_t ends_at;      /* read so far */
    char *conf;
    char *account;
    char center[NAME_CAP];
    char cluster[NAME_CAP];
    char spool[PATH_MAX - 512];
    uint64_t transfer_max;
    uint32_t looks;  /* begun */
    int64_t jobs_at; /* of slurmctld's tables, as we have them */
    int64_t nodes_at;
    int64_t nodes_due_us;   /* mono */
    int64_t quick_until_us; /* mono: something of ours moves */
    bool looking;
    bool want_all;    /* the next look is a whole one */
    int64_t heard_us; /* mono: the last look that came through */
    int64_t look_began_us;
    int64_t look_took_us;
    struct request yes_for;   /* that slurmctld said "now" to … */
    int64_t yes_until_us;     /* … and for how long that serves others of its shape */
    TAILQ_HEAD(, sjob) turns; /* between the mirror's yes and ours */
    struct event *turn_timer;
    struct event *again_timer;
    struct beside *beside;  /* the door of daemons beside slurmd; NULL = none */
    uint32_t release_rate;  /* jobs a second; 0 = as they come */
    int64_t paced_until_us; /* mono: to when those that went fill the time */
    bool answers;           /* the last look came through */
    bool whole;             /* there has been one */
    uint32_t n_waiting[PARTITIONS_MAX]; /* jobs of the site's own, by partition */
    void (*proxy_each)(const struct engine_slurm_proxy *p,
                       void *arg); /* NULL = nobody
                                      follows them */
    void (*proxy_looked)(bool changed, void *arg);
    void *proxy_arg;
};

/* --- slurm_jobs.c: the life of a job ---------------------------------------- */

struct sjob *sjob_find(const struct slurm *e, uint64_t id);
struct sjob *sjob_new(struct slurm *e, uint64_t id); /* NULL = no memory */
void sjob_free(struct sjob *j);
/* The mirror gave it nodes. */
void sjob_reserved(struct sjob *j);
/* Wait in our queue again, until so many seconds from now. */
void sjob_defer(struct sjob *j, int64_t wait_s);
void sjob_impossible(struct sjob *j, const char *why); /* frees j */
/* Its record in Slurm. */
void sjob_on_record(struct sjob *j, const struct slurm_job *s);
/* A whole look, begun after it was unsure, did not show it; or its record is gone. */
void sjob_on_absence(struct sjob *j);
void sjob_end(struct sjob *j,
              enum job_state state,
              enum job_reason reason,
              const char *note);
void sjob_tell_end(struct sjob *j); /* may free j */

/* --- slurm_order.c: what Slurm is told to run -------------------------------- */

int order_of(struct sjob *j, const struct engine_start *s, struct err *err);
/* "hopluu:CENTER:JOB:EPOCH"; false = not ours. */
void mark_write(const struct slurm *e, uint64_t id, uint32_t epoch, char *mark);
bool mark_read(const struct slurm *e,
               const char *mark,
               uint64_t *ret_id,
               uint32_t *ret_epoch);

/* --- slurm_ask.c: calls that block, and what follows when they come back ------ */

/* Each 0 or -EAGAIN (too many wait), -ENOMEM. */
int ask_will_run(struct sjob *j); /* turn_answered() follows */
int ask_submit(struct sjob *j);   /* takes j->order */
int ask_release(struct sjob *j);
int ask_end_at(struct sjob *j, int64_t end_s);
/* j NULL = a job in Slurm that is none of ours any more. */
int ask_signal(struct slurm *e, struct sjob *j, uint32_t slurm_job, int signal);
int ask_gather(struct sjob *j);
int ask_look(struct slurm *e);

/* --- slurm_turn.c: slurmctld's word, and the pace ------------------------------ */

struct turn_answer {
    const struct request *shape;
    int r; /* as slurm_rpc_will_run() */
    const char *why;
    int64_t start_s;
    bool late; /* nobody was asked */
};

int turn_open(struct slurm *e); /* 0, -ENOMEM */
void turn_close(struct slurm *e);
/* The mirror has given it nodes: what slurmctld says, then ready(). May free j. */
void turn_take(struct sjob *j);
void turn_answered(struct slurm *e, const struct turn_answer *a);
void turn_leave(struct sjob *j);
/* One that was ready is not started. */
void turn_given_back(struct slurm *e);

/* --- slurm_files.c: in a worker's thread ------------------------------------- */

/* A guest's directories and inputs. 0, -errno with what failed. */
int files_place(
    const char *dir, const char *inputs_dir, uid_t uid, gid_t gid, struct err *err);
/* Copies of what travels, and manifest.json, in dir/out. */
int files_gather(const char *dir,
                 const char *outputs,
                 bool std_err,
                 const char *account,
                 uint64_t transfer_max,
                 struct buf *note);
void files_drop(const char *dir);

/* --- slurm_mirror.c: Slurm's machine in our scheduler ------------------------ */

struct snode *mirror_node(const struct slurm *e, const char *name);
int mirror_set_node(void *arg, const char *name, uint32_t partitions);
void mirror_nodes(struct slurm *e, const struct slurm_look *l);
/* A job of the site's own holds these, or no longer. */
void mirror_site_job(struct slurm *e, struct seen *x, const struct slurm_job *s);
void mirror_site_gone(struct slurm *e, struct seen *x);
/* One of ours holds what Slurm really gave it. */
void mirror_hold(struct sjob *j, const struct slurm_job *s);
void mirror_reach(struct slurm *e, bool answers); /* partitions up or down */
void mirror_free(struct slurm *e);

/* --- slurm_watch.c: when to look, and what is new ----------------------------- */

void watch_soon(struct slurm *e);  /* something of ours moves */
void watch_quick(struct slurm *e); /* the same, with a look at once */
void watch_start(struct slurm *e);
void watch_found(struct slurm *e,
                 struct slurm_look *l,
                 uint32_t number,
                 int r,
                 const struct err *err);
void watch_free(struct slurm *e);
/* It is unsure where j is: a whole look decides. */
void watch_unsure(struct sjob *j);

/* --- slurm_proxy.c: jobs that stand for others ---------------------------------- */

bool proxy_show(struct slurm *e, const struct slurm_job *s); /* false = it is none */
void proxy_looked(struct slurm *e, bool changed);

/* --- slurm_ends.c: what outlives slurmctld's memory ------------------------------ */

struct ends_sent { /* a line of SPOOL/submitted */
    uint64_t id;
    uint32_t epoch;
    uint32_t slurm_job;
    int64_t at_s;
};

int ends_note_path(const struct slurm *e, char path[PATH_MAX]);
/* In a worker's thread, before the release. 0, -errno. */
int ends_note(const char *path, uint32_t slurm_job, uint64_t id, uint32_t epoch);
/* Was it ever submitted? Reads a file. */
bool ends_sent(const struct sjob *j, struct ends_sent *ret);
/* Are they of one job? Slurm's numbers come again when its state was lost. */
bool ends_same(const struct ends_sent *sent, const struct slurm_job *s);
/* Its completion record; the caller frees ret->nodes and ret->parts. Reads a file. */
bool ends_find(const struct slurm *e,
               const struct ends_sent *sent,
               struct slurm_job *ret);
/* All that was submitted, then all records; nothing without engine.completions. */
void ends_each(const struct slurm *e,
               void (*sent)(const struct ends_sent *s, void *arg),
               void (*record)(const struct slurm_job *s, void *arg),
               void *arg);
void ends_open(struct slurm *e); /* without a watch there are the looks */
void ends_close(struct slurm *e);

/* --- slurm_beside.c: node daemons beside slurmd ----------------------------------- */

/* address NULL = no door. 0, -errno with what failed. */
int beside_open(struct slurm *e,
                const char *address,
                const char *munge_socket,
                struct err *err);
void beside_close(struct slurm *e);
void beside_measure(const struct sjob *j, struct usage *u);
/* What a connected one says of its node: "load 0.52, 3100M free, 85 W" */
void beside_text(const struct snode *n, char *text, size_t cap);

/* --- slurm_settle.c: what was settled, and Slurm's own books ------------------- */

void settle_key(struct sjob *j, const struct slurm_job *s);
void settle_write(const struct sjob *j); /* one line of SPOOL/settled */
int settle_open(struct slurm *e);        /* the sweeps; 0, -ENOMEM */
void settle_close(struct slurm *e);

#endif
