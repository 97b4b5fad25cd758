/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * profile - free cores over time: a step function, and the earliest place in it
 *
 * Step i says how many cores are free from its `at_s` until the next one's; the
 * last step lasts for ever. Times are whole seconds of the caller's clock.
 * Invariants: at least one step, at_s rises strictly. Steps may go below zero
 * while a caller takes back what it gave twice; a find then never lands there.
 * A router keeps one per peer, built from the peer's supply, and books its own
 * shipments into it; a center keeps one as its plan.
 */
#ifndef HOPLUU_SCHED_PROFILE_H
#define HOPLUU_SCHED_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/supply.h"

#define PROFILE_NEVER INT64_MAX
#define PROFILE_FOREVER (INT64_MAX / 4)

struct profile_step {
    int64_t at_s;
    int64_t cores;
};

struct profile {
    struct profile_step *steps; /* [n] */
    size_t n;
    size_t cap;
};

/* One step: `cores` free from at_s on. 0 or -ENOMEM. */
int profile_init(struct profile *p, int64_t at_s, int64_t cores);
void profile_release(struct profile *p);

/* Start again with one step; keeps the memory. p was initialised. */
void profile_reset(struct profile *p, int64_t at_s, int64_t cores);

/* Append a step not earlier than the last one (at the same moment it replaces what the
 * last one says): 0 or -ENOMEM. Equal counts are joined. */
int profile_append(struct profile *p, int64_t at_s, int64_t cores);

/* dst (initialised or zeroed) becomes equal to src: 0 or -ENOMEM. */
int profile_copy(struct profile *dst, const struct profile *src);

/*
 * profile_find - the earliest start at which a job fits
 *
 * from_s       not before this moment
 * duration_s   1 or more
 *
 * Returns the least t >= max(from_s, first step) such that `cores` are free
 * throughout [t, t + duration_s), or PROFILE_NEVER.
 * Source: docs/scheduling.md, "earliest place".
 */
int64_t profile_find(const struct profile *p,
                     int64_t from_s,
                     int64_t duration_s,
                     int64_t cores);

/* Add `cores` (below zero: take) on [from_s, until_s): 0 or -ENOMEM, unchanged then. */
int profile_add(struct profile *p, int64_t from_s, int64_t until_s, int64_t cores);

/*
 * Find, then take. ret_start_s as profile_find answers; when it never fits
 * nothing is taken and the answer is -ENOENT. 0, -ENOENT or -ENOMEM.
 */
int profile_reserve(struct profile *p,
                    int64_t from_s,
                    int64_t duration_s,
                    int64_t cores,
                    int64_t *ret_start_s);

/* Forget what was before now_s: the first step begins there. */
void profile_trim(struct profile *p, int64_t now_s);

/*
 * profile_export - at most `max` steps from now_s on, for a supply
 *
 * Never shows more than there is: a merged step shows the least of its parts
 * (counts below zero show 0). The earliest steps stay fine, later ones are
 * merged in spans that double.
 *
 * steps   [max], max >= 1. Returns how many were written.
 */
uint32_t profile_export(const struct profile *p,
                        int64_t now_s,
                        struct supply_step *steps,
                        uint32_t max);

/* What a peer told, read at at_s of our clock: 0, -EINVAL (steps out of order),
 * -ENOMEM. */
int profile_from_supply(struct profile *p,
                        const struct supply_part *part,
                        int64_t at_s);

bool profile_check(const struct profile *p);

#endif
