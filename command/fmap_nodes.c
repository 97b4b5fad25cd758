/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_nodes - fmap nodes: choose nodes from the free ones */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "model/hostlist.h"

#include "fmap.h"

#include "base/banned.h"

/* The free nodes with all that they have; --free not given: all. */
static int load_free(const struct fmap_options *o,
                     const struct machine *m,
                     struct place_free **ret_free,
                     uint32_t *ret_n,
                     struct err *err)
{
    struct words w = WORDS_INIT(PLACE_NODES_MAX, UINT64_C(256) << 20);
    int r = o->free ? hostlist_expand(o->free, &w, err) : 0;
    uint32_t n = o->free ? (uint32_t)w.n : machine_nodes(m);
    struct place_free *f = calloc((size_t)n + 1, sizeof(*f));

    if (r == 0 && !f)
        r = -ENOMEM;
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        uint32_t node = o->free ? machine_node_find(m, w.v[i]) : i;

        if (node == MACHINE_NONE)
            r = err_set(err, -EINVAL, "no node '%.64s' in the topology", w.v[i]);
        else
            f[i] = (struct place_free){.node = node,
                                       .cores = machine_node_size(m, node),
                                       .gpus = UINT32_MAX,
                                       .mem_mib = UINT64_MAX};
    }
    words_release(&w);
    if (r < 0) {
        free(f);
        return r;
    }
    *ret_free = f;
    *ret_n = n;
    return 0;
}

/* --busy: "node seconds" per line. */
static int load_busy(const struct fmap_options *o,
                     const struct machine *m,
                     int64_t **ret_busy,
                     struct err *err)
{
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    struct words lines = WORDS_INIT(PLACE_NODES_MAX, FMAP_FILE_MAX);
    int64_t *busy = calloc((size_t)machine_nodes(m) + 1, sizeof(*busy));
    int r = busy ? fmap_read(o->busy, &b, err) : -ENOMEM;

    if (r == 0)
        r = words_split(&lines, buf_text(&b), "\n");
    for (size_t i = 0; r == 0 && i < lines.n; i++) {
        char *blank = strchr(lines.v[i], ' ');
        uint32_t node;

        if (blank)
            *blank = '\0';
        node = machine_node_find(m, lines.v[i]);
        if (!blank || node == MACHINE_NONE)
            r = err_set(err, -EINVAL, "%.80s:%zu: a line is 'node seconds'", o->busy,
                        i + 1);
        else
            r = measure_i64(blank + 1, 0, INT64_MAX, &busy[node], err);
    }
    words_release(&lines);
    buf_release(&b);
    if (r < 0) {
        free(busy);
        return r;
    }
    *ret_busy = busy;
    return 0;
}

static int write_nodes(const struct fmap_options *o,
                       const struct machine *m,
                       const struct place_nodes_result *r)
{
    struct buf list = BUF_INIT(UINT64_C(256) << 20);
    struct words names = WORDS_INIT(PLACE_NODES_MAX, UINT64_C(256) << 20);
    struct buf b = BUF_INIT(UINT64_C(512) << 20);
    char name[256];
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < r->n_nodes; i++)
        status =
            words_add(&names, machine_node_name(m, r->node[i], name, sizeof(name)));
    hostlist_compress(names.v, names.n, &list);
    if (o->json) {
        buf_puts(&b, "{\"nodes\": ");
        fmap_json_string(&b, buf_text(&list));
        buf_printf(&b,
                   ", \"n_nodes\": %" PRIu32 ", \"leaves\": %" PRIu32
                   ", \"least_leaves\": %" PRIu32 ", \"top_level\": ",
                   r->n_nodes, r->n_leaves, r->least_leaves);
        fmap_json_string(&b, machine_level_name(m, r->top_level, name, sizeof(name)));
        buf_puts(&b, ", \"why\": ");
        fmap_json_string(&b, r->why);
        buf_puts(&b, "}\n");
    } else {
        buf_printf(&b, "%s\n", buf_text(&list));
    }
    if (status == 0)
        status = list.err ? list.err : b.err;
    status = status < 0 ? fmap_fail(NULL, status) : fmap_write(o, &b);
    words_release(&names);
    buf_release(&list);
    buf_release(&b);
    return status;
}

static bool is_quiet(const struct fmap_options *o)
{
    return o->pattern && !strcmp(o->pattern, "none");
}

int fmap_nodes(const struct fmap_options *o)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    _cleanup_(freep) struct place_free *free_nodes = NULL;
    _cleanup_(freep) int64_t *busy = NULL;
    struct fmap_options machine_only = *o;
    struct place_nodes_problem p = {.cpus_per_rank = o->cpus_per_rank,
                                    .n_ranks = o->ranks,
                                    .quiet = is_quiet(o),
                                    .end_s = (int64_t)o->end_s};
    struct place_nodes_result result;
    struct err err = {0};
    uint32_t n_cores;
    int status;
    int r = 0;

    machine_only.nodes = NULL;
    if (o->nodes)
        r = measure_u32(o->nodes, 1, PLACE_NODES_MAX, &p.n_nodes, &err);
    if (r == 0)
        r = fmap_load_machine(&machine_only, &m, &cores, &n_cores, &err);
    if (r == 0)
        r = load_free(o, m, &free_nodes, &p.n_free, &err);
    if (r == 0 && o->busy)
        r = load_busy(o, m, &busy, &err);
    p.machine = m;
    p.free = free_nodes;
    p.busy_s = busy;
    if (r == 0)
        r = place_nodes(&p, &result, &err);
    if (r < 0)
        return fmap_fail(&err, r);
    status = write_nodes(o, m, &result);
    place_nodes_release(&result);
    return status;
}
