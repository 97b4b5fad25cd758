/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sched_shape - requests that are alike are kept once */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "sched/sched_int.h"

#include "base/banned.h"

/* The bytes from req to group (inclusive) are the key: no gap may be undefined. */
#define KEY_BYTES                                                                      \
    (offsetof(struct site_shape, partition) + sizeof(uint32_t)                         \
     - offsetof(struct site_shape, req))

static void fill_key(const struct sched *s,
                     struct site_shape *k,
                     const struct request *r,
                     uint32_t partition,
                     uint32_t group)
{
    struct request *q = &k->req;

    memset(k, 0, sizeof(*k));
    (void)word_copy(q->partition, sizeof(q->partition), r->partition); /* same size */
    (void)word_copy(q->comm, sizeof(q->comm), r->comm);
    q->time_limit_s = s->n_reservations ? r->time_limit_s : 0;
    q->n_tasks = r->n_tasks;
    q->cpus_per_task = r->cpus_per_task;
    q->min_nodes = r->min_nodes;
    q->max_nodes = r->max_nodes;
    q->tasks_per_node = r->tasks_per_node;
    q->gpus_per_node = r->gpus_per_node;
    (void)word_copy(q->gpu_type, sizeof(q->gpu_type), r->gpu_type);
    q->mem_node_bytes = r->mem_node_bytes;
    q->mem_cpu_bytes = r->mem_cpu_bytes;
    q->exclusive = r->exclusive;
    k->group = group;
    k->partition = partition;
}

struct site_shape *shape_get(struct sched *s,
                             const struct request *req,
                             uint32_t partition,
                             uint32_t group)
{
    struct site_shape key;
    struct site_shape *shape;

    fill_key(s, &key, req, partition, group);
    HASH_FIND(hh, s->shapes, &key.req, KEY_BYTES, shape);
    if (!shape) {
        shape = malloc(sizeof(*shape));
        if (!shape)
            return NULL;
        *shape = key;
        fill_key(s, shape, req, partition, group); /* the gaps too */
        shape->shape.cores = (uint32_t)MIN(request_cores(req), (uint64_t)UINT32_MAX);
        shape->shape.group = group;
        shape->plan_cores = plan_cores(s, req, partition);
        HASH_ADD(hh, s->shapes, req, KEY_BYTES, shape);
        if (!shape->hh.tbl) {
            free(shape);
            return NULL;
        }
    }
    shape->refs++;
    return shape;
}

void shape_put(struct sched *s, struct site_shape *shape)
{
    if (--shape->refs > 0)
        return;
    HASH_DEL(s->shapes, shape);
    free(shape);
}
