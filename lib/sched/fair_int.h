/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fair_int - what the files of struct fair share */
#ifndef HOPLUU_SCHED_FAIR_INT_H
#define HOPLUU_SCHED_FAIR_INT_H

#include <stdbool.h>

#include "base/table.h"
#include "sched/fair.h"

struct fair_node {
    char path[FAIR_NAME_CAP]; /* key */
    struct fair_node *above;  /* NULL = top */
    struct fair_usage used;   /* in units of at_s */
    uint32_t shares;
    uint32_t n_below;
    struct fair_view view;
    UT_hash_handle hh;
};

struct fair {
    int64_t half_life_s;
    struct fair_usage machine;
    struct fair_node *nodes; /* by path */
    int64_t at_s;
    bool begun;
    struct fair_node **order; /* [n_order] in turn, after fair_rank() */
    size_t n_order;
};

/* NULL = not there. */
struct fair_node *fair_find(const struct fair *f, const char *path);

#endif
