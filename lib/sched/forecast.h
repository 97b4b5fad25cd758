/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * forecast - how far a start estimate can be trusted, learned from what happened
 *
 * A plan says one moment. What became of earlier estimates says how the truth lies
 * around it: for each class of estimates (how long a wait was planned, how long the
 * job is) a histogram of log2((wait + 60 s) / (planned + 60 s)), the older the
 * lighter. From it come p50 and p90 of a new estimate. The level at which "p90" is
 * read is steered by whether the last ones held, so that in the long run nine of ten
 * do whatever the workload does (adaptive conformal inference, Gibbs and Candes 2021).
 *
 * Whether a job starts at once is no forecast: only jobs that had to wait are learned
 * and scored. Memory: a fixed table of about 8 KB. Estimates and scores are numbers
 * for people and routers; nothing in the books depends on them.
 */
#ifndef HOPLUU_SCHED_FORECAST_H
#define HOPLUU_SCHED_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/supply.h"

#define FORECAST_WAITS SUPPLY_ODDS
#define FORECAST_LENGTHS 4
#define FORECAST_BINS 56
#define FORECAST_LEAST 20 /* outcomes that a class needs to speak for itself */
#define FORECAST_TEXT_MAX (64u << 10)

struct forecast_class {
    uint32_t n;    /* sum of the bins; halved with them when it is full */
    uint32_t days; /* on which estimates of it were made; halved too */
    int64_t last_day;
    uint16_t bins[FORECAST_BINS];
};

struct forecast {
    struct forecast_class classes[FORECAST_WAITS][FORECAST_LENGTHS];
    double level;      /* where p90 is read: 0.5 to FORECAST_LEVEL_MAX */
    double level50;    /* … and p50 */
    uint64_t n;        /* estimates scored; halved with those that held */
    uint64_t n_held50; /* started by their p50 */
    uint64_t n_held90;
};

/* What is told of a job that will wait: seconds from the estimate on. */
struct forecast_wait {
    uint32_t planned_s;
    uint32_t length_s; /* predicted run: part of the class */
    uint32_t p50_s;
    uint32_t p90_s;
};

void forecast_init(struct forecast *f);

/* planned_s below 0 counts as 0. */
struct forecast_wait forecast_of(const struct forecast *f,
                                 int64_t planned_s,
                                 uint32_t length_s);

/* The job of this estimate, made at said_s, started after waiting so long (above 0). */
void forecast_learn(struct forecast *f,
                    const struct forecast_wait *said,
                    int64_t said_s,
                    int64_t wait_s);

/* Percent of the latest estimates whose p90 held; -1 = too few to say. */
int forecast_held90(const struct forecast *f);

/* The record in short, for others: fills the odds and the score. */
void forecast_tell(const struct forecast *f, struct supply *s);

/* What a center that told this would say of a wait that was planned from its steps:
 * false = it has no record yet. Odds are read as a stranger's: any value is safe. */
bool forecast_heard(const struct supply *s,
                    int64_t planned_s,
                    struct forecast_wait *ret_w);

/* As lines of text, to be kept over a restart; and back. -EINVAL: nothing changed. */
void forecast_write(const struct forecast *f, struct buf *b);
int forecast_read(struct forecast *f, const char *text, struct err *err);

#endif
