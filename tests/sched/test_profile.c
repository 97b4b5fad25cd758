/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_profile - against an array with one cell per second */
#include "config.h"

#include <errno.h>

#include "sched/profile.h"
#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

#define HORIZON 2000

static int64_t slow_find(const int64_t *cell, int64_t from, int64_t dur, int64_t cores)
{
    for (int64_t t = from;; t++) {
        bool ok = true;

        for (int64_t k = t; k < t + dur && ok; k++)
            ok = cell[k < HORIZON ? k : HORIZON - 1] >= cores;
        if (ok)
            return t;
        if (t >= HORIZON)
            return PROFILE_NEVER;
    }
}

static void the_same_as_second_by_second(void **state)
{
    struct dice d = {7};

    (void)state;
    for (int round = 0; round < 300; round++) {
        int64_t cell[HORIZON];
        int64_t total = dice_roll(&d, 1, 12);
        struct profile p;

        assert_int_equal(profile_init(&p, 0, total), 0);
        for (int t = 0; t < HORIZON; t++)
            cell[t] = total;
        for (int n = 0; n < 40; n++) {
            int64_t from = dice_roll(&d, 0, 60);
            int64_t dur = dice_roll(&d, 1, 30);
            int64_t cores = dice_roll(&d, 1, (uint32_t)total);
            int64_t want = slow_find(cell, from, dur, cores);
            int64_t got = -1;

            assert_true(want + dur < HORIZON);
            assert_int_equal(profile_find(&p, from, dur, cores), want);
            assert_int_equal(profile_reserve(&p, from, dur, cores, &got), 0);
            assert_int_equal(got, want);
            for (int64_t k = want; k < want + dur; k++)
                cell[k] -= cores;
            if (n % 3 == 2) { /* some of it comes back early */
                int64_t back = dice_roll(&d, 0, (uint32_t)dur - 1);

                assert_int_equal(profile_add(&p, want + back, want + dur, cores), 0);
                for (int64_t k = want + back; k < want + dur; k++)
                    cell[k] += cores;
            }
            assert_true(profile_check(&p));
        }
        for (int64_t t = 0; t < HORIZON; t++) {
            int64_t free_then = total;

            for (size_t i = 0; i < p.n && p.steps[i].at_s <= t; i++)
                free_then = p.steps[i].cores;
            assert_int_equal(free_then, cell[t]);
        }
        profile_release(&p);
    }
}

static void export_never_shows_more(void **state)
{
    struct dice d = {11};

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct supply_part part = {.n_steps = 0};
        struct profile p;
        struct profile q = {0};
        int64_t now;
        int64_t got;

        assert_int_equal(profile_init(&p, 0, 64), 0);
        for (int n = 0; n < 60; n++)
            (void)profile_reserve(&p, dice_roll(&d, 0, 500), dice_roll(&d, 1, 90),
                                  dice_roll(&d, 1, 64), &got); /* fits: 64 are there */
        now = dice_roll(&d, 0, 300);
        part.n_steps = profile_export(&p, now, part.steps, SUPPLY_STEPS_MAX);
        assert_in_range(part.n_steps, 1, SUPPLY_STEPS_MAX);
        assert_int_equal(profile_from_supply(&q, &part, now), 0);
        assert_int_equal(q.steps[0].at_s, now);
        for (int64_t t = now; t < now + 8000; t++)
            assert_true(profile_find(&p, t, 1, q.steps[0].cores) >= 0);
        for (int64_t t = now; t < now + 8000; t += 3) {
            int64_t shown = 0;
            int64_t real = 0;

            for (size_t i = 0; i < q.n && q.steps[i].at_s <= t; i++)
                shown = q.steps[i].cores;
            for (size_t i = 0; i < p.n && p.steps[i].at_s <= t; i++)
                real = p.steps[i].cores;
            assert_true(shown <= real);
        }
        /* In the end all of it is free again, and the view says so. */
        assert_int_equal(q.steps[q.n - 1].cores, 64);
        profile_release(&p);
        profile_release(&q);
    }
}

static void what_never_fits_takes_nothing(void **state)
{
    struct profile p;
    int64_t at = 5;

    (void)state;
    assert_int_equal(profile_init(&p, 10, 4), 0);
    assert_int_equal(profile_reserve(&p, 0, 10, 5, &at), -ENOENT);
    assert_int_equal(at, 5);
    assert_int_equal(p.n, 1);
    assert_int_equal(profile_reserve(&p, 0, 10, 4, &at), 0);
    assert_int_equal(at, 10);
    assert_int_equal(profile_reserve(&p, 0, 10, 1, &at), 0);
    assert_int_equal(at, 20);
    profile_trim(&p, 25);
    assert_int_equal(p.steps[0].at_s, 25);
    assert_int_equal(p.steps[0].cores, 3);
    profile_release(&p);
}

static void a_peer_cannot_tell_nonsense(void **state)
{
    struct supply_part part = {
        .n_steps = 2, .steps = {{0, 5}, {0, 6}}
    };
    struct profile p = {0};

    (void)state;
    assert_int_equal(profile_from_supply(&p, &part, 0), -EINVAL);
    part.n_steps = SUPPLY_STEPS_MAX + 1;
    assert_int_equal(profile_from_supply(&p, &part, 0), -EINVAL);
    part.n_steps = 0;
    assert_int_equal(profile_from_supply(&p, &part, 0), 0);
    assert_int_equal(profile_find(&p, 0, 1, 1), PROFILE_NEVER);
    profile_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_second_by_second),
        cmocka_unit_test(export_never_shows_more),
        cmocka_unit_test(what_never_fits_takes_nothing),
        cmocka_unit_test(a_peer_cannot_tell_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
