/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* share_int - the books of a center that takes guests */
#ifndef HOPLUU_SCHED_SHARE_INT_H
#define HOPLUU_SCHED_SHARE_INT_H

#include "sched/demand.h"
#include "sched/heap.h"
#include "sched/idmap.h"
#include "sched/pool.h"
#include "sched/share.h"

#define SHARE_DAYS 30

/* An own job: in reality, in the shadow, or in both. */
struct own {
    uint64_t id; /* 0 = the slot is free */
    uint64_t seq;
    int64_t start_s; /* in the shadow */
    int64_t end_s;   /* expected there */
    int64_t submit_s;
    uint32_t cores;
    uint32_t asked; /* cores, before the center's size cut them */
    uint32_t pred_s;
    uint32_t est_s;
    uint32_t run_s; /* once it ended */
    uint32_t next_free;
    bool waits;   /* really */
    bool ended;   /* really: run_s is known */
    bool shadow;  /* waits or runs there */
    bool started; /* … runs */
};

struct guest {
    uint64_t id;
    int64_t start_s;
    uint32_t cores;
    uint32_t length_s; /* as it was judged */
    uint32_t est_s;
    double rate; /* own arrivals per second that it stood in the way of (additive) */
};

/* A guest while the harm of all is added up: by falling time left. */
struct staying {
    double left_s;
    int64_t cores;
};

struct share {
    struct share_rule rule;
    struct rank_rule rank;
    bool backfill;
    int64_t cores;
    int64_t at_s; /* the books are as far as this */
    double slack_s;
    uint64_t n;
    int64_t waiting;
    uint64_t seq;
    /* slack by day, for the window */
    double days[SHARE_DAYS];
    int64_t day;
    /* the shadow */
    struct pool shadow;
    struct heap due;
    int64_t shadow_cores; /* of own jobs there, waiting or running */
    bool dirty;
    struct own *own; /* [n_slots], slot 0 unused */
    size_t n_slots;
    uint32_t free_slot;
    struct idmap ids;
    struct demand demand;
    struct guest *guests; /* [n_guests] */
    size_t n_guests;
    size_t cap_guests;
    int64_t guest_cores;
    struct staying *stay; /* [n_guests] as of stay_s, while stay_valid */
    int64_t stay_s;
    bool stay_valid;
    double harm_s; /* of those */
};

/* share_shadow.c: to the end of now_s - 1, slack up to now_s. */
int share_clock(struct share *s, int64_t now_s);
void own_free(struct share *s, uint32_t x);

#endif
