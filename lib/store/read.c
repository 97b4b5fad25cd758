/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * read - what is durable, through a connection that cannot write
 *
 * Prepared once, short, in the loop's thread. A callback may read other things but
 * not start the same list again; one that returns non-zero ends the list, and the
 * call returns that value.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/number.h"
#include "store/store_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

static const char *const read_sql[] = {
    [READ_OPEN_HOLDINGS] = "SELECT noun FROM holding WHERE final = 0 ORDER BY id",
    [READ_COPIES] = "SELECT noun, id FROM copy ORDER BY id",
    [READ_FACT] = "SELECT value FROM facts WHERE name = ?1",
    [READ_HOLDING] = "SELECT noun FROM holding WHERE id = ?1",
    [READ_TOKEN] = "SELECT id FROM holding WHERE uid = ?1 AND token = ?2"
                   " AND token <> 0 ORDER BY id DESC LIMIT 1",
    [READ_SPEC] = "SELECT text FROM spec WHERE id = ?1",
    [READ_VIEWS] =
        "SELECT epoch, at, center, rule, text, wait_s, state_age_s, own,"
        " chosen, move_s, debt_s FROM views WHERE job = ?1 ORDER BY epoch, n",
    [READ_HISTORY] = "SELECT at, what FROM history WHERE job = ?1 ORDER BY seq",
    [READ_SUM_RUNS] =
        "SELECT institution, project, person, entry, host, hosted, count(*),"
        " sum(core_s), sum(mem_mib_s), sum(gpu_s), sum(cpu_us), sum(milli)"
        " FROM runs WHERE ended >= ?1 AND ended < ?2"
        " GROUP BY institution, project, person, entry, host, hosted",
    [READ_PROFILE] = "SELECT key, program, institution, project, n_ranks, job, matrix"
                     " FROM profiles WHERE key = ?1",
    [READ_RUNS] =
        "SELECT job, epoch, entry, host, person, institution, project, partition,"
        " state, started, ended, elapsed_s, core_s, mem_mib_s, gpu_s, cpu_us,"
        " max_rss_bytes, n_nodes, n_cores, milli, submitted, queued, restarts,"
        " exit_code, exit_signal, req_nodes, req_cores, req_gpus, req_mem_mib,"
        " time_limit_s, gpu_type, name, nodes FROM runs WHERE hosted = 1"
        " AND ended >= ?1 AND ended < ?2 AND (ended, job, epoch) > (?3, ?4, ?5)"
        " AND (?6 = '' OR person = ?6) ORDER BY ended, job, epoch LIMIT ?7",
    [READ_ENDED] = "SELECT noun FROM holding WHERE final = 1 AND ended <> 0"
                   " AND ended >= ?1 AND ended < ?2 AND (ended, id) > (?3, ?4)"
                   " ORDER BY ended, id LIMIT ?5",
};
_Static_assert(ARRAY_SIZE(read_sql) == _READ_STMT_MAX, "a text for each");

int reader_open(struct reader *r, const char *path, struct err *err)
{
    int rc =
        sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    int ret = 0;

    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(r->db, 100);
    if (rc != SQLITE_OK)
        return sql_fail(r->db, rc, "cannot open for reading", err);
    for (int i = 0; ret == 0 && i < _READ_STMT_MAX; i++)
        ret = sql_prepare(r->db, read_sql[i], &r->stmts[i], err);
    return ret;
}

void reader_release(struct reader *r)
{
    for (int i = 0; i < _READ_STMT_MAX; i++)
        (void)sqlite3_finalize(r->stmts[i]); /* read only */
    (void)sqlite3_close(r->db);
    *r = (struct reader){0};
}

int read_row(struct store *s, sqlite3_stmt *st, struct err *err)
{
    int rc = sqlite3_step(st);

    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : sql_fail(s->reader.db, rc, "cannot read", err);
}

static json_t *load(sqlite3_stmt *st, int col, struct err *err)
{
    json_error_t where;
    const char *text = sql_text(st, col);
    json_t *o = json_loadb(text, (size_t)sqlite3_column_bytes(st, col), 0, &where);

    if (!o)
        (void)err_set(err, -EBADMSG, "a stored row is damaged: %s", where.text);
    return o;
}

int read_holding(sqlite3_stmt *st, int col, struct holding *h, struct err *err)
{
    json_t *o = load(st, col, err);
    int r = -EBADMSG;

    *h = (struct holding){0};
    if (o)
        r = holding_from_json(o, h, err);
    json_decref(o);
    return r;
}

int store_each_open_holding(struct store *s,
                            holding_fn each,
                            void *arg,
                            struct err *err)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_OPEN_HOLDINGS];
    struct holding h;
    int r;

    while ((r = read_row(s, st, err)) > 0) {
        r = read_holding(st, 0, &h, err);
        if (r == 0)
            r = each(&h, arg);
        if (r)
            return r;
    }
    return r;
}

int store_each_copy(struct store *s, copy_fn each, void *arg, struct err *err)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_COPIES];
    int r;

    while ((r = read_row(s, st, err)) > 0) {
        struct copy c = {0};
        json_t *o = load(st, 0, err);

        r = o ? copy_from_json(o, &c, err) : -EBADMSG;
        json_decref(o);
        if (r < 0)
            return err_prefix(err, r, "copy %lld", sqlite3_column_int64(st, 1));
        r = each(&c, arg);
        if (r)
            return r;
    }
    return r;
}

