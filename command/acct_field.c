/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* acct_field - the columns of facct: sacct's names, and our own */
#include "config.h"

#include "command/acct_field.h"

#include <inttypes.h>

#include "base/measure.h"
#include "command/job_map.h"
#include "command/job_text.h"

#include "base/banned.h"

static const struct job_row *of(const void *row)
{
    return row;
}

static void put_long(uint64_t seconds, struct buf *b)
{
    char text[DURATION_TEXT_MAX];

    buf_puts(b, duration_text(seconds, text));
}

static void put_elapsed(const void *row, struct buf *b)
{
    put_long(job_row_elapsed_s(row), b);
}

static void put_elapsed_raw(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, job_row_elapsed_s(row));
}

/* sacct: cancelled jobs say by whom. */
static void put_state(const void *row, struct buf *b)
{
    const struct holding *h = &of(row)->job;

    job_put_state(row, b);
    if (h->state == JOB_CANCELLED && h->cancelled_by[0])
        buf_printf(b, " by %s", h->cancelled_by);
}

static void put_start(const void *row, struct buf *b)
{
    put_time(of(row)->job.started, "Unknown", b);
}

static void put_eligible(const void *row, struct buf *b)
{
    const struct holding *h = &of(row)->job;

    put_time(h->begin.us ? h->begin : h->submitted, "Unknown", b);
}

static void put_limit(const void *row, struct buf *b)
{
    uint32_t s = of(row)->job.request.time_limit_s;

    if (s)
        put_long(s, b);
    else
        buf_puts(b, "Partition_Limit");
}

static void put_limit_raw(const void *row, struct buf *b)
{
    uint32_t s = of(row)->job.request.time_limit_s;

    if (s == DURATION_UNLIMITED)
        buf_puts(b, "UNLIMITED");
    else
        buf_printf(b, "%" PRIu32, (s + 59) / 60);
}

/* Cores × time, exact once the run has ended. */
static uint64_t core_s(const struct job_row *r)
{
    if (r->job.usage.core_s)
        return r->job.usage.core_s;
    return r->job.started.us ? job_row_cores(r) * job_row_elapsed_s(r) : 0;
}

static void put_cpu_time(const void *row, struct buf *b)
{
    put_long(core_s(row), b);
}

static void put_cpu_time_raw(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, core_s(row));
}

/* sacct: [D-]HH:MM:SS from an hour on, MM:SS.mmm below. */
static void put_total_cpu(const void *row, struct buf *b)
{
    uint64_t us = of(row)->job.usage.cpu_us;
    uint64_t s = us / 1000000;

    if (s >= 3600)
        put_long(s, b);
    else
        buf_printf(b, "%02u:%02u.%03u", (unsigned)(s / 60), (unsigned)(s % 60),
                   (unsigned)(us / 1000 % 1000));
}

static void put_max_rss(const void *row, struct buf *b)
{
    uint64_t bytes = of(row)->job.usage.max_rss_bytes;

    if (bytes)
        buf_printf(b, "%" PRIu64 "K", bytes / 1024);
}

static void put_req_mem(const void *row, struct buf *b)
{
    const struct request *q = &of(row)->job.request;
    uint64_t bytes = q->mem_cpu_bytes ? q->mem_cpu_bytes : q->mem_node_bytes;

    buf_printf(b, "%" PRIu64 "M%s", bytes >> 20, q->mem_cpu_bytes ? "c" : "");
}

static void put_req_cpus(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu64, request_cores(&of(row)->job.request));
}

static void put_units(const void *row, struct buf *b)
{
    put_milli(of(row)->job.usage.milli, b);
}

static void put_alloc_tres(const void *row, struct buf *b)
{
    const struct usage *u = &of(row)->job.usage;

    if (of(row)->job.started.us == 0)
        return;
    buf_printf(b, "billing=%" PRIu32 ",cpu=%" PRIu32, job_row_cores(row),
               job_row_cores(row));
    if (u->elapsed_s && u->mem_mib_s)
        buf_printf(b, ",mem=%" PRIu64 "M", u->mem_mib_s / u->elapsed_s);
    buf_printf(b, ",node=%" PRIu32, job_row_nodes(row));
}

static void put_reserved(const void *row, struct buf *b)
{
    const struct holding *h = &of(row)->job;
    int64_t from = h->begin.us > h->submitted.us ? h->begin.us : h->submitted.us;
    int64_t to = h->started.us ? h->started.us
                 : h->ended.us ? h->ended.us
                               : of(row)->now.us;

    put_long(to > from ? (uint64_t)((to - from) / US_PER_S) : 0, b);
}

static void put_empty(const void *row, struct buf *b)
{
    (void)row;
    (void)b;
}

