/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* request - the resources that a job asks for */
#include "config.h"

#include "model/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"

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

int request_set_gpus(struct request *r, const char *text, struct err *err)
{
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    char type[GPU_TYPE_CAP] = "";
    uint32_t n;
    int k;

    if (len >= sizeof(type))
        return err_set(err, -EINVAL, "'%.60s': a type of GPU has at most %d letters",
                       text, GPU_TYPE_CAP - 1);
    memcpy(type, text, len);
    if (colon && !word_is_name(type, sizeof(type) - 1))
        return err_set(err, -EINVAL, "'%.60s' is not a number of GPUs: use N or TYPE:N",
                       text);
    k = measure_u32(colon ? colon + 1 : text, 0, GPUS_MAX, &n, err);
    if (k < 0)
        return k;
    r->gpus_per_node = n;
    memcpy(r->gpu_type, type, sizeof(type));
    return 0;
}

int request_set_gres(struct request *r, const char *text, struct err *err)
{
    char one[GPU_TYPE_CAP + 2];

    if (!strcmp(text, "none"))
        return request_set_gpus(r, "0", err);
    if (!strcmp(text, "gpu"))
        return request_set_gpus(r, "1", err);
    if (strncmp(text, "gpu:", 4) != 0 || strchr(text, ','))
        return err_set(err, -EINVAL,
                       "'%.60s': only gpu, gpu:N and gpu:TYPE:N are known here (no "
                       "other resource)",
                       text);
    text += 4;
    if (!strchr(text, ':') && word_is_name(text, GPU_TYPE_CAP - 1)
        && strspn(text, "0123456789") < strlen(text)) {
        (void)snprintf(one, sizeof(one), "%.15s:1", text); /* a type alone */
        return request_set_gpus(r, one, err);
    }
    return request_set_gpus(r, text, err);
}

bool request_likes_gpus(const struct request *r, const char *type)
{
    return r->gpus_per_node == 0 || !r->gpu_type[0] || !strcmp(r->gpu_type, type);
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
    if (r->gpus_per_node > GPUS_MAX)
        return err_set(err, -EINVAL, "GPUs per node must be at most %d, not %u",
                       GPUS_MAX, r->gpus_per_node);
    if (!mul_ok(r->mem_cpu_bytes, (uint64_t)r->cpus_per_task * r->n_tasks, &bytes))
        return err_set(err, -EINVAL, "memory per cpu is too large");
    return 0;
}
