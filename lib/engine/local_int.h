/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* local_int - what the parts of the local engine share */
#ifndef HOPLUU_ENGINE_LOCAL_INT_H
#define HOPLUU_ENGINE_LOCAL_INT_H

#include <event2/event.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/table.h"
#include "engine/engine.h"
#include "engine/local.h"
#include "engine/local_place.h"
#include "engine/queue.h"
#include "wire/conn.h"
#include "wire/door.h"

#define CHUNK_BYTES (256u << 10)
#define LOCAL_NOTE_MAX 4096

struct local;

struct local_node {
    char name[NAME_CAP];
    UT_hash_handle hh;
    struct local *e;
    struct conn *conn; /* NULL = away */
    uint32_t index;    /* in sched */
    uint32_t partitions;
    uint32_t cores;
    uint32_t packages; /* equal parts of its cores */
    uint32_t leaf;     /* its switch in the topology, or MACHINE_NONE */
    uint64_t place;    /* its turn in the machine */
    uint64_t mem_bytes;
    bool known; /* sizes are of a registration, now or remembered */
    bool fake;
    bool *core_used; /* [cores] */
    uint32_t gpus;
    char gpu_type[GPU_TYPE_CAP];
    uint64_t gpus_used; /* a bit for each */
    char launch[TITLE_CAP];
    char host[TITLE_CAP];
    char boot[NAME_CAP];
    char address[TITLE_CAP];
    struct event *lost;
    json_t *jobs; /* as it reported them last */
};

/* A connection that has not said its name. */
struct local_guest {
    struct local_guest *next;
    struct local *e;
    struct conn *conn;
};

/* What one job has on one node. */
struct local_part {
    struct local_node *node;
    uint32_t tasks;
    uint32_t cores;
    uint64_t bytes;
    uint32_t *cpus; /* [cores] */
    uint64_t gpus;  /* a bit for each that it has */
    bool prepared;
    bool released;
    bool given_back; /* its cores and GPUs may be another job's by now */
};

enum local_state {
    LJOB_ADOPTED,   /* known from before; its nodes have not said anything yet */
    LJOB_PREPARING, /* its other nodes are asked */
    LJOB_STARTING,  /* its first node was told to start it */
    LJOB_RUNNING,
    LJOB_RELEASING, /* the script has ended; its other nodes clean up */
    LJOB_FETCHING,  /* outputs travel here */
    LJOB_ENDED,     /* told; kept until forget */
};

struct local_job {
    uint64_t id;
    UT_hash_handle hh;
    struct local *e;
    uint32_t epoch;
    enum local_state state;
    struct request request;
    bool home;
    bool own;
    char institution[NAME_CAP]; /* adopted: whose use it is */
    char project[NAME_CAP];
    bool cancelled;           /* with signal 0 */
    bool in_sched;            /* holds nodes there */
    char boot[NAME_CAP];      /* of the first node when start was sent */
    json_t *order;            /* NULL when adopted */
    struct local_part *parts; /* [n_parts], the script runs on the first */
    size_t n_parts;
    char *inputs_dir;
    char *nodes; /* compressed list */
    struct wall started;
    struct wall ended;
    enum job_state outcome;
    enum job_reason reason;
    int32_t exit_code;
    int32_t exit_signal;
    struct usage usage;
    struct rank_map rank_map;
    bool record;                   /* its ranks are to write down what they say */
    struct local_traffic *traffic; /* what nodes have reported; NULL = nothing */
    struct buf note;
    json_t *files; /* what travels */
    size_t file;   /* index of the one that is travelling */
    unsigned retries;
    char *output_dir;    /* NULL = nothing travels */
    struct event *later; /* ended() from the loop; lost after a restart */
};

struct local {
    struct engine engine;
    struct event_base *base;
    const struct engine_callbacks *cb;
    void *arg;
    struct queue q;
    struct local_place place;
    struct door *door;
    struct local_node *nodes;
    struct local_job *jobs;
    struct local_guest *guests;
    char center[NAME_CAP];
    char spool[PATH_MAX - 512];
    uint32_t node_lost_s;
    uint64_t transfer_max;
    bool closing;
    bool swept; /* files_sweep() has been */
};

/* local_nodes.c */
int nodes_open(struct local *e, const struct engine_local_config *c, struct err *err);
void nodes_close(struct local *e);
int local_node_set(void *arg, const char *name, uint32_t partitions);
void nodes_remember(struct local *e);
void nodes_recall(struct local *e);
/* Takes o. 0, -ENOTCONN, -EAGAIN. */
int node_tell(struct local_node *n, json_t *o);
int node_tell_job(struct local_node *n, const char *t, const struct local_job *j);

/* local_jobs.c */
struct local_job *local_find(const struct local *e, uint64_t id);
struct local_job *local_job_new(struct local *e, uint64_t id, uint32_t epoch);
void local_job_free(struct local_job *j);
/* Go on with what the job's state asks for. */
void local_drive(struct local_job *j);
void local_on_node(struct local_node *n); /* it has registered */
void local_on_lost(struct local_node *n); /* it stayed away */
void local_on_frame(struct local_node *n,
                    const char *t,
                    struct local_job *j,
                    json_t *o);
/* It ends without (or beyond) what its node says. */
void local_fail(struct local_job *j,
                enum job_state state,
                enum job_reason reason,
                const char *note);
void local_finish(struct local_job *j);

/* local_parts.c: the cores of the nodes. */
int parts_from_picks(struct local_job *j, const struct sched_view *v);
int parts_from_table(struct local_job *j, const json_t *table);
void parts_give_back(struct local_job *j); /* to its nodes; what it had stays known */
void parts_free(struct local_job *j);
bool parts_restore(struct local_job *j); /* into sched, after a restart */

/* local_order.c: what a node is told to run. */
int order_make(struct local_job *j,
               const struct engine_start *s,
               uint32_t limit_s,
               struct err *err);

/* local_map.c: which rank goes where. Fills j->rank_map and j->record, and hosts (told
 * nodes) or ranks (a rankfile); both stay empty where ranks are in node order. */
void map_make(struct local_job *j,
              const struct engine_start *s,
              bool fake,
              struct buf *hosts,
              struct buf *ranks);

/* local_traffic.c: what its ranks have said to each other. */
void traffic_take(struct local_job *j, const json_t *list); /* NULL = nothing */
void traffic_tell(struct local_job *j);
void traffic_free(struct local_traffic *t);

/* local_files.c */
void files_send_input(struct local_node *n, const struct local_job *j, const json_t *o);
void files_fetch(struct local_job *j); /* the next piece, or the end */
void files_on_output(struct local_job *j, const json_t *o);
void files_remove(const char *dir);
/* Outputs of jobs that nobody knows any more: the daemon died before it said forget. */
void files_sweep(const struct local *e);

#endif
