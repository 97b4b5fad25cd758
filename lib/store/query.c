/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * query - a job filter as SQL
 *
 * The text has a line for each member that filters, values are always bound. Ids go
 * in as one JSON array, so that their number does not change the statement.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>

#include "store/store_int.h"

#include "base/banned.h"

#define QUERY_BYTES ((size_t)64 << 20) /* of ids as text */

static void add_texts(struct buf *sql, const struct job_filter *f)
{
    buf_puts(sql, "SELECT noun FROM holding WHERE id > ?1");
    if (f->n_ids)
        buf_puts(sql, " AND id IN (SELECT value FROM json_each(?2))");
    if (f->user)
        buf_puts(sql, " AND user = ?3");
    if (f->project)
        buf_puts(sql, " AND project = ?4");
    if (f->institution)
        buf_puts(sql, " AND institution = ?5");
    if (f->name)
        buf_puts(sql, " AND name = ?6");
    if (f->since.us)
        buf_puts(sql, " AND (ended = 0 OR ended >= ?7)");
    if (f->until.us)
        buf_puts(sql, " AND submitted < ?8");
    if (f->states) {
        buf_puts(sql, " AND state IN (''");
        for (int i = 0; i < _JOB_STATE_MAX; i++)
            if (f->states & (UINT32_C(1) << i))
                buf_printf(sql, ", '%s'", job_state_word((enum job_state)i));
        buf_puts(sql, ")");
    }
    buf_puts(sql, " ORDER BY id");
    if (f->limit)
        buf_puts(sql, " LIMIT ?9");
}

static void add_ids(struct buf *ids, const struct job_filter *f)
{
    buf_puts(ids, "[");
    for (size_t i = 0; i < f->n_ids; i++)
        buf_printf(ids, "%s%" PRIu64, i ? "," : "", f->ids[i]);
    buf_puts(ids, "]");
}

static void bind_filter(sqlite3_stmt *st,
                        const struct job_filter *f,
                        const struct buf *ids)
{
    const int64_t after = (int64_t)(f->after_id > INT64_MAX ? INT64_MAX : f->after_id);

    /* A parameter that the text does not have is SQLITE_RANGE: nothing to bind. */
    (void)sqlite3_bind_int64(st, 1, after);
    if (f->n_ids)
        (void)sqlite3_bind_text64(st, 2, ids->data, ids->len, SQLITE_STATIC,
                                  SQLITE_UTF8);
    if (f->user)
        (void)sqlite3_bind_text(st, 3, f->user, -1, SQLITE_STATIC);
    if (f->project)
        (void)sqlite3_bind_text(st, 4, f->project, -1, SQLITE_STATIC);
    if (f->institution)
        (void)sqlite3_bind_text(st, 5, f->institution, -1, SQLITE_STATIC);
    if (f->name)
        (void)sqlite3_bind_text(st, 6, f->name, -1, SQLITE_STATIC);
    if (f->since.us)
        (void)sqlite3_bind_int64(st, 7, f->since.us);
    if (f->until.us)
        (void)sqlite3_bind_int64(st, 8, f->until.us);
    if (f->limit)
        (void)sqlite3_bind_int64(st, 9, f->limit);
}

static int each_row(
    struct store *s, sqlite3_stmt *st, holding_fn each, void *arg, struct err *err)
{
    struct holding h;
    int rc;

    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        int r = read_holding(st, 0, &h, err);

        if (r == 0)
            r = each(&h, arg);
        if (r)
            return r;
    }
    return rc == SQLITE_DONE ? 0 : sql_fail(s->reader.db, rc, "cannot read", err);
}

int store_each_holding(struct store *s,
                       const struct job_filter *f,
                       holding_fn each,
                       void *arg,
                       struct err *err)
{
    struct buf sql = BUF_INIT(4096);
    struct buf ids = BUF_INIT(QUERY_BYTES);
    sqlite3_stmt *st = NULL;
    int r;

    add_texts(&sql, f);
    if (f->n_ids)
        add_ids(&ids, f);
    r = sql.err ? sql.err : ids.err;
    if (r < 0)
        (void)err_set(err, r, "cannot ask for %zu jobs at once", f->n_ids);
    else
        r = sql_prepare(s->reader.db, sql.data, &st, err);
    if (r == 0) {
        bind_filter(st, f, &ids);
        r = each_row(s, st, each, arg, err);
    }
    (void)sqlite3_finalize(st); /* read only */
    buf_release(&sql);
    buf_release(&ids);
    return r;
}
