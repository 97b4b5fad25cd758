/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * run_record - what one attempt of a job used, as reports and ministries see it
 *
 * One per attempt: a job that was requeued twice has three. The settlement key (center,
 * cluster, job, submit, attempt) is never used twice, because Slurm numbers jobs again
 * from 1 one day and requeues keep their number. Nothing here points elsewhere; a
 * record is copied as it is. Lines of records: report/record_line.h.
 *
 * `person` is a pseudonym. `name`, `node_list` and `uid` are for the center's own
 * people and are empty (0) in what leaves it: run_record_redact().
 */
#ifndef HOPLUU_MODEL_RUN_RECORD_H
#define HOPLUU_MODEL_RUN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/name.h"

#define NODE_LIST_CAP 1024
#define RUN_TIME_MAX INT64_C(253402300799) /* the last second of the year 9999 */

/* How an attempt can end: Slurm's words. */
enum run_end {
    RUN_BOOT_FAIL,
    RUN_CANCELLED,
    RUN_COMPLETED,
    RUN_DEADLINE,
    RUN_FAILED,
    RUN_NODE_FAIL,
    RUN_OUT_OF_MEMORY,
    RUN_PREEMPTED,
    RUN_REQUEUED, /* given back to the queue; the next attempt is another record */
    RUN_REVOKED,  /* a sibling at another cluster started instead */
    RUN_TIMEOUT,
    _RUN_END_MAX
};

struct run_record {
    /* settlement key */
    char center[NAME_CAP];  /* where it ran */
    char cluster[NAME_CAP]; /* of that center; "" = it has one, named as the center */
    uint64_t job;
    int64_t submit;   /* s since 1970, UTC, as all times here */
    uint32_t attempt; /* restarts before it: 0 for the first */

    /* who */
    char entry[NAME_CAP]; /* center where it was submitted */
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char person[NAME_CAP]; /* pseudonym */
    uint32_t uid;          /* 0 = not told */
    char name[TITLE_CAP];  /* "" = not told */

    /* where */
    char partition[NAME_CAP];
    char qos[NAME_CAP];
    char node_list[NODE_LIST_CAP]; /* "" = not told, or it never started */

    /* how it went */
    enum run_end state;
    uint32_t exit_code;
    uint32_t exit_signal;
    int64_t eligible; /* 0 = not known */
    int64_t start;    /* 0 = it never started; then nothing was used */
    int64_t end;

    /* asked for */
    uint32_t req_nodes;
    uint32_t req_cores;
    uint32_t req_gpus;
    uint64_t req_mem_mib;
    uint32_t time_limit_s; /* 0 = the partition's; UINT32_MAX = none */

    /* allocated, and used */
    uint32_t nodes;
    uint32_t cores;
    uint32_t gpus;
    char gpu_type[NAME_CAP]; /* "" = not told */
    uint64_t mem_mib;
    uint64_t elapsed_s; /* what core_s and the others were made with */
    uint64_t core_s;
    uint64_t gpu_s;
    uint64_t mem_mib_s;
    uint64_t cpu_us; /* consumed, user and system */
    uint64_t max_rss_bytes;
    uint64_t energy_j; /* 0 = not measured */
    int64_t milli;     /* price, thousandths of a unit */
};

const char *run_end_word(enum run_end e);
bool run_end_parse(const char *word, enum run_end *ret_e);

/*
 * Whether it can be true: names are names, times in order, nothing used before a start.
 * 0, or -EINVAL with the member and what would be right.
 */
int run_record_check(const struct run_record *r, struct err *err);

/* Order of settlement keys: below 0, 0 (the same attempt), above 0. */
int run_record_compare(const struct run_record *a, const struct run_record *b);

/* Forget what only the center's own people may see. */
void run_record_redact(struct run_record *r);
bool run_record_redacted(const struct run_record *r);

/* From eligible (or submit) to start, s; of one that never started 0. */
int64_t run_record_wait_s(const struct run_record *r);

/* It did not do what it was asked to: every state but COMPLETED, CANCELLED, REQUEUED
   and REVOKED. */
bool run_record_failed(const struct run_record *r);

#endif
