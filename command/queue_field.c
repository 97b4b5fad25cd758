/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* queue_field - the columns of fqueue: squeue's letters and long names */
#include "config.h"

#include "command/queue_field.h"

#include <inttypes.h>

#include "base/measure.h"
#include "command/job_map.h"
#include "command/job_text.h"

#include "base/banned.h"

static void put_elapsed(const void *row, struct buf *b)
{
    put_brief_duration(job_row_elapsed_s(row), b);
}

static void put_left(const void *row, struct buf *b)
{
    const struct job_row *r = row;
    uint32_t limit = r->job.request.time_limit_s;
    uint64_t used = job_row_elapsed_s(row);

    if (limit == 0 || job_state_final(r->job.state))
        buf_puts(b, "N/A");
    else if (limit == DURATION_UNLIMITED)
        buf_puts(b, "UNLIMITED");
    else
        put_brief_duration(used < limit ? limit - used : 0, b);
}

/* The start, or the estimate of it while the job waits. */
static struct wall start_of(const struct job_row *r)
{
    if (r->job.started.us || r->job.state != JOB_PENDING || r->estimate_s < 0)
        return r->job.started;
    return (struct wall){(r->now.us / US_PER_S + r->estimate_s) * US_PER_S};
}

static void put_start(const void *row, struct buf *b)
{
    put_time(start_of(row), "N/A", b);
}

/* Nine of ten such jobs have started by then. */
static void put_start_p90(const void *row, struct buf *b)
{
    const struct job_row *r = row;

    if (r->job.state != JOB_PENDING || r->estimate_p90_s < 0)
        buf_puts(b, "N/A");
    else
        put_time((struct wall){(r->now.us / US_PER_S + r->estimate_p90_s) * US_PER_S},
                 "N/A", b);
}

static void put_p90_held(const void *row, struct buf *b)
{
    const struct job_row *r = row;

    if (r->job.state != JOB_PENDING || r->p90_held < 0)
        buf_puts(b, "N/A");
    else
        buf_printf(b, "%d%%", (int)r->p90_held);
}

static void put_end(const void *row, struct buf *b)
{
    const struct job_row *r = row;
    uint32_t limit = r->job.request.time_limit_s;
    struct wall end = r->job.ended;

    if (end.us == 0 && r->job.started.us && limit && limit != DURATION_UNLIMITED)
        end.us = r->job.started.us + (int64_t)limit * US_PER_S;
    put_time(end, "N/A", b);
}

static void put_reason_text(const void *row, struct buf *b)
{
    buf_puts(b, ((const struct job_row *)row)->reason);
}

static void put_na(const void *row, struct buf *b)
{
    (void)row;
    buf_puts(b, "N/A");
}

static void put_null(const void *row, struct buf *b)
{
    (void)row;
    buf_puts(b, "(null)");
}

static void put_oversubscribe(const void *row, struct buf *b)
{
    buf_puts(b, ((const struct job_row *)row)->job.request.exclusive ? "NO" : "OK");
}

static void put_gpus(const void *row, struct buf *b)
{
    uint32_t n = ((const struct job_row *)row)->job.request.gpus_per_node;

    if (n)
        buf_printf(b, "gres:gpu:%" PRIu32, n);
    else
        buf_puts(b, "N/A");
}

static void put_center_or_none(const void *row, struct buf *b)
{
    const char *center = ((const struct job_row *)row)->center;

    buf_puts(b, center[0] ? center : "-");
}

static void put_partition_or_default(const void *row, struct buf *b)
{
    const char *partition = ((const struct job_row *)row)->job.request.partition;

    buf_puts(b, partition[0] ? partition : "(default)");
}

static void put_restarts(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, ((const struct job_row *)row)->job.restarts);
}

