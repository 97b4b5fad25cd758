/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fcontrol_job - all about a job as KEY=VALUE, in the order that scontrol prints it
 *
 * Scripts cut these lines with grep and sed: keys stay as they are, new ones come at
 * the end of a line or on a line of their own.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "command/desk.h"
#include "command/fcontrol.h"
#include "command/job_map.h"
#include "command/job_row.h"
#include "command/job_text.h"
#include "command/say.h"
#include "model/job_id.h"

#include "base/banned.h"

#define LINE_MAX_BYTES 4096

static const struct holding *job_of(const void *row)
{
    return &((const struct job_row *)row)->job;
}

static void put_or_null(const char *text, struct buf *b)
{
    buf_puts(b, text[0] ? text : "(null)");
}

static void put_duration(uint64_t seconds, struct buf *b)
{
    char text[DURATION_TEXT_MAX];

    buf_puts(b, duration_text(seconds, text));
}

static void put_user(const void *row, struct buf *b)
{
    buf_printf(b, "%s(%" PRIu32 ")", job_of(row)->user, job_of(row)->uid);
}

static void put_flag(bool on, struct buf *b)
{
    buf_putc(b, on ? '1' : '0');
}

static void put_requeue(const void *row, struct buf *b)
{
    put_flag(job_of(row)->requeue, b);
}

static void put_held(const void *row, struct buf *b)
{
    put_flag(job_of(row)->held, b);
}

static void put_restarts(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, job_of(row)->restarts);
}

static void put_run_time(const void *row, struct buf *b)
{
    put_duration(job_row_elapsed_s(row), b);
}

static void put_limit(const void *row, struct buf *b)
{
    uint32_t s = job_of(row)->request.time_limit_s;

    if (s == DURATION_UNLIMITED || s == 0)
        job_put_limit(row, b);
    else
        put_duration(s, b);
}

static void put_eligible(const void *row, struct buf *b)
{
    const struct holding *h = job_of(row);

    put_time(h->begin.us > h->submitted.us ? h->begin : h->submitted, "Unknown", b);
}

/* The start, or the estimate of it while the job waits. */
static void put_start(const void *row, struct buf *b)
{
    const struct job_row *r = row;
    struct wall t = r->job.started;

    if (t.us == 0 && r->job.state == JOB_PENDING && r->estimate_s >= 0)
        t.us = r->now.us + r->estimate_s * US_PER_S;
    put_time(t, "Unknown", b);
}

/* The end, or the latest there may be while the job runs. */
static void put_end(const void *row, struct buf *b)
{
    const struct holding *h = job_of(row);
    uint32_t limit = h->request.time_limit_s;
    struct wall t = h->ended;

    if (t.us == 0 && h->started.us && limit && limit != DURATION_UNLIMITED)
        t.us = h->started.us + (int64_t)limit * US_PER_S;
    put_time(t, "Unknown", b);
}

static void put_partition(const void *row, struct buf *b)
{
    put_or_null(job_of(row)->request.partition, b);
}

static void put_nodes(const void *row, struct buf *b)
{
    put_or_null(job_of(row)->nodes, b);
}

static void put_memory_node(const void *row, struct buf *b)
{
    char text[SIZE_TEXT_MAX];

    buf_puts(b, size_text(job_of(row)->request.mem_node_bytes, text));
}

static void put_memory_cpu(const void *row, struct buf *b)
{
    char text[SIZE_TEXT_MAX];

    buf_puts(b, size_text(job_of(row)->request.mem_cpu_bytes, text));
}

static void put_gpus(const void *row, struct buf *b)
{
    uint32_t n = job_of(row)->request.gpus_per_node;

    if (n)
        buf_printf(b, "gres:gpu:%" PRIu32, n);
    else
        buf_puts(b, "(null)");
}

static void put_oversubscribe(const void *row, struct buf *b)
{
    buf_puts(b, job_of(row)->request.exclusive ? "NO" : "OK");
}

static void put_center(const void *row, struct buf *b)
{
    put_or_null(((const struct job_row *)row)->center, b);
}

static void put_entry(const void *row, struct buf *b)
{
    put_or_null(((const struct job_row *)row)->entry, b);
}

static void put_asked_centers(const void *row, struct buf *b)
{
    const char *centers = job_of(row)->centers;

    buf_puts(b, centers[0] ? centers : "any");
}

static void put_comm(const void *row, struct buf *b)
{
    put_or_null(job_of(row)->request.comm, b);
}

static void put_map(const void *row, struct buf *b)
{
    if (rank_map_is_set(&job_of(row)->rank_map))
        job_put_map_text(row, b);
    else
        buf_puts(b, "(null)");
}

/* Texts for people may hold blanks: each stands at the end of its line. */
static void put_reason_text(const void *row, struct buf *b)
{
    put_or_null(((const struct job_row *)row)->reason, b);
}

static void put_note(const void *row, struct buf *b)
{
    put_or_null(job_of(row)->note, b);
}

