/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_share - what sharing saved, and how long a guest may stay for it */
#include "config.h"

#include "sched/share.h"

#include <errno.h>
#include <math.h>

#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

static const struct rank_rule shortest = {.scan = RANK_SHORTEST};

static struct share *center(double rho, double open, int64_t cores)
{
    const struct share_rule rule = {.allow_s = 50, .rho = rho, .open = open};
    struct share *s = share_new(&rule, &shortest, true, cores, 0);

    assert_non_null(s);
    return s;
}

static void submit(
    struct share *s, uint64_t id, uint32_t cores, uint32_t run_s, int64_t t)
{
    const struct share_job j = {
        .id = id, .submit_s = t, .cores = cores, .pred_s = run_s, .est_s = run_s};

    assert_int_equal(share_submit(s, &j, t), 0);
    assert_int_equal(share_settle(s, t), 0);
}

static double saved(struct share *s, int64_t t)
{
    struct share_state st;

    assert_int_equal(share_settle(s, t), 0);
    st = share_state(s);
    return st.slack_s - st.allowed_s;
}

/* Slack is the difference of summed waits, by hand. */
static void slack_by_hand(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 1, 4);

    (void)state;
    submit(s, 1, 4, 100, 0); /* alone: starts at 0 */
    submit(s, 2, 4, 100, 0); /* alone: waits until 100 */
    share_started(s, 2, 10); /* elsewhere, 90 s earlier than alone */
    share_started(s, 1, 30); /* a guest was in its way: 30 s later than alone */
    assert_int_equal((int)saved(s, 30), -10);
    assert_int_equal((int)saved(s, 100), 90 - 30);
    assert_int_equal((int)saved(s, 500), 60);
    assert_int_equal(share_ended(s, 1, 100, 500), 0);
    assert_int_equal(share_ended(s, 2, 100, 500), 0);
    assert_int_equal(share_ended(s, 2, 100, 500), 0); /* told twice */
    assert_int_equal(share_state(s).waiting, 0);
    assert_int_equal(share_state(s).n, 2);
}

/* Known to be shorter than asked only when it has ended really. */
static void the_shadow_knows_no_more(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 1, 4);

    (void)state;
    submit(s, 1, 4, 1000, 0);
    share_started(s, 1, 0);
    submit(s, 2, 4, 10, 1);
    share_started(s, 2, 1); /* elsewhere */
    assert_int_equal((int)saved(s, 101), 100);
    assert_int_equal(share_ended(s, 1, 200, 200), 0);
    assert_int_equal((int)saved(s, 200), 199);
    assert_int_equal((int)saved(s, 900), 199); /* alone it would have begun at 200 */
}

static void one_that_never_ran(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 1, 4);

    (void)state;
    submit(s, 1, 4, 1000, 0);
    submit(s, 2, 4, 1000, 0);
    assert_int_equal(share_ended(s, 2, 0, 50), 0); /* cancelled */
    assert_int_equal(share_state(s).waiting, 1);
    share_requeued(s, 2, 60);
    share_started(s, 99, 60);
    assert_int_equal(share_ended(s, 99, 5, 60), 0); /* unknown: nothing */
    assert_int_equal(share_state(s).waiting, 1);
}

/* Own jobs of one or two of 4 cores, one every 100 s, for the whole window. */
static void steady(struct share *s, struct dice *d, uint32_t most)
{
    uint64_t id = 1;

    for (int64_t t = 0; t < SHARE_WINDOW_S; t += 1000, id++) {
        submit(s, id, dice_roll(d, 1, most), 900, t);
        share_started(s, id, t);
        assert_int_equal(share_ended(s, id, 900, t + 900), 0);
    }
}

static void no_harm_no_limit(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 10, 4);
    struct dice d = {.state = 3};

    (void)state;
    steady(s, &d, 2);
    assert_int_equal(share_longest(s, 2, SHARE_WINDOW_S), UINT32_MAX);
    assert_true(share_longest(s, 3, SHARE_WINDOW_S) < 100000);
    assert_true(share_longest(s, 4, SHARE_WINDOW_S)
                < share_longest(s, 3, SHARE_WINDOW_S));
}

