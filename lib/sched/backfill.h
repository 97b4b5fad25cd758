/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * backfill - one scheduling pass over a backlog: who starts now
 *
 * FCFS: the head while it fits. EASY: then one reservation for the head (Lifka
 * 1995), and the whole rest of the queue in scan order, each job that fits now
 * and does not delay that reservation. The same pass serves a pool of equal
 * cores (the simulator) and a machine of nodes (a center): what differs is what
 * "fits" means, and stands behind these functions.
 */
#ifndef HOPLUU_SCHED_BACKFILL_H
#define HOPLUU_SCHED_BACKFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "sched/backlog.h"

struct backfill_machine {
    void *arg;

    /* FIT_ANY when it fits now beside every reservation that stands. */
    backlog_fit_fn fit;

    /* Cores that are free now. */
    uint64_t (*free_cores)(void *arg);

    /* Cores that each group may still take, or NULL. */
    const uint32_t *(*room)(void *arg);

    /*
     * A waiting job starts: takes its cores and leaves the backlog. 0; -EAGAIN:
     * it cannot be placed after all (its shape no longer fits); any other error
     * ends the pass.
     */
    int (*start)(void *arg, uint32_t slot);

    /*
     * The head is given the earliest place that the running jobs leave; from
     * now on fit() says FIT_ANY only where that place is left alone.
     * ret_at_s   when that is (INT64_MAX = not foreseeable: nothing is held)
     */
    int (*reserve)(void *arg, uint32_t head, int64_t *ret_at_s);
};

/*
 * backfill_pass - start what can start at now_s
 *
 * backfill    false = FCFS
 * held_at_s   when a reservation begins that stands already (of another queue on
 *             the same nodes); INT64_MAX = none
 *
 * Returns 0 or what start() or reserve() gave.
 */
int backfill_pass(struct backlog *b,
                  const struct backfill_machine *m,
                  bool backfill,
                  int64_t held_at_s,
                  int64_t now_s);

#endif
