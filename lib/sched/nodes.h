/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * nodes - what is free on each node, now and when the head of a queue starts
 *
 * A node has `all` (what it has), `used`, `now` (what is free) and `then`
 * (what is free at the reservation of a head that waits, less what that head
 * will take). A job that ends by the reservation may use `now`; a longer one the
 * lesser of `now` and `then`, so it cannot delay the head. `held` counts jobs
 * (for exclusive use). Outside a reservation `then` is unlimited.
 */
#ifndef HOPLUU_SCHED_NODES_H
#define HOPLUU_SCHED_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/name.h"
#include "model/request.h"

struct amount {
    uint64_t bytes;
    uint32_t cores;
    uint32_t gpus;
    uint32_t jobs; /* that stand on it; 0 for `all` */
};

struct node {
    char name[NAME_CAP];
    char gpu_type[GPU_TYPE_CAP]; /* of all its GPUs */
    struct amount all;
    struct amount used;  /* what jobs hold; more than `all` after a node shrank */
    struct amount now;   /* all less used */
    struct amount then;  /* valid while `reserved` */
    struct amount ahead; /* while a reservation is looked for: used, then free, later */
    int64_t end_s; /* while a pass chooses: its last job is expected to end; 0 = none */
    uint32_t partitions;
    bool up;
    bool reserved;
};

struct nodes {
    struct node *v; /* [n] */
    size_t n;
    uint32_t closed;           /* nodes of these partitions are out of the question */
    struct node_pick *scratch; /* [n]: what a node could take, while choosing */
};

/* So many tasks of a job on one node, and what they take there. */
struct node_pick {
    uint32_t node;
    uint32_t tasks;
    uint32_t cores;
    uint32_t gpus;
    uint64_t bytes;
};

#define NODES_MAX 65536

/* Which state of the nodes a question is about. */
enum nodes_view {
    NODES_ALL,   /* an empty machine, nodes that are down included */
    NODES_NOW,   /* free now */
    NODES_LATER, /* free now and not needed by a reservation */
    NODES_AHEAD, /* free at the moment that is looked at */
};

void nodes_release(struct nodes *m);

/* Adds a node or changes it (what runs there stays): its index, -ENOSPC or -ENOMEM. */
int nodes_set(struct nodes *m, const struct node *n);

/* Index by name, -ENOENT. */
int nodes_find(const struct nodes *m, const char *name);

/*
 * nodes_could - what each node of the partitions could take of a request
 *
 * pick [m->n], written with node, most tasks and free cores, for those that can
 *      take one task or more
 *
 * Returns how many.
 */
size_t nodes_could(const struct nodes *m,
                   const struct request *req,
                   uint32_t partitions,
                   enum nodes_view view,
                   struct node_pick *pick);

/* Whether enough nodes could take enough tasks. Uses m->scratch. */
bool nodes_fit(struct nodes *m,
               const struct request *req,
               uint32_t partitions,
               enum nodes_view view);

/*
 * The default choice among what nodes_could() gave: fewest nodes, and of those
 * the ones that are left fullest.
 *
 * pick [n] in: candidates; out: the first *ret_n are chosen, tasks shared out
 *
 * Returns 0 or -ENOENT.
 */
int nodes_choose(const struct request *req,
                 struct node_pick *pick,
                 size_t n,
                 size_t *ret_n);

/* Most tasks that one node of the machine could take. */
uint32_t nodes_tasks(const struct nodes *m,
                     uint32_t node,
                     const struct request *req,
                     enum nodes_view view);

/* `ahead` held what is used later; now it holds what is free then. */
void nodes_look_ahead(struct nodes *m, uint32_t partitions);

/* The picks are kept for a head on what is free ahead; a reservation that stands on
 * a node already stays too (the lesser of both remains for others). */
void nodes_reserve(struct nodes *m,
                   uint32_t partitions,
                   const struct node_pick *pick,
                   size_t n);

/* Fills what each pick takes, from its tasks. */
void nodes_charge(const struct nodes *m,
                  const struct request *req,
                  struct node_pick *pick,
                  size_t n);

/* A job takes its picks, or gives them back. */
void nodes_take(struct nodes *m, const struct node_pick *pick, size_t n);
void nodes_give(struct nodes *m, const struct node_pick *pick, size_t n);

/* Takes from one state of one node, for reservations: never below zero. */
void amount_take(struct amount *a, const struct node_pick *p);

#endif
