/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_pair - centers together: one start, nothing lost, books that add up */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/cmocka_all.h"
#include "tests/fed/world.h"

static const struct world_chances calm;

static void at_home_when_there_is_room(void **state)
{
    struct world *w = world_new(1, &calm, -1);
    int r;
    uint64_t id = world_submit(w, 0, 4, 10, 60, &r);
    const struct holding *h;
    uint64_t core_s;

    (void)state;
    world_run(w, 30);
    h = world_holding(w, id);
    assert_int_equal(h->state, JOB_COMPLETED);
    assert_int_equal(h->grant.center, 1);
    assert_int_equal(world_runs(w, id, &core_s), 1);
    assert_int_equal(core_s, 40);
    world_free(w);
}

static void elsewhere_when_home_is_full(void **state)
{
    struct world *w = world_new(2, &calm, -1);
    int r;
    uint64_t big = world_submit(w, 0, 16, 300, 600, &r);
    uint64_t small;

    (void)state;
    world_run(w, 5);
    small = world_submit(w, 0, 8, 10, 60, &r);
    world_run(w, 30);
    assert_int_equal(world_holding(w, big)->state, JOB_RUNNING);
    assert_int_equal(world_holding(w, small)->state, JOB_COMPLETED);
    assert_int_not_equal(world_holding(w, small)->grant.center, 1);
    /* What its host said of its ranks came home, first with the start. */
    assert_string_equal(world_holding(w, big)->rank_map.method, "grid");
    assert_int_equal(rank_map_gain(&world_holding(w, small)->rank_map), 500);
    world_free(w);
}

/* A job that names no partition goes to the host's default one: it must be shared as
 * well. */
static void what_is_not_shared_is_not_used(void **state)
{
    struct world *w = world_new(8, &calm, -1);
    uint64_t id;
    int r;

    (void)state;
    world_share(w, "spare");
    (void)world_submit(w, 0, 16, 300, 600, &r);
    world_run(w, 5);
    id = world_submit(w, 0, 16, 10, 60, &r);
    world_run(w, 60);
    assert_int_equal(world_holding(w, id)->state, JOB_PENDING);
    assert_int_equal(
        fed_count(world_fed(w, 1)).copies + fed_count(world_fed(w, 2)).copies, 0);
    world_free(w);
}

static void too_large_everywhere_is_refused(void **state)
{
    struct world *w = world_new(3, &calm, -1);
    int r;

    (void)state;
    assert_int_equal(world_submit(w, 0, 17, 10, 60, &r), 0);
    assert_int_equal(r, -ENOENT);
    assert_int_equal(fed_count(world_fed(w, 0)).holdings, 0);
    world_free(w);
}

static void cancel_waiting_and_running(void **state)
{
    struct world *w = world_new(4, &calm, -1);
    int r;
    uint64_t a = world_submit(w, 0, 16, 300, 600, &r);
    uint64_t ids[8];

    (void)state;
    world_run(w, 2);
    for (int i = 0; i < 8; i++)
        ids[i] = world_submit(w, 0, 16, 300, 600, &r);
    world_run(w, 5);
    for (int i = 0; i < 8; i++)
        assert_int_equal(world_cancel(w, ids[i]), 0);
    assert_int_equal(world_cancel(w, a), 0);
    world_run(w, 20);
    for (int i = 0; i < 8; i++)
        assert_int_equal(world_holding(w, ids[i])->state, JOB_CANCELLED);
    assert_int_equal(world_holding(w, a)->state, JOB_CANCELLED);
    assert_int_equal(world_cancel(w, a), -EALREADY);
    assert_int_equal(fed_count(world_fed(w, 0)).copies, 0);
    assert_int_equal(fed_count(world_fed(w, 1)).copies, 0);
    world_free(w);
}

/* One core-second costs one thousandth here: a budget of 2000 is 2000 core-seconds a
 * center. */
static void budget_is_never_exceeded(void **state)
{
    struct world *w = world_new(5, &calm, 2000);
    struct balance b;
    int refused = 0;
    int r;

    (void)state;
    for (int i = 0; i < 40; i++) {
        (void)world_submit(w, 0, 4, 30, 60, &r);
        refused += r == -EDQUOT;
        world_run(w, 20);
        for (int c = 0; c < 3; c++) {
            assert_int_equal(book_balance(world_book(w, c), "proj", &b), 0);
            assert_true(b.held + b.spent <= b.granted);
        }
    }
    world_run(w, 300);
    assert_int_equal(book_balance(world_book(w, 0), "proj", &b), 0);
    assert_true(b.spent > 1500 && b.held == 0);
    (void)refused;
    world_free(w);
}

