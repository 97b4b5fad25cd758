/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* witness - checkpoints of this and other centers, and who has signed that it saw them
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "store/store_int.h"

#include "base/banned.h"

static const char read_checkpoints[] =
    "SELECT origin, size, at, text, signature FROM checkpoint"
    " WHERE (?1 = '' OR origin = ?1) AND size >= ?2 ORDER BY origin, size LIMIT ?3";
static const char read_last[] =
    "SELECT origin, size, at, text, signature FROM checkpoint"
    " WHERE origin = ?1 ORDER BY size DESC LIMIT 1";
static const char read_witnesses[] =
    "SELECT witness, at, signature FROM witness WHERE origin = ?1 AND size = ?2"
    " ORDER BY witness";

static void row_of(sqlite3_stmt *st, struct signed_checkpoint *c)
{
    *c = (struct signed_checkpoint){.size = (uint64_t)sqlite3_column_int64(st, 1),
                                    .at = {sqlite3_column_int64(st, 2)}};
    sql_copy(st, 0, c->origin, sizeof(c->origin));
    sql_copy(st, 3, c->text, sizeof(c->text));
    sql_copy(st, 4, c->signature, sizeof(c->signature));
}

int store_each_checkpoint(struct store *s,
                          const char *origin,
                          uint64_t from_size,
                          uint32_t limit,
                          int (*each)(const struct signed_checkpoint *c, void *arg),
                          void *arg,
                          struct err *err)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(s->reader.db, read_checkpoints, &st, err);
    int rc = SQLITE_DONE;

    if (r < 0)
        return r;
    (void)sqlite3_bind_text(st, 1, origin, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 2, (int64_t)MIN(from_size, (uint64_t)INT64_MAX));
    (void)sqlite3_bind_int64(st, 3, (int64_t)limit);
    while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct signed_checkpoint c;

        row_of(st, &c);
        r = each(&c, arg);
    }
    if (r == 0 && rc != SQLITE_DONE)
        r = sql_fail(s->reader.db, rc, "cannot read checkpoints", err);
    (void)sqlite3_finalize(st); /* read only */
    return r;
}

int store_last_checkpoint(struct store *s,
                          const char *origin,
                          struct signed_checkpoint *ret_c)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(s->reader.db, read_last, &st, NULL);

    if (r < 0)
        return r;
    (void)sqlite3_bind_text(st, 1, origin, -1, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW)
        row_of(st, ret_c);
    else
        r = -ENOENT;
    (void)sqlite3_finalize(st); /* read only */
    return r;
}

struct wanted {
    uint64_t size;
    struct signed_checkpoint *c;
};

static int take_wanted(const struct signed_checkpoint *c, void *arg)
{
    struct wanted *w = arg;

    if (c->size != w->size)
        return -ENOENT;
    *w->c = *c;
    return 1;
}

int store_get_checkpoint(struct store *s,
                         const char *origin,
                         uint64_t size,
                         struct signed_checkpoint *ret_c)
{
    struct wanted w = {size, ret_c};
    int r = store_each_checkpoint(s, origin, size, 1, take_wanted, &w, NULL);

    return r == 1 ? 0 : r < 0 ? r : -ENOENT;
}

int store_each_witness(
    struct store *s,
    const char *origin,
    uint64_t size,
    int (*each)(const char *witness, struct wall at, const char *signature, void *arg),
    void *arg,
    struct err *err)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(s->reader.db, read_witnesses, &st, err);
    int rc = SQLITE_DONE;

    if (r < 0)
        return r;
    (void)sqlite3_bind_text(st, 1, origin, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(st, 2, (int64_t)size);
    while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
        r = each(sql_text(st, 0), (struct wall){sqlite3_column_int64(st, 1)},
                 sql_text(st, 2), arg);
    if (r == 0 && rc != SQLITE_DONE)
        r = sql_fail(s->reader.db, rc, "cannot read who signed", err);
    (void)sqlite3_finalize(st); /* read only */
    return r;
}

int store_last_witness(struct store *s,
                       const char *origin,
                       const char *witness,
                       uint64_t *ret_size)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(s->reader.db,
                        "SELECT size FROM witness WHERE origin = ?1 AND witness = ?2"
                        " ORDER BY size DESC LIMIT 1",
                        &st, NULL);

    if (r < 0)
        return r;
    (void)sqlite3_bind_text(st, 1, origin, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(st, 2, witness, -1, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW)
        *ret_size = (uint64_t)sqlite3_column_int64(st, 0);
    else
        r = -ENOENT;
    (void)sqlite3_finalize(st); /* read only */
    return r;
}
