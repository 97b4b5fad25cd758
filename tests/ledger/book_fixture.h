/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* book_fixture - a book of two projects, and the same book folded from its lines */
#ifndef HOPLUU_TESTS_LEDGER_BOOK_FIXTURE_H
#define HOPLUU_TESTS_LEDGER_BOOK_FIXTURE_H

#include "base/words.h"
#include "ledger/book.h"
#include "tests/cmocka_all.h"

#define AT(s) ((struct wall){.us = INT64_C(1700000000000000) + (int64_t)(s)*US_PER_S})

struct fixture {
    struct book *book;
    struct book *twin; /* folded from `out` */
    size_t folded;
    struct project projects[2];
    struct site site;
    struct postings out;
    struct err err;
};

static inline void set_text(char *dst, size_t cap, const char *text)
{
    assert_true(word_copy(dst, cap, text));
}

/* The last lines bring the twin to the same balances, and both are sound. */
static inline void fixture_check(struct fixture *f)
{
    static const char *const names[] = {"ioit.climate", "vast.ocean"};

    for (; f->folded < f->out.n; f->folded++)
        if (book_fold(f->twin, &f->out.v[f->folded], &f->err) < 0)
            fail_msg("%s", f->err.text);
    if (book_check(f->book, &f->err) < 0 || book_check(f->twin, &f->err) < 0)
        fail_msg("%s", f->err.text);
    for (size_t i = 0; i < 2; i++) {
        struct balance x = {0}, y = {0};

        /* Without a line so far: not in the twin, and all zero. */
        (void)book_balance(f->book, names[i], &x);
        (void)book_balance(f->twin, names[i], &y);
        assert_int_equal(x.granted, y.granted);
        assert_int_equal(x.available, y.available);
        assert_int_equal(x.held, y.held);
        assert_int_equal(x.spent, y.spent);
        assert_int_equal(x.owed, y.owed);
        assert_int_equal(x.earned, y.earned);
        assert_int_equal(x.earned, x.spent);
        assert_int_equal(x.n_holds, y.n_holds);
        assert_int_equal(x.granted + x.owed, x.available + x.held + x.spent);
        if (x.owed == 0)
            assert_true(x.held + x.spent <= x.granted);
    }
}

/* ioit.climate has 1.000, vast.ocean has no limit.
 */
static inline void fixture_open(struct fixture *f)
{
    *f = (struct fixture){.book = book_new("hanoi"), .twin = book_new("hanoi")};
    assert_non_null(f->book);
    assert_non_null(f->twin);
    set_text(f->projects[0].name, NAME_CAP, "ioit.climate");
    set_text(f->projects[0].institution, NAME_CAP, "ioit");
    f->projects[0].budget_milli = 1000;
    set_text(f->projects[1].name, NAME_CAP, "vast.ocean");
    set_text(f->projects[1].institution, NAME_CAP, "vast");
    f->projects[1].budget_milli = -1;
    f->site.projects = f->projects;
    f->site.n_projects = 2;
    assert_int_equal(book_apply_site(f->book, &f->site, AT(0), &f->out, &f->err), 0);
    fixture_check(f);
}

static inline void fixture_free(struct fixture *f)
{
    f->book = book_free(f->book);
    f->twin = book_free(f->twin);
    postings_release(&f->out);
}

#endif
