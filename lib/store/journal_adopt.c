/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * journal_adopt - the book lines of version 2 become the first lines of the journal
 *
 * Version 2 had one row per step and put the center behind every account's name:
 * budget:P@hanoi is now budget:P, hold:JOB@hanoi is hold:JOB.EPOCH. Amounts, order and
 * times stay.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/journal_int.h"
#include "store/store_int.h"

#include "base/banned.h"

static void rename_account(char account[ACCOUNT_CAP], uint64_t job, uint32_t epoch)
{
    char *at = strrchr(account, '@');

    if (!strncmp(account, "avail:", 6))
        return;
    if (!strncmp(account, "hold:", 5))
        (void)snprintf(account, ACCOUNT_CAP, "hold:%llu.%u", (unsigned long long)job,
                       (unsigned)epoch);
    else if (at)
        *at = '\0';
}

static int adopt_rows(sqlite3_stmt *st, struct journal *j, struct err *err)
{
    int rc, r = 0;

    while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct posting p = {
            .at = {sqlite3_column_int64(st, 1)},
            .job = (uint64_t)sqlite3_column_int64(st, 2),
            .epoch = (uint32_t)sqlite3_column_int64(st, 3),
            .milli = sqlite3_column_int64(st, 6),
        };

        if (!posting_kind_parse(sql_text(st, 0), &p.kind))
            return err_set(err, -EBADMSG, "\"%s\" is not a kind of book line",
                           sql_text(st, 0));
        sql_copy(st, 4, p.from, sizeof(p.from));
        sql_copy(st, 5, p.to, sizeof(p.to));
        rename_account(p.from, p.job, p.epoch);
        rename_account(p.to, p.job, p.epoch);
        r = journal_put(j, &p, 1, err);
    }
    return r;
}

int journal_adopt(sqlite3 *db, struct err *err)
{
    sqlite3_stmt *st = NULL;
    struct journal *j = NULL;
    int r = sql_prepare(db,
                        "SELECT kind, at, job, epoch, \"from\", \"to\", milli"
                        " FROM postings ORDER BY seq",
                        &st, err);

    if (r == 0)
        r = journal_open(db, &j, err);
    if (r == 0)
        r = adopt_rows(st, j, err);
    if (r == 0)
        r = journal_close_group(j, err);
    (void)sqlite3_finalize(st); /* read only */
    journal_free(j);
    return r < 0 ? r : sql_exec(db, "DROP TABLE postings", err);
}
