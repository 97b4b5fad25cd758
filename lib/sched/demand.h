/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * demand - how many cores a center's own arrivals found wanted, over a window
 *
 * One value per own submission: cores that own jobs would hold or wait for. Asks
 * "how many arrivals of the window wanted more than u" in O(log cores).
 */
#ifndef HOPLUU_SCHED_DEMAND_H
#define HOPLUU_SCHED_DEMAND_H

#include <stddef.h>
#include <stdint.h>

struct demand_entry {
    int64_t at_s;
    int64_t cores;
};

struct demand {
    uint32_t *tree;            /* [cores + 2] Fenwick sums of counts by cores */
    int64_t cores;             /* largest value */
    struct demand_entry *ring; /* [cap] in order of time */
    size_t cap;
    size_t first;
    size_t n;
};

int demand_init(struct demand *d, int64_t cores); /* 0 or -ENOMEM */
void demand_release(struct demand *d);

/* cores is 0 to the largest; at_s does not fall. 0 or -ENOMEM. */
int demand_add(struct demand *d, int64_t at_s, int64_t cores);

/* What is older than from_s no longer counts. */
void demand_forget(struct demand *d, int64_t from_s);

/* Entries with more than `cores`; all of them when it is below 0. */
size_t demand_above(const struct demand *d, int64_t cores);

#endif
