/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_map - the words of how a job's ranks lie */
#include "config.h"

#include "command/job_map.h"

#include <inttypes.h>

#include "command/job_row.h"

#include "base/banned.h"

static const struct rank_map *of(const void *row)
{
    return &((const struct job_row *)row)->job.rank_map;
}

static void put_number(const void *row, uint64_t n, struct buf *b)
{
    if (rank_map_is_set(of(row)))
        buf_printf(b, "%" PRIu64, n);
}

void job_put_map_source(const void *row, struct buf *b)
{
    if (rank_map_is_set(of(row)))
        buf_puts(b, rank_map_source_word(of(row)->source));
}

void job_put_map_method(const void *row, struct buf *b)
{
    buf_puts(b, of(row)->method);
}

void job_put_map_gain(const void *row, struct buf *b)
{
    uint32_t n = rank_map_gain(of(row));

    if (rank_map_is_set(of(row)))
        buf_printf(b, "%" PRIu32 ".%" PRIu32 "%%", n / 10, n % 10);
}

void job_put_map_cost(const void *row, struct buf *b)
{
    put_number(row, of(row)->cost, b);
}

void job_put_map_usual_cost(const void *row, struct buf *b)
{
    put_number(row, of(row)->usual_cost, b);
}

void job_put_map_link(const void *row, struct buf *b)
{
    put_number(row, of(row)->link, b);
}

void job_put_map_usual_link(const void *row, struct buf *b)
{
    put_number(row, of(row)->usual_link, b);
}

void job_put_map_cpu(const void *row, struct buf *b)
{
    uint64_t us = of(row)->cpu_us;

    if (rank_map_is_set(of(row)))
        buf_printf(b, "%" PRIu64 ".%06u", us / 1000000, (unsigned)(us % 1000000));
}

void job_put_map_why(const void *row, struct buf *b)
{
    buf_puts(b, of(row)->why);
}

static const char *source_text(enum rank_map_source s)
{
    switch (s) {
    case RANK_MAP_NAMED:
        return "named by --comm";
    case RANK_MAP_PROFILE:
        return "recorded in an earlier run";
    case RANK_MAP_NONE:
    case _RANK_MAP_SOURCE_MAX:
        break;
    }
    return "not known";
}

void job_put_map_text(const void *row, struct buf *b)
{
    const struct rank_map *m = of(row);

    if (!rank_map_is_set(m))
        return;
    buf_printf(b, "traffic %s; ", source_text(m->source));
    if (m->usual_cost)
        buf_printf(b,
                   "cost %" PRIu64 ", in node order %" PRIu64
                   "; most loaded link %" PRIu64 ", in node order %" PRIu64 "; ",
                   m->cost, m->usual_cost, m->link, m->usual_link);
    buf_printf(b, "%s; ", m->why);
    job_put_map_cpu(row, b);
    buf_puts(b, " s of CPU");
}

json_t *job_map_json(const void *row)
{
    const struct rank_map *m = of(row);

    if (!rank_map_is_set(m))
        return json_null();
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "source",
                     rank_map_source_word(m->source), "method", m->method, "cost",
                     (json_int_t)m->cost, "default_cost", (json_int_t)m->usual_cost,
                     "bottleneck", (json_int_t)m->link, "default_bottleneck",
                     (json_int_t)m->usual_link, "gain_permille",
                     (json_int_t)rank_map_gain(m), "cpu_us", (json_int_t)m->cpu_us,
                     "why", m->why);
}