/* All work comes in at the second center; the first one keeps the budget. */
static void an_allowance_follows_the_work(void **state)
{
    struct world *w = world_new(7, &calm, 2000);
    int64_t spent = 0, moved = 0;
    struct balance b;
    int r;

    (void)state;
    for (int i = 0; i < 60; i++) {
        (void)world_submit(w, 1, 4, 30, 60, &r);
        world_run(w, 20);
    }
    world_run(w, 300);
    for (int c = 0; c < 3; c++) {
        assert_int_equal(book_balance(world_book(w, c), "proj", &b), 0);
        assert_true(b.held + b.spent <= b.granted && b.held == 0);
        spent += b.spent;
        moved += b.moved;
    }
    assert_int_equal(moved, 0);
    assert_true(spent > 4000 && spent <= 6000);
    assert_true(book_received(world_book(w, 1), "proj", "c1") > 0);
    world_free(w);
}

/* Who is cut off spends what he has and not a thousandth more. */
static void a_cut_center_spends_its_allowance(void **state)
{
    struct world *w = world_new(8, &calm, 2000);
    struct balance b;
    int r;

    (void)state;
    world_cut(w, 0, 1, true);
    world_cut(w, 1, 2, true);
    for (int i = 0; i < 40; i++) {
        (void)world_submit(w, 1, 4, 30, 60, &r);
        world_run(w, 20);
    }
    assert_int_equal(book_balance(world_book(w, 1), "proj", &b), 0);
    assert_int_equal(b.granted, 2000);
    assert_true(b.spent > 1500 && b.spent + b.held <= 2000);
    world_cut(w, 0, 1, false);
    for (int i = 0; i < 20; i++) {
        (void)world_submit(w, 1, 4, 30, 60, &r);
        world_run(w, 20);
    }
    assert_true(book_received(world_book(w, 1), "proj", "c1") > 0);
    world_free(w);
}

static void host_cut_off_runs_on_and_is_not_started_again(void **state)
{
    struct world *w = world_new(6, &calm, -1);
    int r;
    uint64_t id;
    uint64_t core_s;

    (void)state;
    (void)world_submit(w, 0, 16, 1000, 2000, &r);
    world_run(w, 5);
    id = world_submit(w, 0, 16, 60, 120, &r);
    world_run(w, 10);
    assert_int_equal(world_holding(w, id)->hold, HOLD_STARTED);
    world_cut(w, 0, 1, true);
    world_cut(w, 0, 2, true);
    world_run(w, 300);
    assert_int_equal(fed_reason(world_fed(w, 0), fed_holding(world_fed(w, 0), id)),
                     REASON_SILENT);
    assert_int_equal(world_starts(w, id), 1);
    world_cut(w, 0, 1, false);
    world_cut(w, 0, 2, false);
    world_run(w, 20);
    assert_int_equal(world_holding(w, id)->state, JOB_COMPLETED);
    assert_int_equal(world_starts(w, id), 1);
    assert_int_equal(world_runs(w, id, &core_s), 1);
    world_free(w);
}

/* Everything at once, by seed: invariants inside, the outcome here. */
static void storm(uint64_t seed)
{
    static const struct world_chances chances = {
        .drop = 50, .twice = 50, .crash = 15, .cut = 3};
    struct world *w = world_new(seed, &chances, -1);
    uint64_t ids[48];
    uint64_t core_s;
    struct balance b;
    int n = 0;
    int r;

    for (int i = 0; i < 48; i++) {
        uint64_t id = world_submit(w, i % 3, 1 + (uint32_t)(i * 7) % 16,
                                   5 + (uint32_t)i % 40, 120, &r);

        if (id)
            ids[n++] = id;
        world_run(w, 3);
        if (i % 11 == 10 && n > 3)
            (void)world_cancel(w, ids[n - 3]);
        if (n > 2 && n % 4 == 1)
            (void)world_limit(w, ids[n - 2], 60 + (uint32_t)(n % 5) * 30);
    }
    world_run(w, 100);
    world_heal(w);
    world_run(w, 900);
    for (int i = 0; i < n; i++) {
        const struct holding *h = world_holding(w, ids[i]);

        if (h->hold != HOLD_FINAL
            || (h->state != JOB_COMPLETED && h->state != JOB_CANCELLED
                && h->state != JOB_BOOT_FAIL))
            fail_msg("seed %llu: job %llu is %s, %s", (unsigned long long)seed,
                     (unsigned long long)ids[i], hold_state_word(h->hold),
                     job_state_word(h->state));
        /* Started runs are recorded once each; a completed job had at least one. */
        if (world_runs(w, ids[i], &core_s) != world_starts(w, ids[i]))
            fail_msg("seed %llu: job %llu started %u times, %u runs recorded",
                     (unsigned long long)seed, (unsigned long long)ids[i],
                     world_starts(w, ids[i]), world_runs(w, ids[i], &core_s));
        if (h->state == JOB_COMPLETED && world_starts(w, ids[i]) < 1)
            fail_msg("seed %llu: completed without a start", (unsigned long long)seed);
    }
    for (int c = 0; c < 3; c++) {
        assert_int_equal(fed_count(world_fed(w, c)).copies, 0);
        assert_int_equal(book_balance(world_book(w, c), "proj", &b), 0);
        assert_int_equal(b.held, 0);
    }
    world_free(w);
}

