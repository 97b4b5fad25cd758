/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_rank - fmap rank: search a map and write it */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/time.h"

#include "fmap.h"

#include "base/banned.h"

static bool expired(void *arg)
{
    const struct mono *end = arg;

    return now_read().mono.us >= end->us;
}

static void write_json(struct buf *b,
                       const struct machine *m,
                       const struct place_result *r,
                       double cpu_s)
{
    char name[64];

    buf_puts(b, "{");
    fmap_json_cost(b, &r->ours);
    buf_puts(b, ",\n \"default\": {");
    fmap_json_cost(b, &r->usual);
    buf_puts(b, "},\n \"levels\": [");
    for (uint32_t l = 0; l <= r->ours.n_levels; l++) {
        buf_puts(b, l ? ", " : "");
        fmap_json_string(b, machine_level_name(m, l, name, sizeof(name)));
    }
    buf_printf(b,
               "],\n \"ranks\": %" PRIu32 ", \"slots\": %" PRIu32
               ", \"cpus_per_rank\": %" PRIu32
               ",\n \"cpu_seconds\": %.6f, \"cut_short\": %s, \"method\": ",
               r->n_ranks, r->n_slots, r->cpus_per_rank, cpu_s,
               r->cut_short ? "true" : "false");
    fmap_json_string(b, r->method);
    buf_puts(b, ", \"why\": ");
    fmap_json_string(b, r->why);
    buf_puts(b, ",\n \"map\": [");
    for (uint32_t u = 0; u < r->n_ranks; u++)
        buf_printf(b, "%s%" PRIu32, u ? "," : "", place_result_core(r, u));
    buf_puts(b, "]}\n");
}

static void write_map(const struct fmap_options *o,
                      const struct machine *m,
                      const struct place_result *r,
                      struct buf *b)
{
    switch (o->output) {
    case OUTPUT_MAP:
        place_render_map(r, b);
        break;
    case OUTPUT_RANKFILE:
    case OUTPUT_PRRTE:
        place_render_rankfile(m, r, o->output == OUTPUT_PRRTE, b);
        break;
    case OUTPUT_HOSTFILE:
        place_render_hostfile(m, r, b);
        break;
    }
}

/* --start holds cores; the search wants slots, which are cores when c is 1. */
static int load_start(const struct fmap_options *o,
                      uint32_t n_ranks,
                      const uint32_t *cores,
                      uint32_t **ret_start,
                      struct err *err)
{
    uint32_t n;
    int r;

    *ret_start = NULL;
    if (!o->start)
        return 0;
    if (o->cpus_per_rank != 1 || cores)
        return err_set(err, -EINVAL,
                       "--start goes with --machine and one core per rank");
    r = fmap_load_numbers(o->start, n_ranks, ret_start, &n, err);
    if (r == 0 && n != n_ranks)
        r = err_set(err, -EINVAL, "%.80s has %" PRIu32 " lines for %" PRIu32 " ranks",
                    o->start, n, n_ranks);
    return r;
}

int fmap_rank(const struct fmap_options *o)
{
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    _cleanup_(freep) uint32_t *start = NULL;
    struct place_result result;
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    struct err err = {0};
    uint32_t n_cores = 0;
    struct mono end = {0};
    double cpu_s;
    int status;
    int r = fmap_load_machine(o, &m, &cores, &n_cores, &err);

    if (r == 0) {
        uint32_t all = (cores ? n_cores : machine_cores(m)) / o->cpus_per_rank;

        r = fmap_load_pattern(o, o->ranks ? o->ranks : o->matrix ? 0 : all, &p, &err);
        if (r < 0 && o->pattern && !o->ranks)
            r = fmap_load_pattern(o, 0, &p, &err);
    }
    if (r == 0)
        r = load_start(o, pattern_ranks(p), cores, &start, &err);
    if (r < 0)
        return fmap_fail(&err, r);
    end.us = now_read().mono.us + (int64_t)(o->deadline_s * 1e6);
    cpu_s = fmap_cpu_s();
    r = place_map(&(struct place_problem){.machine = m,
                                          .cores = cores,
                                          .n_cores = n_cores,
                                          .n_ranks = pattern_ranks(p),
                                          .cpus_per_rank = o->cpus_per_rank,
                                          .pattern = p,
                                          .start = start,
                                          .effort = o->effort,
                                          .seed = o->seed,
                                          .slack = o->slack >= 0 ? o->slack
                                                   : o->capacity ? 0.01
                                                                 : 0,
                                          .expired = o->deadline_s > 0 ? expired : NULL,
                                          .expired_arg = &end},
                  &result, &err);
    if (r < 0)
        return fmap_fail(&err, r);
    cpu_s = fmap_cpu_s() - cpu_s;
    if (o->json)
        write_json(&b, m, &result, cpu_s);
    else
        write_map(o, m, &result, &b);
    status = fmap_write(o, &b);
    buf_release(&b);
    place_result_release(&result);
    return status;
}
