/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_query - filters and pages, sums over runs, views, the book's lines, trimming */
#include "config.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tests/store/store_fixture.h"

#define FIRST UINT64_C(3000000000)
#define N 60
#define BIT(s) (UINT32_C(1) << (s))

struct ids {
    unsigned n;
    uint64_t last;
    uint64_t sum;
    unsigned stop; /* after so many; 0 = never */
};

static int add_id(const struct holding *h, void *arg)
{
    struct ids *x = arg;

    assert_true(h->id > x->last);
    x->last = h->id;
    x->sum += h->id - FIRST;
    return ++x->n == x->stop ? 77 : 0;
}

/* Jobs 1 to N: every third has ended, at 1000 + its number; users go round. */
static void put_jobs(struct fixture *f)
{
    for (uint64_t i = 1; i <= N; i++) {
        struct holding h = a_holding(FIRST + i);

        h.submitted = AT(i);
        if (i % 3 == 0) {
            h.hold = HOLD_FINAL;
            h.state = i % 2 ? JOB_FAILED : JOB_COMPLETED;
            h.ended = AT(1000 + i);
        }
        assert_int_equal(store_put_holding(f->store, &h, "x", AT(i)), 0);
    }
    fixture_commit(f);
}

static void filters_and_pages(void **state)
{
    const uint64_t some[] = {FIRST + 60, FIRST + 2, FIRST + 999, FIRST + 2, 1};
    /* clang-format 14 falls over nested rows of different length */
    /* clang-format off */
    const struct {
        struct job_filter f;
        unsigned n;
        uint64_t last;
    } rows[] = {
        {{0}, 60, 60},
        {{.limit = 7}, 7, 7},
        {{.limit = 7, .after_id = FIRST + 55}, 5, 60},
        {{.after_id = UINT64_MAX}, 0, 0},
        {{.ids = some, .n_ids = 5}, 2, 60},
        {{.ids = some, .n_ids = 5, .after_id = FIRST + 2}, 1, 60},
        {{.user = "an"}, 20, 60},
        {{.user = "an' OR 1=1 --"}, 0, 0},
        {{.user = "an", .limit = 3, .after_id = FIRST + 9}, 3, 18},
        {{.project = "vast.sea"}, 30, 60},
        {{.institution = "ioit", .user = "binh"}, 10, 55},
        {{.name = "mưa lũ 2"}, 12, 57},
        {{.states = BIT(JOB_FAILED)}, 10, 57},
        {{.states = BIT(JOB_FAILED) | BIT(JOB_COMPLETED)}, 20, 60},
        {{.states = BIT(JOB_RUNNING)}, 0, 0},
        {{.until = AT(11)}, 10, 10},
        {{.since = AT(1031)}, 40 + 10, 60},
        {{.since = AT(1031), .states = BIT(JOB_FAILED)}, 5, 57},
    };
    /* clang-format on */
    struct fixture f;

    (void)state;
    fixture_open(&f);
    put_jobs(&f);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ids got = {.last = FIRST};

        assert_int_equal(store_each_holding(f.store, &rows[i].f, add_id, &got, &f.err),
                         0);
        assert_int_equal(got.n, rows[i].n);
        assert_int_equal(got.last - FIRST, rows[i].last);
    }
    /* Page after page gives everything once. */
    struct ids all = {.last = FIRST};

    for (unsigned before = 1; before != all.n;) {
        const struct job_filter page = {.after_id = all.last, .limit = 9};

        before = all.n;
        assert_int_equal(store_each_holding(f.store, &page, add_id, &all, NULL), 0);
    }
    assert_int_equal(all.sum, N * (N + 1) / 2);
    /* A callback's non-zero ends it. */
    struct ids some_of = {.last = FIRST, .stop = 4};

    assert_int_equal(
        store_each_holding(f.store, &(struct job_filter){0}, add_id, &some_of, NULL),
        77);
    assert_int_equal(some_of.n, 4);
    fixture_close(&f);
}

/* --- runs --------------------------------------------------------------------------
 */

