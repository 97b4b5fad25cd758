/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * machine_int - the inside of a machine, for the room only
 *
 * Invariants: first[] rises; node i has shape[i] and lies in group leaf[i] of
 * level inner + 1 (if there is one); up[l].parent[] names groups of level l + 1;
 * groups of a level are numbered in core order, so leaf[] and parent[] never fall.
 */
#ifndef HOPLUU_PLACE_MACHINE_INT_H
#define HOPLUU_PLACE_MACHINE_INT_H

#include "place/machine.h"

struct shape {
    uint32_t n_domains;
    uint32_t *first;   /* [n_domains + 1] first core of each domain, from 0 */
    uint32_t *package; /* [n_domains] first core of its package, from 0 */
};

struct upper {
    uint32_t n;
    uint32_t cap;
    uint32_t *parent; /* [n] group of the next level */
    uint32_t *name;   /* [n] offset into names, 0: none */
};

struct machine {
    uint32_t n_levels;
    uint32_t inner; /* level of the nodes: 1, 2 or 3 */
    uint32_t n_nodes;
    uint32_t *first;   /* [n_nodes + 1] */
    uint32_t *shape;   /* [n_nodes] index in shapes */
    uint32_t *leaf;    /* [n_nodes] */
    uint32_t *name;    /* [n_nodes] offset into names; NULL: n0, n1, ... */
    uint32_t *by_name; /* [n_nodes] nodes sorted by name, NULL likewise */
    struct shape *shapes;
    uint32_t n_shapes;
    struct upper up[PLACE_LEVELS_MAX + 2];
    char *names; /* NUL-terminated, one after the other; "" first */
    size_t names_len, names_cap;
    uint32_t distance[PLACE_LEVELS_MAX + 1];
    uint64_t capacity[PLACE_LEVELS_MAX + 1];
};

/* Add a group below `parent`; ret_id is its number. 0 or -ENOMEM. */
int machine_add_group(struct machine *m,
                      uint32_t level,
                      uint32_t parent,
                      uint32_t name,
                      uint32_t *ret_id);

/* Copy a name; ret_at is where it went. 0, -E2BIG or -ENOMEM. */
int machine_add_name(struct machine *m, const char *text, uint32_t *ret_at);

/* The shape equal to `s`, added when it is new. 0, -EINVAL, -E2BIG or -ENOMEM. */
int machine_add_shape(struct machine *m,
                      const struct node_shape *s,
                      uint32_t *ret_id,
                      struct err *err);

/* An empty machine with room for n_nodes. NULL: out of memory. */
struct machine *machine_new_room(uint32_t n_nodes);

/* Number of cores of a shape. */
static inline uint32_t shape_cores(const struct shape *s)
{
    return s->first[s->n_domains];
}

#endif