/* clang-format off */
const struct field queue_fields[] = {
    {"JobID",         "JOBID",         'i', false, job_put_id},
    {"JobArrayID",    "JOBID",         'A', false, job_put_id},
    {"ArrayJobID",    "ARRAY_JOB_ID",  'F', false, job_put_id},
    {"ArrayTaskID",   "ARRAY_TASK_ID", 'K', false, put_na},
    {"Center",        "CENTER",        'G', false, put_center_or_none},
    {"Cluster",       "CLUSTER",       0,   false, put_center_or_none},
    {"Entry",         "ENTRY",         0,   false, job_put_entry},
    {"Partition",     "PARTITION",     'P', false, put_partition_or_default},
    {"Name",          "NAME",          'j', false, job_put_name},
    {"UserName",      "USER",          'u', false, job_put_user},
    {"UserID",        "USER",          'U', false, job_put_uid},
    {"Person",        "PERSON",        0,   false, job_put_person},
    {"Institution",   "INSTITUTION",   0,   false, job_put_institution},
    {"Account",       "ACCOUNT",       'a', false, job_put_project},
    {"State",         "STATE",         'T', false, job_put_state},
    {"StateCompact",  "ST",            't', false, job_put_state_short},
    {"TimeUsed",      "TIME",          'M', true,  put_elapsed},
    {"TimeLimit",     "TIME_LIMIT",    'l', true,  job_put_limit},
    {"TimeLeft",      "TIME_LEFT",     'L', true,  put_left},
    {"StartTime",     "START_TIME",    'S', false, put_start},
    {"StartP90",      "START_P90",     0,   false, put_start_p90},
    {"P90Held",       "P90_HELD",      0,   true,  put_p90_held},
    {"EndTime",       "END_TIME",      'e', false, put_end},
    {"SubmitTime",    "SUBMIT_TIME",   'V', false, job_put_submit},
    {"EligibleTime",  "ELIGIBLE_TIME", 0,   false, job_put_begin},
    {"NumNodes",      "NODES",         'D', true,  job_put_n_nodes},
    {"NumCPUs",       "CPUS",          'C', true,  job_put_n_cores},
    {"NumTasks",      "TASKS",         0,   true,  job_put_n_tasks},
    {"cpus-per-task", "CPUS_PER_TASK", 0,   true,  job_put_cpus_per_task},
    {"MinCpus",       "MIN_CPUS",      'c', true,  job_put_cpus_per_task},
    {"MinMemory",     "MIN_MEMORY",    'm', true,  job_put_memory},
    {"tres-per-node", "TRES_PER_NODE", 'b', false, put_gpus},
    {"NodeList",      "NODELIST",      'N', false, job_put_nodes},
    {"ReasonList",    "NODELIST(REASON)", 'R', false, job_put_nodes_or_reason},
    {"Reason",        "REASON",        'r', false, job_put_reason},
    {"ReasonText",    "REASON_TEXT",   0,   false, put_reason_text},
    {"OverSubscribe", "OVER_SUBSCRIBE", 'h', false, put_oversubscribe},
    {"PriorityLong",  "PRIORITY",      'Q', true,  job_put_priority},
    {"Priority",      "PRIORITY",      'p', true,  job_put_priority},
    {"exit_code",     "EXIT_CODE",     0,   false, job_put_exit},
    {"RestartCnt",    "RESTART_COUNT", 0,   true,  put_restarts},
    {"Comm",          "COMM",          0,   false, job_put_comm},
    {"MapSource",     "MAP_SOURCE",    0,   false, job_put_map_source},
    {"MapGain",       "MAP_GAIN",      0,   true,  job_put_map_gain},
    {"MapWhy",        "MAP_WHY",       0,   false, job_put_map_why},
    {"Comment",       "COMMENT",       'k', false, put_null},
    {"Dependency",    "DEPENDENCY",    'E', false, put_null},
    {"Feature",       "FEATURES",      'f', false, put_null},
    {"QOS",           "QOS",           'q', false, put_na},
    {"Reservation",   "RESERVATION",   'v', false, put_null},
    {"WCKey",         "WCKEY",         'w', false, put_null},
};
/* clang-format on */
const size_t n_queue_fields = ARRAY_SIZE(queue_fields);

json_t *queue_job_json(const struct job_row *r)
{
    const struct holding *h = &r->job;
    json_t *o = json_pack(
        "{s:I, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "job_id", (json_int_t)h->id,
        "name", h->name, "job_state", job_state_word(h->state), "user_name", h->user,
        "user_id", (int)h->uid, "account", h->project, "institution", h->institution,
        "person", h->person, "partition", h->request.partition);
    json_t *more = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "cluster", r->center, "entry",
        r->entry, "nodes", h->nodes, "state_reason", job_reason_word(h->reason),
        "state_description", r->reason, "submit_time",
        (json_int_t)(h->submitted.us / US_PER_S), "start_time",
        (json_int_t)(start_of(r).us / US_PER_S), "end_time",
        (json_int_t)(h->ended.us / US_PER_S), "exit_code", (json_int_t)h->exit_code);
    json_t *counts =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "node_count",
                  (json_int_t)job_row_nodes(r), "cpus", (json_int_t)job_row_cores(r),
                  "tasks", (json_int_t)h->request.n_tasks, "cpus_per_task",
                  (json_int_t)h->request.cpus_per_task, "time_used_s",
                  (json_int_t)job_row_elapsed_s(r), "priority", (json_int_t)h->priority,
                  "restart_cnt", (json_int_t)h->restarts, "hold", (int)h->held);

    if (o && more && counts) {
        (void)json_object_update(o, more);
        (void)json_object_update(o, counts);
        /* Slurm counts minutes; unlimited is no number. */
        if (h->request.time_limit_s && h->request.time_limit_s != DURATION_UNLIMITED)
            (void)json_object_set_new(
                o, "time_limit", json_integer((h->request.time_limit_s + 59) / 60));
        (void)json_object_set_new(o, "estimate_s", json_integer(r->estimate_s));
        (void)json_object_set_new(o, "estimate_p90_s", json_integer(r->estimate_p90_s));
        (void)json_object_set_new(o, "p90_held", json_integer(r->p90_held));
        (void)json_object_set_new(o, "rank_map", job_map_json(r));
    }
    json_decref(more);
    json_decref(counts);
    return o;
}