static struct stored_run a_run(uint64_t job, const char *project, int64_t ended)
{
    struct stored_run r = {
        .job = job,
        .epoch = 1,
        .hosted = true,
        .entry = 1,
        .host = 3,
        .state = JOB_COMPLETED,
        .started = AT(1),
        .ended = AT(ended),
        .usage = {.core_s = 10, .mem_mib_s = 20, .gpu_s = 3, .cpu_us = 40, .milli = 5}
    };

    (void)word_copy(r.project, sizeof(r.project), project);
    (void)word_copy(r.institution, sizeof(r.institution), "ioit");
    (void)word_copy(r.person, sizeof(r.person), "an@ioit");
    return r;
}

struct sums {
    unsigned n;
    struct run_sum v[8];
};

static int add_sum(const struct run_sum *x, void *arg)
{
    struct sums *s = arg;

    assert_true(s->n < 8);
    s->v[s->n++] = *x;
    return 0;
}

static void runs_are_counted_once(void **state)
{
    struct fixture f;
    struct sums s = {0};
    struct stored_run r;

    (void)state;
    fixture_open(&f);
    for (int repeat = 0; repeat < 3; repeat++) {
        for (uint64_t i = 1; i <= 10; i++) {
            r = a_run(FIRST + i, i <= 4 ? "a" : "b", (int64_t)(100 + i));
            r.usage.core_s += (uint64_t)repeat; /* the first record stands */
            assert_int_equal(store_put_run(f.store, &r), 0);
        }
        if (repeat != 1)
            fixture_commit(&f);
    }
    r = a_run(FIRST + 1, "a", 101);
    r.epoch = 2; /* the job's second run */
    assert_int_equal(store_put_run(f.store, &r), 0);
    r.hosted = false; /* seen from the entry */
    assert_int_equal(store_put_run(f.store, &r), 0);
    fixture_commit(&f);

    assert_int_equal(store_sum_runs(f.store, AT(0), AT(200), add_sum, &s, &f.err), 0);
    assert_int_equal(s.n, 3);
    assert_string_equal(s.v[0].project, "a");
    assert_false(s.v[0].hosted);
    assert_int_equal(s.v[0].n_runs, 1);
    assert_true(s.v[1].hosted);
    assert_int_equal(s.v[1].n_runs, 5);
    assert_int_equal(s.v[1].core_s, 50);
    assert_string_equal(s.v[2].project, "b");
    assert_string_equal(s.v[2].person, "an@ioit");
    assert_int_equal(s.v[2].n_runs, 6);
    assert_int_equal(s.v[2].core_s, 60);
    assert_int_equal(s.v[2].mem_mib_s, 120);
    assert_int_equal(s.v[2].gpu_s, 18);
    assert_int_equal(s.v[2].cpu_us, 240);
    assert_int_equal(s.v[2].milli, 30);
    /* [since, until) */
    s.n = 0;
    assert_int_equal(store_sum_runs(f.store, AT(105), AT(110), add_sum, &s, NULL), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.v[0].n_runs, 5);
    fixture_close(&f);
}

struct pages {
    unsigned n;
    struct run_mark last;
    struct stored_run latest;
};

static int see_run(const struct stored_run *r, void *arg)
{
    struct pages *p = arg;

    assert_true(r->ended.us > p->last.ended.us
                || (r->ended.us == p->last.ended.us
                    && (r->job > p->last.job
                        || (r->job == p->last.job && r->epoch > p->last.epoch))));
    p->last = (struct run_mark){r->ended, r->job, r->epoch};
    p->latest = *r;
    p->n++;
    return 0;
}

