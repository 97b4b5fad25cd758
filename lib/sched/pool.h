/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * pool - equal cores with one queue: the machine of the simulator, and of the
 *        shadow in which a center sees how it would do alone
 *
 * The same backlog and backfill pass as a machine of nodes; here "fits" is one
 * comparison. Slots are the caller's.
 */
#ifndef HOPLUU_SCHED_POOL_H
#define HOPLUU_SCHED_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sched/backlog.h"
#include "sched/running.h"

#define POOL_NO_EXTRA INT64_MAX

struct pool {
    int64_t procs;
    int64_t free;
    struct running running; /* tie = the job's seq */
    struct backlog_pools pools;
    struct backlog queue;
    struct shape *shapes; /* [procs + 1] by cores */
    int64_t work;         /* predicted core-seconds that wait */
    /* the reservation of the head, after a pass that had to make one or
     * pool_reserve(); extra = POOL_NO_EXTRA when there is none */
    int64_t shadow_s;
    int64_t extra;
};

/* 0 or -ENOMEM; release in any case. */
int pool_init(struct pool *p, int64_t procs);
void pool_release(struct pool *p);

struct pool_job {
    uint32_t slot;
    uint32_t cores; /* at most procs */
    uint32_t pred_s;
    struct order_key queue; /* lo = seq */
    struct order_key scan;
};

/* A job waits. 0 or -ENOMEM. */
int pool_queue(struct pool *p, const struct pool_job *j, size_t n_slots);

/* A waiting job leaves the queue. */
void pool_unqueue(struct pool *p, uint32_t slot);

/* Cores are taken until end_s, or given back. 0 or -ENOMEM. */
int pool_take(
    struct pool *p, uint32_t slot, uint32_t cores, int64_t end_s, uint64_t seq);
void pool_give(struct pool *p, uint32_t cores, int64_t end_s, uint64_t seq);

/* The expected end of a running job changes. 0 or -ENOMEM. */
int pool_expect(struct pool *p,
                uint32_t slot,
                uint32_t cores,
                int64_t end_s,
                int64_t new_s,
                uint64_t seq);

/* Told of a job that starts; it has left the queue, its cores are the callee's to take.
 */
typedef int (*pool_start_fn)(void *arg, uint32_t slot);

/* FCFS, or EASY in the scan order of the jobs. 0, or what start gave. */
int pool_pass(
    struct pool *p, bool backfill, int64_t now_s, pool_start_fn start, void *arg);

/* The reservation of the head of the queue, if one waits that does not fit. */
void pool_reserve(struct pool *p, int64_t now_s);

#endif
