/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_order - what a node is told to run, and which rank goes where
 *
 * With --comm the map of ranks is lib/place's; without it ranks fill the nodes in
 * order. Told (synthetic) nodes get a host list, line i the node of rank i; real ones
 * a host list with slots and a rankfile.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/number.h"
#include "engine/local_int.h"
#include "place/place.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define MAP_MAX (8u << 20)
#define MAP_US (20 * US_PER_S / 1000) /* a map that takes longer is taken as it is */

static bool expired(void *arg)
{
    const int64_t *until_us = arg;

    return now_read().mono.us > *until_us;
}

static int machine_of(const struct local_job *j,
                      struct machine **ret_m,
                      struct err *err)
{
    _cleanup_(freep) struct machine_node *nodes = calloc(j->n_parts, sizeof(*nodes));
    _cleanup_(freep) struct node_shape *shapes = calloc(j->n_parts, sizeof(*shapes));

    if (!nodes || !shapes)
        return -ENOMEM;
    for (size_t i = 0; i < j->n_parts; i++) {
        shapes[i] =
            (struct node_shape){.n_domains = 1, .cores = &j->parts[i].node->cores};
        nodes[i] = (struct machine_node){
            .name = j->parts[i].node->name, .leaf = MACHINE_NONE, .shape = &shapes[i]};
    }
    return machine_new_tree(NULL, 0, nodes, (uint32_t)j->n_parts, NULL, 0, ret_m, err);
}

/* The job's cores, as the machine numbers them. */
static uint32_t *cores_of(const struct local_job *j, const struct machine *m)
{
    uint32_t *cores = calloc(j->usage.n_cores ? j->usage.n_cores : 1, sizeof(*cores));
    size_t n = 0;

    for (size_t i = 0; cores && i < j->n_parts; i++) {
        uint32_t node = machine_node_find(m, j->parts[i].node->name);
        uint32_t first = machine_node_first(m, node);

        for (uint32_t c = 0; c < j->parts[i].cores; c++)
            cores[n++] = first + j->parts[i].cpus[c];
    }
    return cores;
}

static int map_ranks(const struct local_job *j,
                     struct buf *hosts,
                     struct buf *ranks,
                     bool fake,
                     struct err *err)
{
    int64_t until_us = now_read().mono.us + MAP_US;
    struct place_problem p = {.n_ranks = j->request.n_tasks,
                              .n_cores = j->usage.n_cores,
                              .cpus_per_rank = j->request.cpus_per_task,
                              .effort = PLACE_FAST,
                              .seed = j->id,
                              .slack = 0.01,
                              .expired = expired,
                              .expired_arg = &until_us};
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(pattern_freep) struct pattern *pattern = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    struct place_result result;
    int r = machine_of(j, &m, err);

    if (!r)
        r = pattern_parse(j->request.comm[0] ? j->request.comm : "none",
                          j->request.n_tasks, &pattern, err);
    if (r)
        return r;
    cores = cores_of(j, m);
    if (!cores)
        return -ENOMEM;
    p.machine = m;
    p.pattern = pattern;
    p.cores = cores;
    r = place_map(&p, &result, err);
    if (r)
        return r;
    if (fake)
        place_render_hostfile(m, &result, hosts);
    else
        place_render_rankfile(m, &result, false, ranks);
    place_result_release(&result);
    return 0;
}

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

        for (uint32_t c = 0; c < p->cores; c++)
            (void)json_array_append_new(cpus, json_integer((json_int_t)p->cpus[c]));
        (void)json_array_append_new(/* the node refuses an order without nodes */
                                    table,
                                    json_pack("{s:s, s:i, s:i, s:I, s:s, s:o}", "name",
                                              p->node->name, "cores", (int)p->cores,
                                              "tasks", (int)p->tasks, "bytes",
                                              (json_int_t)p->bytes, "launch",
                                              p->node->launch, "cpus", cpus));
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
    struct err why = {0};
    const char *partition = s->spec->request.partition;
    const struct partition *p = site_partition(j->e->q.site, partition);
    uint64_t mem = 0;

    if (map_ranks(j, &hosts, &ranks, fake, &why) && j->request.comm[0])
        buf_printf(&j->note, "--comm: %s; ranks are in node order", err_text(&why, 0));
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
    if (j->order)
        (void)json_object_set_new(j->order, "spec", spec); /* missing: refused there */
    else
        json_decref(spec);
    buf_release(&hosts);
    buf_release(&ranks);
    return j->order ? 0 : err_set(err, -ENOMEM, "no memory for the order");
}
