/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_book - what is held, settled, owed and granted; every refusal */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ledger/book.h"
#include "ledger/month.h"
#include "tests/cmocka_all.h"
#include "tests/ledger/book_fixture.h"

static void the_dearest_is_charged(void **state)
{
    static const struct {
        int64_t core, gib, gpu;
        uint64_t core_s, mem_mib_s, gpu_s;
        int r;
        int64_t milli;
    } rows[] = {
        {1000,      0,    0,    3600,       0,           0,    0,          1000     },
        {1000,      0,    0,    1,          0,           0,    0,          1        },
        {1000,      0,    0,    4,          0,           0,    0,          2        },
        {0,         0,    0,    9999,       9999,        9999, 0,          0        },
        {1000,      500,  0,    3600,       1024 * 3600, 0,    0,          1000     },
        {1000,      500,  0,    3600,       4096 * 3600, 0,    0,          2000     },
        {1000,      500,  9000, 7200,       2048 * 3600, 3600, 0,          9000     },
        {0,         1000, 0,    0,          1,           0,    0,          1        },
 /* four thirds of a thousandth */
        {2,         1,    0,    2400,       1024 * 1200, 0,    0,          2        },
        {1,         0,    1,    1,          0,           3600, 0,          1        },
        {INT64_MAX, 0,    0,    3600,       0,           0,    0,          INT64_MAX},
        {INT64_MAX, 0,    0,    3601,       0,           0,    -EOVERFLOW, 0        },
        {INT64_MAX, 0,    0,    UINT64_MAX, 0,           0,    -EOVERFLOW, 0        },
        {-1,        0,    0,    1,          0,           0,    -EINVAL,    0        },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct partition p = {.core_hour_milli = rows[i].core,
                                    .gib_hour_milli = rows[i].gib,
                                    .gpu_hour_milli = rows[i].gpu};
        int64_t milli = -7;

        assert_int_equal(
            book_price(&p, rows[i].core_s, rows[i].mem_mib_s, rows[i].gpu_s, &milli),
            rows[i].r);
        assert_int_equal(milli, rows[i].r ? -7 : rows[i].milli);
    }
}

/* Jobs 1, 2, … one after the other: hold, then settle (used -1: stays held). */
static void life_of_a_hold(void **state)
{
    static const struct {
        const char *project;
        int64_t hold, used;
        int r;
        int64_t available, held, spent, owed;
    } rows[] = {
        {"ioit.climate", 400,  100,  0,       900,  0,  100,  0  }, /* of 1000 */
        {"ioit.climate", 400,  400,  0,       500,  0,  500,  0  },
        {"ioit.climate", 400,  0,    0,       500,  0,  500,  0  },
        {"ioit.climate", 501,  0,    -EDQUOT, 500,  0,  500,  0  },
        {"ioit.climate", 100,  150,  0,       350,  0,  650,  0  }, /* covered over-run */
        {"ioit.climate", 0,    0,    0,       350,  0,  650,  0  },
        {"ioit.climate", 0,    50,   0,       300,  0,  700,  0  },
        {"ioit.climate", 300,  700,  0,       0,    0,  1400, 400}, /* debt */
        {"ioit.climate", 0,    0,    -EDQUOT, 0,    0,  1400, 400},
        {"vast.ocean",   5000, 10,   0,       4990, 0,  10,   0  }, /* no limit */
        {"vast.ocean",   10,   -1,   0,       4980, 10, 10,   0  },
        {"vast.ocean",   4970, 9000, 0,       0,    10, 9010, 0  },
        {"nobody",       1,    0,    -ENOENT, 0,    0,  0,    0  },
    };
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = f.out.n;
        struct balance x = {0};

        assert_int_equal(book_may_hold(f.book, rows[i].project, rows[i].hold, NULL),
                         rows[i].r);
        assert_int_equal(book_hold(f.book, i + 1, 1, rows[i].project, rows[i].hold,
                                   AT(i), &f.out, &f.err),
                         rows[i].r);
        if (rows[i].r < 0)
            assert_int_equal(f.out.n, n);
        else if (rows[i].used >= 0)
            assert_int_equal(
                book_settle(f.book, i + 1, rows[i].used, AT(i), &f.out, &f.err), 0);
        fixture_check(&f);
        if (book_balance(f.book, rows[i].project, &x) < 0)
            continue;
        assert_int_equal(x.available, rows[i].available);
        assert_int_equal(x.held, rows[i].held);
        assert_int_equal(x.spent, rows[i].spent);
        assert_int_equal(x.owed, rows[i].owed);
    }
    fixture_free(&f);
}

