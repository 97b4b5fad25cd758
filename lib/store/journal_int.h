/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * journal_int - inside the store: the chained lines of the books
 */
#ifndef HOPLUU_STORE_JOURNAL_INT_H
#define HOPLUU_STORE_JOURNAL_INT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ledger/chain.h"
#include "ledger/merkle.h"
#include "model/posting.h"

#define JOURNAL_LEVEL 8 /* full subtrees of 2^8, 2^16, … lines have a row */

/* Where the journal ends. */
struct journal_end {
    struct chain chain;
    struct merkle tree;
};
int journal_end_read(sqlite3 *db, struct journal_end *ret_end, struct err *err);

/* Migration: the postings of version 2 become the first lines. */
int journal_adopt(sqlite3 *db, struct err *err);

/* --- writer thread ---------------------------------------------------------------- */

struct journal;
int journal_open(sqlite3 *db, struct journal **ret_journal, struct err *err);
void *journal_free(struct journal *j);
/* A decision with its steps: a line of its own. */
int journal_put_act(struct journal *j,
                    const char *text,
                    size_t len,
                    struct wall at,
                    const struct posting *p,
                    size_t n,
                    struct err *err);
int journal_put(struct journal *j, const struct posting *p, size_t n, struct err *err);
/* Before COMMIT: the last line and the head. */
int journal_close_group(struct journal *j, struct err *err);
/* After it: what is there now is durable, or nothing of the group is. */
void journal_committed(struct journal *j, bool ok);

#endif
