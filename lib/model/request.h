/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * request - the resources that a job asks for: all that another center needs to
 *           know about it before it hosts it
 */
#ifndef HOPLUU_MODEL_REQUEST_H
#define HOPLUU_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/name.h"

#define GPUS_MAX 64     /* on one node */
#define GPU_TYPE_CAP 16 /* "a100" */

struct request {
    char partition[NAME_CAP];    /* "" = the host's default partition */
    uint32_t n_tasks;            /* ranks, 1 or more */
    uint32_t cpus_per_task;      /* cores per rank, 1 or more */
    uint32_t min_nodes;          /* 0 = as few as it takes */
    uint32_t max_nodes;          /* 0 = no limit */
    uint32_t tasks_per_node;     /* 0 = as many as fit */
    uint32_t gpus_per_node;      /* 0 = none */
    char gpu_type[GPU_TYPE_CAP]; /* "" = any */
    uint32_t time_limit_s;       /* 0 = the partition's default; DURATION_UNLIMITED */
    uint64_t mem_node_bytes;     /* per node; 0 = not asked */
    uint64_t mem_cpu_bytes;      /* per core; 0 = not asked; not both */
    bool exclusive;              /* whole nodes */
    char reservation[NAME_CAP];  /* nodes kept for it at the entry; "" = none */
    char comm[NAME_CAP];         /* --comm: how the ranks talk ("stencil3d:4x4x2"); "" =
                                    unknown */
};

/* Cores that its tasks need; what is billed when nodes are not exclusive. Saturates. */
uint64_t request_cores(const struct request *r);

/* Most of its tasks that fit on a node with so many free cores and bytes. */
uint32_t request_tasks_on(const struct request *r,
                          uint32_t free_cores,
                          uint64_t free_bytes);

/* Bytes that so many of its tasks take on one node. */
uint64_t request_node_bytes(const struct request *r, uint32_t tasks);

/*
 * "gpu", "gpu:N", "gpu:TYPE", "gpu:TYPE:N" or "none", as --gres has it.
 * 0, or -EINVAL; nothing is changed then.
 */
int request_set_gres(struct request *r, const char *text, struct err *err);

/* "N" or "TYPE:N", as --gpus-per-node has it. */
int request_set_gpus(struct request *r, const char *text, struct err *err);

/* Whether a node with such GPUs (any number) would do. */
bool request_likes_gpus(const struct request *r, const char *type);

/* 0, or -EINVAL: which field contradicts which. */
int request_check(const struct request *r, struct err *err);

#endif
