/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_store - what is put is found again; who may open the directory */
#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "tests/store/store_fixture.h"

#define FIRST UINT64_C(3000000001)

static int count_holding(const struct holding *h, void *arg)
{
    struct holding want = a_holding(h->id);

    assert_int_equal(h->client_token, want.client_token);
    assert_string_equal(h->name, want.name);
    assert_string_equal(h->person, want.person);
    assert_int_equal(h->request.time_limit_s, 3600);
    assert_int_equal(h->submitted.us, want.submitted.us);
    (*(unsigned *)arg)++;
    return 0;
}

static int count_copy(const struct copy *c, void *arg)
{
    assert_int_equal(c->hold_milli, 77);
    (*(unsigned *)arg)++;
    return 0;
}

struct lines {
    unsigned n;
    char text[400];
};

static int add_line(struct wall at, const char *what, void *arg)
{
    struct lines *l = arg;
    size_t len = strlen(l->text);

    assert_true(at.us > 0);
    (void)snprintf(l->text + len, sizeof(l->text) - len, "%s,", what);
    l->n++;
    return 0;
}

static void a_new_process_finds_everything(void **state)
{
    struct fixture f;
    unsigned n = 0;
    uint64_t id = 0, value = 0;
    struct holding h;
    struct lines lines = {0};
    struct buf text = BUF_INIT(1 << 20);

    (void)state;
    fixture_open(&f);
    for (uint64_t i = 0; i < 50; i++) {
        h = a_holding(FIRST + i);
        assert_int_equal(store_put_holding(f.store, &h, "submitted", AT(1)), 0);
        if (i < 10) {
            h.hold = HOLD_FINAL;
            h.state = JOB_COMPLETED;
            h.ended = AT(100 + i);
            assert_int_equal(store_put_holding(f.store, &h, "ended", AT(2)), 0);
        }
        if (i < 20) {
            struct copy c = a_copy(FIRST + i);

            assert_int_equal(store_put_copy(f.store, &c, "queued", AT(3)), 0);
        }
    }
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(store_drop_copy(f.store, FIRST + i, "dropped", AT(4)), 0);
    assert_int_equal(store_put_spec(f.store, FIRST, "{\"a\":1}", 7), 0);
    assert_int_equal(store_put_spec(f.store, FIRST, "{\"b\":22}", 8), 0);
    assert_int_equal(store_put_fact(f.store, "sequence", 49), 0);
    assert_int_equal(store_put_fact(f.store, "sequence", UINT64_MAX), 0);
    /* Nothing of it is there before it is durable. */
    assert_int_equal(store_get_holding(f.store, FIRST, &h), -ENOENT);
    fixture_commit(&f);
    fixture_reopen(&f);

    assert_int_equal(store_each_open_holding(f.store, count_holding, &n, &f.err), 0);
    assert_int_equal(n, 40);
    n = 0;
    assert_int_equal(store_each_copy(f.store, count_copy, &n, &f.err), 0);
    assert_int_equal(n, 15);
    assert_int_equal(store_get_holding(f.store, FIRST + 3, &h), 0);
    assert_int_equal(h.state, JOB_COMPLETED);
    assert_int_equal(store_get_holding(f.store, 7, &h), -ENOENT);
    assert_int_equal(store_find_token(f.store, a_holding(FIRST + 9).uid,
                                      a_holding(FIRST + 9).client_token, &id),
                     0);
    assert_int_equal(id, FIRST + 9);
    assert_int_equal(store_find_token(f.store, 4, h.client_token, &id), -ENOENT);
    assert_int_equal(store_get_fact(f.store, "sequence", &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(store_get_fact(f.store, "nothing", &value), -ENOENT);
    assert_int_equal(store_get_spec(f.store, FIRST, &text), 0);
    assert_string_equal(buf_text(&text), "{\"b\":22}");
    assert_int_equal(store_get_spec(f.store, FIRST + 1, &text), -ENOENT);
    assert_int_equal(store_get_history(f.store, FIRST, add_line, &lines), 0);
    assert_string_equal(lines.text, "submitted,ended,queued,dropped,");
    buf_release(&text);
    fixture_close(&f);
}

static void closing_commits_what_was_put(void **state)
{
    struct fixture f;
    struct holding h = a_holding(FIRST);

    (void)state;
    fixture_open(&f);
    assert_int_equal(store_put_holding(f.store, &h, "submitted", AT(1)), 0);
    fixture_reopen(&f);
    assert_int_equal(store_get_holding(f.store, FIRST, &h), 0);
    fixture_close(&f);
}

static void batches_become_durable_in_order(void **state)
{
    struct fixture f;
    uint64_t batch = 0, empty = 0;

    (void)state;
    fixture_open(&f);
    assert_int_equal(store_commit(f.store, &empty), 0);
    assert_int_equal(empty, 0);
    for (uint64_t i = 1; i <= 300; i++) {
        assert_int_equal(store_put_fact(f.store, "n", i), 0);
        assert_int_equal(store_commit(f.store, &batch), 0);
        assert_int_equal(batch, i);
        if (i % 50 == 0)
            (void)event_base_loop(f.base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(store_commit(f.store, &empty), 0);
    assert_int_equal(empty, batch);
    fixture_commit(&f); /* on_durable checks that numbers rise */
    assert_int_equal(f.durable, 300);
    assert_int_equal(store_get_fact(f.store, "n", &batch), 0);
    assert_int_equal(batch, 300);
    fixture_close(&f);
}

static void a_text_that_is_not_utf8_is_stored(void **state)
{
    struct fixture f;
    struct holding h = a_holding(FIRST);
    struct copy c = a_copy(FIRST);

    (void)state;
    fixture_open(&f);
    memcpy(h.note, "h\xe1\xbb", 4); /* "hợ", cut inside the letter */
    memcpy(c.note, "\xff\xe1\xbb\xa3", 5);
    assert_int_equal(store_put_holding(f.store, &h, "x", AT(1)), 0);
    assert_int_equal(store_put_copy(f.store, &c, "x", AT(1)), 0);
    fixture_commit(&f);
    assert_int_equal(store_get_holding(f.store, FIRST, &h), 0);
    /* What is wrong was cut by the codec or replaced by us. */
    assert_true(!strcmp(h.note, "h") || !strcmp(h.note, "h??"));
    fixture_close(&f);
}

/* --- who may open it ------------------------------------------------------------- */

static void a_second_daemon_is_refused(void **state)
{
    struct fixture f, second;
    char text[80];

    (void)state;
    fixture_open(&f);
    second = f;
    second.store = NULL;
    assert_int_equal(fixture_try_open(&second), -EBUSY);
    (void)snprintf(text, sizeof(text), "is in use by process %d", (int)getpid());
    assert_non_null(strstr(second.err.text, text));
    fixture_close(&f);
}

static void an_open_directory_is_refused(void **state)
{
    static const mode_t modes[] = {0701, 0710, 0740, 0755, 0777};
    struct fixture f;

    (void)state;
    fixture_open(&f);
    f.store = store_close(f.store);
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        assert_int_equal(chmod(f.dir, modes[i]), 0);
        assert_int_equal(fixture_try_open(&f), -EPERM);
        assert_non_null(strstr(f.err.text, "chmod 0700"));
    }
    assert_int_equal(chmod(f.dir, 0700), 0);
    assert_int_equal(fixture_try_open(&f), 0);
    fixture_close(&f);
}

static void its_files_are_private(void **state)
{
    static const char *const names[] = {"hopluu.db", "hopluu.db-wal", "hopluu.lock"};
    mode_t old = umask(0);
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char path[128];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/%s", f.dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    (void)umask(old);
    fixture_close(&f);
}

static void run_sql(const struct fixture *f, const char *sql)
{
    char path[128];
    sqlite3 *db;

    (void)snprintf(path, sizeof(path), "%s/hopluu.db", f->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void other_files_are_refused(void **state)
{
    static const struct {
        const char *sql;
        int r;
        const char *text;
    } rows[] = {
        {"PRAGMA user_version = 999",                          -ENOTSUP, "version 999, this program"},
        {"PRAGMA user_version = 1; PRAGMA application_id = 7", -EINVAL,
         "not a database of Hopluu's"                                                               },
    };
    struct fixture f;

    (void)state;
    fixture_open(&f);
    f.store = store_close(f.store);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        run_sql(&f, rows[i].sql);
        assert_int_equal(fixture_try_open(&f), rows[i].r);
        assert_non_null(strstr(f.err.text, rows[i].text));
        assert_non_null(strstr(f.err.text, "hopluu.db"));
    }
    fixture_close(&f);
}

static void impossible_values_are_refused(void **state)
{
    struct fixture f;
    struct holding h = a_holding(0);
    struct stored_run r = {.job = FIRST, .usage = {.core_s = UINT64_MAX}};

    (void)state;
    fixture_open(&f);
    assert_int_equal(store_put_holding(f.store, &h, "", AT(1)), -EINVAL);
    assert_int_equal(store_put_run(f.store, &r), -EOVERFLOW);
    assert_int_equal(store_put_spec(f.store, UINT64_MAX, "x", 1), -EINVAL);
    assert_int_equal(store_put_fact(f.store, "", 1), -EINVAL);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_process_finds_everything),
        cmocka_unit_test(closing_commits_what_was_put),
        cmocka_unit_test(batches_become_durable_in_order),
        cmocka_unit_test(a_text_that_is_not_utf8_is_stored),
        cmocka_unit_test(a_second_daemon_is_refused),
        cmocka_unit_test(an_open_directory_is_refused),
        cmocka_unit_test(its_files_are_private),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(impossible_values_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
