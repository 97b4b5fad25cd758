/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_sched_guests - what own users gained or lost decides about guests */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "sched/sched.h"
#include "tests/cmocka_all.h"
#include "tests/sched/center_bed.h"

static void submit_guest(
    struct sched *s, uint64_t id, uint32_t tasks, uint32_t limit_s, int64_t now_s)
{
    struct request r = ask(tasks, limit_s);
    struct sched_meta m = {.group = 3, .submit_s = now_s, .user = id};

    assert_int_equal(sched_submit(s, id, &r, &m, now_s, NULL), 0);
}

static void own(struct sched *s,
                uint64_t id,
                uint32_t tasks,
                int64_t submit_s,
                enum sched_own_state state,
                int64_t run_s,
                int64_t now_s)
{
    const struct sched_own o = {
        .job = id, .submit_s = submit_s, .state = state, .run_s = run_s};
    struct request r = ask(tasks, 600);

    assert_int_equal(sched_own(s, &o, &r, now_s), 0);
}

/* Own jobs that all want the whole machine, hourly for two weeks; each waits `late_s`.
 */
static void own_weeks(struct sched *s, int64_t late_s)
{
    uint64_t id = 1000;

    for (int64_t t = 0; t < SHARE_WINDOW_S; t += 3600, id++) {
        own(s, id, 8, t, OWN_WAITS, 0, t);
        own(s, id, 8, t, OWN_RUNS, 0, t + late_s);
        own(s, id, 8, t, OWN_OVER, 600, t + late_s + 600);
    }
}

/* Own users gained by sharing, or lost: the same guest comes in, or does not. */
static void guests_are_paid_for(void **state)
{
    static const struct {
        int64_t late_s;
        uint32_t limit_s;
        bool share;
        bool comes;
    } rows[] = {
        {0,  86400, true,  true }, /* nothing was lost: all is open */
        {60, 86400, true,  false}, /* more than the allowance was lost */
        {60, 86400, false, true }, /* the rule is off */
        {45, 86400, true,  false}, /* a little is left: enough for … */
        {45, 600,   true,  true }, /* … a short one */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sched_config c = sched_config_default();
        struct told t = {0};
        struct sched *s;
        struct share_state st;
        int64_t now = SHARE_WINDOW_S + 1000;

        c.share = rows[i].share;
        s = make(c, 2, 4);
        own_weeks(s, rows[i].late_s);
        submit_guest(s, 1, 4, rows[i].limit_s, now);
        assert_int_equal(sched_pass(s, now, note, &t), rows[i].comes);
        assert_int_equal(sched_share_state(s, &st), rows[i].share);
        if (rows[i].share) {
            assert_int_equal(st.n_guests, rows[i].comes);
            assert_int_equal(st.n, SHARE_WINDOW_S / 3600);
        }
        /* One that is kept out holds up nobody, and is looked at again. */
        submit(s, 2, rows[i].comes ? 4 : 8, 600, now);
        assert_int_equal(sched_pass(s, now, note, &t), 1);
        assert_true(rows[i].comes || sched_next_s(s) <= now + 60);
        assert_true(sched_check(s));
        if (rows[i].comes)
            assert_int_equal(sched_release(s, 1), 0);
        if (rows[i].share) {
            assert_true(sched_share_state(s, &st));
            assert_int_equal(st.n_guests, 0);
        }
        sched_free(s);
    }
}

/* The record lives through a restart; nodes that come change the shadow's size. */
static void kept_and_recalled(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 4);
    struct sched *again = make(sched_config_default(), 2, 4);
    struct buf b = BUF_INIT(FORECAST_TEXT_MAX);
    struct share_state x;
    struct share_state y;

    (void)state;
    own_weeks(s, 45);
    sched_keep(s, &b);
    assert_int_equal(sched_recall(again, buf_text(&b), NULL), 0);
    assert_int_equal(sched_recall(again, "share none 3\nforecast", NULL), -EINVAL);
    assert_int_equal(sched_recall(again, "", NULL), -EINVAL);
    own(again, 1, 8, SHARE_WINDOW_S, OWN_WAITS, 0, SHARE_WINDOW_S);
    assert_true(sched_share_state(s, &x));
    assert_true(sched_share_state(again, &y));
    assert_int_equal(y.n, x.n + 1);
    assert_int_equal((int)y.slack_s, (int)x.slack_s + 50);
    for (uint32_t i = 2; i < 5; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "n%u", i); /* fits */
        assert_int_equal(sched_node_set(again, name, 4, 16 * GIB, 0, "", 1, true), i);
        own(again, i, 8, SHARE_WINDOW_S, OWN_WAITS, 0, SHARE_WINDOW_S);
    }
    assert_true(sched_share_state(again, &y));
    assert_int_equal(y.waiting, 4);
    buf_release(&b);
    sched_free(s);
    sched_free(again);
}

/* An own job that had to wait is told p50 and p90, and the record learns. */
static void odds_are_learned(void **state)
{
    struct sched *s = make(sched_config_default(), 1, 4);
    struct told t = {0};
    struct forecast_wait w;
    int64_t now = 0;

    (void)state;
    assert_int_equal(forecast_held90(sched_forecast(s)), -1);
    for (uint64_t id = 1; id <= 60; id += 2, now += 1000) {
        t.n = 0;
        submit(s, id, 4, 600, now);
        assert_int_equal(sched_pass(s, now, note, &t), 1);
        assert_int_equal(sched_start(s, id, now), 0);
        submit(s, id + 1, 4, 600, now);
        assert_true(sched_expect(s, id + 1, now, &w));
        assert_int_equal(w.planned_s, 600);
        assert_int_equal(sched_end(s, id, now + 300), 0); /* sooner than asked */
        assert_int_equal(sched_pass(s, now + 300, note, &t), 1);
        assert_int_equal(sched_start(s, id + 1, now + 300), 0);
        assert_int_equal(sched_end(s, id + 1, now + 310), 0);
    }
    assert_int_equal(sched_forecast(s)->n, 30); /* those that started at once: not */
    assert_int_equal(forecast_held90(sched_forecast(s)), 100);
    assert_false(sched_expect(s, 1, now, &w));
    sched_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_are_paid_for),
        cmocka_unit_test(kept_and_recalled),
        cmocka_unit_test(odds_are_learned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
