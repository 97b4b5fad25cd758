/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded - what the node daemon holds, and what its parts ask of each other
 *
 * The spool is the truth: each job (or part of one) has a directory
 * jobs/ID.EPOCH/, and everything in memory can be found again from there.
 *
 *     job.json      what its shepherd runs          (node where the script runs)
 *     order.json    what the center sent, without the script
 *     ctl           socket of its shepherd
 *     started.json  end.json                        by its shepherd
 *     out/          what travels back (guest)
 *     u/            the user's own: script work/ tmp/ nodes.json hosts ranks
 *     step.N/       the same for each remote launch
 *     inputs.done   every input has come and is right
 */
#ifndef HOPLUU_DAEMON_NODED_H
#define HOPLUU_DAEMON_NODED_H

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/time.h"
#include "daemon/noded_conf.h"
#include "daemon/noded_machine.h"
#include "wire/conn.h"
#include "wire/dial.h"
#include "wire/door.h"

#define NODE_JOBS_MAX 4096
#define NODE_STEPS_MAX 64 /* per job: remote launches at a time */
#define CHUNK_BYTES (256u << 10)
#define NODE_TRAFFIC_MAX                                                               \
    (4u << 20)            /* bytes of pairs that one node reports of one job */
#define NODE_DIR_CAP 3072 /* a job's or step's directory: leaves room for names */
#define LAUNCH_LOST_S 5   /* a launcher that is away longer has ended */

struct node;

enum node_job_state {
    NJOB_STAGING,  /* inputs travel */
    NJOB_PREPARED, /* ready for launches; the script runs elsewhere */
    NJOB_RUNNING,  /* its script runs here */
    NJOB_ENDED,    /* end is known, kept until the center says forget */
    _NODE_JOB_STATE_MAX
};

/* A connection to a shepherd, for a job or a step. */
struct leash {
    struct event *ev;
    int fd;
    char line[256]; /* what has come of the next line */
    size_t len;
    void (*on_line)(const char *line, void *arg);
    void (*on_gone)(void *arg); /* the shepherd has ended: end.json stands */
    void *arg;
};

struct node_step {
    TAILQ_ENTRY(node_step) entry;
    struct node_job *job;
    char token[NAME_CAP]; /* chosen by the launcher: finds it again */
    char dir[NODE_DIR_CAP];
    struct leash leash;
    struct conn *conn; /* its launcher; NULL = away */
    struct event *lost;
    int64_t sent[2]; /* bytes of stdout and stderr that were sent */
    json_t *end;     /* NULL = runs */
};

struct node_job {
    TAILQ_ENTRY(node_job) entry;
    struct node *node;
    uint64_t id;
    uint32_t epoch;
    enum node_job_state state;
    bool script;    /* the script runs here */
    bool releasing; /* no new launches */
    char dir[NODE_DIR_CAP];
    json_t *order; /* see order.json */
    uid_t uid;
    gid_t gid;
    char user[NAME_CAP];
    size_t input; /* index of the input that is travelling */
    unsigned retries;
    struct wall started;
    json_t *end; /* content of end.json */
    struct leash leash;
    TAILQ_HEAD(, node_step) steps;
    uint32_t n_steps; /* ever */
    uint64_t step_cpu_us;
    uint64_t step_max_rss;
    json_t *traffic;      /* what its launches here have reported; NULL = nothing */
    size_t traffic_bytes; /* of it */
};

struct node {
    struct event_base *base;
    struct noded_conf conf;
    struct node_machine machine;
    char boot[NAME_CAP]; /* of the machine */
    char host[TITLE_CAP];
    struct dial *dial;
    struct conn *center; /* NULL = away */
    struct door *door;
    TAILQ_HEAD(, node_job) jobs;
    size_t n_jobs;
    int spool_lock;
    struct beside *beside; /* NULL = the node is ours */
};

/* noded_center.c: what the center says, and what it is told. */
int center_open(struct node *n, struct err *err);
void center_close(struct node *n);
void center_tell_started(struct node_job *j);
void center_tell_ended(struct node_job *j);
void center_tell_prepared(struct node_job *j);
void center_tell_refused(struct node *n, uint64_t id, uint32_t epoch, const char *text);
void center_tell_released(struct node *n,
                          uint64_t id,
                          uint32_t epoch,
                          const struct node_job *j);
void center_ask_input(struct node_job *j, const char *name, uint64_t offset);

void center_tell_usage(struct node *n, json_t *usage); /* takes it */

/* noded_beside.c: beside slurmd, nothing is started and all is measured. */
int beside_open(struct node *n, struct err *err);
void beside_close(struct node *n);

/* noded_job.c: jobs and their directories. */
int jobs_scan(struct node *n, struct err *err);
struct node_job *job_find(struct node *n, uint64_t id, uint32_t epoch);
/* Make the directory and the record from an order. 0, -EEXIST, -E…: nothing is left. */
int job_new(struct node *n,
            json_t *order,
            bool script,
            struct node_job **ret_job,
            struct err *err);
void job_remove(struct node_job *j); /* with its directory */
void job_free(struct node_job *j);   /* from memory only */
void job_cancel(struct node_job *j, int signal);
/* Everything that it still runs here is killed; then job_settle(). */
void job_release(struct node_job *j);
/* If nothing runs here any more, say so. A part of a job (no script) is removed. */
void job_settle(struct node_job *j);
/* Inputs are there: run the script, or say that it is prepared. */
void job_go(struct node_job *j);
/* What a launch's shepherd has collected (shepherd_traffic.h); NULL is fine. */
void job_take_traffic(struct node_job *j, json_t *traffic);
const char *order_text(const struct node_job *j, const char *key); /* "" = none */

/* noded_script.c: run an order's script. */
int run_script(struct node_job *j, struct err *err);

/* noded_run.c: shepherds, and what they leave in files. */
/* Start a shepherd in dir, whose job.json stands, and hold its leash. */
int run_shepherd(struct node *n, const char *dir, struct leash *l, struct err *err);
int leash_open(struct node *n, const char *dir, struct leash *l);
void leash_say(struct leash *l, const char *line);
void leash_close(struct leash *l);
json_t *run_json(const char *dir, const char *name); /* NULL = not there */
int run_write(const char *dir, const char *name, const json_t *what, struct err *err);

/* noded_account.c: whom it may run as, and what belongs to whom. */
int account_find(const struct noded_conf *c,
                 const char *name,
                 uid_t *ret_uid,
                 gid_t *ret_gid,
                 char home[PATH_MAX],
                 struct err *err);
int account_dir(const char *path, uid_t uid, gid_t gid, struct err *err);
void dir_remove(const char *path); /* with all below; never through a symlink */

/* noded_env.c: the environment of the script, and of a step. */
json_t *env_script(const struct node_job *j);
json_t *env_step(const struct node_job *j, const char *tmp);
int env_files(const struct node_job *j, struct err *err); /* nodes.json hosts ranks */

/* noded_files.c: inputs in, outputs out. */
void files_begin(struct node_job *j);
void files_input(struct node_job *j, const json_t *frame);
void files_output(struct node_job *j, const json_t *frame, struct conn *c);

/* noded_step.c: launches of MPI that come from other nodes. */
int steps_open(struct node *n, struct err *err);
int step_find_again(struct node_job *j);
void step_free(struct node_step *s);

#endif
