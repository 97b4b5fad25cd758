/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * engine - making a job run here: one contract, several engines
 *
 * The daemon tells the engine what `fed` decided; the engine tells the daemon what
 * happened, through the callbacks below, always from the event loop and never from
 * inside one of these calls. Job ids are the federation's. One test suite runs on
 * every engine (tests/engine/contract.c).
 *
 *     queue -> (ready) -> start -> (started) -> (ended)
 *     queue -> drop            ready -> drop            start -> cancel -> (ended)
 *
 * An engine keeps its resources reserved from `ready` until start or drop. It never
 * starts a job that it was not told to start, and starts each (job, epoch) once, also
 * across restarts of the daemon and of itself.
 */
#ifndef HOPLUU_ENGINE_ENGINE_H
#define HOPLUU_ENGINE_ENGINE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "model/job_spec.h"
#include "model/job_state.h"
#include "model/rank_map.h"
#include "model/request.h"
#include "model/site.h"
#include "model/supply.h"
#include "model/usage.h"

/* Everything the engine needs to know to queue a copy: no script, no names. */
struct engine_job {
    uint64_t id;
    struct request request;
    char institution[NAME_CAP];
    char project[NAME_CAP];
    bool own; /* submitted here, not by a peer */
    uint32_t priority;
    struct wall queued;
};

/* What it takes to start one. All borrowed until the call returns. */
struct engine_start {
    uint64_t id;
    uint32_t epoch;
    const char *account; /* local account that it runs as */
    const char *person;
    const char *institution;
    const char *project;
    const struct job_spec *spec; /* scripts, arguments, environment, patterns */
    bool home; /* host is the entry: run in spec->work_dir, write output there */
    const char
        *inputs_dir;    /* directory with the inputs under their names; NULL = none */
    const char *entry;  /* name of the center it was submitted at */
    const char *matrix; /* traffic of an earlier run, METIS text; NULL = none known */
    size_t matrix_len;
};

struct engine_end {
    uint64_t id;
    uint32_t epoch;
    enum job_state state; /* COMPLETED, FAILED, CANCELLED, TIMEOUT, NODE_FAIL,
                             OUT_OF_MEMORY, BOOT_FAIL */
    enum job_reason reason;
    int32_t exit_code;
    int32_t exit_signal;
    struct wall started;
    struct wall ended;
    struct usage usage; /* milli is left 0: the ledger prices */
    const char *nodes;
    const struct rank_map *rank_map; /* as in started */
    const char *note;                /* why, for people; NULL = nothing to say */
    const char *output_dir; /* what must travel to the entry, by name; NULL = nothing */
};

struct engine_node {
    char name[NAME_CAP];
    char partitions[TITLE_CAP]; /* comma-separated */
    const char *state;          /* "idle" "mixed" "allocated" "down" "drained" */
    uint32_t cores;
    uint32_t cores_used;
    uint64_t mem_bytes;
    uint64_t mem_used;
    uint32_t gpus;
    uint32_t gpus_used;
    char gpu_type[GPU_TYPE_CAP];
    uint32_t n_jobs;
    char text[TITLE_CAP]; /* why it is down; where it answers from */
};

#define ENGINE_MATRIX_MAX (4u << 20) /* bytes of a job's traffic as METIS text */

/* What the ranks of a run have said; borrowed until the call returns. */
struct engine_traffic {
    uint64_t id;
    uint32_t epoch;
    uint32_t n_ranks;
    char program[DIGEST_CAP]; /* SHA-256 of what ran; "" = not seen */
    const char *matrix;       /* METIS text; NULL = not recorded, or not wholly */
    size_t matrix_len;
    char note[TITLE_CAP]; /* filled by the daemon: for the job's note; "" = nothing */
};

struct engine_callbacks {
    /* It could start now; resources are reserved until engine_start or engine_drop. */
    void (*ready)(uint64_t id, void *arg);
    /* It can never start here any more (nodes were removed, or it was adopted and had
     * not started): drop it. */
    void (*impossible)(uint64_t id, const char *why, void *arg);
    /* rank_map: how its ranks lie; NULL = it has one node, or nobody knows. */
    void (*started)(uint64_t id,
                    uint32_t epoch,
                    struct wall at,
                    const char *nodes,
                    const struct rank_map *rank_map,
                    void *arg);
    /* Repeated after each restart until engine_forget(id). */
    void (*ended)(const struct engine_end *end, void *arg);
    /* A run that was recorded, or placed by an earlier record: before its ended(). */
    void (*traffic)(struct engine_traffic *t, void *arg);
    /* What engine_supply would say has changed. */
    void (*supply_changed)(void *arg);
};

struct engine;
struct queue;

struct engine_ops {
    const char *name;
    void *(*free)(struct engine *e);

    /* Take the new configuration: partitions, nodes, accounts. Borrowed for ever (or
     * until the next). */
    int (*configure)(struct engine *e, const struct site *site, struct err *err);

    /* Could it ever run here? 0, or -E2BIG, -ENOENT with the limit it breaks. */
    int (*fits)(struct engine *e, const struct request *r, struct err *err);

    /* Put into the queue; a repeat of the same id is fine. 0, -EAGAIN (full), as
     * fits(). */
    int (*queue)(struct engine *e, const struct engine_job *j, struct err *err);

    /* Take out of the queue and give reserved resources back. Unknown ids are fine. */
    void (*drop)(struct engine *e, uint64_t id);

    /* Say yes to a `ready`. 0, or -E… : it was not started and never will be for this
     * epoch. */
    int (*start)(struct engine *e, const struct engine_start *s, struct err *err);

    /* End it: `signal` (0 = TERM, grace, KILL) to everything it runs. */
    void (*cancel)(struct engine *e, uint64_t id, int signal);

    /* After a restart: the daemon knows this one was granted here; find it again.
       ended() follows in any case: with its real end, or NODE_FAIL when no trace is
       left and its nodes have all reported. started.us = 0: start() was its last order,
       and nobody knows whether it came through; then impossible() follows instead if no
       node has it, and start() of the same epoch is fine. */
    void (*adopt)(struct engine *e, const struct engine_start *s, struct wall started);

    /* The daemon has written the end down and moved the output: forget it. */
    void (*forget)(struct engine *e, uint64_t id);

    /* Seconds from now until it would start if it came now; -1 = never. Cheap. */
    int64_t (*estimate)(struct engine *e, const struct request *r, bool own);

    void (*supply)(struct engine *e, struct supply *ret_supply);

    /* Why a queued one waits. */
    enum job_reason (*reason)(struct engine *e, uint64_t id);

    /* Its queue (engine/queue.h), for questions that every engine answers alike. */
    struct queue *(*scheduler)(struct engine *e);

    /* Nodes for finfo: calls back once per node. */
    void (*nodes)(struct engine *e,
                  void (*each)(const struct engine_node *n, void *arg),
                  void *arg);
};

/* An engine's own struct begins with this one. */
struct engine {
    const struct engine_ops *ops;
};

#endif
