/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * journal_read - the journal's lines, whether they are the ones that were written, and
 *                proofs (loop thread)
 *
 * A proof reads the 256 lines around its own and, for each level of 256^k above, at
 * most 256 roots from journal_tree: the size of the journal does not matter.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/journal_int.h"
#include "store/store_int.h"

#include "base/banned.h"

static const char read_lines[] =
    "SELECT seq, line FROM journal WHERE seq >= ?1 AND seq < ?2 ORDER BY seq";

/* each gets a line of the journal; non-zero stops and is returned. */
static int walk(struct store *s,
                uint64_t from,
                uint64_t until,
                int (*each)(uint64_t seq, const char *line, size_t n, void *arg),
                void *arg,
                struct err *err)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(s->reader.db, read_lines, &st, err);
    int rc = SQLITE_DONE;

    if (r < 0)
        return r;
    (void)sqlite3_bind_int64(st, 1, (int64_t)MIN(from, (uint64_t)INT64_MAX));
    (void)sqlite3_bind_int64(st, 2, (int64_t)MIN(until, (uint64_t)INT64_MAX));
    while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
        r = each((uint64_t)sqlite3_column_int64(st, 0), sql_text(st, 1),
                 (size_t)sqlite3_column_bytes(st, 1), arg);
    if (r == 0 && rc != SQLITE_DONE)
        r = sql_fail(s->reader.db, rc, "cannot read the journal", err);
    (void)sqlite3_finalize(st); /* read only */
    return r;
}

int store_each_line(struct store *s,
                    uint64_t from,
                    uint64_t until,
                    int (*each)(uint64_t seq, const char *line, size_t n, void *arg),
                    void *arg,
                    struct err *err)
{
    return walk(s, from, until, each, arg, err);
}

struct replay {
    struct journal_end at; /* what the lines so far come to */
    bool verify;
    int (*each)(const struct posting *p, void *arg);
    int (*act)(const struct act *a, struct wall at, void *arg);
    void *arg;
    struct err *err;
};

static int replay_line(uint64_t seq, const char *line, size_t n, void *arg)
{
    struct posting steps[TXN_POSTINGS_MAX];
    struct replay *w = arg;
    struct act act;
    struct wall at;
    struct hash leaf;
    size_t n_steps = 0;
    int r = 0;

    if (w->verify) {
        r = chain_follow(&w->at.chain, line, n, w->err);
        if (r == 0)
            r = merkle_leaf(line, n, &leaf);
        if (r == 0)
            r = merkle_add(&w->at.tree, &leaf);
    }
    if (r == 0)
        r = line_read_act(line, n, &act, &at, steps, &n_steps, w->err);
    if (r < 0)
        return err_prefix(w->err, r, "journal, line %" PRIu64, seq);
    if (act.n > 0 && w->act)
        r = w->act(&act, at, w->arg);
    for (size_t i = 0; r == 0 && i < n_steps; i++)
        r = w->each(&steps[i], w->arg);
    return r;
}

int store_each_posting(struct store *s,
                       uint64_t from,
                       int (*each)(const struct posting *p, void *arg),
                       void *arg,
                       struct err *err)
{
    struct replay w = {.each = each, .arg = arg, .err = err};

    return walk(s, from, INT64_MAX, replay_line, &w, err);
}

int store_replay(struct store *s,
                 int (*each)(const struct posting *p, void *arg),
                 int (*act)(const struct act *a, struct wall at, void *arg),
                 void *arg,
                 struct err *err)
{
    struct replay w = {
        .verify = true, .each = each, .act = act, .arg = arg, .err = err};
    struct journal_end end;
    int r = journal_end_read(s->reader.db, &end, err);

    if (r == 0)
        r = walk(s, 0, INT64_MAX, replay_line, &w, err);
    if (r)
        return r;
    if (w.at.chain.seq != end.chain.seq)
        return err_set(err, -EBADMSG,
                       "the journal has %" PRIu64 " lines, %" PRIu64 " were written",
                       w.at.chain.seq, end.chain.seq);
    if (memcmp(&w.at.chain.prev, &end.chain.prev, sizeof(end.chain.prev)) != 0
        || memcmp(w.at.tree.peaks, end.tree.peaks, sizeof(end.tree.peaks)) != 0)
        return err_set(err, -EBADMSG,
                       "the journal's last line is not the one that was written");
    return 0;
}

int store_journal_tree(struct store *s, struct merkle *ret_tree, struct err *err)
{
    struct journal_end end;
    int r = journal_end_read(s->reader.db, &end, err);

    if (r == 0)
        *ret_tree = end.tree;
    return r;
}

/* --- proofs ------------------------------------------------------------------------
 */

struct prover {
    struct store *s;
    struct err *err;
    struct merkle block; /* leaves read so far */
};

static int add_leaf(uint64_t seq, const char *line, size_t n, void *arg)
{
    struct prover *p = arg;
    struct hash leaf;
    int r = merkle_leaf(line, n, &leaf);

    (void)seq;
    return r < 0 ? r : merkle_add(&p->block, &leaf);
}