/* clang-format off */
const struct field acct_fields[] = {
    {"JobID",       "JobID",       0, false, job_put_id},
    {"JobIDRaw",    "JobIDRaw",    0, false, job_put_id},
    {"JobName",     "JobName",     0, true,  job_put_name},
    {"Partition",   "Partition",   0, true,  job_put_partition},
    {"Account",     "Account",     0, true,  job_put_project},
    {"Institution", "Institution", 0, true,  job_put_institution},
    {"AllocCPUS",   "AllocCPUS",   0, true,  job_put_n_cores},
    {"AllocNodes",  "AllocNodes",  0, true,  job_put_n_nodes},
    {"AllocTRES",   "AllocTRES",   0, true,  put_alloc_tres},
    {"NCPUS",       "NCPUS",       0, true,  job_put_n_cores},
    {"NNodes",      "NNodes",      0, true,  job_put_n_nodes},
    {"NTasks",      "NTasks",      0, true,  job_put_n_tasks},
    {"ReqCPUS",     "ReqCPUS",     0, true,  put_req_cpus},
    {"ReqMem",      "ReqMem",      0, true,  put_req_mem},
    {"State",       "State",       0, true,  put_state},
    {"ExitCode",    "ExitCode",    0, true,  job_put_exit},
    {"Reason",      "Reason",      0, true,  job_put_reason},
    {"Elapsed",     "Elapsed",     0, true,  put_elapsed},
    {"ElapsedRaw",  "ElapsedRaw",  0, true,  put_elapsed_raw},
    {"Submit",      "Submit",      0, true,  job_put_submit},
    {"Eligible",    "Eligible",    0, true,  put_eligible},
    {"Start",       "Start",       0, true,  put_start},
    {"End",         "End",         0, true,  job_put_end},
    {"Reserved",    "Reserved",    0, true,  put_reserved},
    {"Planned",     "Planned",     0, true,  put_reserved},
    {"Timelimit",   "Timelimit",   0, true,  put_limit},
    {"TimelimitRaw", "TimelimitRaw", 0, true, put_limit_raw},
    {"CPUTime",     "CPUTime",     0, true,  put_cpu_time},
    {"CPUTimeRAW",  "CPUTimeRAW",  0, true,  put_cpu_time_raw},
    {"TotalCPU",    "TotalCPU",    0, true,  put_total_cpu},
    {"MaxRSS",      "MaxRSS",      0, true,  put_max_rss},
    {"NodeList",    "NodeList",    0, true,  job_put_nodes},
    {"User",        "User",        0, true,  job_put_user},
    {"UID",         "UID",         0, true,  job_put_uid},
    {"Person",      "Person",      0, true,  job_put_person},
    {"Cluster",     "Cluster",     0, true,  job_put_center},
    {"Host",        "Host",        0, true,  job_put_center},
    {"Entry",       "Entry",       0, true,  job_put_entry},
    {"Units",       "Units",       0, true,  put_units},
    {"Priority",    "Priority",    0, true,  job_put_priority},
    {"Comm",        "Comm",        0, true,  job_put_comm},
    {"MapSource",   "MapSource",   0, true,  job_put_map_source},
    {"MapMethod",   "MapMethod",   0, true,  job_put_map_method},
    {"MapGain",     "MapGain",     0, true,  job_put_map_gain},
    {"MapCost",     "MapCost",     0, true,  job_put_map_cost},
    {"MapCostDefault", "MapCostDefault", 0, true, job_put_map_usual_cost},
    {"MapLink",     "MapLink",     0, true,  job_put_map_link},
    {"MapLinkDefault", "MapLinkDefault", 0, true, job_put_map_usual_link},
    {"MapCPU",      "MapCPU",      0, true,  job_put_map_cpu},
    {"MapWhy",      "MapWhy",      0, true,  job_put_map_why},
    {"Note",        "Note",        0, true,  job_put_note},
    {"Comment",     "Comment",     0, true,  put_empty},
    {"QOS",         "QOS",         0, true,  put_empty},
    {"DerivedExitCode", "DerivedExitCode", 0, true, job_put_exit},
};
/* clang-format on */
const size_t n_acct_fields = ARRAY_SIZE(acct_fields);

static json_t *times_json(const struct job_row *r)
{
    const struct holding *h = &r->job;

    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "elapsed",
                     (json_int_t)job_row_elapsed_s(r), "submission",
                     (json_int_t)(h->submitted.us / US_PER_S), "start",
                     (json_int_t)(h->started.us / US_PER_S), "end",
                     (json_int_t)(h->ended.us / US_PER_S), "limit_s",
                     (json_int_t)h->request.time_limit_s);
}

static json_t *usage_json(const struct job_row *r)
{
    const struct usage *u = &r->job.usage;

    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "core_s", (json_int_t)u->core_s,
                     "mem_mib_s", (json_int_t)u->mem_mib_s, "gpu_s",
                     (json_int_t)u->gpu_s, "cpu_us", (json_int_t)u->cpu_us,
                     "max_rss_bytes", (json_int_t)u->max_rss_bytes, "milli",
                     (json_int_t)u->milli);
}

json_t *acct_job_json(const struct job_row *r)
{
    const struct holding *h = &r->job;
    json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                          "job_id", (json_int_t)h->id, "name", h->name, "user", h->user,
                          "person", h->person, "account", h->project, "institution",
                          h->institution, "partition", h->request.partition, "cluster",
                          r->center, "entry", r->entry, "nodes", h->nodes);
    json_t *more =
        json_pack("{s:{s:s, s:s}, s:{s:s, s:i, s:i}, s:I, s:I, s:o, s:o, s:s, s:o}",
                  "state", "current", job_state_word(h->state), "reason",
                  job_reason_word(h->reason), "exit_code", "status",
                  h->exit_signal ? "SIGNALED"
                  : h->exit_code ? "ERROR"
                                 : "SUCCESS",
                  "return_code", (int)h->exit_code, "signal", (int)h->exit_signal,
                  "allocation_nodes", (json_int_t)job_row_nodes(r), "cpus",
                  (json_int_t)job_row_cores(r), "time", times_json(r), "usage",
                  usage_json(r), "note", h->note, "rank_map", job_map_json(r));

    if (o && more)
        (void)json_object_update(o, more);
    json_decref(more);
    return o;
}
