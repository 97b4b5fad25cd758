/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * order - jobs in an order, and the next one that is small enough
 *
 * A treap over slots of one array: every node knows how many are below it and
 * the least `value` among them, so "the first after this key whose value is at
 * most v" and "how many are before it" cost O(log n). Slot 0 is never used: 0
 * means none. Priorities are a hash of the slot, so a run can be repeated.
 */
#ifndef HOPLUU_SCHED_ORDER_H
#define HOPLUU_SCHED_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order_key {
    uint64_t hi;
    uint64_t lo;
};

struct order_node {
    struct order_key key;
    uint32_t value;
    uint32_t least; /* of the values in this subtree */
    uint32_t left;
    uint32_t right;
    uint32_t n; /* nodes in this subtree */
};

/* The array; several trees with roots of their own share it, one tree per slot. */
struct order_pool {
    struct order_node *v; /* [n] */
    size_t n;
};

void order_pool_release(struct order_pool *p);

/* Make slots 0 to n - 1 usable: 0 or -ENOMEM. Never shrinks. */
int order_pool_grow(struct order_pool *p, size_t n);

bool order_before(const struct order_key *a, const struct order_key *b);

/* Slot x enters the tree; its key must not be there yet. */
void order_insert(struct order_pool *p,
                  uint32_t *root,
                  uint32_t x,
                  struct order_key key,
                  uint32_t value);

/* Slot x leaves the tree that it is in. */
void order_remove(struct order_pool *p, uint32_t *root, uint32_t x);

/* The first slot with key > after (NULL = from the start) and value <= most; 0 = none.
 */
uint32_t order_next(const struct order_pool *p,
                    uint32_t root,
                    const struct order_key *after,
                    uint32_t most);

/* How many have a smaller key. */
uint32_t order_rank(const struct order_pool *p,
                    uint32_t root,
                    const struct order_key *key);

/* For tests: keys rise, sums and minima are right. */
bool order_check(const struct order_pool *p, uint32_t root);

#endif
