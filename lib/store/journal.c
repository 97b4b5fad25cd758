/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * journal - postings into chained lines (writer thread)
 *
 * The steps of one transaction come one after the other; each transaction is one line.
 * Beside the lines the file keeps where the journal ends (`journal_head`: size, hash
 * of the last line, peaks of its tree) and the roots of all full subtrees of 256^k
 * lines (`journal_tree`), so that a proof reads a few hundred rows of any journal.
 *
 * Invariant: head, tree and lines change in one transaction; a group that failed leaves
 * all three, here and on disk, as they were.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/chain.h"
#include "store/journal_int.h"
#include "store/store_int.h"

#include "base/banned.h"

enum journal_stmt { ADD_LINE, ADD_TREE, SET_HEAD, _JOURNAL_STMT_MAX };

static const char *const journal_sql[] = {
    [ADD_LINE] = "INSERT INTO journal(seq, job, at, line) VALUES(?1, ?2, ?3, ?4)",
    [ADD_TREE] = "INSERT INTO journal_tree(level, n, hash) VALUES(?1, ?2, ?3)",
    [SET_HEAD] = "INSERT INTO journal_head(one, size, prev, peaks)"
                 " VALUES(1, ?1, ?2, ?3) ON CONFLICT(one) DO UPDATE SET"
                 " size = ?1, prev = ?2, peaks = ?3",
};

struct journal {
    sqlite3 *db;
    sqlite3_stmt *stmts[_JOURNAL_STMT_MAX];
    struct journal_end now;
    struct journal_end durable; /* as of the last commit */
    struct posting steps[TXN_POSTINGS_MAX];
    size_t n_steps;
};

int journal_end_read(sqlite3 *db, struct journal_end *ret_end, struct err *err)
{
    sqlite3_stmt *st = NULL;
    struct journal_end e = {0};
    int r = sql_prepare(db, "SELECT size, prev, peaks FROM journal_head", &st, err);
    int rc;

    if (r < 0)
        return r;
    rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        const void *prev = sqlite3_column_blob(st, 1);
        const void *peaks = sqlite3_column_blob(st, 2);

        if (sqlite3_column_bytes(st, 1) == (int)sizeof(e.chain.prev)
            && sqlite3_column_bytes(st, 2) == (int)sizeof(e.tree.peaks)) {
            e.chain.seq = (uint64_t)sqlite3_column_int64(st, 0);
            memcpy(&e.chain.prev, prev, sizeof(e.chain.prev));
            e.tree.n = e.chain.seq;
            memcpy(e.tree.peaks, peaks, sizeof(e.tree.peaks));
        } else {
            r = err_set(err, -EBADMSG, "the end of the journal is damaged");
        }
    } else if (rc != SQLITE_DONE) {
        r = sql_fail(db, rc, "cannot read the end of the journal", err);
    }
    (void)sqlite3_finalize(st); /* read only */
    if (r == 0)
        *ret_end = e;
    return r;
}

int journal_open(sqlite3 *db, struct journal **ret_journal, struct err *err)
{
    struct journal *j = calloc(1, sizeof(*j));
    int r;

    if (!j)
        return err_set(err, -ENOMEM, "out of memory");
    j->db = db;
    r = journal_end_read(db, &j->now, err);
    for (int i = 0; r == 0 && i < _JOURNAL_STMT_MAX; i++)
        r = sql_prepare(db, journal_sql[i], &j->stmts[i], err);
    j->durable = j->now;
    if (r < 0) {
        journal_free(j);
        return r;
    }
    *ret_journal = j;
    return 0;
}

void *journal_free(struct journal *j)
{
    if (!j)
        return NULL;
    for (int i = 0; i < _JOURNAL_STMT_MAX; i++)
        (void)sqlite3_finalize(j->stmts[i]); /* tells of the last step again */
    free(j);
    return NULL;
}

static int step(struct journal *j, enum journal_stmt which, struct err *err)
{
    sqlite3_stmt *st = j->stmts[which];
    int rc = sqlite3_step(st);
    int r = 0;

    if (rc != SQLITE_DONE)
        r = sql_fail(j->db, rc, "cannot write the journal", err);
    (void)sqlite3_reset(st); /* r says it */
    return r;
}

