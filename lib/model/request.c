/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* request - the resources that a job asks for */
#include "config.h"

#include "model/request.h"

#include <errno.h>

#include "base/number.h"

#include "base/banned.h"

uint64_t request_cores(const struct request *r)
{
    return (uint64_t)r->n_tasks * r->cpus_per_task;
}

uint32_t request_tasks_on(const struct request *r,
                          uint32_t free_cores,
                          uint64_t free_bytes)
{
    uint32_t n = free_cores / r->cpus_per_task;
    uint64_t task_bytes = r->mem_cpu_bytes * r->cpus_per_task;

    if (r->mem_node_bytes > free_bytes)
        return 0;
    if (task_bytes && free_bytes / task_bytes < n)
        n = (uint32_t)(free_bytes / task_bytes);
    if (r->tasks_per_node && r->tasks_per_node < n)
        n = r->tasks_per_node;
    return n;
}

uint64_t request_node_bytes(const struct request *r, uint32_t tasks)
{
    if (r->mem_node_bytes)
        return r->mem_node_bytes;
    return r->mem_cpu_bytes * r->cpus_per_task * tasks;
}

int request_check(const struct request *r, struct err *err)
{
    uint64_t bytes;

    if (r->n_tasks < 1 || r->n_tasks > 1u << 24)
        return err_set(err, -EINVAL, "number of tasks must be 1 to 16777216, not %u",
                       r->n_tasks);
    if (r->cpus_per_task < 1 || r->cpus_per_task > 65536)
        return err_set(err, -EINVAL, "cpus per task must be 1 to 65536, not %u",
                       r->cpus_per_task);
    if (r->max_nodes && r->min_nodes > r->max_nodes)
        return err_set(err, -EINVAL,
                       "at least %u nodes and at most %u nodes exclude each other",
                       r->min_nodes, r->max_nodes);
    if (r->min_nodes > JOB_NODES_MAX)
        return err_set(err, -EINVAL, "nodes must be at most %u, not %u", JOB_NODES_MAX,
                       r->min_nodes);
    if (r->min_nodes > r->n_tasks)
        return err_set(err, -EINVAL, "%u nodes are more than %u tasks", r->min_nodes,
                       r->n_tasks);
    if (r->tasks_per_node && r->max_nodes
        && (uint64_t)r->tasks_per_node * r->max_nodes < r->n_tasks)
        return err_set(err, -EINVAL,
                       "%u tasks do not fit on %u nodes with %u tasks per node",
                       r->n_tasks, r->max_nodes, r->tasks_per_node);
    if (r->mem_node_bytes && r->mem_cpu_bytes)
        return err_set(err, -EINVAL, "--mem and --mem-per-cpu exclude each other");
    if (!mul_ok(r->mem_cpu_bytes, (uint64_t)r->cpus_per_task * r->n_tasks, &bytes))
        return err_set(err, -EINVAL, "memory per cpu is too large");
    return 0;
}
