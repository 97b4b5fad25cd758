/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sql - SQLite's codes and columns in our words */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_int.h"

#include "base/banned.h"

int sql_errno(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return -EACCES;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return -EBADMSG;
    case SQLITE_TOOBIG:
        return -E2BIG;
    case SQLITE_INTERRUPT:
        return -EINTR;
    case SQLITE_IOERR:
        return -EIO;
    default:
        return -EINVAL;
    }
}

int sql_fail(sqlite3 *db, int rc, const char *doing, struct err *err)
{
    return err_set(err, sql_errno(rc), "%s: %s", doing,
                   db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
}

int sql_exec(sqlite3 *db, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : sql_fail(db, rc, sql, err);
}

int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_stmt, struct err *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_stmt, NULL);

    return rc == SQLITE_OK ? 0 : sql_fail(db, rc, "cannot prepare a statement", err);
}

const char *sql_text(sqlite3_stmt *st, int col)
{
    const char *text = (const char *)sqlite3_column_text(st, col);

    return text ? text : "";
}

void sql_copy(sqlite3_stmt *st, int col, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "%s", sql_text(st, col)); /* we wrote it: it fits */
}