/* Into the tree; the roots of full subtrees of 256^k lines are kept. */
static int grow(struct journal *j, const struct hash *leaf, struct err *err)
{
    struct hash full[64];
    unsigned top = 0;
    int r = merkle_add_full(&j->now.tree, leaf, full, &top);

    if (r < 0)
        return err_set(err, r, "out of memory");
    for (unsigned level = JOURNAL_LEVEL; r == 0 && level <= top;
         level += JOURNAL_LEVEL) {
        sqlite3_stmt *st = j->stmts[ADD_TREE];

        (void)sqlite3_bind_int64(st, 1, (int64_t)level);
        (void)sqlite3_bind_int64(st, 2, (int64_t)((j->now.tree.n >> level) - 1));
        (void)sqlite3_bind_blob(st, 3, full[level].b, sizeof(full[level].b),
                                SQLITE_STATIC);
        r = step(j, ADD_TREE, err);
    }
    return r;
}

/* The line that the chain has just gone on to; r is what that answered. */
static int put_line(struct journal *j,
                    int r,
                    const char *line,
                    size_t n,
                    uint64_t job,
                    struct wall at,
                    struct err *err)
{
    sqlite3_stmt *st = j->stmts[ADD_LINE];
    struct hash leaf;

    if (r == 0)
        r = merkle_leaf(line, n, &leaf);
    if (r < 0)
        return err_set(err, r, "a transaction does not fit a line of the journal");
    (void)sqlite3_bind_int64(st, 1, (int64_t)(j->now.chain.seq - 1));
    (void)sqlite3_bind_int64(st, 2, (int64_t)job);
    (void)sqlite3_bind_int64(st, 3, at.us);
    (void)sqlite3_bind_text64(st, 4, line, n, SQLITE_STATIC, SQLITE_UTF8);
    r = step(j, ADD_LINE, err);
    return r < 0 ? r : grow(j, &leaf, err);
}

static int write_line(struct journal *j, struct err *err)
{
    char line[LINE_MAX_BYTES + 1];
    size_t n = 0;
    int r;

    if (j->n_steps == 0)
        return 0;
    r = chain_write(&j->now.chain, j->steps, j->n_steps, line, sizeof(line), &n);
    j->n_steps = 0;
    return put_line(j, r, line, n, j->steps[0].job, j->steps[0].at, err);
}

int journal_put_act(struct journal *j,
                    const char *text,
                    size_t len,
                    struct wall at,
                    const struct posting *p,
                    size_t n,
                    struct err *err)
{
    char line[LINE_MAX_BYTES + 1];
    struct act act;
    size_t used = 0, n_line = 0;
    int r = write_line(j, err);

    if (r == 0)
        r = act_read(text, len, &act, &used);
    if (r == 0)
        r = chain_write_act(&j->now.chain, &act, at, p, n, line, sizeof(line), &n_line);
    return put_line(j, r, line, n_line, 0, at, err);
}

int journal_put(struct journal *j, const struct posting *p, size_t n, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        if (p[i].part == 0 || j->n_steps == TXN_POSTINGS_MAX)
            r = write_line(j, err);
        if (r == 0)
            j->steps[j->n_steps++] = p[i];
    }
    return r;
}

int journal_close_group(struct journal *j, struct err *err)
{
    sqlite3_stmt *st = j->stmts[SET_HEAD];
    int r = write_line(j, err);

    if (r < 0 || j->now.chain.seq == j->durable.chain.seq)
        return r;
    (void)sqlite3_bind_int64(st, 1, (int64_t)j->now.chain.seq);
    (void)sqlite3_bind_blob(st, 2, &j->now.chain.prev, sizeof(j->now.chain.prev),
                            SQLITE_STATIC);
    (void)sqlite3_bind_blob(st, 3, j->now.tree.peaks, sizeof(j->now.tree.peaks),
                            SQLITE_STATIC);
    return step(j, SET_HEAD, err);
}

void journal_committed(struct journal *j, bool ok)
{
    if (ok)
        j->durable = j->now;
    else
        j->now = j->durable;
    j->n_steps = 0;
}