/*
 * With guests there already: the stay that is answered costs what the slack pays, a
 * little more does not; and one that leaves before a wider one in its way is free.
 */
static void harm_is_paid(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        _cleanup_(share_freep) struct share *s = center(0.3, 1e9, 64);
        struct dice d = {.state = seed};
        int64_t now = SHARE_WINDOW_S;
        double most;

        steady(s, &d, 64);
        most = 0.3 * share_state(s).slack_s;
        for (uint64_t id = 1; id <= 12; id++) {
            uint32_t cores = dice_roll(&d, 1, 12);
            uint32_t stay = share_longest(s, cores, now);
            uint32_t shorter = dice_roll(&d, 1, 100);

            if (stay == 0)
                break;
            if (stay < UINT32_MAX / 2) {
                double before = share_harm(s, now);

                assert_int_equal(share_guest_came(s, id, cores, stay, stay, now), 0);
                assert_true(share_harm(s, now) <= most * 1.000001 + 1
                            || share_harm(s, now) <= before * 1.000001);
                share_guest_left(s, id, now);
                assert_int_equal(
                    share_guest_came(s, id, cores, stay + 2, stay + 2, now), 0);
                assert_true(share_harm(s, now) > most);
                share_guest_left(s, id, now);
                assert_true(fabs(share_harm(s, now) - before) < 1e-6 * (1 + before));
            } else {
                stay = 10000;
            }
            stay = stay * shorter / 100 + 1;
            assert_int_equal(share_guest_came(s, id, cores, stay, 2 * stay, now), 0);
        }
    }
}

static void outlived_its_length(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 1e9, 64);
    struct dice d = {.state = 8};
    int64_t now = SHARE_WINDOW_S;
    double first;

    (void)state;
    steady(s, &d, 64);
    assert_int_equal(share_guest_came(s, 1, 32, 100, 5000, now), 0);
    first = share_harm(s, now);
    assert_true(first > 0);
    assert_true(share_harm(s, now + 99) < first);
    assert_true(share_harm(s, now + 100) > 100 * first); /* now it may stay 4,900 s */
    share_guest_left(s, 1, now + 100);
    share_guest_left(s, 1, now + 100);
    assert_true(share_harm(s, now + 100) <= 0);
}

/* Slack far above the allowances lets anybody in; none at all lets nobody harm. */
static void open_and_closed(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 0.5, 4);
    struct dice d = {.state = 3};

    (void)state;
    steady(s, &d, 4);
    assert_int_equal(share_longest(s, 4, SHARE_WINDOW_S), UINT32_MAX);
    submit(s, 100000, 4, 60, SHARE_WINDOW_S); /* and waits for ever */
    assert_int_equal(share_settle(s, SHARE_WINDOW_S + 1000000), 0);
    assert_true(share_state(s).slack_s < 0);
    submit(s, 100001, 4, 60, SHARE_WINDOW_S + 1000000);
    assert_int_equal(share_longest(s, 4, SHARE_WINDOW_S + 1000000), 0);
}

static void ids_once(void **state)
{
    _cleanup_(share_freep) struct share *s = center(1, 1, 4);
    const struct share_job j = {.id = 7, .cores = 100, .pred_s = 1, .est_s = 2};

    (void)state;
    assert_int_equal(share_submit(s, &j, 0), 0); /* larger than the center: all of it */
    assert_int_equal(share_submit(s, &j, 0), -EEXIST);
    assert_int_equal(share_state(s).n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack_by_hand),
        cmocka_unit_test(the_shadow_knows_no_more),
        cmocka_unit_test(one_that_never_ran),
        cmocka_unit_test(no_harm_no_limit),
        cmocka_unit_test(harm_is_paid),
        cmocka_unit_test(outlived_its_length),
        cmocka_unit_test(open_and_closed),
        cmocka_unit_test(ids_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