static void refusals_name_project_and_amounts(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_may_hold(f.book, "ioit.climate", 1500, &f.err), -EDQUOT);
    assert_string_equal(
        f.err.text,
        "project ioit.climate has 1.000 left here, needs 1.500, lacks 0.500");
    assert_int_equal(book_may_hold(f.book, "nobody", 1, &f.err), -ENOENT);
    assert_string_equal(f.err.text, "project nobody has no budget at hanoi");
    assert_int_equal(book_may_hold(f.book, "ioit.climate", -1, &f.err), -EINVAL);
    fixture_free(&f);
}

static void a_repeat_changes_nothing(void **state)
{
    struct fixture f;
    struct balance x;
    size_t n;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_hold(f.book, 9, 3, "ioit.climate", 100, AT(1), &f.out, NULL),
                     0);
    n = f.out.n;
    assert_int_equal(book_hold(f.book, 9, 3, "ioit.climate", 700, AT(2), &f.out, NULL),
                     0);
    assert_int_equal(f.out.n, n);
    assert_int_equal(book_hold(f.book, 9, 2, "ioit.climate", 1, AT(2), &f.out, NULL),
                     -ESTALE);
    assert_int_equal(book_hold(f.book, 9, 4, "vast.ocean", 1, AT(2), &f.out, NULL),
                     -EEXIST);
    /* A later epoch may use what the earlier one gives back, and fails whole. */
    assert_int_equal(book_hold(f.book, 9, 4, "ioit.climate", 1001, AT(2), &f.out, NULL),
                     -EDQUOT);
    assert_int_equal(f.out.n, n);
    fixture_check(&f);
    assert_int_equal(book_hold(f.book, 9, 4, "ioit.climate", 1000, AT(2), &f.out, NULL),
                     0);
    assert_int_equal(f.out.n, n + 2);
    fixture_check(&f);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.held, 1000);
    assert_int_equal(x.n_holds, 1);
    assert_int_equal(book_settle(f.book, 9, 10, AT(3), &f.out, NULL), 0);
    assert_int_equal(book_settle(f.book, 9, 10, AT(3), &f.out, NULL), -ENOENT);
    assert_int_equal(book_settle(f.book, 9, -1, AT(3), &f.out, NULL), -EINVAL);
    fixture_check(&f);
    fixture_free(&f);
}

/* Row by row the budget of ioit.climate becomes this, with 300 spent and 400 held. */
static void budgets_follow_the_configuration(void **state)
{
    static const struct {
        int64_t budget;
        bool limited;
        int64_t granted, available;
    } rows[] = {
        {1000, true,  1000, 300},
        {1500, true,  1500, 800},
        {1500, true,  1500, 800},
        {900,  true,  900,  200},
        {100,  true,  700,  0  }, /* not below held and spent */
        {-1,   false, 700,  0  },
        {800,  true,  800,  100},
        {-1,   false, 800,  100},
        {0,    true,  700,  0  },
    };
    struct fixture f;
    struct balance x;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_hold(f.book, 1, 1, "ioit.climate", 300, AT(1), &f.out, NULL),
                     0);
    assert_int_equal(book_settle(f.book, 1, 300, AT(1), &f.out, NULL), 0);
    assert_int_equal(book_hold(f.book, 2, 1, "ioit.climate", 400, AT(1), &f.out, NULL),
                     0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        f.projects[0].budget_milli = rows[i].budget;
        assert_int_equal(book_apply_site(f.book, &f.site, AT(i), &f.out, &f.err), 0);
        fixture_check(&f);
        assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
        assert_int_equal(x.limited, rows[i].limited);
        assert_int_equal(x.granted, rows[i].granted);
        assert_int_equal(x.available, rows[i].available);
        assert_string_equal(x.institution, "ioit");
    }
    /* What the job did not use goes where the configuration wants it. */
    assert_int_equal(book_settle(f.book, 2, 100, AT(9), &f.out, NULL), 0);
    fixture_check(&f);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.granted, 400);
    assert_int_equal(x.available, 0);
    fixture_free(&f);
}

