/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm - the engine of a center that runs Slurm
 *
 * The center keeps its Slurm, its queue and its users; a federated job is one more job
 * there, of the account that the center maps its person to. Nothing is left in Slurm
 * for a job that was not granted: a copy waits in our own queue, beside a mirror of
 * Slurm's machine; when the mirror and slurmctld's own estimate say that it could start
 * now, the daemon is told `ready`, and only a granted job is submitted: held, marked
 * with (center, job, epoch) in its admin_comment, then released.
 *
 * Between the estimate and the release a job of the site's own may take the nodes: then
 * the granted job waits in Slurm's queue like any other.
 */
#ifndef HOPLUU_ENGINE_SLURM_H
#define HOPLUU_ENGINE_SLURM_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"

struct engine_slurm_config {
    const char *conf;      /* slurm.conf; NULL = Slurm's default */
    const char *center;    /* our name */
    const char *spool;     /* guests' directories; the nodes see it under this name */
    const char *account;   /* Slurm's account for federated jobs; NULL = its default */
    uint64_t transfer_max; /* bytes of one file; 0 = TRANSFER_MAX */
    const char *nodes;     /* address where daemons beside slurmd come in; or NULL */
    const char *munge_socket; /* NULL = the default */
    const char *completions;  /* jobcomp/script's file of records; NULL = none */
    uint32_t sweep_s;         /* between sweeps; 0 = none, DURATION_UNLIMITED = none */
    uint32_t release_rate;    /* jobs a second that may start at most; 0 = no limit */
};

/* Strings are copied, cb is borrowed for ever. 0, -errno with what failed; slurmctld
 * need not answer yet. One at a time in a process. */
int engine_slurm_new(struct event_base *base,
                     const struct engine_slurm_config *config,
                     const struct engine_callbacks *cb,
                     void *arg,
                     struct engine **ret_engine,
                     struct err *err);

/* Something happened in Slurm (a plugin says so): look now, not at the next turn. */
void engine_slurm_poke(struct engine *e);

/* A job of the site's own Slurm that stands for one of the federation's (proxy_note.h).
 */
struct engine_slurm_proxy {
    uint32_t slurm_job;
    uint32_t uid;
    const char *note; /* its AdminComment; borrowed for the call */
    bool held;
    bool over; /* ended, by itself or cancelled */
};

/*
 * Follow such jobs, from now on.
 *
 * each      for every proxy that Slurm has a record of, in each look at which anything
 *           in Slurm's table was new
 * looked    after each look that came through; changed = each() was called for all of
 *           them before
 */
void engine_slurm_follow(struct engine *e,
                         void (*each)(const struct engine_slurm_proxy *p, void *arg),
                         void (*looked)(bool changed, void *arg),
                         void *arg);

enum engine_slurm_proxy_end {
    PROXY_END_NOT,     /* only its note changes */
    PROXY_END_RELEASE, /* it runs now, and ends as its note says */
    PROXY_END_CANCEL,
};

/* Change its note, and end it. 0 = on its way; a repeat is fine. -EAGAIN, -ENOMEM. */
int engine_slurm_proxy_tell(struct engine *e,
                            uint32_t slurm_job,
                            const char *note,
                            enum engine_slurm_proxy_end end);

/* What this engine and Slurm say differently; called once per difference. */
struct engine_slurm_difference {
    uint64_t id;        /* 0 = no job of ours */
    uint32_t slurm_job; /* 0 = none there */
    const char *key;    /* center/cluster/job/submit time/restarts */
    const char *what;
};

/* Compare the runs that were settled here since `since` with what Slurm still knows.
 * Returns how many differences, or -EAGAIN before the first look. */
int engine_slurm_sweep(struct engine *e,
                       struct wall since,
                       void (*each)(const struct engine_slurm_difference *d, void *arg),
                       void *arg);

#endif