static void tells_runs_page_by_page(void **state)
{
    struct fixture f;
    struct pages p = {0};
    struct stored_run r;
    unsigned asked = 0, before;

    (void)state;
    fixture_open(&f);
    for (uint64_t i = 0; i < 50; i++) { /* many end in the same second */
        r = a_run(FIRST + 50 - i, "a", (int64_t)(100 + i / 7));
        (void)word_copy(r.person, sizeof(r.person), i % 5 ? "an@ioit" : "binh@hust");
        assert_int_equal(store_put_run(f.store, &r), 0);
        r.epoch = 3;
        r.restarts = 1;
        r.submitted = AT(7);
        r.queued = AT(8);
        r.exit_code = 9;
        r.exit_signal = 10;
        r.req_nodes = 11;
        r.req_cores = 12;
        r.req_gpus = 13;
        r.req_mem_mib = 14;
        r.time_limit_s = UINT32_MAX;
        (void)word_copy(r.gpu_type, sizeof(r.gpu_type), "a100");
        (void)word_copy(r.name, sizeof(r.name), "tên");
        (void)word_copy(r.nodes, sizeof(r.nodes), "n[1-2]");
        assert_int_equal(store_put_run(f.store, &r), 0);
        r.epoch = 4;
        r.hosted = false; /* ran elsewhere: that center tells it */
        assert_int_equal(store_put_run(f.store, &r), 0);
    }
    fixture_commit(&f);
    do {
        struct run_mark after = p.last;

        before = p.n;
        assert_int_equal(store_each_run(f.store, AT(0), AT(1000), &after, NULL, 7,
                                        see_run, &p, &f.err),
                         0);
        assert_true(p.n - before <= 7);
        asked++;
    } while (p.n > before);
    assert_int_equal(p.n, 100);
    assert_int_equal(asked, 16); /* 15 pages, and an empty one */
    assert_int_equal(p.latest.epoch, 3);
    assert_int_equal(p.latest.submitted.us, AT(7).us);
    assert_int_equal(p.latest.queued.us, AT(8).us);
    assert_int_equal(p.latest.exit_code, 9);
    assert_int_equal(p.latest.exit_signal, 10);
    assert_int_equal(p.latest.req_nodes, 11);
    assert_int_equal(p.latest.req_cores, 12);
    assert_int_equal(p.latest.req_gpus, 13);
    assert_int_equal(p.latest.req_mem_mib, 14);
    assert_int_equal(p.latest.time_limit_s, UINT32_MAX);
    assert_int_equal(p.latest.restarts, 1);
    assert_string_equal(p.latest.gpu_type, "a100");
    assert_string_equal(p.latest.name, "tên");
    assert_string_equal(p.latest.nodes, "n[1-2]");
    /* One person's, and [since, until). */
    p = (struct pages){0};
    assert_int_equal(store_each_run(f.store, AT(0), AT(1000), &(struct run_mark){0},
                                    "binh@hust", 1000, see_run, &p, &f.err),
                     0);
    assert_int_equal(p.n, 20);
    p = (struct pages){0};
    assert_int_equal(store_each_run(f.store, AT(101), AT(102), &(struct run_mark){0},
                                    NULL, 1000, see_run, &p, &f.err),
                     0);
    assert_int_equal(p.n, 14);
    fixture_close(&f);
}

/* --- views, postings
 * ------------------------------------------------------------------ */

static int add_view(uint32_t epoch,
                    struct wall at,
                    const struct route_view *v,
                    void *arg)
{
    char *text = arg;
    size_t len = strlen(text);

    assert_true(at.us > 0);
    (void)snprintf(text + len, 200 - len, "%u:%u:%s:%s%s;", (unsigned)epoch,
                   (unsigned)v->center, route_rule_word(v->rule), v->text,
                   v->chosen ? "*" : "");
    return 0;
}

