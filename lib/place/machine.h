/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * machine - the tree of switches, nodes, packages and cores
 *
 * Levels count from the inside: the groups of level 1 hold cores, the one group
 * of level n_levels is everything. Two different cores are at distance[l], where
 * l is the lowest level at which they share a group. Cores are numbered so that
 * every group's cores are consecutive; a node's cores are consecutive too.
 *
 * Equal nodes share one shape: a machine costs some 30 bytes per node plus its
 * name, whatever the number of cores in a node.
 */
#ifndef HOPLUU_PLACE_MACHINE_H
#define HOPLUU_PLACE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

/* Ceilings of the room. */
#define PLACE_LEVELS_MAX 16
#define PLACE_CORES_MAX UINT32_C(0x7fffffff)
#define PLACE_NODES_MAX UINT32_C(4000000)
#define PLACE_RANKS_MAX UINT32_C(4000000)
#define PLACE_ARCS_MAX UINT32_C(200000000)

struct machine;

/*
 * A machine of equal parts, inner-first: 16:2:16 = 16 cores per package,
 * 2 packages per node, 16 nodes. The first two levels (or the only one) lie
 * inside a node; nodes are called n0, n1, ...
 *
 * arity      [n_levels] each at least 1
 * distance   [n_levels] never falling from the inside to the outside
 * capacity   [n_levels - 1] of the uplink of a group of level 1, 2, ...; at least
 *            1; NULL: all 1
 * ret_m      caller frees with machine_free()
 *
 * Returns 0, -EINVAL, -E2BIG (over PLACE_CORES_MAX cores) or -ENOMEM.
 */
int machine_new_uniform(uint32_t n_levels,
                        const uint32_t *arity,
                        const uint32_t *distance,
                        const uint64_t *capacity,
                        struct machine **ret_m,
                        struct err *err);

/* The same from text: "16:2:16", "1:10:100" and "1:4" (or NULL). */
int machine_new_text(const char *arity,
                     const char *distance,
                     const char *capacity,
                     struct machine **ret_m,
                     struct err *err);

/*
 * "1:10:100" into v[PLACE_LEVELS_MAX], each from min to max; `what` is said in errors.
 * Returns how many (at least 1) or -EINVAL.
 */
int machine_numbers(const char *text,
                    const char *what,
                    uint64_t min,
                    uint64_t max,
                    uint64_t *v,
                    struct err *err);

/*
 * What a node looks like inside: domains (NUMA nodes, or packages when there is
 * one per package) in packages. Domains of a package are consecutive.
 */
struct node_shape {
    uint32_t n_domains;
    const uint32_t *cores;   /* [n_domains] cores of each domain, at least 1 each */
    const uint32_t *package; /* [n_domains] its package, never falling; NULL: one
                                domain per package */
};

/* One switch; a switch without a parent stands at the top. */
struct machine_switch {
    const char *name;
    uint32_t parent; /* index of the switch above, or MACHINE_NONE */
};

#define MACHINE_NONE UINT32_MAX

struct machine_node {
    const char *name;
    uint32_t leaf; /* index of its switch, or MACHINE_NONE: reached only from the top */
    const struct node_shape *shape;
};

/*
 * A machine of named nodes under switches. Levels: 1 domain, 2 package, 3 node,
 * 4 the lowest switches, ... A branch that is less deep than the others is
 * continued by groups with one member. Cores are numbered switch by switch, in
 * the order of the switches given, and there in the order of the nodes.
 *
 * switches   [n_switches] all are borrowed during the call only
 * nodes      [n_nodes] names are unique
 * distance, n_distance   per level from level 1; the last one given is continued by
 *            adding 100 per level; NULL: 1 4 10 100 200 300 ...
 *
 * Returns 0, -EINVAL (with what), -E2BIG or -ENOMEM.
 */
int machine_new_tree(const struct machine_switch *switches,
                     uint32_t n_switches,
                     const struct machine_node *nodes,
                     uint32_t n_nodes,
                     const uint32_t *distance,
                     uint32_t n_distance,
                     struct machine **ret_m,
                     struct err *err);

struct machine *machine_free(struct machine *m);
DEFINE_FREEP(machine, struct machine)

/*
 * Capacity of one uplink of a group of level `level` (1 to n_levels - 1), in any
 * unit that is the same for all levels. Returns 0 or -EINVAL.
 */
int machine_set_capacity(struct machine *m,
                         uint32_t level,
                         uint64_t capacity,
                         struct err *err);

uint32_t machine_levels(const struct machine *m);
uint32_t machine_cores(const struct machine *m);
uint32_t machine_nodes(const struct machine *m);
uint32_t machine_node_level(const struct machine *m);
uint32_t machine_distance(const struct machine *m, uint32_t level);
uint64_t machine_capacity(const struct machine *m, uint32_t level);

/* Bytes of memory that the machine takes, for those who count. */
size_t machine_bytes(const struct machine *m);

/* "core", "domain", "package", "node", "switch 1", ... into text[cap]; returns text. */
char *machine_level_name(const struct machine *m,
                         uint32_t level,
                         char *text,
                         size_t cap);

/* Node `node`'s name into text[cap]; returns text. */
char *machine_node_name(const struct machine *m, uint32_t node, char *text, size_t cap);

/* The node called `name`, or MACHINE_NONE. */
uint32_t machine_node_find(const struct machine *m, const char *name);

/* First core of a node, and how many it has. */
uint32_t machine_node_first(const struct machine *m, uint32_t node);
uint32_t machine_node_size(const struct machine *m, uint32_t node);
uint32_t machine_node_of(const struct machine *m, uint32_t core);

/* Name of the switch group that holds `node` at `level`, "" when it has none. */
const char *machine_switch_name(const struct machine *m, uint32_t node, uint32_t level);

/*
 * A number for the group of `core` at `level`: equal for two cores exactly when
 * they share the group; not dense. At level 0 it is the core.
 */
uint32_t machine_group_key(const struct machine *m, uint32_t core, uint32_t level);

/* The same for a whole node at its own level and above. */
uint32_t machine_node_key(const struct machine *m, uint32_t node, uint32_t level);

#endif
