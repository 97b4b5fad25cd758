/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_world - the centers, moved by hand: what scripts and tests play with
 *
 * Centers are counted from 0 here. Every function leaves a violation in the result.
 */
#ifndef HOPLUU_SIM_FAULTS_WORLD_H
#define HOPLUU_SIM_FAULTS_WORLD_H

#include "fed/fed.h"
#include "sim/faults.h"

struct world;

/* NULL = no memory. result is borrowed. */
struct world *world_new(uint64_t seed,
                        uint32_t centers,
                        int64_t budget_milli,
                        const struct weather *weather,
                        struct faults_result *result);
void *world_free(struct world *w);

/* One line of a script, now. */
void world_do(struct world *w, const struct fault *f);

/* Let time pass, event by event. */
void world_run(struct world *w, int64_t ms);

/* No more faults; every link whole, every center up. */
void world_heal(struct world *w);

/* Everything must be over: jobs final, copies gone, holds settled, runs accounted. */
void world_judge(struct world *w);

/* Every agreement shares this partition alone ("*" at first). */
void world_share(struct world *w, const char *partition);

/* The id of submission n, 0 = refused or not answered (yet); the error of a refusal. */
uint64_t world_job(const struct world *w, uint32_t n, int *ret_r);
const struct holding *world_holding(const struct world *w, uint64_t id); /* on disk */
unsigned world_starts(const struct world *w, uint64_t id);
unsigned world_runs(const struct world *w, uint64_t id, uint64_t *ret_core_s);
struct fed *world_fed(struct world *w, uint32_t center);
struct book *world_book(struct world *w, uint32_t center);

#endif
