/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * schema - the tables, and how an older file becomes a newer one
 *
 * `user_version` is the number of steps that a file has been through. Steps are only
 * ever added at the end; each runs in a transaction of its own together with the new
 * number. Described in docs/store.md.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/journal_int.h"
#include "store/store_int.h"

#include "base/banned.h"

#define APPLICATION_ID 0x484c7575 /* "HLuu" */

static const char first_tables[] =
    "CREATE TABLE holding("
    " id INTEGER PRIMARY KEY, final INTEGER NOT NULL, state TEXT NOT NULL,"
    " user TEXT NOT NULL, institution TEXT NOT NULL, project TEXT NOT NULL,"
    " name TEXT NOT NULL, uid INTEGER NOT NULL, token INTEGER NOT NULL,"
    " submitted INTEGER NOT NULL, ended INTEGER NOT NULL, noun TEXT NOT NULL) STRICT;"
    "CREATE INDEX holding_open ON holding(id) WHERE final = 0;"
    "CREATE INDEX holding_token ON holding(uid, token) WHERE token <> 0;"
    "CREATE INDEX holding_user ON holding(user);"
    "CREATE INDEX holding_project ON holding(project);"
    "CREATE INDEX holding_ended ON holding(ended) WHERE ended <> 0;"
    "CREATE TABLE copy("
    " id INTEGER PRIMARY KEY, state TEXT NOT NULL, holder INTEGER NOT NULL,"
    " institution TEXT NOT NULL, project TEXT NOT NULL, noun TEXT NOT NULL) STRICT;"
    "CREATE TABLE spec(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
    "CREATE TABLE views("
    " job INTEGER NOT NULL, epoch INTEGER NOT NULL, n INTEGER NOT NULL,"
    " at INTEGER NOT NULL, center INTEGER NOT NULL, rule TEXT NOT NULL,"
    " text TEXT NOT NULL, wait_s INTEGER NOT NULL, state_age_s INTEGER NOT NULL,"
    " own INTEGER NOT NULL, chosen INTEGER NOT NULL,"
    " PRIMARY KEY(job, epoch, n)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE history("
    " seq INTEGER PRIMARY KEY, job INTEGER NOT NULL, at INTEGER NOT NULL,"
    " what TEXT NOT NULL) STRICT;"
    "CREATE INDEX history_job ON history(job);"
    "CREATE TABLE postings("
    " seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL,"
    " job INTEGER NOT NULL, epoch INTEGER NOT NULL, \"from\" TEXT NOT NULL,"
    " \"to\" TEXT NOT NULL, milli INTEGER NOT NULL) STRICT;"
    "CREATE TABLE runs("
    " job INTEGER NOT NULL, epoch INTEGER NOT NULL, hosted INTEGER NOT NULL,"
    " entry INTEGER NOT NULL, host INTEGER NOT NULL, person TEXT NOT NULL,"
    " institution TEXT NOT NULL, project TEXT NOT NULL, partition TEXT NOT NULL,"
    " state TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " elapsed_s INTEGER NOT NULL, core_s INTEGER NOT NULL,"
    " mem_mib_s INTEGER NOT NULL, gpu_s INTEGER NOT NULL, cpu_us INTEGER NOT NULL,"
    " max_rss_bytes INTEGER NOT NULL, n_nodes INTEGER NOT NULL,"
    " n_cores INTEGER NOT NULL, milli INTEGER NOT NULL,"
    " PRIMARY KEY(job, epoch, hosted)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX runs_ended ON runs(ended);"
    "CREATE TABLE facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;";

static const char journal_tables[] =
    "CREATE TABLE journal("
    " seq INTEGER PRIMARY KEY, job INTEGER NOT NULL, at INTEGER NOT NULL,"
    " line TEXT NOT NULL) STRICT;"
    "CREATE INDEX journal_job ON journal(job) WHERE job <> 0;"
    "CREATE TABLE journal_head("
    " one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL,"
    " prev BLOB NOT NULL, peaks BLOB NOT NULL) STRICT;"
    "CREATE TABLE journal_tree("
    " level INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL,"
    " PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE checkpoint("
    " origin TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL,"
    " text TEXT NOT NULL, signature TEXT NOT NULL,"
    " PRIMARY KEY(origin, size)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE witness("
    " origin TEXT NOT NULL, size INTEGER NOT NULL, witness TEXT NOT NULL,"
    " at INTEGER NOT NULL, signature TEXT NOT NULL,"
    " PRIMARY KEY(origin, size, witness)) STRICT, WITHOUT ROWID;";