int store_get_fact(struct store *s, const char *name, uint64_t *ret_value)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_FACT];
    int r;

    (void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
    r = read_row(s, st, NULL);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret_value = (uint64_t)sqlite3_column_int64(st, 0);
    return 0;
}

int store_get_holding(struct store *s, uint64_t id, struct holding *ret_h)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_HOLDING];
    struct holding h;
    int r;

    (void)sqlite3_bind_int64(st, 1, (int64_t)id);
    r = read_row(s, st, NULL);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    r = read_holding(st, 0, &h, NULL);
    if (r == 0)
        *ret_h = h;
    return r;
}

int store_find_token(struct store *s,
                     uint32_t uid,
                     uint64_t client_token,
                     uint64_t *ret_id)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_TOKEN];
    int r;

    (void)sqlite3_bind_int64(st, 1, uid);
    (void)sqlite3_bind_int64(st, 2, (int64_t)client_token);
    r = read_row(s, st, NULL);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret_id = (uint64_t)sqlite3_column_int64(st, 0);
    return 0;
}

int store_get_spec(struct store *s, uint64_t id, struct buf *text)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_SPEC];
    int r;

    (void)sqlite3_bind_int64(st, 1, (int64_t)id);
    r = read_row(s, st, NULL);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    buf_put(text, sql_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    return text->err;
}

int store_get_profile(struct store *s,
                      const char *key,
                      struct profile *ret_p,
                      struct buf *matrix)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_PROFILE];
    struct profile p = {0};
    int r;

    (void)sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
    r = read_row(s, st, NULL);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    sql_copy(st, 0, p.key, sizeof(p.key));
    sql_copy(st, 1, p.program, sizeof(p.program));
    sql_copy(st, 2, p.institution, sizeof(p.institution));
    sql_copy(st, 3, p.project, sizeof(p.project));
    p.n_ranks = (uint32_t)sqlite3_column_int64(st, 4);
    p.job = (uint64_t)sqlite3_column_int64(st, 5);
    buf_put(matrix, sql_text(st, 6), (size_t)sqlite3_column_bytes(st, 6));
    if (!matrix->err)
        *ret_p = p;
    return matrix->err;
}

int store_get_views(
    struct store *s,
    uint64_t id,
    int (*each)(uint32_t epoch, struct wall at, const struct route_view *v, void *arg),
    void *arg)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_VIEWS];
    int r;

    (void)sqlite3_bind_int64(st, 1, (int64_t)id);
    while ((r = read_row(s, st, NULL)) > 0) {
        struct route_view v = {
            .center = (uint32_t)sqlite3_column_int64(st, 2),
            .wait_s = sqlite3_column_int64(st, 5),
            .state_age_s = sqlite3_column_int64(st, 6),
            .own = sqlite3_column_int64(st, 7) != 0,
            .chosen = sqlite3_column_int64(st, 8) != 0,
            .move_s = sqlite3_column_int64(st, 9),
            .debt_s = sqlite3_column_int64(st, 10),
        };
        struct wall at = {sqlite3_column_int64(st, 1)};

        if (!route_rule_parse(sql_text(st, 3), &v.rule))
            return -EBADMSG;
        sql_copy(st, 4, v.text, sizeof(v.text));
        r = each((uint32_t)sqlite3_column_int64(st, 0), at, &v, arg);
        if (r)
            return r;
    }
    return r;
}

int store_get_history(struct store *s,
                      uint64_t id,
                      int (*each)(struct wall at, const char *what, void *arg),
                      void *arg)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_HISTORY];
    int r;

    (void)sqlite3_bind_int64(st, 1, (int64_t)id);
    while ((r = read_row(s, st, NULL)) > 0) {
        r = each((struct wall){sqlite3_column_int64(st, 0)}, sql_text(st, 1), arg);
        if (r)
            return r;
    }
    return r;
}

int store_sum_runs(struct store *s,
                   struct wall since,
                   struct wall until,
                   int (*each)(const struct run_sum *sum, void *arg),
                   void *arg,
                   struct err *err)
{
    _cleanup_(sql_resetp) sqlite3_stmt *st = s->reader.stmts[READ_SUM_RUNS];
    int r;

    (void)sqlite3_bind_int64(st, 1, since.us);
    (void)sqlite3_bind_int64(st, 2, until.us ? until.us : INT64_MAX);
    while ((r = read_row(s, st, err)) > 0) {
        struct run_sum x = {
            .entry = (uint32_t)sqlite3_column_int64(st, 3),
            .host = (uint32_t)sqlite3_column_int64(st, 4),
            .hosted = sqlite3_column_int64(st, 5) != 0,
            .n_runs = (uint64_t)sqlite3_column_int64(st, 6),
            .core_s = (uint64_t)sqlite3_column_int64(st, 7),
            .mem_mib_s = (uint64_t)sqlite3_column_int64(st, 8),
            .gpu_s = (uint64_t)sqlite3_column_int64(st, 9),
            .cpu_us = (uint64_t)sqlite3_column_int64(st, 10),
            .milli = sqlite3_column_int64(st, 11),
        };

        sql_copy(st, 0, x.institution, sizeof(x.institution));
        sql_copy(st, 1, x.project, sizeof(x.project));
        sql_copy(st, 2, x.person, sizeof(x.person));
        r = each(&x, arg);
        if (r)
            return r;
    }
    return r;
}
