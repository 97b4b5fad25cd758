/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * topology - Slurm's topology.conf: switches, and the nodes on them
 *
 * Lines "SwitchName=LIST Nodes=LIST" and "SwitchName=NAME Switches=LIST"; keys in
 * any case; '#' begins a comment; a backslash at the end continues a line.
 * LinkSpeed is read over (Slurm does not use it either).
 */
#ifndef HOPLUU_PLACE_TOPOLOGY_H
#define HOPLUU_PLACE_TOPOLOGY_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/words.h"
#include "place/machine.h"

struct topology {
    struct words switches;
    struct words nodes;
    uint32_t *parent; /* [switches.n] index of the switch above, or MACHINE_NONE */
    uint32_t *leaf;   /* [nodes.n] index of its switch */
    size_t cap_parent, cap_leaf;
};

/*
 * text   [n_bytes] no NUL needed
 * ret_t  caller frees with topology_free()
 *
 * Returns 0, -EINVAL (with the line), -E2BIG or -ENOMEM.
 */
int topology_parse(const char *text,
                   size_t n_bytes,
                   struct topology **ret_t,
                   struct err *err);

struct topology *topology_free(struct topology *t);
DEFINE_FREEP(topology, struct topology)

/* Index of a node, or MACHINE_NONE. Linear: for many, sort first. */
uint32_t topology_node(const struct topology *t, const char *name);

/*
 * The machine of these switches, every node being of one shape.
 *
 * distance  as in machine_new_tree()
 */
int topology_machine(const struct topology *t,
                     const struct node_shape *shape,
                     const uint32_t *distance,
                     uint32_t n_distance,
                     struct machine **ret_m,
                     struct err *err);

#endif