static const char profile_table[] =
    "CREATE TABLE profiles("
    " key TEXT PRIMARY KEY, program TEXT NOT NULL, institution TEXT NOT NULL,"
    " project TEXT NOT NULL, n_ranks INTEGER NOT NULL, job INTEGER NOT NULL,"
    " made INTEGER NOT NULL, used INTEGER NOT NULL, matrix TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;";

/* What a record of a run says besides its usage (docs/reports.md). */
static const char run_columns[] =
    "ALTER TABLE runs ADD COLUMN submitted INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN exit_code INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN exit_signal INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN req_nodes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN req_cores INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN req_gpus INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN req_mem_mib INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN time_limit_s INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN gpu_type TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN name TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN nodes TEXT NOT NULL DEFAULT ''";

/* Step i leads from version i to i + 1. `then` may be NULL. */
static const struct step {
    const char *sql;
    int (*then)(sqlite3 *db, struct err *err);
} steps[] = {
    {first_tables,                                                          NULL         },
    {"ALTER TABLE views ADD COLUMN move_s INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE views ADD COLUMN debt_s INTEGER NOT NULL DEFAULT 0", NULL         },
    {journal_tables,                                                        journal_adopt},
    {profile_table,                                                         NULL         },
    {run_columns,                                                           NULL         },
};

static int pragma_number(sqlite3 *db, const char *sql, int64_t *ret_n, struct err *err)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(db, sql, &st, err);
    int rc;

    if (r < 0)
        return r;
    rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret_n = sqlite3_column_int64(st, 0);
    else
        r = sql_fail(db, rc, sql, err);
    (void)sqlite3_finalize(st); /* read only */
    return r;
}

static int run_step(sqlite3 *db, int64_t version, struct err *err)
{
    const struct step *s = &steps[version];
    char sql[80];
    int r = sql_exec(db, "BEGIN IMMEDIATE", err);

    if (r < 0)
        return r;
    (void)snprintf(sql, sizeof(sql),
                   "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   APPLICATION_ID, (int)version + 1);
    r = sql_exec(db, s->sql, err);
    if (r == 0 && s->then)
        r = s->then(db, err);
    if (r == 0)
        r = sql_exec(db, sql, err);
    if (r == 0)
        r = sql_exec(db, "COMMIT", err);
    if (r < 0 && !sqlite3_get_autocommit(db))
        (void)sql_exec(db, "ROLLBACK", NULL); /* r says what went wrong */
    return r;
}

static int migrate(sqlite3 *db, struct err *err)
{
    int64_t version = 0, application = 0, tables = 0;
    int r = pragma_number(db, "PRAGMA user_version", &version, err);

    if (r == 0)
        r = pragma_number(db, "PRAGMA application_id", &application, err);
    if (r == 0)
        r = pragma_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (r < 0)
        return r;
    if (application != APPLICATION_ID && (application || version || tables))
        return err_set(err, -EINVAL, "this is not a database of Hopluu's");
    if (version < 0 || version > (int64_t)ARRAY_SIZE(steps))
        return err_set(
            err, -ENOTSUP,
            "its tables have version %lld, this program knows up to %zu: use "
            "a newer Hopluu",
            (long long)version, ARRAY_SIZE(steps));
    for (; r == 0 && version < (int64_t)ARRAY_SIZE(steps); version++)
        r = run_step(db, version, err);
    return r;
}

int schema_open(const char *path, sqlite3 **ret_db, struct err *err)
{
    static const char settings[] =
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA cache_size = -8192;" /* KiB; the kernel caches the rest */
        "PRAGMA journal_size_limit = 67108864";
    sqlite3 *db = NULL;
    _cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc, r;

    /* SQLite gives the log and its index the mode of the file: ours, not the umask's.
     */
    if (fd < 0)
        return err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
    rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db, 2000);
    r = rc == SQLITE_OK ? 0 : sql_fail(db, rc, "cannot open it", err);
    if (r == 0) {
        (void)sqlite3_extended_result_codes(db, 1);
        r = migrate(db, err); /* before anything is changed in a stranger's file */
    }
    if (r == 0)
        r = sql_exec(db, settings, err);
    if (r < 0) {
        (void)sqlite3_close(db);
        return err_prefix(err, r, "%s", path);
    }
    *ret_db = db;
    return 0;
}
