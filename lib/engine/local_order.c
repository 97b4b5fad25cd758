/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_order - what a node is told to run
 *
 * Which rank goes where stands in `hosts` and `ranks` (local_map.c). Without a map
 * ranks fill the nodes in order: told (synthetic) nodes get a host list, line i the
 * node of rank i; real ones a host list with slots.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "engine/local_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define MAP_MAX (8u << 20)

/* Ranks fill the nodes in order; also when a pattern cannot be mapped. */
static void block(const struct local_job *j, struct buf *hosts)
{
    for (size_t i = 0; i < j->n_parts; i++)
        for (uint32_t t = 0; t < j->parts[i].tasks; t++)
            buf_printf(hosts, "%s\n", j->parts[i].node->name);
}

static void with_slots(const struct local_job *j, struct buf *hosts)
{
    for (size_t i = 0; i < j->n_parts; i++)
        buf_printf(hosts, "%s slots=%u\n", j->parts[i].node->name, j->parts[i].tasks);
}

static json_t *nodes_table(const struct local_job *j)
{
    json_t *table = json_array();

    for (size_t i = 0; i < j->n_parts; i++) {
        const struct local_part *p = &j->parts[i];
        json_t *cpus = json_array();
        json_t *gpus = json_array();

        for (uint32_t c = 0; c < p->cores; c++)
            (void)json_array_append_new(cpus, json_integer((json_int_t)p->cpus[c]));
        for (uint32_t g = 0; g < GPUS_MAX; g++)
            if (p->gpus & UINT64_C(1) << g)
                (void)json_array_append_new(gpus, json_integer((json_int_t)g));
        (void)json_array_append_new(/* the node refuses an order without nodes */
                                    table,
                                    json_pack("{s:s, s:i, s:i, s:I, s:s, s:o, s:o}",
                                              "name", p->node->name, "cores",
                                              (int)p->cores, "tasks", (int)p->tasks,
                                              "bytes", (json_int_t)p->bytes, "launch",
                                              p->node->launch, "cpus", cpus, "gpus",
                                              gpus));
    }
    return table;
}

/* Told nodes, or several on one host: they have no cores of their own to bind to. */
static bool is_fake(const struct local_job *j)
{
    for (size_t i = 0; i < j->n_parts; i++)
        if (j->parts[i].node->fake
            || (i && !strcmp(j->parts[i].node->host, j->parts[0].node->host)))
            return true;
    return false;
}

int order_make(struct local_job *j,
               const struct engine_start *s,
               uint32_t limit_s,
               struct err *err)
{
    struct buf hosts = BUF_INIT(MAP_MAX);
    struct buf ranks = BUF_INIT(MAP_MAX);
    json_t *spec = job_spec_to_json(s->spec);
    bool fake = is_fake(j);
    const char *partition = s->spec->request.partition;
    const struct partition *p = site_partition(j->e->q.site, partition);
    uint64_t mem = 0;

    map_make(j, s, fake, &hosts, &ranks);
    if (!fake)
        with_slots(j, &hosts);
    else if (hosts.len == 0)
        block(j, &hosts);
    if (s->spec->request.mem_node_bytes || s->spec->request.mem_cpu_bytes)
        mem = j->parts[0].bytes;
    if (spec)
        j->order = json_pack(
            "{s:I, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:I, "
            "s:I, s:I, s:o, s:O*}",
            "id", (json_int_t)s->id, "epoch", (int)s->epoch, "account", s->account,
            "person", s->person, "institution", s->institution, "project", s->project,
            "entry", s->entry ? s->entry : "", "center", j->e->center, "partition",
            p ? p->name : partition, "home", s->home, "fake", fake, "hosts",
            buf_text(&hosts), "ranks", buf_text(&ranks), "limit_s",
            (json_int_t)(limit_s == DURATION_UNLIMITED ? 0 : limit_s), "mem_bytes",
            (json_int_t)mem, "transfer_max", (json_int_t)j->e->transfer_max, "nodes",
            nodes_table(j), "inputs",
            s->home || !s->inputs_dir ? NULL : json_object_get(spec, "inputs"));
    if (j->order && rank_map_is_set(&j->rank_map))
        (void)json_object_set_new(/* missing: not shown after a restart */
                                  j->order, "rank_map", rank_map_to_json(&j->rank_map));
    if (j->order && (j->record || j->rank_map.source == RANK_MAP_PROFILE))
        (void)json_object_set_new(j->order, "watch", json_true()); /* missing: not */
    if (j->order && j->record)
        (void)json_object_set_new(j->order, "record", json_true());
    if (j->order)
        (void)json_object_set_new(j->order, "spec", spec); /* missing: refused there */
    else
        json_decref(spec);
    buf_release(&hosts);
    buf_release(&ranks);
    return j->order ? 0 : err_set(err, -ENOMEM, "no memory for the order");
}
