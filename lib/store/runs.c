/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * runs - runs and ended jobs, a page at a time, in the order in which they ended
 *
 * The mark is the last one that was seen, so a page costs the same at the start and at
 * the end of ten years, and what ends meanwhile is neither lost nor told twice.
 */
#include "config.h"

#include <errno.h>

#include "store/store_int.h"

#include "base/banned.h"

static uint32_t u32(sqlite3_stmt *st, int col)
{
    int64_t n = sqlite3_column_int64(st, col);

    return n < 0 || n > UINT32_MAX ? 0 : (uint32_t)n;
}

static uint64_t u64(sqlite3_stmt *st, int col)
{
    int64_t n = sqlite3_column_int64(st, col);

    return n < 0 ? 0 : (uint64_t)n;
}

/* Columns in the order of READ_RUNS. 0, -EBADMSG. */
static int read_run(sqlite3_stmt *st, struct stored_run *x)
{
    *x = (struct stored_run){
        .job = u64(st, 0),
        .epoch = u32(st, 1),
        .hosted = true,
        .entry = u32(st, 2),
        .host = u32(st, 3),
        .started = {sqlite3_column_int64(st, 9) },
        .ended = {sqlite3_column_int64(st, 10)},
        .usage = {.elapsed_s = u64(st,     11),
                    .core_s = u64(st, 12),
                    .mem_mib_s = u64(st, 13),
                    .gpu_s = u64(st, 14),
                    .cpu_us = u64(st, 15),
                    .max_rss_bytes = u64(st, 16),
                    .n_nodes = u32(st, 17),
                    .n_cores = u32(st, 18),
                    .milli = sqlite3_column_int64(st, 19)},
        .submitted = {sqlite3_column_int64(st,                    20)         },
        .queued = {sqlite3_column_int64(st,         21)        },
        .restarts = u32(st, 22),
        .exit_code = u32(st, 23),
        .exit_signal = u32(st, 24),
        .req_nodes = u32(st, 25),
        .req_cores = u32(st, 26),
        .req_gpus = u32(st, 27),
        .req_mem_mib = u64(st, 28),
        .time_limit_s = u32(st, 29),
    };
    sql_copy(st, 4, x->person, sizeof(x->person));
    sql_copy(st, 5, x->institution, sizeof(x->institution));
    sql_copy(st, 6, x->project, sizeof(x->project));
    sql_copy(st, 7, x->partition, sizeof(x->partition));
    sql_copy(st, 30, x->gpu_type, sizeof(x->gpu_type));
    sql_copy(st, 31, x->name, sizeof(x->name));
    sql_copy(st, 32, x->nodes, sizeof(x->nodes));
    return job_state_parse(sql_text(st, 8), &x->state) ? 0 : -EBADMSG;
}

int store_each_run(struct store *s,
                   struct wall since,
                   struct wall until,
                   const struct run_mark *after,
                   const char *person,
                   uint32_t limit,
                   int (*each)(const struct stored_run *r, void *arg),
                   void *arg,
                   struct err *err)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_RUNS];
    int r;

    (void)sqlite3_bind_int64(st, 1, since.us);
    (void)sqlite3_bind_int64(st, 2, until.us);
    (void)sqlite3_bind_int64(st, 3, after->ended.us);
    (void)sqlite3_bind_int64(st, 4, (int64_t)after->job);
    (void)sqlite3_bind_int64(st, 5, after->epoch);
    (void)sqlite3_bind_text(st, 6, person ? person : "", -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 7, limit);
    while ((r = read_row(s, st, err)) > 0) {
        struct stored_run x;

        if (read_run(st, &x) < 0)
            return err_set(err, -EBADMSG, "the run of job %llu has no state we know",
                           (unsigned long long)x.job);
        r = each(&x, arg);
        if (r)
            return r;
    }
    return r;
}

int store_each_ended(struct store *s,
                     struct wall since,
                     struct wall until,
                     const struct run_mark *after,
                     uint32_t limit,
                     holding_fn each,
                     void *arg,
                     struct err *err)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_ENDED];
    struct holding h;
    int r;

    (void)sqlite3_bind_int64(st, 1, since.us);
    (void)sqlite3_bind_int64(st, 2, until.us);
    (void)sqlite3_bind_int64(st, 3, after->ended.us);
    (void)sqlite3_bind_int64(st, 4, (int64_t)after->job);
    (void)sqlite3_bind_int64(st, 5, limit);
    while ((r = read_row(s, st, err)) > 0) {
        r = read_holding(st, 0, &h, err);
        if (r == 0)
            r = each(&h, arg);
        if (r)
            return r;
    }
    return r;
}