static void debt_is_paid_from_what_comes_in(void **state)
{
    struct fixture f;
    struct balance x;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_hold(f.book, 1, 1, "ioit.climate", 600, AT(1), &f.out, NULL),
                     0);
    assert_int_equal(book_hold(f.book, 2, 1, "ioit.climate", 400, AT(1), &f.out, NULL),
                     0);
    assert_int_equal(book_settle(f.book, 1, 900, AT(1), &f.out, NULL), 0);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.owed, 300);
    assert_int_equal(book_settle(f.book, 2, 200, AT(1), &f.out, NULL), 0);
    fixture_check(&f);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.owed, 100);
    f.projects[0].budget_milli = 1150;
    assert_int_equal(book_apply_site(f.book, &f.site, AT(2), &f.out, &f.err), 0);
    fixture_check(&f);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.owed, 0);
    assert_int_equal(x.available, 50);
    fixture_free(&f);
}

static void a_project_that_left_may_not_hold(void **state)
{
    struct fixture f;
    struct balance x;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_hold(f.book, 1, 1, "ioit.climate", 600, AT(1), &f.out, NULL),
                     0);
    f.site.projects = f.projects + 1;
    f.site.n_projects = 1;
    assert_int_equal(book_apply_site(f.book, &f.site, AT(2), &f.out, &f.err), 0);
    assert_int_equal(book_may_hold(f.book, "ioit.climate", 1, &f.err), -ENOENT);
    assert_int_equal(book_settle(f.book, 1, 500, AT(1), &f.out, NULL), 0);
    fixture_check(&f);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.granted, 500);
    assert_int_equal(x.available, 0);
    fixture_free(&f);
}

static void damaged_lines_are_refused(void **state)
{
    static const struct {
        enum posting_kind kind;
        const char *from, *to;
        int64_t milli;
        int r;
    } rows[] = {
        {POST_GRANT,        "budget:p",         "avail:p@hanoi",    100,       0      },
        {POST_GRANT,        "budget:p",         "avail:p@hue",      100,       -EINVAL},
        {POST_GRANT,        "avail:p@hanoi",    "budget:p",         100,       -EINVAL},
        {POST_GRANT,        "budget:p",         "avail:q@hanoi",    100,       -EINVAL},
        {POST_GRANT,        "budget:p",         "avail:p@hanoi",    -1,        -EINVAL},
        {POST_GRANT,        "budget:p",         "avail:p@hanoi",    INT64_MAX, -EINVAL},
        {POST_WITHDRAW,     "avail:p@hanoi",    "budget:p",         101,       -EINVAL},
        {POST_HOLD,         "avail:p@hanoi",    "hold:5.1",         101,       -EINVAL},
        {POST_CAPTURE,      "hold:5.1",         "spent:p",          1,         -EINVAL},
        {POST_HOLD,         "avail:p@hanoi",    "hold:5.1",         60,        0      },
        {POST_HOLD,         "avail:p@hanoi",    "hold:5.1",         1,         -EINVAL},
        {POST_CAPTURE,      "hold:5.1",         "spent:q",          1,         -EINVAL},
        {POST_CAPTURE,      "hold:5.2",         "spent:p",          1,         -EINVAL},
        {POST_CAPTURE,      "hold:5.1",         "spent:p",          61,        -EINVAL},
        {POST_CAPTURE,      "hold:5.1",         "spent:p",          60,        0      },
        {POST_EARN,         "budget:p",         "earned:hue",       60,        -EINVAL},
        {POST_EARN,         "budget:p",         "earned:hanoi",     60,        0      },
        {POST_RELEASE,      "hold:5.1",         "avail:p@hanoi",    0,         -EINVAL},
        {POST_REFUND,       "refund:NODE_FAIL", "avail:p@hanoi",    1,         -EINVAL},
        {POST_REFUND,       "spent:p",          "avail:p@hanoi",    1,         -EINVAL},
        {POST_REFUND,       "spent:p",          "refund:NODE_FAIL", 61,        -EINVAL},
        {POST_UNEARN,       "earned:hanoi",     "budget:p",         61,        -EINVAL},
        {POST_OVERRUN,      "avail:p@hanoi",    "owed:p",           1,         -EINVAL},
        {POST_HOLD,         "avail:p@hanoi",    "hold:x.1",         1,         -EINVAL},
        {POST_HOLD,         "avail:p@hanoi",    "hold:6",           1,         -EINVAL},
        {POST_HOLD,         "avail:@hanoi",     "hold:6.1",         1,         -EINVAL},
        {POST_HOLD,         "purse:p@hanoi",    "hold:6.1",         1,         -EINVAL},
        {POST_HOLD,         "",                 "",                 1,         -EINVAL},
        {_POSTING_KIND_MAX, "budget:p",         "avail:p@hanoi",    1,         -EINVAL},
    };
    struct book *b = book_new("hanoi");

    (void)state;
    assert_non_null(b);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct posting p = {.seq = i, .kind = rows[i].kind, .milli = rows[i].milli};
        struct err err = {0};

        set_text(p.from, sizeof(p.from), rows[i].from);
        set_text(p.to, sizeof(p.to), rows[i].to);
        assert_int_equal(book_fold(b, &p, &err), rows[i].r);
        assert_int_equal(err.text[0] != '\0', rows[i].r < 0);
        assert_int_equal(book_check(b, &err), 0);
    }
    book_free(b);
}