/* The stored root of lines [n·2^level, (n+1)·2^level): -ENOENT when it has none. */
static int stored_root(struct prover *p, unsigned level, uint64_t n, struct hash *ret_h)
{
    sqlite3_stmt *st = NULL;
    int r = sql_prepare(p->s->reader.db,
                        "SELECT hash FROM journal_tree WHERE level = ?1 AND n = ?2",
                        &st, p->err);
    int rc;

    if (r < 0)
        return r;
    (void)sqlite3_bind_int64(st, 1, (int64_t)level);
    (void)sqlite3_bind_int64(st, 2, (int64_t)n);
    rc = sqlite3_step(st);
    if (rc == SQLITE_ROW && sqlite3_column_bytes(st, 0) == (int)sizeof(ret_h->b))
        memcpy(ret_h->b, sqlite3_column_blob(st, 0), sizeof(ret_h->b));
    else
        r = -ENOENT;
    (void)sqlite3_finalize(st); /* read only */
    return r;
}

static unsigned log2_of(uint64_t n)
{
    return 63u - (unsigned)__builtin_clzll(n);
}

/* The left part of n leaves: the largest power of two below n. */
static uint64_t left_of(uint64_t n)
{
    return UINT64_C(1) << log2_of(n - 1);
}

/*
 * Root of lines [from, from + n). Not deep: each call halves at least, and full
 * subtrees of 256^k lines end it.
 */
static int range_root(struct prover *p, uint64_t from, uint64_t n, struct hash *ret_h)
{
    struct hash l, r;
    uint64_t left;
    int ret = -ENOENT;

    if (n >= UINT64_C(1) << JOURNAL_LEVEL && (n & (n - 1)) == 0 && from % n == 0
        && log2_of(n) % JOURNAL_LEVEL == 0)
        ret = stored_root(p, log2_of(n), from / n, ret_h);
    if (ret != -ENOENT)
        return ret;
    if (n <= UINT64_C(1) << JOURNAL_LEVEL) {
        p->block = (struct merkle){0};
        ret = walk(p->s, from, from + n, add_leaf, p, p->err);
        if (ret == 0 && p->block.n != n)
            ret = err_set(p->err, -EBADMSG, "lines are missing from %" PRIu64 " on",
                          from);
        return ret < 0 ? ret : merkle_root(&p->block, ret_h);
    }
    left = left_of(n);
    ret = range_root(p, from, left, &l);
    if (ret == 0)
        ret = range_root(p, from + left, n - left, &r);
    return ret < 0 ? ret : merkle_node(&l, &r, ret_h);
}

int store_prove(struct store *s,
                uint64_t size,
                uint64_t index,
                struct proof_step *proof,
                size_t *ret_n,
                struct hash *ret_root,
                struct err *err)
{
    struct prover p = {.s = s, .err = err};
    struct journal_end end;
    uint64_t from = 0, n = size;
    size_t n_proof = 0;
    int r = journal_end_read(s->reader.db, &end, err);

    if (r == 0 && (size > end.chain.seq || index >= size))
        r = err_set(err, -ERANGE,
                    "line %" PRIu64 " is not one of the first %" PRIu64
                    ": the journal has %" PRIu64 " lines",
                    index, size, end.chain.seq);
    if (r == 0)
        r = range_root(&p, 0, size, ret_root);
    while (r == 0 && n > 1) { /* from the root down; turned round below */
        uint64_t left = left_of(n);
        bool in_left = index - from < left;

        proof[n_proof].right = in_left;
        r = in_left ? range_root(&p, from + left, n - left, &proof[n_proof].hash)
                    : range_root(&p, from, left, &proof[n_proof].hash);
        n_proof++;
        from = in_left ? from : from + left;
        n = in_left ? left : n - left;
    }
    for (size_t i = 0; i < n_proof / 2; i++) {
        struct proof_step x = proof[i];

        proof[i] = proof[n_proof - 1 - i];
        proof[n_proof - 1 - i] = x;
    }
    *ret_n = n_proof;
    return r;
}

int store_root(struct store *s, uint64_t size, struct hash *ret_root, struct err *err)
{
    struct prover p = {.s = s, .err = err};
    struct journal_end end;
    int r = journal_end_read(s->reader.db, &end, err);

    if (r < 0)
        return r;
    if (size == 0 || size > end.chain.seq)
        return err_set(err, -ERANGE, "the journal has %" PRIu64 " lines, not %" PRIu64,
                       end.chain.seq, size);
    return range_root(&p, 0, size, ret_root);
}

/* As merkle_prove_grown, by stored roots. */
int store_prove_grown(struct store *s,
                      uint64_t old,
                      uint64_t size,
                      struct hash *proof,
                      size_t *ret_n,
                      struct err *err)
{
    struct prover p = {.s = s, .err = err};
    struct journal_end end;
    uint64_t from = 0, n = size;
    size_t n_proof = 0;
    bool whole = true; /* the old tree is still a whole subtree: its root is known */
    int r = journal_end_read(s->reader.db, &end, err);

    if (r == 0 && (size > end.chain.seq || old == 0 || old > size))
        r = err_set(err, -ERANGE,
                    "%" PRIu64 " to %" PRIu64 " lines: the journal has %" PRIu64, old,
                    size, end.chain.seq);
    while (r == 0 && old != n) {
        uint64_t left = left_of(n);

        if (old <= left) {
            r = range_root(&p, from + left, n - left, &proof[n_proof++]);
            n = left;
        } else {
            r = range_root(&p, from, left, &proof[n_proof++]);
            from += left;
            old -= left;
            n -= left;
            whole = false;
        }
    }
    if (r == 0 && !whole)
        r = range_root(&p, from, n, &proof[n_proof++]);
    for (size_t i = 0; i < n_proof / 2; i++) {
        struct hash x = proof[i];

        proof[i] = proof[n_proof - 1 - i];
        proof[n_proof - 1 - i] = x;
    }
    *ret_n = n_proof;
    return r;
}
