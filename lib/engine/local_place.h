/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_place - the center's machine as lib/place sees it: switches, nodes, packages
 *
 * Switches and what links cost are of the configuration, sizes of nodes of their
 * registrations. Jobs are given their nodes here (sched asks), and their ranks are
 * mapped on a machine of these nodes.
 */
#ifndef HOPLUU_ENGINE_LOCAL_PLACE_H
#define HOPLUU_ENGINE_LOCAL_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "place/machine.h"
#include "place/place.h"
#include "sched/sched.h"

struct local;
struct local_node;
struct site;
struct topology;

struct local_place {
    struct topology *topology; /* NULL = every node hangs at the top */
    uint32_t distance[PLACE_LEVELS_MAX];
    uint32_t n_distance; /* 0 = the usual ones */
    uint64_t capacity[PLACE_LEVELS_MAX];
    uint32_t n_capacity;
    bool crumbs;              /* jobs that say nothing take what others leave */
    struct machine *machine;  /* of all nodes; NULL = not made since one changed */
    uint32_t n;               /* nodes of it */
    uint32_t *of_sched;       /* [sched's nodes] the machine's number */
    uint32_t *of_machine;     /* [n] sched's number */
    struct place_free *spare; /* [n] */
    int64_t *busy_s;          /* [n] from now */
};

/* Takes the site's words; on an error nothing has changed. */
int local_place_configure(struct local *e, const struct site *site, struct err *err);
void local_place_release(struct local_place *p);

/* A node came, went, or has another size. */
void local_place_stale(struct local *e);

/*
 * The machine of these nodes under the switches above them; the caller frees it.
 *
 * v   [n] in the order that they are to have where switches do not say
 */
int local_place_machine(const struct local *e,
                        struct local_node *const *v,
                        size_t n,
                        struct machine **ret_m,
                        struct err *err);

/* How sched's question is answered; arg is the engine. */
int local_place_choose(void *arg,
                       const struct sched_ask *ask,
                       struct node_pick *pick,
                       size_t n,
                       size_t *ret_n);

/* Packages in hwloc's synthetic text ("Package:2 Core:16 PU:2"); 1 when it does not
 * say, or not in equal parts of so many cores. */
uint32_t local_place_packages(const char *synthetic, uint32_t cores);

#endif