/* The steps from n on as "KIND FROM TO MILLI;…". */
static void lines_are(const struct fixture *f, size_t n, const char *want)
{
    struct buf b = BUF_INIT(4096);

    for (; n < f->out.n; n++)
        buf_printf(&b, "%u %s %s %lld;", (unsigned)f->out.v[n].part, f->out.v[n].from,
                   f->out.v[n].to, (long long)f->out.v[n].milli);
    assert_string_equal(buf_text(&b), want);
    buf_release(&b);
}

static void a_settlement_is_one_transaction(void **state)
{
    const struct usage u = {.milli = 300, .core_s = 7, .mem_mib_s = 8, .gpu_s = 9};
    struct fixture f;
    size_t n;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_hold(f.book, 9, 3, "ioit.climate", 700, AT(1), &f.out, NULL),
                     0);
    n = f.out.n;
    assert_int_equal(book_settle_run(f.book, 9, &u, AT(2), &f.out, &f.err), 0);
    lines_are(&f, n,
              "0 hold:9.3 spent:ioit.climate 300;"
              "1 hold:9.3 avail:ioit.climate@hanoi 400;"
              "2 budget:ioit.climate earned:hanoi 300;");
    assert_true(f.out.v[n].has_raw && !f.out.v[n + 1].has_raw);
    assert_int_equal(f.out.v[n].raw.core_s, 7);
    assert_int_equal(f.out.v[n].raw.mem_mib_s, 8);
    assert_int_equal(f.out.v[n].raw.gpu_s, 9);
    fixture_check(&f);
    fixture_free(&f);
}

static void a_refund_reverses_a_capture(void **state)
{
    static const struct {
        const char *project, *cause;
        int64_t milli;
        int r;
    } refused[] = {
        {"nobody",       "NODE_FAIL", 1,   -ENOENT},
        {"ioit.climate", "NODE_FAIL", 301, -EINVAL}, /* more than was spent */
        {"ioit.climate", "NODE_FAIL", -1,  -EINVAL},
        {"ioit.climate", "",          1,   -EINVAL},
        {"ioit.climate", "two words", 1,   -EINVAL},
    };
    struct fixture f;
    struct balance x;
    size_t n;

    (void)state;
    fixture_open(&f);
    assert_int_equal(book_hold(f.book, 9, 3, "ioit.climate", 700, AT(1), &f.out, NULL),
                     0);
    assert_int_equal(book_settle(f.book, 9, 300, AT(2), &f.out, NULL), 0);
    n = f.out.n;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        f.err.text[0] = '\0';
        assert_int_equal(book_refund(f.book, refused[i].project, 9, 3, refused[i].milli,
                                     refused[i].cause, AT(3), &f.out, &f.err),
                         refused[i].r);
        assert_true(f.err.text[0] != '\0');
        assert_int_equal(f.out.n, n);
        fixture_check(&f);
    }
    assert_int_equal(book_refund(f.book, "ioit.climate", 9, 3, 300, "NODE_FAIL", AT(3),
                                 &f.out, &f.err),
                     0);
    lines_are(&f, n,
              "0 spent:ioit.climate refund:NODE_FAIL 300;"
              "1 refund:NODE_FAIL avail:ioit.climate@hanoi 300;"
              "2 earned:hanoi budget:ioit.climate 300;");
    fixture_check(&f);
    assert_int_equal(book_balance(f.book, "ioit.climate", &x), 0);
    assert_int_equal(x.available, 1000);
    assert_int_equal(x.spent, 0);
    assert_int_equal(x.earned, 0);
    fixture_free(&f);
}

