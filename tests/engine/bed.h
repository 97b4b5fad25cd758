/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bed - an engine under test: its loop, what it has said, and real nodes below it
 *
 * As root, jobs run as "nobody"; otherwise as whoever runs the test.
 */
#ifndef HOPLUU_TESTS_ENGINE_BED_H
#define HOPLUU_TESTS_ENGINE_BED_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "engine/engine.h"

#define BED_NODES 2
#define BED_CORES 4
#define BED_GPUS 2
#define BED_TOLD_MAX 256

enum bed_kind { BED_NULL, BED_LOCAL, BED_SLURM };

struct bed_told {
    char what; /* r s e i: ready, started, ended, impossible */
    uint64_t id;
    uint32_t epoch;
    struct engine_end end;    /* note, nodes and output_dir are below */
    struct rank_map rank_map; /* no method: none was told */
    char nodes[256];
    char note[512];
    char output_dir[512];
    int64_t at_us; /* mono */
};

struct bed {
    enum bed_kind kind;
    char dir[256];
    char account[64];
    struct event_base *base;
    struct engine *e;
    struct site *site;
    struct bed_told told[BED_TOLD_MAX];
    size_t n_told;
    pid_t munged;
    pid_t noded[BED_NODES]; /* hopluu-noded, or slurmd */
    pid_t slurmctld;
    char address[128]; /* of the node door */
    uint32_t node_lost_s;
    uint32_t release_rate; /* of the Slurm engine; 0 = no limit */
};

int bed_open(struct bed *b, enum bed_kind kind);
void bed_close(struct bed *b);

void bed_engine_start(struct bed *b);
void bed_engine_stop(struct bed *b); /* as if the center's daemon died */
void bed_noded_start(struct bed *b, int i);
void bed_noded_kill(struct bed *b, int i, int signal);
void bed_nodes_up(struct bed *b, int n); /* until so many are idle or busy */

/* In the background, its words in the file log. */
pid_t bed_run(char *const argv[], const char *log);

/* NULL = a Slurm can be started here, else what is missing. */
const char *bed_slurm_missing(void);
void bed_slurm_start(struct bed *b);
void bed_slurmctld_start(struct bed *b);
void bed_slurmctld_kill(struct bed *b, int signal);
void bed_slurm_sweep(const struct bed *b); /* slurmstepd and jobs outlive slurmd */

/* Run the loop until it has said so often `what` of `id`; the latest of them. */
struct bed_told *bed_wait(struct bed *b, char what, uint64_t id);
struct bed_told *bed_find(struct bed *b, char what, uint64_t id);
size_t bed_count(const struct bed *b, char what, uint64_t id);
void bed_run_ms(struct bed *b, int ms);
void bed_forget_told(struct bed *b);

/* A job of n tasks, queued. */
int bed_queue(struct bed *b, uint64_t id, uint32_t n_tasks, uint32_t min_nodes);

/* Its order: a script of /bin/sh. Caller frees the spec. */
struct job_spec *bed_spec(struct bed *b,
                          uint32_t n_tasks,
                          uint32_t min_nodes,
                          const char *script);
int bed_start(struct bed *b, uint64_t id, const struct job_spec *spec, bool home);

/* Queue, wait for ready, start. */
struct job_spec *bed_submit(
    struct bed *b, uint64_t id, uint32_t n_tasks, uint32_t nodes, const char *script);

/* A file below the bed's directory, or absolute; the text is freed by the caller. */
void bed_wait_gone(struct bed *b, const char *name); /* until there is no such file */
char *bed_text(const struct bed *b, const char *name);

#endif
