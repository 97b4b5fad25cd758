/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * rank - who comes before whom: the keys of the queue order and the scan order
 *
 * One place for centers and simulator, so that both mean the same by a policy.
 * Keys are unique because seq is; a key never changes while a job waits.
 */
#ifndef HOPLUU_SCHED_RANK_H
#define HOPLUU_SCHED_RANK_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/order.h"

enum rank_scan {
    RANK_ARRIVAL,  /* in queue order */
    RANK_SHORTEST, /* by prediction; ties in queue order */
    RANK_AREA,     /* by prediction x cores */
};

struct rank_rule {
    enum rank_scan scan;
    bool local_first;    /* guests behind all own jobs */
    uint32_t age_weight; /* RANK_SHORTEST: docs/scheduling.md, "age guard"; 0 = none */
};

struct rank_job {
    uint64_t seq; /* order of arrival */
    int64_t submit_s;
    uint32_t pred_s;
    uint32_t cores;
    uint32_t priority; /* larger first */
    bool guest;
};

static inline struct order_key rank_queue(const struct rank_rule *r,
                                          const struct rank_job *j)
{
    return (struct order_key){.hi = (uint64_t)(r->local_first && j->guest) << 63
                                    | (UINT32_MAX - j->priority),
                              .lo = j->seq};
}

static inline struct order_key rank_scan(const struct rank_rule *r,
                                         const struct rank_job *j)
{
    struct order_key k = rank_queue(r, j);
    uint64_t guest = k.hi >> 63;
    uint64_t low = guest << 31 | (uint64_t)(UINT32_MAX - j->priority) >> 1;

    switch (r->scan) {
    case RANK_ARRIVAL:
        break;
    case RANK_SHORTEST:
        if (r->age_weight && j->submit_s >= 0)
            k.hi = ((uint64_t)j->submit_s + (uint64_t)r->age_weight * j->pred_s) << 1
                   | guest;
        else
            k.hi = (uint64_t)j->pred_s << 32 | low;
        break;
    case RANK_AREA:
        k.hi = (uint64_t)j->pred_s * j->cores << 1 | guest;
        break;
    }
    return k;
}

#endif
