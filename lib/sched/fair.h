/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fair - whose turn it is by what everybody has used: Slurm's fair tree
 *
 * A tree of institutions, projects and people; each node has shares among its siblings
 * and usage that decays by half in `half_life_s`. Among siblings S is the part of the
 * shares, U the part of the usage, and LF = S / U; the tree is walked depth first, the
 * larger LF before the smaller, and a leaf's factor is its rank: 1 for the first, 1/n
 * for the last of n. So a project of an institution that used less than its part comes
 * before every project of one that used more (fair_tree.shtml). Where institutions tie,
 * as all do that have used nothing, their projects are ranked together. With several
 * resources a node's usage is its dominant one: the largest of its parts of what the
 * machine has (DRF, Ghodsi and others, NSDI 2011).
 *
 * Numbers that decide who waits, never who pays: budgets do not decay.
 * Ceiling: FAIR_NODES_MAX nodes.
 */
#ifndef HOPLUU_SCHED_FAIR_H
#define HOPLUU_SCHED_FAIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

#define FAIR_NODES_MAX 200000
#define FAIR_NAME_CAP 160 /* "institution/project/person" */
#define FAIR_DEPTH_MAX 8

enum fair_resource { FAIR_CORES, FAIR_BYTES, FAIR_GPUS, _FAIR_RESOURCE_MAX };

/* So much of each, for a time: core-seconds, GiB-seconds, GPU-seconds. */
struct fair_usage {
    double of[_FAIR_RESOURCE_MAX];
};

struct fair;

/*
 * half_life_s   1 or more
 * machine       cores, GiB and GPUs that there are; 0 = that resource does not count
 *
 * NULL = no memory.
 */
struct fair *fair_new(int64_t half_life_s, const struct fair_usage *machine);
void *fair_free(struct fair *f);
DEFINE_FREEP(fair, struct fair)

/* Half-life and machine from now on; what was used before has decayed by the old one.
 */
void fair_tune(struct fair *f,
               int64_t half_life_s,
               const struct fair_usage *machine,
               int64_t now_s);

/*
 * fair_set - a node is there, with so many shares among its siblings
 *
 * path   "institution", "institution/project", "institution/project/person": the
 *        ones above must be there
 *
 * Returns 0, -ENOENT (the one above is missing), -EINVAL (path, or shares above 1e6),
 * -ENOSPC or -ENOMEM. 0 shares: last among its siblings.
 */
int fair_set(struct fair *f, const char *path, uint32_t shares, struct err *err);

/* A node and all above it used so much until now_s. -ENOENT: not there. Usage told in
 * any order of time; what is before the latest is decayed to it. */
int fair_use(struct fair *f,
             const char *path,
             const struct fair_usage *used,
             int64_t now_s);

/* Ranks as of the usage told so far: call after a change, before fair_look(). 0 or
 * -ENOMEM. */
int fair_rank(struct fair *f);

struct fair_view {
    double factor; /* 1 = first; of a node with nodes below: that of its best leaf */
    double level;  /* LF = S / U; INFINITY = it used nothing */
    double share;  /* S */
    double usage;  /* U */
    struct fair_usage used; /* decayed, as of the latest fair_tune() or later */
    uint32_t shares;
    uint32_t rank; /* 1 = first; leaves that tie have the same */
};

/* -ENOENT: not there. */
int fair_look(const struct fair *f, const char *path, struct fair_view *ret_v);

/* In the order of their turns, parents before children; non-zero from each() ends. */
void fair_each(const struct fair *f,
               int (*each)(const char *path, const struct fair_view *v, void *arg),
               void *arg);

/* What everybody used, as lines of text: "at SECONDS", then "PATH CORE_S GIB_S GPU_S",
 * parents first. */
void fair_write(const struct fair *f, struct buf *b);

/* The same back, into a tree that used nothing yet; a node that is not there comes with
 * one share. 0, -EINVAL (the text names the line), -ENOSPC or -ENOMEM. */
int fair_read(struct fair *f, const char *text, struct err *err);

/*
 * Slurm's multifactor priority: a sum of weighted factors from 0 to 1
 * (priority_multifactor.shtml).
 */
struct fair_weights {
    uint32_t age;
    uint32_t fairshare;
    uint32_t size;
    uint32_t partition;
    int64_t max_age_s; /* factor 1 from here on; 1 or more */
};

struct fair_terms {
    double age;
    double fairshare;
    double size;
    double partition;
    uint32_t priority; /* the sum, at most UINT32_MAX */
};

/* waited_s below 0 counts as 0; factors outside 0 to 1 are cut. */
struct fair_terms fair_priority(const struct fair_weights *w,
                                int64_t waited_s,
                                double fairshare,
                                double size,
                                double partition);

#endif
