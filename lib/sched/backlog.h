/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * backlog - the jobs that wait in one queue, found by what could start now
 *
 * Two orders over the same slots. The *queue order* decides who is the head; it
 * is kept per group (0 = own jobs, others = guests), so that a group at its
 * ceiling is passed over in one step. The *scan order* decides who may backfill
 * first; it is kept per shape (everything that matters for fitting, so all jobs
 * of a shape fit or none does), and a scan looks only at shapes that fit: cost
 * O(log n) per start and O(shapes no larger than what is free) per pass,
 * however many wait.
 * The caller owns slots and shapes; a shape outlives the jobs that wait in it.
 */
#ifndef HOPLUU_SCHED_BACKLOG_H
#define HOPLUU_SCHED_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sched/order.h"

#define BACKLOG_GROUPS_MAX 1000

struct shape {
    uint32_t cores; /* at least this many must be free for it */
    uint32_t group;
    uint32_t root;   /* scan order of its waiting jobs */
    uint32_t n;      /* that wait */
    uint32_t most_s; /* longer ones do not start now; 0 = no such limit */
};

/* What the caller keeps per slot and the scan must know. */
struct backlog_entry {
    struct shape *shape;
    uint32_t slot;
    struct order_key queue; /* unique */
    struct order_key scan;  /* unique */
    uint32_t pred_s;        /* how long it is for a reservation and for most_s */
};

/* Slots are shared by all queues of one machine; one of each per machine. */
struct backlog_pools {
    struct order_pool queue; /* value = cores */
    struct order_pool scan;  /* value = predicted seconds */
    struct shape **shape;    /* of each slot that waits */
};

struct backlog {
    struct backlog_pools *pools; /* borrowed */
    uint32_t *group_root;        /* [n_groups] */
    uint32_t n_groups;
    struct shape **shapes; /* [n_shapes] with n > 0, by rising cores */
    size_t n_shapes;
    size_t cap_shapes;
    size_t n; /* that wait */
    /* of the scan in hand: a heap of the next candidate of each shape */
    struct backlog_cursor *heap;
    size_t n_heap;
};

struct backlog_cursor {
    struct order_key key;
    uint32_t slot;
    struct shape *shape;
};

void backlog_init(struct backlog *b, struct backlog_pools *pools);
void backlog_release(struct backlog *b);

int backlog_pools_grow(struct backlog_pools *p, size_t n_slots);
void backlog_pools_release(struct backlog_pools *p);

/* 0 or -ENOMEM; the slot is inside the pools. */
int backlog_add(struct backlog *b, const struct backlog_entry *e);
void backlog_remove(struct backlog *b, uint32_t slot);

static inline struct shape *backlog_shape(const struct backlog *b, uint32_t slot)
{
    return b->pools->shape[slot];
}

/* Whether this one is short enough, when its shape fits so and the reservation leaves
 * most_s. */
static inline bool backlog_short(const struct backlog *b,
                                 uint32_t slot,
                                 bool any,
                                 uint32_t most_s)
{
    uint32_t value = b->pools->scan.v[slot].value;
    uint32_t own = b->pools->shape[slot]->most_s;

    return (any || value <= most_s) && (!own || value <= own);
}

/* First in queue order; room [n_groups] = cores each group may still take, NULL = no
 * ceilings. Jobs above their group's room are passed over. 0 = none. */
uint32_t backlog_head(const struct backlog *b, const uint32_t *room);

/* The next one in queue order after a slot that waits, whatever its size. 0 = none. */
uint32_t backlog_next(const struct backlog *b, uint32_t slot);

/* How many are before it in queue order. */
uint32_t backlog_rank(const struct backlog *b, uint32_t slot);

enum fit {
    FIT_NOT = 0,
    FIT_SHORT = 1, /* starts now if it ends before the reservation */
    FIT_ANY = 2,   /* … and also if it is longer */
};

/* May only become stricter while a scan goes on; may set the shape's most_s. */
typedef enum fit (*backlog_fit_fn)(void *arg, struct shape *shape);

/* Whether some waiting shape of at most `free` cores fits. */
bool backlog_any(const struct backlog *b, uint64_t free, backlog_fit_fn fit, void *arg);

/*
 * The jobs that may start, in scan order: begin, then next until it says 0.
 *
 * free     cores: shapes above are not looked at
 * most_s   longest prediction of a job that ends before the reservation
 *
 * backlog_scan_next() answers a slot that fits now; before asking again the
 * caller either took it out with backlog_remove() or made its shape not fit.
 */
void backlog_scan_begin(
    struct backlog *b, uint64_t free, uint32_t most_s, backlog_fit_fn fit, void *arg);
uint32_t backlog_scan_next(struct backlog *b,
                           uint32_t most_s,
                           backlog_fit_fn fit,
                           void *arg);

bool backlog_check(const struct backlog *b);

#endif
