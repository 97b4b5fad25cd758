/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * supply - what a center tells its peers about itself: at most 2 KiB on the wire
 *
 * Free cores over time, per partition: enough to estimate a start elsewhere and
 * to book one's own shipments into the view until the next one comes.
 */
#ifndef HOPLUU_MODEL_SUPPLY_H
#define HOPLUU_MODEL_SUPPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "model/name.h"

#define SUPPLY_STEPS_MAX 24

/* From in_s seconds after the reading on, `cores` are free, until the next step. */
struct supply_step {
    uint32_t in_s;
    uint32_t cores;
};

struct supply_part {
    char name[NAME_CAP];
    bool up;
    bool is_default;
    uint32_t nodes;          /* that answer */
    uint32_t cores;          /* that answer */
    uint32_t node_cores_max; /* of the largest node */
    uint64_t node_bytes_max;
    uint32_t node_gpus_max;
    uint32_t max_time_s; /* DURATION_UNLIMITED = none */
    uint32_t default_time_s;
    uint32_t max_nodes; /* per job; 0 = no limit */
    uint32_t idle_nodes;
    uint32_t n_running;
    uint32_t n_pending;
    uint32_t n_steps;
    struct supply_step steps[SUPPLY_STEPS_MAX]; /* rising in_s, the first at 0 */
};

#define SUPPLY_ODDS 16 /* classes of planned waits: sched/forecast.h */

/* Where the true waits lay around planned ones of one class, as eighths of
 * log2((wait + 60 s) / (planned + 60 s)). */
struct supply_odds {
    int32_t p50;
    int32_t p90;
};

struct supply {
    uint32_t center;
    struct wall at;    /* by the center's own clock: for display */
    uint32_t n_scored; /* start estimates that were scored lately; 0 = no odds yet */
    uint32_t held90;   /* percent of them whose p90 held */
    uint32_t n_odds;   /* 0 or SUPPLY_ODDS */
    struct supply_odds odds[SUPPLY_ODDS];
    uint32_t n_parts;
    struct supply_part parts[PARTITIONS_MAX];
};

const struct supply_part *supply_part(const struct supply *s,
                                      const char *name); /* "" = default */

#endif
