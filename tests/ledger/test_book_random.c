/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_book_random - random operations keep every invariant; no memory changes nothing
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "ledger/book.h"
#include "tests/cmocka_all.h"
#include "tests/ledger/book_fixture.h"
#include "tests/support/fault.h"

#define N_RUNS 20
#define N_STEPS 1500

static uint64_t rng;

static uint64_t draw(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % n;
}

/* Mostly small amounts, now and then one that nearly overflows. */
static int64_t draw_milli(void)
{
    return draw(50) ? (int64_t)draw(500) : INT64_MAX - (int64_t)draw(1000);
}

static void random_step(struct fixture *f, bool *over)
{
    size_t n = f->out.n;
    uint64_t job = 1 + draw(20);
    int r;

    switch (draw(9)) {
    case 0:
        f->projects[draw(2)].budget_milli = draw(3) ? (int64_t)draw(3000) : -1;
        f->site.n_projects = 1 + (draw(5) != 0);
        r = book_apply_site(f->book, &f->site, AT(n), &f->out, &f->err);
        assert_true(r == 0 || r == -EOVERFLOW); /* a debt near the ceiling */
        if (r < 0)
            assert_int_equal(f->out.n, n);
        return;
    case 1:
    case 2:
    case 3: {
        int64_t milli = draw_milli();

        r = book_settle(f->book, job, milli, AT(n), &f->out, &f->err);
        assert_true(r == 0 || r == -ENOENT || r == -EOVERFLOW);
        *over |= r == 0 && milli > 400;
        break;
    }
    case 4:
        r = book_refund(f->book, draw(2) ? "ioit.climate" : "vast.ocean", job, 1,
                        (int64_t)draw(300), "NODE_FAIL", AT(n), &f->out, &f->err);
        assert_true(r == 0 || r == -EINVAL || r == -ENOENT);
        break;
    default:
        r = book_hold(f->book, job, (uint32_t)draw(3),
                      draw(2) ? "ioit.climate" : "vast.ocean", draw_milli(), AT(n),
                      &f->out, &f->err);
        assert_true(r == 0 || r == -EDQUOT || r == -ENOENT || r == -ESTALE
                    || r == -EEXIST || r == -EOVERFLOW);
    }
    if (r < 0)
        assert_int_equal(f->out.n, n);
}

static void invariants_hold_whatever_happens(void **state)
{
    const char *seed = getenv("HOPLUU_SEED");

    (void)state;
    for (uint64_t run = 1; run <= N_RUNS; run++) {
        struct fixture f;
        bool over = false;

        rng = (seed ? strtoull(seed, NULL, 10) : 20261123) * 2654435761u + run;
        print_message("# seed %llu run %llu\n",
                      seed ? strtoull(seed, NULL, 10) : 20261123ull,
                      (unsigned long long)run);
        fixture_open(&f);
        for (int i = 0; i < N_STEPS; i++) {
            random_step(&f, &over);
            fixture_check(&f);
        }
        assert_true(over);
        fixture_free(&f);
    }
}

static void sum_holds(const struct balance *x, void *arg)
{
    *(int64_t *)arg += x->held;
}

/* The operations once: 0 or the first failure. What failed has changed nothing. */
static int scenario(void)
{
    struct fixture f = {0};
    int64_t held = 0, in_book = 0;
    int r = 0;

    f.book = book_new("hanoi");
    set_text(f.projects[0].name, NAME_CAP, "ioit.climate");
    f.projects[0].budget_milli = 100000;
    f.site.projects = f.projects;
    f.site.n_projects = 1;
    if (!f.book)
        return -ENOMEM;
    r = book_apply_site(f.book, &f.site, AT(0), &f.out, NULL);
    for (uint64_t job = 1; r == 0 && job <= 400; job++)
        r = book_hold(f.book, job, 1, "ioit.climate", 10, AT(1), &f.out, NULL);
    for (uint64_t job = 1; r == 0 && job <= 400; job += 3)
        r = book_settle(f.book, job, 15, AT(2), &f.out, NULL);
    for (size_t i = 0; i < f.out.n; i++)
        if (f.out.v[i].kind == POST_HOLD)
            held += 10;
        else if (f.out.v[i].kind == POST_CAPTURE)
            held -= 10;

    book_each(f.book, sum_holds, &in_book);
    assert_int_equal(in_book, held);
    assert_int_equal(book_check(f.book, NULL), 0);
    f.twin = book_new("hanoi");
    if (!f.twin)
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < f.out.n; i++)
        r = book_fold(f.twin, &f.out.v[i], NULL);
    if (f.twin)
        assert_int_equal(book_check(f.twin, NULL), 0);
    fixture_free(&f);
    return r;
}

static void survives_every_failed_allocation(void **state)
{
    unsigned n = 0;
    bool fired;

    (void)state;
    do {
        int r;

        fault_arm(++n);
        r = scenario();
        fired = fault_fired();
        fault_arm(0);
        assert_int_equal(r, fired ? -ENOMEM : 0);
    } while (fired && n < 100000);
    assert_false(fired);
    assert_true(n > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invariants_hold_whatever_happens),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
