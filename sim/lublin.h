/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * lublin - a synthetic log, so that nobody needs a real one to try
 *
 * Sizes (serial, powers of two, two-stage uniform in log2) and run times
 * (hyper-gamma in ln, mixed by size) after Lublin and Feitelson, "The workload on
 * parallel supercomputers" (JPDC 2003), with their batch parameters; a daily cycle
 * of arrivals, scaled to the load asked. The model has no users and no requests:
 * 40 users share the jobs, and a request is a round limit above 1 to 4 times the
 * run time. The same seed gives the same jobs everywhere.
 */
#ifndef HOPLUU_SIM_LUBLIN_H
#define HOPLUU_SIM_LUBLIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sim/trace.h"

struct lublin {
    uint64_t seed;
    uint64_t n_jobs;
    double load;
    uint32_t procs;
    /* where it stands */
    uint64_t state;
    uint64_t n;
    double at_s;
    double mean_gap_s;
};

/* "lublin@SEED[@JOBS[@LOAD]]": 1 = it is one, 0 = it is a file, -EINVAL. */
int lublin_parse(const char *text,
                 uint32_t procs,
                 struct lublin *ret_l,
                 struct err *err);

/* From the first job on. */
void lublin_begin(struct lublin *l);

/* false at the end. */
bool lublin_next(struct lublin *l, struct trace_job *ret_job);

#endif
