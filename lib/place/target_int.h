/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * target_int - the part of a machine that one job may use, made dense
 *
 * Slots in core order; a leaf is a group of level 1. Inside the searches a map is
 * rank -> leaf: which slot of its leaf a rank takes does not change any figure.
 *
 * Invariants: groups of a level are numbered in slot order, so that the leaves and
 * slots of a group are consecutive; level n_levels has one group.
 */
#ifndef HOPLUU_PLACE_TARGET_INT_H
#define HOPLUU_PLACE_TARGET_INT_H

#include "place/place.h"

struct target {
    uint32_t n_slots;
    uint32_t cpus_per_rank;
    uint32_t n_levels;
    uint32_t n_leaves;
    uint32_t n_groups[PLACE_LEVELS_MAX + 1];    /* [l] of level l */
    uint32_t *group[PLACE_LEVELS_MAX + 1];      /* [l][leaf] its group at level l */
    uint32_t *parent[PLACE_LEVELS_MAX + 1];     /* [l][group] group of level l + 1 */
    uint32_t *first_leaf[PLACE_LEVELS_MAX + 1]; /* [l][n_groups + 1] */
    uint32_t *first_slot;                       /* [n_leaves + 1] */
    uint32_t *leaf;                             /* [n_slots] */
    uint32_t *order; /* [n_slots] default order: i-th slot to fill; NULL: as they are */
    uint32_t *cores; /* [n_slots x cpus_per_rank] */
    int64_t distance[PLACE_LEVELS_MAX + 1];
    uint64_t capacity[PLACE_LEVELS_MAX + 1];
};

/*
 * Cut the usable cores into slots. ret_t is released with target_release().
 * 0, -EINVAL (a core twice, or none such) or -ENOMEM.
 */
int target_init(struct target *t,
                const struct machine *m,
                const uint32_t *cores,
                uint32_t n_cores,
                uint32_t cpus_per_rank,
                struct err *err);
void target_release(struct target *t);

/* The slot that the default map gives to rank i. */
static inline uint32_t target_order(const struct target *t, uint32_t i)
{
    return t->order ? t->order[i] : i;
}

/* Lowest level at which two leaves share a group: 1 for the same leaf. */
static inline uint32_t target_meet(const struct target *t, uint32_t a, uint32_t b)
{
    uint32_t l = 1;

    while (t->group[l][a] != t->group[l][b])
        l++;
    return l;
}

/* J and the rest for a map rank -> slot; 0 or -ENOMEM. */
int target_cost(const struct target *t,
                const struct pattern *p,
                const uint32_t *slot,
                struct place_cost *ret);

#endif