static void impossible_budgets_change_nothing(void **state)
{
    struct fixture f;
    struct balance x;
    size_t n;

    (void)state;
    fixture_open(&f);
    n = f.out.n;
    f.projects[0].budget_milli = 5000;
    f.projects[1].budget_milli = -2;
    assert_int_equal(book_apply_site(f.book, &f.site, AT(1), &f.out, &f.err), -EINVAL);
    set_text(f.projects[0].name, sizeof(f.projects[0].name), "new");
    assert_int_equal(book_apply_site(f.book, &f.site, AT(1), &f.out, &f.err), -EINVAL);
    assert_int_equal(book_balance(f.book, "new", &x), -ENOENT);
    assert_int_equal(f.out.n, n);
    fixture_check(&f);
    fixture_free(&f);
}

static int keep_acts(const struct act *a, void *arg, struct err *err)
{
    struct act *v = arg;

    (void)err;
    for (int i = 0; i < 4; i++)
        if (v[i].n == 0) {
            v[i] = *a;
            return 0;
        }
    return -ENOBUFS;
}

/* A closed month has its balances in the journal, and nothing is dated before its end.
 */
static void a_month_is_closed(void **state)
{
    const struct wall october = {INT64_C(1793000000) * US_PER_S}; /* 2026-10-26 */
    struct project p[2] = {
        {.name = "b", .budget_milli = 7000},
        {.name = "a", .budget_milli = 5000}
    };
    struct site site = {.projects = p, .n_projects = 2};
    struct book *b = book_new("hanoi"), *twin = book_new("hanoi");
    struct wall from, until;
    struct postings out = {0};
    struct act v[4] = {0}, wrong;
    struct err err = {0};
    char name[MONTH_CAP];

    (void)state;
    assert_int_equal(book_apply_site(b, &site, october, &out, &err), 0);
    assert_int_equal(book_hold(b, 1, 1, "a", 300, october, &out, &err), 0);
    for (size_t i = 0; i < out.n; i++)
        assert_int_equal(book_fold(twin, &out.v[i], &err), 0);
    out.n = 0;
    assert_string_equal(month_name(october, name), "2026-10");
    assert_int_equal(month_span("2026-1", &from, &until, &err), -EINVAL);
    assert_int_equal(month_span("2026-13", &from, &until, &err), -EINVAL);
    assert_int_equal(month_span("2026-10", &from, &until, &err), 0);
    assert_int_equal(until.us, INT64_C(1793466000) * US_PER_S); /* 31st, 17:00 UTC */
    assert_int_equal(month_acts(b, "2026-10", keep_acts, v, &err), 0);
    assert_string_equal(act_get(&v[0], "account"), "a");
    assert_string_equal(act_get(&v[0], "held"), "0.300");
    assert_string_equal(act_get(&v[2], "accounts"), "2");
    assert_string_equal(act_get(&v[2], "available"), "11.700");
    wrong = v[0];
    assert_int_equal(act_set(&wrong, "spent", "0.001"), 0);
    assert_int_equal(month_take(twin, &wrong, &err), -EINVAL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(month_take(b, &v[i], &err), 0);
        assert_int_equal(month_take(twin, &v[i], &err), 0);
    }
    assert_int_equal(month_take(twin, &v[2], &err), -EINVAL); /* twice */
    assert_int_equal(book_closed(b).us, until.us);
    /* It ended in October and is heard of now: it stands in November. */
    assert_int_equal(book_settle(b, 1, 100, october, &out, &err), 0);
    for (size_t i = 0; i < out.n; i++) {
        assert_int_equal(out.v[i].at.us, until.us);
        assert_int_equal(book_fold(twin, &out.v[i], &err), 0);
    }
    out.v[0].at = october;
    assert_int_equal(book_fold(twin, &out.v[0], &err), -EINVAL);
    assert_non_null(strstr(err.text, "month that is closed"));
    postings_release(&out);
    book_free(b);
    book_free(twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dearest_is_charged),
        cmocka_unit_test(life_of_a_hold),
        cmocka_unit_test(refusals_name_project_and_amounts),
        cmocka_unit_test(a_repeat_changes_nothing),
        cmocka_unit_test(budgets_follow_the_configuration),
        cmocka_unit_test(debt_is_paid_from_what_comes_in),
        cmocka_unit_test(a_project_that_left_may_not_hold),
        cmocka_unit_test(damaged_lines_are_refused),
        cmocka_unit_test(a_settlement_is_one_transaction),
        cmocka_unit_test(a_refund_reverses_a_capture),
        cmocka_unit_test(impossible_budgets_change_nothing),
        cmocka_unit_test(a_month_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
