/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * running - who holds cores, sorted by when they are expected back
 *
 * An array kept in order by (end_s, tie): a move of 3,000 entries is 70 KB, less
 * than a tree costs in misses; every reader (shadow time, plan) walks it forward.
 */
#ifndef HOPLUU_SCHED_RUNNING_H
#define HOPLUU_SCHED_RUNNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct running_job {
    int64_t end_s; /* expected */
    uint64_t tie;
    uint32_t slot;
    uint32_t cores;
};

struct running {
    struct running_job *v; /* [n] */
    size_t n;
    size_t cap;
};

void running_release(struct running *r);

/* 0 or -ENOMEM. (end_s, tie) must be unique. */
int running_add(struct running *r, struct running_job j);

/* Takes the entry with this end and tie out; false when it is not there. */
bool running_remove(struct running *r, int64_t end_s, uint64_t tie);

#endif
