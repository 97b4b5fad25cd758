/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sched_fits - can this request ever run here, and if not, because of which limit */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "base/measure.h"
#include "base/number.h"
#include "sched/sched_int.h"

#include "base/banned.h"

/* What a partition has in all, and the most that one of its nodes has. */
struct extent {
    uint64_t cores;
    uint32_t nodes;
    struct amount most;
};

static struct extent extent_of(const struct sched *s,
                               uint32_t partition,
                               const struct request *req)
{
    struct extent e = {0};

    for (size_t i = 0; i < s->nodes.n; i++) {
        const struct amount *a = &s->nodes.v[i].all;

        if (!(s->nodes.v[i].partitions & (UINT32_C(1) << partition)))
            continue;
        e.cores += a->cores;
        e.nodes++;
        e.most.cores = MAX(e.most.cores, a->cores);
        e.most.bytes = MAX(e.most.bytes, a->bytes);
        if (request_likes_gpus(req, s->nodes.v[i].gpu_type))
            e.most.gpus = MAX(e.most.gpus, a->gpus);
    }
    return e;
}

static int too_long(const struct sched_partition *p, uint32_t asked_s, struct err *err)
{
    char asked[DURATION_TEXT_MAX];
    char has[DURATION_TEXT_MAX];

    return err_set(err, -E2BIG, "time limit %s asked, partition %s allows %s",
                   asked_s == DURATION_UNLIMITED ? "UNLIMITED"
                                                 : duration_text(asked_s, asked),
                   p->name, duration_text(p->max_time_s, has));
}

/* Each limit that one figure shows by itself; 0 when none of them is the reason. */
static int plain_limits(const struct extent *e,
                        const struct request *req,
                        const char *name,
                        struct err *err)
{
    char asked[SIZE_TEXT_MAX];
    char has[SIZE_TEXT_MAX];
    uint64_t cores = request_cores(req);
    uint64_t bytes = request_node_bytes(req, 1);

    if (cores > e->cores)
        return err_set(err, -E2BIG,
                       "%" PRIu64 " cores asked, partition %s has %" PRIu64, cores,
                       name, e->cores);
    if (req->min_nodes > e->nodes)
        return err_set(err, -E2BIG, "%u nodes asked, partition %s has %u",
                       req->min_nodes, name, e->nodes);
    if (req->cpus_per_task > e->most.cores)
        return err_set(
            err, -E2BIG,
            "%u cores per task asked, the largest node of partition %s has %u",
            req->cpus_per_task, name, e->most.cores);
    if (bytes > e->most.bytes)
        return err_set(err, -E2BIG,
                       "%s of memory per node asked, the largest node of partition %s "
                       "has %s",
                       size_text(bytes, asked), name, size_text(e->most.bytes, has));
    if (req->gpus_per_node > e->most.gpus)
        return err_set(
            err, -E2BIG,
            "%u GPUs%s%s per node asked, the largest node of partition %s has %u",
            req->gpus_per_node, req->gpu_type[0] ? " of type " : "", req->gpu_type,
            name, e->most.gpus);
    return 0;
}

int fits_partition(struct sched *s,
                   const struct request *req,
                   uint32_t *ret_limit_s,
                   struct err *err)
{
    int p = sched_partition_find(s, req->partition);
    const struct sched_partition *part;
    struct extent e;
    uint32_t limit_s;
    int r;

    if (p < 0)
        return req->partition[0]
                   ? err_set(err, -ENOENT, "no partition %s here", req->partition)
                   : err_set(err, -ENOENT, "no default partition here");
    part = &s->partitions[p].p;
    if (req->reservation[0]) {
        p = reservation_part(s, req->reservation);
        if (p < 0)
            return err_set(err, -ENOENT, "no reservation %s here", req->reservation);
    }
    limit_s = req->time_limit_s ? req->time_limit_s : part->default_time_s;
    if (!limit_s)
        limit_s = part->max_time_s;
    if (part->max_time_s && limit_s > part->max_time_s)
        return too_long(part, limit_s, err);
    if (p >= PARTITIONS_MAX && limit_s > s->partitions[p].p.max_time_s)
        return too_long(&s->partitions[p].p, limit_s, err);
    if (part->max_nodes && req->min_nodes > part->max_nodes)
        return err_set(err, -E2BIG, "%u nodes asked, partition %s allows %u per job",
                       req->min_nodes, part->name, part->max_nodes);
    part = &s->partitions[p].p;
    e = extent_of(s, (uint32_t)p, req);
    r = plain_limits(&e, req, part->name, err);
    if (r < 0)
        return r;
    if (!nodes_fit(&s->nodes, req, UINT32_C(1) << p, NODES_ALL))
        return err_set(
            err, -E2BIG,
            "%u tasks of %u cores do not fit on the nodes of partition %s with "
            "the memory, GPUs and nodes asked",
            req->n_tasks, req->cpus_per_task, part->name);
    *ret_limit_s = limit_s ? limit_s : DURATION_UNLIMITED;
    return p;
}

int sched_fits(struct sched *s, const struct request *req, struct err *err)
{
    uint32_t limit_s;
    int r = fits_partition(s, req, &limit_s, err);

    return r < 0 ? r : 0;
}

/* Whole nodes count for an exclusive job: as many of the largest as its tasks fill. */
uint32_t plan_cores(const struct sched *s,
                    const struct request *req,
                    uint32_t partition)
{
    uint64_t cores = request_cores(req);

    if (req->exclusive) {
        struct extent e = extent_of(s, partition, req);
        uint32_t per = request_tasks_on(req, e.most.cores, e.most.bytes);
        uint64_t n = per ? (req->n_tasks + per - 1) / per : 1;

        n = MAX(n, (uint64_t)req->min_nodes) * e.most.cores;
        cores = MIN(n, e.cores);
    }
    return (uint32_t)MIN(cores, (uint64_t)UINT32_MAX);
}
