/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * trace - one center's log, job by job in order of submission
 *
 * Reads the Standard Workload Format (version 2) and the output of
 * `sacct --parsable2` with a header line; plain or gzip. A log that is in order
 * is streamed: memory does not grow with it. One that is not is read whole and
 * sorted (stable, so file order breaks ties). A line that cannot be read stops
 * the run, with its number.
 */
#ifndef HOPLUU_SIM_TRACE_H
#define HOPLUU_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

#define TRACE_QUEUES_MAX 32

struct trace_job {
    int64_t id;
    int64_t submit_s;
    uint64_t user;
    uint32_t run_s; /* at most est_s */
    uint32_t est_s; /* 1 or more */
    uint32_t procs;
};

enum trace_filter { TRACE_PLAIN, TRACE_SC15 };

/* What --qest gives jobs without an estimate; queue -1 = any other. */
struct trace_qest {
    int64_t queue[TRACE_QUEUES_MAX];
    uint32_t est_s[TRACE_QUEUES_MAX];
    unsigned n;
};

struct trace_spec {
    const char *path;
    const char *partition; /* NULL = any; then time starts at the first job */
    uint32_t procs;        /* larger jobs are left out */
    int64_t since_s;       /* leave out so many seconds of the log */
    int64_t until_s;       /* submissions before this; INT64_MAX = all */
    enum trace_filter filter;
    const struct trace_qest *qest; /* may be NULL; borrowed */
    uint32_t jitter_s;             /* move each submission by up to so much */
    uint64_t seed;                 /* of the moves */
};

struct trace;

/* 0, -errno of the file, -EINVAL (the first lines are of no kind), -ENOMEM. */
int trace_open(const struct trace_spec *spec, struct trace **ret_t, struct err *err);
void *trace_close(struct trace *t);

/* 1 and a job, 0 at the end, or -EINVAL ("FILE:LINE: …"), -EIO, -ENOMEM. */
int trace_next(struct trace *t, struct trace_job *ret_job, struct err *err);

/* CPU seconds that reading took so far. */
double trace_cpu_s(const struct trace *t);

/* Rows that the filter left out so far. */
uint64_t trace_left_out(const struct trace *t);

#endif