/* clang-format off */
static const struct {
    const char *key;
    void (*put)(const void *row, struct buf *b);
    bool last; /* of its line */
} lines[] = {
    {"JobId",        job_put_id,            false},
    {"JobName",      job_put_name,          true},
    {"UserId",       put_user,              false},
    {"Person",       job_put_person,        false},
    {"Institution",  job_put_institution,   true},
    {"Priority",     job_put_priority,      false},
    {"Account",      job_put_project,       true},
    {"JobState",     job_put_state,         false},
    {"Reason",       job_put_reason,        true},
    {"Requeue",      put_requeue,           false},
    {"Restarts",     put_restarts,          false},
    {"Held",         put_held,              false},
    {"ExitCode",     job_put_exit,          true},
    {"RunTime",      put_run_time,          false},
    {"TimeLimit",    put_limit,             true},
    {"SubmitTime",   job_put_submit,        false},
    {"EligibleTime", put_eligible,          true},
    {"StartTime",    put_start,             false},
    {"EndTime",      put_end,               true},
    {"Partition",    put_partition,         false},
    {"Center",       put_center,            false},
    {"Entry",        put_entry,             false},
    {"ReqCenters",   put_asked_centers,     true},
    {"NodeList",     put_nodes,             true},
    {"NumNodes",     job_put_n_nodes,       false},
    {"NumCPUs",      job_put_n_cores,       false},
    {"NumTasks",     job_put_n_tasks,       false},
    {"CPUs/Task",    job_put_cpus_per_task, true},
    {"MinMemoryNode", put_memory_node,      false},
    {"MinMemoryCPU", put_memory_cpu,        false},
    {"TresPerNode",  put_gpus,              false},
    {"OverSubscribe", put_oversubscribe,    false},
    {"Comm",         put_comm,              true},
    {"RankMap",      put_map,               true},
    {"ReasonText",   put_reason_text,       true},
    {"Note",         put_note,              true},
};
/* clang-format on */

static int print(const struct job_row *row, bool one_line)
{
    struct buf b = BUF_INIT(LINE_MAX_BYTES);

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        buf_printf(&b, "%s=", lines[i].key);
        lines[i].put(row, &b);
        if (!lines[i].last || (one_line && i + 1 < ARRAY_SIZE(lines))) {
            buf_putc(&b, ' ');
            continue;
        }
        sheet_cell(buf_text(&b), 0, false, 0);
        (void)fputs(i + 1 < ARRAY_SIZE(lines) ? "\n   "
                    : one_line                ? "\n"
                                              : "\n\n",
                    stdout); /* say_end() looks */
        if (b.err)
            break;
        buf_clear(&b);
    }
    if (b.err)
        say_error("not enough memory for job %" PRIu64, row->job.id);
    buf_release(&b);
    return b.err ? SAY_ERROR : SAY_OK;
}

struct shown {
    struct words missing; /* ids that were asked for and not seen yet */
    bool one_line;
};

static int show(const struct job_row *row, void *arg)
{
    struct shown *s = arg;
    char id[24];

    (void)snprintf(id, sizeof(id), "%" PRIu64, row->job.id);
    for (size_t i = 0; i < s->missing.n; i++)
        if (!strcmp(s->missing.v[i], id))
            s->missing.v[i][0] = '\0';
    return print(row, s->one_line);
}

/* The ids as typed, and as numbers to tick off. */
static int read_ids(const struct control *a, struct job_filter *f, struct shown *s)
{
    for (size_t i = 0; i < a->n_words; i++) {
        struct err err = {0};

        if (job_filter_ids(f, a->words[i], &err) != 0) {
            say_error("show job: %s", err.text);
            return SAY_ERROR;
        }
    }
    for (size_t i = 0; i < f->ids.n; i++) {
        char text[24];
        uint64_t id = 0;

        (void)job_id_parse(f->ids.v[i], &id, NULL); /* checked above */
        (void)snprintf(text, sizeof(text), "%" PRIu64, id);
        if (!words_has(&s->missing, text) && words_add(&s->missing, text) != 0) {
            say_error("not enough memory for so many jobs");
            return SAY_ERROR;
        }
    }
    return SAY_OK;
}

int control_show_job(const struct control *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct job_filter f;
    struct shown s = {.one_line = a->one_line};
    int code;

    job_filter_init(&f);
    s.missing = WORDS_INIT(f.ids.max, f.ids.max_bytes);
    code = read_ids(a, &f, &s);
    f.all = f.ids.n > 0; /* ended ones too, when they are asked for by name */
    f.entry = true;
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = job_rows(c, &f, show, &s);
    for (size_t i = 0; code != SAY_TEMPORARY && c && i < s.missing.n; i++)
        if (s.missing.v[i][0]) {
            say_error("job %s is not known", s.missing.v[i]);
            code = code ? code : SAY_ERROR;
        }
    words_release(&s.missing);
    job_filter_release(&f);
    return code;
}
