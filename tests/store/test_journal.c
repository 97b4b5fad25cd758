/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_journal - transactions become lines; a line that somebody else touched is found
 *                at start; proofs hold for any size; old books become the first lines
 */
#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/store_fixture.h"

/* Grant n, or (every third) a settlement of three steps. */
static void put(struct fixture *f, uint64_t n)
{
    struct posting p[3] = {
        {.kind = POST_GRANT,
         .at = AT(n),
         .from = "budget:p",
         .to = "avail:p@hanoi",
         .milli = (int64_t)n}
    };

    if (n % 3 == 2)
        for (uint32_t i = 0; i < 3; i++)
            p[i] = (struct posting){.part = i,
                                    .kind = POST_CAPTURE,
                                    .at = AT(n),
                                    .job = 5,
                                    .epoch = 2,
                                    .from = "hold:5.2",
                                    .to = "spent:p",
                                    .milli = (int64_t)n};
    assert_int_equal(store_put_postings(f->store, p, n % 3 == 2 ? 3 : 1), 0);
}

static int check(const struct posting *p, void *arg)
{
    uint64_t *n = arg; /* steps so far */

    assert_int_equal(p->seq, *n / 5 * 3 + (*n % 5 > 2 ? 2 : *n % 5));
    assert_int_equal(p->milli, p->seq);
    assert_int_equal(p->part, p->seq % 3 == 2 ? *n % 5 - 2 : 0);
    (*n)++;
    return 0;
}

static void transactions_are_lines(void **state)
{
    struct fixture f;
    uint64_t n = 0;

    (void)state;
    fixture_open(&f);
    for (uint64_t i = 0; i < 30; i++) {
        put(&f, i);
        if (i % 7 == 6)
            fixture_commit(&f);
        if (i == 20)
            fixture_reopen(&f);
    }
    assert_int_equal(store_put_postings(f.store, NULL, 0), 0);
    fixture_commit(&f);
    if (store_replay(f.store, check, NULL, &n, &f.err) != 0)
        fail_msg("%s", f.err.text);
    assert_int_equal(n, 50);
    n = 40;
    assert_int_equal(store_each_posting(f.store, 24, check, &n, &f.err), 0);
    assert_int_equal(n, 50);
    fixture_close(&f);
}

static int nothing(const struct posting *p, void *arg)
{
    (void)p;
    (void)arg;
    return 0;
}

