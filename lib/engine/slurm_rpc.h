/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_rpc - what we ask of a slurmctld, each a blocking call of libslurm
 *
 * Called from workers' threads only: libslurm keeps one cluster's configuration for
 * the whole process, and a call can take minutes while a controller is replaced. All
 * that comes back is copied into structs of our own; nothing of Slurm's leaves here.
 */
#ifndef HOPLUU_ENGINE_SLURM_RPC_H
#define HOPLUU_ENGINE_SLURM_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/words.h"
#include "model/name.h"
#include "model/request.h"

#define SLURM_MARK_CAP 160

/* First and last in each thread that calls; the first one's conf is everybody's.
 * conf NULL = Slurm's default. */
void slurm_rpc_open(const char *conf);
void slurm_rpc_close(void);

/* One job, as we want it. Strings are the order's own. */
struct slurm_order {
    struct request request;
    char mark[SLURM_MARK_CAP]; /* its admin_comment: how we find it again */
    char name[TITLE_CAP];
    char *account; /* Slurm's, for the site's own books; NULL = its default */
    char *script;
    struct words args; /* the script's name first */
    struct words env;
    char *work_dir;
    char *std_in; /* NULL = none */
    char *std_out;
    char *std_err;   /* NULL = joined */
    char *nodes;     /* pin it to these; NULL = Slurm chooses */
    char *exclude;   /* NULL = none */
    char *features;  /* NULL = none */
    char *comment;   /* the user's; NULL = none */
    char *mail_user; /* NULL = none */
    bool append;
    uint32_t limit_s;
    uint32_t signal;
    uint32_t signal_s;
    bool signal_batch;
    uid_t uid;
    gid_t gid;
};
void slurm_order_release(struct slurm_order *o);

/*
 * Submit it, held: it does not start before slurm_rpc_release().
 *
 * ret_unsure   true = it may or may not have come through: look for its mark
 *
 * Returns 0, -EAGAIN (no answer: down, full or cut), or -EPERM (refused; the text is
 * Slurm's).
 */
int slurm_rpc_submit(const struct slurm_order *o,
                     uint32_t *ret_job,
                     bool *ret_unsure,
                     struct err *err);

/* May start now. 0, -ENOENT (no such job), -EAGAIN (no answer; a repeat is fine). */
int slurm_rpc_release(uint32_t job, struct err *err);
/* Hold it, or change its limit: 0, -ENOENT, -EAGAIN. */
int slurm_rpc_hold(uint32_t job, struct err *err);
int slurm_rpc_note(uint32_t job, const char *note, struct err *err); /* AdminComment */
int slurm_rpc_end_at(uint32_t job, int64_t end_s, struct err *err);  /* it runs */
/* signal 0 = TERM, KillWait, KILL, and the job is cancelled. 0, -ENOENT, -EAGAIN. */
int slurm_rpc_signal(uint32_t job, int signal, struct err *err);

/*
 * When it would start if it were submitted now, as account `uid`.
 *
 * Returns 0, -E2BIG (never), -EAGAIN (no answer).
 */
int slurm_rpc_will_run(const struct request *r,
                       uint32_t limit_s,
                       uid_t uid,
                       gid_t gid,
                       int64_t *ret_start_s,
                       struct err *err);

/* A part of a job on one node. */
struct slurm_part {
    char node[NAME_CAP];
    uint32_t cores;
    uint64_t bytes;
};

struct slurm_job {
    uint32_t id;
    uint32_t state; /* base and flags */
    uint32_t reason;
    uint32_t priority; /* 0 = held */
    uint32_t status;   /* as wait() gives it */
    uint32_t restarts;
    uint32_t limit_s; /* DURATION_UNLIMITED */
    uint32_t n_cores; /* asked, or held once it has nodes */
    uint32_t n_nodes;
    uint32_t n_tasks;
    uint32_t cpus_per_task;
    uid_t uid;
    uint64_t mem_bytes; /* of all its nodes */
    int64_t submit_s;
    int64_t start_s; /* expected, while it waits; 0 = unknown */
    int64_t end_s;
    char mark[SLURM_MARK_CAP]; /* "" = none of ours */
    char partition[NAME_CAP];
    char *nodes; /* as Slurm writes them; NULL = none */
    struct slurm_part *parts;
    size_t n_parts;
};

struct slurm_node {
    char name[NAME_CAP];
    uint32_t state;
    uint32_t cores;
    uint64_t mem_bytes;
    char why[TITLE_CAP]; /* the administrator's reason */
};

struct slurm_switch {
    char name[NAME_CAP];
    uint32_t level; /* 0 = leaf */
    char *nodes;
    char *switches;
};

/* What a look found. A part that has not changed since `…_at` stays empty. */
struct slurm_look {
    int64_t jobs_at; /* in: of the last look, 0 = all; out: of this one */
    int64_t nodes_at;
    bool want_nodes; /* in: nodes too */
    bool jobs_changed;
    bool nodes_changed;
    struct slurm_job *jobs;
    size_t n_jobs;
    struct slurm_node *nodes;
    size_t n_nodes;
    char cluster[NAME_CAP];
};

/* 0, -EAGAIN (no answer), -ENOMEM. Release in any case. */
int slurm_rpc_look(struct slurm_look *l, struct err *err);
void slurm_look_release(struct slurm_look *l);

/* The switches, leaves first: *ret_v [*ret_n], caller frees with slurm_switches_free().
 */
int slurm_rpc_topology(struct slurm_switch **ret_v, size_t *ret_n, struct err *err);
void slurm_switches_free(struct slurm_switch *v, size_t n);

#endif
