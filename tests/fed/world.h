/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * world - some centers in one process: a clock, a network and disks that misbehave
 *
 * Each center runs the production fed and book. Its engine is a counter of cores; its
 * disk is what the SAVE effects wrote. A run is determined by its seed.
 */
#ifndef HOPLUU_TESTS_FED_WORLD_H
#define HOPLUU_TESTS_FED_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "fed/fed.h"

#define WORLD_CENTERS 3
#define WORLD_JOBS 512

struct world_chances { /* per mille */
    unsigned drop;
    unsigned twice;
    unsigned crash; /* per step of a center: somewhere between its effects */
    unsigned cut;   /* per event of the world: a link is cut or healed */
};

struct world;

struct world *world_new(uint64_t seed,
                        const struct world_chances *chances,
                        int64_t budget_milli);
void world_free(struct world *w);

/* Submit at a center (index from 0): the id, or 0 when it was refused (error in
 * *ret_r). */
uint64_t world_submit(struct world *w,
                      int center,
                      uint32_t cores,
                      uint32_t run_s,
                      uint32_t limit_s,
                      int *ret_r);
int world_cancel(struct world *w, uint64_t id);
int world_limit(struct world *w, uint64_t id, uint32_t limit_s);

/* Let `seconds` pass, event by event; every invariant is checked after every step. */
void world_run(struct world *w, int64_t seconds);
/* No more faults, all links whole. */
/* Every agreement shares this partition alone ("*" at first). */
void world_share(struct world *w, const char *partition);
void world_heal(struct world *w);
void world_cut(struct world *w, int a, int b, bool cut);
void world_crash(struct world *w, int center);

struct now world_now(const struct world *w);
const struct holding *world_holding(const struct world *w, uint64_t id);
struct fed *world_fed(struct world *w, int center);
struct book *world_book(struct world *w, int center);
/* Runs recorded by hosts for a job, and cores × seconds of them. */
unsigned world_runs(const struct world *w, uint64_t id, uint64_t *ret_core_s);
unsigned world_starts(const struct world *w, uint64_t id);
size_t world_messages(const struct world *w);

#endif