/* Behind the store's back. */
static void tamper(struct fixture *f, const char *sql)
{
    char path[256];
    sqlite3 *db = NULL;
    char *why = NULL;

    f->store = store_close(f->store);
    (void)snprintf(path, sizeof(path), "%s/hopluu.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(fixture_try_open(f), 0);
}

static void touched_lines_are_found(void **state)
{
    static const struct {
        const char *sql;
        const char *says;
    } rows[] = {
        {"UPDATE journal SET line = replace(line, '2023', '2022') WHERE seq = 4",
         "line 5 does not follow"                                                                                   },
        {"DELETE FROM journal WHERE seq = 7",                                       "line 7 is expected, 8 is there"},
        {"DELETE FROM journal WHERE seq = 11",                                      "has 11 lines, 12 were written" },
        {"INSERT INTO journal SELECT 12, job, at, line FROM journal WHERE seq = 1",
         "line 12 is expected, 1 is there"                                                                          },
        {"UPDATE journal SET line = (SELECT line FROM journal WHERE seq = 3)"
         " WHERE seq = 4",                                                 "line 4 is expected, 3 is there"},
        {"UPDATE journal SET line = replace(line, '2023', '2022') WHERE seq = 11",
         "last line is not the one"                                                                                 },
        {"UPDATE journal SET line = substr(line, 2) WHERE seq = 2",                 "line 2"                        },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;

        fixture_open(&f);
        for (uint64_t n = 0; n < 12; n++)
            put(&f, n);
        fixture_commit(&f);
        assert_int_equal(store_replay(f.store, nothing, NULL, NULL, &f.err), 0);
        tamper(&f, rows[i].sql);
        f.err = (struct err){0};
        assert_int_equal(store_replay(f.store, nothing, NULL, NULL, &f.err), -EBADMSG);
        if (!strstr(f.err.text, rows[i].says))
            fail_msg("%zu: \"%s\" lacks \"%s\"", i, f.err.text, rows[i].says);
        fixture_close(&f);
    }
}

#define LINES 1300 /* five full subtrees of 256 and a rest */

static struct hash leaves[LINES];

static int take_leaf(uint64_t seq, const char *line, size_t n, void *arg)
{
    (void)arg;
    return merkle_leaf(line, n, &leaves[seq]);
}

static void prove(struct fixture *f, uint64_t size, uint64_t index)
{
    struct proof_step proof[PROOF_MAX];
    struct hash plain[PROOF_MAX], only[PROOF_MAX], root;
    size_t n = 0, n_plain = 0;

    if (store_prove(f->store, size, index, proof, &n, &root, &f->err) != 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(merkle_prove(leaves, size, index, plain, &n_plain), 0);
    assert_int_equal(n, n_plain);
    for (size_t i = 0; i < n; i++) {
        only[i] = proof[i].hash;
        assert_memory_equal(&only[i], &plain[i], sizeof(only[i]));
    }
    assert_int_equal(merkle_check(&leaves[index], index, size, only, n, &root), 0);
}

static void proofs_hold_for_any_size(void **state)
{
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 512, 700, 1024, 1025, LINES};
    struct fixture f;
    struct proof_step proof[PROOF_MAX];
    struct hash root;
    size_t n;

    (void)state;
    fixture_open(&f);
    for (uint64_t i = 0; i < LINES; i++) {
        put(&f, i);
        if (i % 100 == 0)
            fixture_commit(&f);
    }
    fixture_commit(&f);
    assert_int_equal(store_each_line(f.store, 0, INT64_MAX, take_leaf, NULL, &f.err),
                     0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (uint64_t index = 0; index < sizes[i]; index += 1 + sizes[i] / 9)
            prove(&f, sizes[i], index);
    prove(&f, LINES, LINES - 1);
    assert_int_equal(store_prove(f.store, 5, 5, proof, &n, &root, &f.err), -ERANGE);
    assert_int_equal(store_prove(f.store, LINES + 1, 5, proof, &n, &root, &f.err),
                     -ERANGE);
    fixture_close(&f);
}

static void growth_is_proven_for_any_two_sizes(void **state)
{
    static const uint64_t sizes[] = {1, 2, 3, 255, 256, 257, 512, 700, 1024, LINES};
    struct hash proof[PROOF_MAX], plain[PROOF_MAX], old, root;
    size_t n = 0, n_plain = 0;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (uint64_t i = 0; i < LINES; i++)
        put(&f, i);
    fixture_commit(&f);
    assert_int_equal(store_each_line(f.store, 0, INT64_MAX, take_leaf, NULL, &f.err),
                     0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t k = 0; k <= i; k++) {
            assert_int_equal(
                store_prove_grown(f.store, sizes[k], sizes[i], proof, &n, &f.err), 0);
            assert_int_equal(
                merkle_prove_grown(leaves, sizes[i], sizes[k], plain, &n_plain), 0);
            assert_int_equal(n, n_plain);
            assert_memory_equal(proof, plain, n * sizeof(plain[0]));
            assert_int_equal(store_root(f.store, sizes[k], &old, &f.err), 0);
            assert_int_equal(store_root(f.store, sizes[i], &root, &f.err), 0);
            assert_int_equal(
                merkle_check_grown(sizes[k], &old, sizes[i], &root, proof, n), 0);
        }
    assert_int_equal(store_prove_grown(f.store, 0, 5, proof, &n, &f.err), -ERANGE);
    assert_int_equal(store_prove_grown(f.store, 6, 5, proof, &n, &f.err), -ERANGE);
    assert_int_equal(store_prove_grown(f.store, 5, LINES + 1, proof, &n, &f.err),
                     -ERANGE);
    assert_int_equal(store_root(f.store, 0, &root, &f.err), -ERANGE);
    assert_int_equal(store_root(f.store, LINES + 1, &root, &f.err), -ERANGE);
    fixture_close(&f);
}

static const char version_2[] =
    "DROP TABLE journal; DROP TABLE journal_head; DROP TABLE journal_tree;"
    "DROP TABLE checkpoint; DROP TABLE witness; DROP TABLE profiles;"
    "CREATE TABLE postings("
    " seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL,"
    " job INTEGER NOT NULL, epoch INTEGER NOT NULL, \"from\" TEXT NOT NULL,"
    " \"to\" TEXT NOT NULL, milli INTEGER NOT NULL) STRICT;"
    "INSERT INTO postings VALUES"
    " (1, 'grant', 1700000000123456, 0, 0, 'budget:p@hanoi', 'avail:p@hanoi', 500),"
    " (2, 'hold', 1700000001000000, 9, 3, 'avail:p@hanoi', 'hold:9@hanoi', 70),"
    " (3, 'capture', 1700000002000000, 9, 3, 'hold:9@hanoi', 'spent:p@hanoi', 70);"
    "ALTER TABLE runs DROP COLUMN submitted;"
    "ALTER TABLE runs DROP COLUMN queued;"
    "ALTER TABLE runs DROP COLUMN restarts;"
    "ALTER TABLE runs DROP COLUMN exit_code;"
    "ALTER TABLE runs DROP COLUMN exit_signal;"
    "ALTER TABLE runs DROP COLUMN req_nodes;"
    "ALTER TABLE runs DROP COLUMN req_cores;"
    "ALTER TABLE runs DROP COLUMN req_gpus;"
    "ALTER TABLE runs DROP COLUMN req_mem_mib;"
    "ALTER TABLE runs DROP COLUMN time_limit_s;"
    "ALTER TABLE runs DROP COLUMN gpu_type;"
    "ALTER TABLE runs DROP COLUMN name;"
    "ALTER TABLE runs DROP COLUMN nodes;"
    "PRAGMA user_version = 2";

static int adopted(const struct posting *p, void *arg)
{
    static const char *const want[] = {
        "grant budget:p avail:p@hanoi 500 1700000000",
        "hold avail:p@hanoi hold:9.3 70 1700000001",
        "capture hold:9.3 spent:p 70 1700000002",
    };
    unsigned *n = arg;
    char text[400];

    (void)snprintf(text, sizeof(text), "%s %s %s %lld %lld", posting_kind_word(p->kind),
                   p->from, p->to, (long long)p->milli,
                   (long long)(p->at.us / US_PER_S));
    assert_true(*n < 3);
    assert_string_equal(text, want[(*n)++]);
    return 0;
}

static void old_books_become_the_first_lines(void **state)
{
    struct fixture f;
    unsigned n = 0;

    (void)state;
    fixture_open(&f);
    tamper(&f, version_2);
    if (store_replay(f.store, adopted, NULL, &n, &f.err) != 0)
        fail_msg("%s", f.err.text);
    assert_int_equal(n, 3);
    fixture_close(&f);
}

static int count_checkpoint(const struct signed_checkpoint *c, void *arg)
{
    assert_string_equal(c->text, "first");
    (*(unsigned *)arg)++;
    return 0;
}

static int count_witness(const char *witness,
                         struct wall at,
                         const char *signature,
                         void *arg)
{
    assert_int_equal(at.us, 7);
    assert_string_equal(witness, "hue");
    assert_string_equal(signature, "abc");
    (*(unsigned *)arg)++;
    return 0;
}

static void checkpoints_stand_as_first_written(void **state)
{
    struct signed_checkpoint c = {
        .origin = "o", .size = 5, .at = {7}, .text = "first", .signature = "abc"};
    struct fixture f;
    uint64_t size = 0;
    unsigned n = 0;

    (void)state;
    fixture_open(&f);
    assert_int_equal(store_put_checkpoint(f.store, &c), 0);
    assert_int_equal(store_put_witness(f.store, &c, "hue"), 0);
    memcpy(c.text, "other", 6);
    assert_int_equal(store_put_checkpoint(f.store, &c), 0);
    c.size = UINT64_MAX;
    assert_int_equal(store_put_checkpoint(f.store, &c), -EINVAL);
    fixture_commit(&f);
    assert_int_equal(
        store_each_checkpoint(f.store, "", 0, 9, count_checkpoint, &n, NULL), 0);
    assert_int_equal(
        store_each_checkpoint(f.store, "o", 6, 9, count_checkpoint, &n, NULL), 0);
    assert_int_equal(store_each_witness(f.store, "o", 5, count_witness, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_int_equal(store_last_checkpoint(f.store, "o", &c), 0);
    assert_int_equal(c.size, 5);
    assert_int_equal(store_last_checkpoint(f.store, "p", &c), -ENOENT);
    assert_int_equal(store_get_checkpoint(f.store, "o", 5, &c), 0);
    assert_int_equal(store_get_checkpoint(f.store, "o", 4, &c), -ENOENT);
    assert_int_equal(store_last_witness(f.store, "o", "hue", &size), 0);
    assert_int_equal(size, 5);
    assert_int_equal(store_last_witness(f.store, "o", "danang", &size), -ENOENT);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_are_lines),
        cmocka_unit_test(touched_lines_are_found),
        cmocka_unit_test(proofs_hold_for_any_size),
        cmocka_unit_test(growth_is_proven_for_any_two_sizes),
        cmocka_unit_test(old_books_become_the_first_lines),
        cmocka_unit_test(checkpoints_stand_as_first_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