static void views_replace_those_of_their_epoch(void **state)
{
    const struct route_view views[] = {
        {.center = 1,        .rule = RULE_NONE,     .own = true, .chosen = true},
        {.center = 2,    .rule = RULE_SIZE,                         .text = "32 of 16", .wait_s = -1},
        {.center = 3,.rule = RULE_SILENT},
    };
    struct fixture f;
    char text[200] = "";
    char want[200];

    (void)state;
    fixture_open(&f);
    assert_int_equal(store_put_views(f.store, FIRST, 1, AT(1), views, 3), 0);
    assert_int_equal(store_put_views(f.store, FIRST, 2, AT(2), views, 3), 0);
    assert_int_equal(store_put_views(f.store, FIRST, 2, AT(3), views + 1, 1), 0);
    assert_int_equal(store_put_views(f.store, FIRST + 1, 2, AT(3), views, 3), 0);
    fixture_commit(&f);
    assert_int_equal(store_get_views(f.store, FIRST, add_view, text), 0);
    (void)snprintf(want, sizeof(want),
                   "1:1:%s:*;1:2:%s:32 of 16;1:3:%s:;2:2:%s:32 of 16;",
                   route_rule_word(RULE_NONE), route_rule_word(RULE_SIZE),
                   route_rule_word(RULE_SILENT), route_rule_word(RULE_SIZE));
    assert_string_equal(text, want);
    fixture_close(&f);
}

/* --- trimming
 * --------------------------------------------------------------------------- */

static int count_lines(struct wall at, const char *what, void *arg)
{
    (void)at;
    (void)what;
    (*(unsigned *)arg)++;
    return 0;
}

static void trimming_leaves_what_may_be_asked(void **state)
{
    /* Which jobs have a final holding, an open one, a copy, a run; what is left. */
    static const struct {
        int64_t final, run;
        bool open, copy, kept;
    } rows[] = {
        {10, 0,  false, false, false},
        {90, 0,  false, false, true },
        {0,  0,  true,  false, true },
        {0,  0,  false, true,  true },
        {0,  10, false, false, false},
        {0,  90, false, false, true },
        {10, 10, false, true,  true },
        {10, 10, false, false, false},
    };
    struct fixture f;
    struct ids left = {.last = FIRST - 1};

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct holding h = a_holding(FIRST + i);
        struct copy c = a_copy(FIRST + i);
        struct stored_run r = a_run(FIRST + i, "a", rows[i].run);
        const struct route_view v = {.center = 1};

        h.hold = rows[i].final ? HOLD_FINAL : HOLD_WAITING;
        h.ended = rows[i].final ? AT(rows[i].final) : (struct wall){0};
        if (rows[i].final || rows[i].open)
            assert_int_equal(store_put_holding(f.store, &h, "x", AT(1)), 0);
        if (rows[i].copy || rows[i].run)
            assert_int_equal(store_put_copy(f.store, &c, "y", AT(1)), 0);
        if (!rows[i].copy && rows[i].run)
            assert_int_equal(store_drop_copy(f.store, FIRST + i, "z", AT(1)), 0);
        if (rows[i].run)
            assert_int_equal(store_put_run(f.store, &r), 0);
        assert_int_equal(store_put_spec(f.store, FIRST + i, "{}", 2), 0);
        assert_int_equal(store_put_views(f.store, FIRST + i, 1, AT(1), &v, 1), 0);
    }
    fixture_commit(&f);
    assert_int_equal(store_trim(f.store, AT(50)), 0);
    fixture_commit(&f);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf text = BUF_INIT(100);
        char views[200] = "";
        unsigned n = 0;

        assert_int_equal(store_get_spec(f.store, FIRST + i, &text),
                         rows[i].kept ? 0 : -ENOENT);
        assert_int_equal(store_get_history(f.store, FIRST + i, count_lines, &n), 0);
        assert_int_equal(n > 0, rows[i].kept);
        assert_int_equal(store_get_views(f.store, FIRST + i, add_view, views), 0);
        assert_int_equal(views[0] != '\0', rows[i].kept);
        buf_release(&text);
    }
    assert_int_equal(
        store_each_holding(f.store, &(struct job_filter){0}, add_id, &left, &f.err), 0);
    assert_int_equal(left.n, 5);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_and_pages),
        cmocka_unit_test(runs_are_counted_once),
        cmocka_unit_test(tells_runs_page_by_page),
        cmocka_unit_test(views_replace_those_of_their_epoch),
        cmocka_unit_test(trimming_leaves_what_may_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