static void storms(void **state)
{
    const char *text = getenv("HOPLUU_SEEDS");
    int n = text ? (int)strtol(text, NULL, 10) : 12;

    (void)state;
    for (int i = 1; i <= n; i++)
        storm((uint64_t)i);
}

/* Another limit for a job that waits: at home and where a copy of it waits, what is
 * held is what the new limit costs, and a raise that nobody can pay changes nothing. */
static void holds_follow_the_limit(void **state)
{
    struct world *w = world_new(12, &calm, 20000);
    uint64_t first, id, core_s;
    struct balance b;
    int64_t held = 0;
    int r;

    (void)state;
    for (int k = 0; k < WORLD_CENTERS; k++) {
        first = world_submit(w, 0, 16, 20, 60, &r);
        assert_int_equal(r, 0);
    }
    world_run(w, 5);
    id = world_submit(w, 0, 16, 10, 100, &r);
    world_run(w, 2);
    assert_int_equal(world_holding(w, id)->hold, HOLD_WAITING);
    assert_int_equal(world_limit(w, first, 90), -EINVAL); /* it runs */
    assert_int_equal(world_limit(w, id, 300), 0);
    world_run(w, 17);
    assert_int_equal(world_holding(w, id)->state, JOB_RUNNING);
    for (int k = 0; k < WORLD_CENTERS; k++)
        if (book_balance(world_book(w, k), "proj", &b) == 0)
            held += b.held;
    assert_int_equal(held, 16 * 300);
    world_run(w, 30);
    assert_int_equal(world_holding(w, id)->state, JOB_COMPLETED);
    assert_int_equal(world_holding(w, id)->request.time_limit_s, 300);
    assert_int_equal(world_runs(w, id, &core_s), 1);
    assert_int_equal(world_limit(w, id, 100), -EALREADY);
    world_free(w);
}

static void sum_unsettled(const struct copy *c, void *arg)
{
    *(int64_t *)arg += c->hold_milli;
}

/* A run that goes on past its limit: five minutes later what it holds is unsettled. */
static void an_end_that_is_not_heard_is_unsettled(void **state)
{
    struct world *w = world_new(13, &calm, 20000);
    int64_t milli = 0;
    int r;
    uint64_t id = world_submit(w, 0, 4, 600, 60, &r);

    (void)state;
    world_run(w, 300);
    fed_each_unsettled(world_fed(w, 0), world_now(w).wall, sum_unsettled, &milli);
    assert_int_equal(milli, 0);
    world_run(w, 100);
    assert_int_equal(world_holding(w, id)->state, JOB_RUNNING);
    fed_each_unsettled(world_fed(w, 0), world_now(w).wall, sum_unsettled, &milli);
    assert_int_equal(milli, 4 * 60);
    world_run(w, 400);
    milli = 0;
    fed_each_unsettled(world_fed(w, 0), world_now(w).wall, sum_unsettled, &milli);
    assert_int_equal(milli, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_home_when_there_is_room),
        cmocka_unit_test(elsewhere_when_home_is_full),
        cmocka_unit_test(what_is_not_shared_is_not_used),
        cmocka_unit_test(too_large_everywhere_is_refused),
        cmocka_unit_test(cancel_waiting_and_running),
        cmocka_unit_test(budget_is_never_exceeded),
        cmocka_unit_test(an_allowance_follows_the_work),
        cmocka_unit_test(holds_follow_the_limit),
        cmocka_unit_test(an_end_that_is_not_heard_is_unsettled),
        cmocka_unit_test(a_cut_center_spends_its_allowance),
        cmocka_unit_test(host_cut_off_runs_on_and_is_not_started_again),
        cmocka_unit_test(storms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
