/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * place - where in a machine: which nodes, and which rank on which core
 *
 * The room's door. Everything here is pure: no clock (a deadline is asked of the
 * caller), no file, no global; the same input and seed give the same answer as
 * long as no deadline cuts in.
 *
 * Cost J of a map: sum over all pairs of bytes x distance, each pair once. The
 * bottleneck: the largest load / capacity over the uplinks of all groups below
 * the top. Definitions: docs/placement.md.
 */
#ifndef HOPLUU_PLACE_PLACE_H
#define HOPLUU_PLACE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "place/machine.h"
#include "place/pattern.h"

enum place_effort { PLACE_FAST, PLACE_NORMAL, PLACE_BEST, _PLACE_EFFORT_MAX };

/* "fast", "normal", "best". */
bool place_effort_parse(const char *word, enum place_effort *ret_effort);

/*
 * What is to be mapped. All pointers are borrowed during the call.
 *
 * A slot is what one rank takes: cpus_per_rank cores of one node. Slots are cut
 * from `cores` in their order (cores left over at the end of a node stay empty);
 * the default map puts rank i on slot i.
 */
struct place_problem {
    const struct machine *machine;
    const uint32_t *cores; /* [n_cores] usable, default order; NULL: all */
    uint32_t n_cores;
    uint32_t n_ranks;       /* as the pattern has */
    uint32_t cpus_per_rank; /* 0 counts as 1 */
    const struct pattern *pattern;
    const uint32_t *start; /* [n_ranks] a map rank -> slot to begin with, or NULL */
    enum place_effort effort;
    uint64_t seed;
    double slack;               /* share of J that a better bottleneck may cost: 0.01;
                                   with one, a map that does not take a hundredth off
                                   the default's bottleneck is not used. 0: J alone */
    bool (*expired)(void *arg); /* true: give the best so far; NULL: no deadline */
    void *expired_arg;
};

/* The figures of one map. */
struct place_cost {
    double cost;       /* J, exact below 2^53 */
    double bottleneck; /* max load / capacity */
    uint32_t n_levels;
    uint64_t traffic[PLACE_LEVELS_MAX + 1];  /* [l] bytes between pairs that first meet
                                                at level l; [0] on one core */
    uint64_t max_load[PLACE_LEVELS_MAX + 1]; /* [l] of uplinks of level l, 1 to
                                                n_levels - 1 */
};

#define PLACE_WHY_MAX 240

struct place_result {
    uint32_t n_ranks;
    uint32_t n_slots;
    uint32_t cpus_per_rank;
    uint32_t *slot;  /* [n_ranks] rank -> slot */
    uint32_t *cores; /* [n_slots x cpus_per_rank] cores of each slot */
    struct place_cost ours;
    struct place_cost usual; /* the default map */
    char method[24];         /* which start won: "default", "grid", "multisection" */
    char why[PLACE_WHY_MAX]; /* a sentence for people */
    bool cut_short;          /* the deadline cut in */
};

/*
 * Find a map that costs no more than the default one, neither in J nor at the
 * bottleneck.
 *
 * ret   caller releases with place_result_release()
 *
 * Returns 0, -EINVAL, -ENOSPC (more ranks than slots), -E2BIG, -ENOMEM.
 */
int place_map(const struct place_problem *problem,
              struct place_result *ret,
              struct err *err);

void place_result_release(struct place_result *r);

/* The core of a rank: the first of its slot. */
uint32_t place_result_core(const struct place_result *r, uint32_t rank);

/*
 * The figures of any map.
 *
 * core   [pattern_ranks] core of each rank; several ranks may share one
 *
 * Returns 0, -EINVAL (a core that the machine does not have) or -ENOMEM.
 */
int place_score(const struct machine *machine,
                const struct pattern *pattern,
                const uint32_t *core,
                struct place_cost *ret,
                struct err *err);

/*
 * Choice of nodes. `free` lists what is free at the job's start; a node that is
 * partly busy says what is left of it.
 */
struct place_free {
    uint32_t node;    /* of the machine, each at most once */
    uint32_t cores;   /* free */
    uint32_t gpus;    /* free */
    uint64_t mem_mib; /* free */
};

struct place_nodes_problem {
    const struct machine *machine;
    const struct place_free *free;
    uint32_t n_free;
    uint32_t n_nodes;       /* exactly so many; 0: as few as hold the ranks */
    uint32_t n_ranks;       /* 0: whole nodes are asked for, whatever they hold */
    uint32_t cpus_per_rank; /* 0 counts as 1 */
    uint64_t mem_mib_per_rank, mem_mib_per_node;
    uint32_t gpus_per_rank, gpus_per_node;
    bool quiet;            /* the job hardly communicates: it takes the crumbs */
    int64_t end_s;         /* when it ends, from now; 0: not known */
    const int64_t *busy_s; /* [machine_nodes] when the last job now on each node
                              ends, 0: free; NULL: not known */
};

struct place_nodes_result {
    uint32_t n_nodes;
    uint32_t *node;        /* [n_nodes] in tree order */
    uint32_t *ranks;       /* [n_nodes] ranks for each; they add up to n_ranks */
    uint32_t top_level;    /* lowest level at which all of them share a group */
    uint32_t n_leaves;     /* lowest switches touched */
    uint32_t least_leaves; /* that an empty machine would need */
    char why[PLACE_WHY_MAX];
};

/*
 * Choose nodes: under the lowest switch that can hold the job, on the fewest leaf
 * switches there, where it leaves the smallest rest.
 *
 * Returns 0, -ENOSPC (what is free does not hold it), -EINVAL or -ENOMEM; caller
 * releases with place_nodes_release().
 */
int place_nodes(const struct place_nodes_problem *problem,
                struct place_nodes_result *ret,
                struct err *err);

void place_nodes_release(struct place_nodes_result *r);

/*
 * Maps in the forms that launchers read; errors show in out->err.
 *
 * place_render_map        line i: the core of rank i, counted over the machine
 * place_render_rankfile   Open MPI: "rank i=HOST slot=A-B", slots counted in the node
 * place_render_hostfile   line i: the node of rank i (SLURM_HOSTFILE)
 */
void place_render_map(const struct place_result *r, struct buf *out);
void place_render_rankfile(const struct machine *m,
                           const struct place_result *r,
                           bool prrte,
                           struct buf *out);
void place_render_hostfile(const struct machine *m,
                           const struct place_result *r,
                           struct buf *out);

/* One group that holds ranks, and what its uplink carries. */
struct place_link {
    uint32_t level;
    uint32_t core; /* the first one of the group */
    uint32_t n_ranks;
    uint64_t load; /* bytes that leave the group; 0 at the top */
};

/*
 * The uplinks of all groups that hold ranks, from the top down, depth first, to
 * level `lowest`.
 *
 * core       [pattern_ranks] core of each rank
 * ret_links  caller frees
 *
 * Returns 0, -EINVAL or -ENOMEM.
 */
int place_links(const struct machine *machine,
                const struct pattern *pattern,
                const uint32_t *core,
                uint32_t lowest,
                struct place_link **ret_links,
                size_t *ret_n,
                struct err *err);

#endif
