/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_text - the words of a job that fqueue and facct both print */
#include "config.h"

#include "command/job_text.h"

#include <inttypes.h>

#include "base/measure.h"
#include "command/job_row.h"

#include "base/banned.h"

static const struct holding *job_of(const void *row)
{
    return &((const struct job_row *)row)->job;
}

void put_milli(int64_t milli, struct buf *b)
{
    uint64_t n = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;

    buf_printf(b, "%s%" PRIu64 ".%03u", milli < 0 ? "-" : "", n / 1000,
               (unsigned)(n % 1000));
}

void put_brief_duration(uint64_t seconds, struct buf *b)
{
    uint64_t days = seconds / 86400;
    unsigned s = (unsigned)(seconds % 86400);

    if (seconds == DURATION_UNLIMITED)
        buf_puts(b, "UNLIMITED");
    else if (days)
        buf_printf(b, "%" PRIu64 "-%02u:%02u:%02u", days, s / 3600, s / 60 % 60,
                   s % 60);
    else if (s >= 3600)
        buf_printf(b, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    else
        buf_printf(b, "%u:%02u", s / 60, s % 60);
}

void put_time(struct wall t, const char *missing, struct buf *b)
{
    char text[TIME_TEXT_MAX];

    buf_puts(b, t.us ? wall_text(t, false, text) : missing);
}

void job_put_id(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, job_of(row)->id);
}

void job_put_name(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->name);
}

void job_put_user(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->user);
}

void job_put_uid(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_of(row)->uid);
}

void job_put_person(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->person);
}

void job_put_institution(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->institution);
}

void job_put_project(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->project);
}

void job_put_partition(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->request.partition);
}

void job_put_center(const void *row, struct buf *b)
{
    buf_puts(b, ((const struct job_row *)row)->center);
}

void job_put_entry(const void *row, struct buf *b)
{
    buf_puts(b, ((const struct job_row *)row)->entry);
}

void job_put_state(const void *row, struct buf *b)
{
    buf_puts(b, job_state_word(job_of(row)->state));
}

void job_put_state_short(const void *row, struct buf *b)
{
    buf_puts(b, job_state_short(job_of(row)->state));
}

void job_put_reason(const void *row, struct buf *b)
{
    buf_puts(b, job_reason_word(job_of(row)->reason));
}

void job_put_nodes(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->nodes);
}

void job_put_nodes_or_reason(const void *row, struct buf *b)
{
    const struct holding *h = job_of(row);

    if (h->nodes[0] && h->state != JOB_PENDING)
        buf_puts(b, h->nodes);
    else
        buf_printf(b, "(%s)", job_reason_word(h->reason));
}

void job_put_n_nodes(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_row_nodes(row));
}

void job_put_n_cores(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_row_cores(row));
}

void job_put_n_tasks(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_of(row)->request.n_tasks);
}

void job_put_cpus_per_task(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_of(row)->request.cpus_per_task);
}

void job_put_memory(const void *row, struct buf *b)
{
    const struct request *r = &job_of(row)->request;
    char text[SIZE_TEXT_MAX];

    if (r->mem_cpu_bytes)
        buf_printf(b, "%sc", size_text(r->mem_cpu_bytes, text));
    else
        buf_puts(b, size_text(r->mem_node_bytes, text));
}

void job_put_limit(const void *row, struct buf *b)
{
    uint32_t s = job_of(row)->request.time_limit_s;

    if (s)
        put_brief_duration(s, b);
    else
        buf_puts(b, "Partition_Limit");
}

void job_put_submit(const void *row, struct buf *b)
{
    put_time(job_of(row)->submitted, "N/A", b);
}

void job_put_begin(const void *row, struct buf *b)
{
    put_time(job_of(row)->begin, "N/A", b);
}

void job_put_end(const void *row, struct buf *b)
{
    put_time(job_of(row)->ended, "Unknown", b);
}

void job_put_exit(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRId32 ":%" PRId32, job_of(row)->exit_code,
               job_of(row)->exit_signal);
}

void job_put_priority(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_of(row)->priority);
}

void job_put_comm(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->request.comm);
}

void job_put_note(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->note);
}
