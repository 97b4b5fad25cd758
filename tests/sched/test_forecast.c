/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_forecast - p50 and p90 hold as often as they say, whatever the workload does */
#include "config.h"

#include "sched/forecast.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

static void without_a_record(void **state)
{
    struct forecast f;
    struct forecast_wait w;

    (void)state;
    forecast_init(&f);
    assert_int_equal(forecast_held90(&f), -1);
    w = forecast_of(&f, 1000, 60);
    assert_int_equal(w.planned_s, 1000);
    assert_int_equal(w.p50_s, 1000); /* the plan is all there is */
    assert_true(w.p90_s > 1000);
    w = forecast_of(&f, -5, 60);
    assert_int_equal(w.planned_s, 0);
    w = forecast_of(&f, INT64_MAX, UINT32_MAX);
    assert_true(w.p90_s >= w.p50_s);
}

/* Waits around the plan: off by `factor` and scattered; both change on the way. */
static int64_t truth(struct dice *d, int64_t planned_s, double factor, double spread)
{
    double sum = 0;

    for (int i = 0; i < 6; i++)
        sum += dice_roll(d, 0, 1000 - 1) / 1000.0 - 0.5;
    return (int64_t)(((double)planned_s + 60) * factor * exp(spread * sum)) + 1;
}

static void as_often_as_said(void **state)
{
    static const struct {
        double factor;
        double spread;
    } runs[] = {
        {1,    0.5},
        {0.05, 1  },
        {20,   2  },
        {1,    0  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        struct dice d = {.state = 17 + i};
        struct forecast f;
        unsigned held50 = 0;
        unsigned held90 = 0;

        forecast_init(&f);
        for (int k = 0; k < 20000; k++) {
            /* Half way everything is three times later than before. */
            double shift = k < 10000 ? 1 : 3;
            int64_t planned_s = (int64_t)dice_roll(&d, 0, 100000 - 1);
            struct forecast_wait w =
                forecast_of(&f, planned_s, dice_roll(&d, 0, 90000 - 1));
            int64_t wait_s =
                truth(&d, planned_s, runs[i].factor * shift, runs[i].spread);

            assert_true(w.p50_s <= w.p90_s);
            held50 += wait_s <= w.p50_s;
            held90 += wait_s <= w.p90_s;
            forecast_learn(&f, &w, k * 300, wait_s);
        }
        /* Without scatter p50 and p90 are the same moment. */
        assert_in_range(held50, 9000, runs[i].spread > 0 ? 11500 : 18800);
        assert_in_range(held90, 17400, runs[i].spread > 0 ? 18800 : 20000);
        assert_in_range(forecast_held90(&f), 85, runs[i].spread > 0 ? 95 : 100);
    }
}

static struct forecast learned(void)
{
    struct dice d = {.state = 5};
    struct forecast f;

    forecast_init(&f);
    for (int k = 0; k < 3000; k++) {
        int64_t planned_s = (int64_t)dice_roll(&d, 0, 50000 - 1);
        struct forecast_wait w = forecast_of(&f, planned_s, 600);

        forecast_learn(&f, &w, k * 300, truth(&d, planned_s, 2, 1));
    }
    return f;
}

/* Five hundred jobs of one hour started long before their plan: that is one piece of
 * evidence. The next such crowd is not promised so little; after days like it, it is.
 */
static void a_crowd_is_one_piece_of_evidence(void **state)
{
    struct forecast f;
    struct forecast_wait w;
    int64_t day_s = 86400;

    (void)state;
    forecast_init(&f);
    for (int day = 0; day < 6; day++) {
        for (int k = 0; k < 500; k++) {
            w = forecast_of(&f, 40000, 600);
            if (day == 1)
                assert_true(w.p90_s >= 40000);
            forecast_learn(&f, &w, day * day_s + k, 4000);
        }
    }
    w = forecast_of(&f, 40000, 600);
    assert_in_range(w.p90_s, 3000, 8000);
}

static void kept_as_text(void **state)
{
    struct forecast f = learned();
    struct forecast g;
    struct buf b = BUF_INIT(FORECAST_TEXT_MAX);

    (void)state;
    forecast_init(&g);
    forecast_write(&f, &b);
    assert_int_equal(b.err, 0);
    assert_int_equal(forecast_read(&g, buf_text(&b), NULL), 0);
    for (unsigned w = 0; w < FORECAST_WAITS; w++)
        for (unsigned k = 0; k < FORECAST_LENGTHS; k++) {
            assert_memory_equal(f.classes[w][k].bins, g.classes[w][k].bins,
                                sizeof(f.classes[w][k].bins));
            assert_int_equal(f.classes[w][k].n, g.classes[w][k].n);
            assert_int_equal(f.classes[w][k].days, g.classes[w][k].days);
        }
    assert_int_equal(f.n, g.n);
    assert_int_equal(forecast_of(&f, 3000, 600).p90_s,
                     forecast_of(&g, 3000, 600).p90_s);
    buf_release(&b);
}

static void other_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "forecast",
        "forecast 9 0.9 0.5 0 0 0\n",
        "forecast 2 0.9 0.5 0 0\n",
        "forecast 2 9 0.5 0 0 0\n",
        "forecast 2 0.9 0.5 10 11 0\n",
        "forecast 2 0.9 0.5 0 0 0\n1 2 3\n",
        "forecast 2 0.9 0.5 0 0 0\n99 0 0 0\n",
    };
    struct forecast f = learned();
    struct forecast before = f;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct err err = {0};

        assert_int_equal(forecast_read(&f, texts[i], &err), -EINVAL);
        assert_memory_equal(&f, &before, sizeof(f));
        assert_true(err.text[0]);
    }
}

static void told_to_others(void **state)
{
    struct forecast f = learned();
    struct supply s = {0};
    struct forecast_wait w = {.p50_s = 7};

    (void)state;
    assert_false(forecast_heard(&s, 100, &w)); /* it told nothing */
    assert_int_equal(w.p50_s, 7);
    forecast_tell(&f, &s);
    assert_int_equal(s.n_scored, f.n);
    for (int64_t planned_s = 0; planned_s < 50000; planned_s += 777) {
        struct forecast_wait own = forecast_of(&f, planned_s, 600);

        assert_true(forecast_heard(&s, planned_s, &w));
        assert_in_range(w.p90_s, own.p90_s * 0.9 - 10, own.p90_s * 1.1 + 10);
    }
    /* A stranger may say anything. */
    for (int i = 0; i < SUPPLY_ODDS; i++)
        s.odds[i] = (struct supply_odds){INT32_MAX, INT32_MIN};
    assert_true(forecast_heard(&s, INT64_MAX, &w));
    assert_true(w.p50_s <= w.p90_s);
    s.n_odds = 3;
    assert_false(forecast_heard(&s, 0, &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_record),
        cmocka_unit_test(as_often_as_said),
        cmocka_unit_test(a_crowd_is_one_piece_of_evidence),
        cmocka_unit_test(kept_as_text),
        cmocka_unit_test(told_to_others),
        cmocka_unit_test(other_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
