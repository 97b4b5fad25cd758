/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_sums - what records and books say of each job, side by side
 *
 * Seconds of the records = seconds of the settlements, prices of the records = what was
 * captured less what was refunded. A job that also ran in another year has lines for
 * runs that are not in this bundle: its records may not say more.
 */
#ifndef HOPLUU_REPORT_JOB_SUMS_H
#define HOPLUU_REPORT_JOB_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/posting.h"
#include "model/run_record.h"

struct sums {
    uint64_t core_s;
    uint64_t gpu_s;
    uint64_t mem_mib_s;
    int64_t milli;
};

struct job_sum {
    uint64_t job;
    struct sums records;
    struct sums lines;
    bool elsewhen; /* a line of another year */
};

struct job_sums;
struct job_sums *job_sums_new(void); /* NULL = no memory */
void *job_sums_free(struct job_sums *s);

/* 0, -ENOMEM, -EOVERFLOW. */
int job_sums_add(struct job_sums *s, const struct run_record *r);
/* After the last record and before the first question: 0, -EOVERFLOW. */
int job_sums_sort(struct job_sums *s);
/* NULL = no record of that job. */
struct job_sum *job_sums_find(struct job_sums *s, uint64_t job);
/* The steps of a line; false = the sums do not fit. */
bool job_sum_book(struct job_sum *j, const struct posting *p, size_t n);
/* Of the jobs whose two sides contradict each other the lowest; NULL = none. */
const struct job_sum *job_sums_contradiction(const struct job_sums *s);

#endif
