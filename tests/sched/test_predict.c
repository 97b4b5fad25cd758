/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_predict - who is believed, and what is remembered */
#include "config.h"

#include "sched/predict.h"
#include "tests/cmocka_all.h"

static void last_two_of_the_user(void **state)
{
    _cleanup_(predict_freep) struct predict *p = predict_new(PREDICT_USER, 100);

    (void)state;
    assert_non_null(p);
    assert_int_equal(predict_run(p, 1, 3600, 4), 3600);
    assert_int_equal(predict_ended(p, 1, 3600, 4, 100), 0);
    assert_int_equal(predict_run(p, 1, 3600, 4), 3600); /* one is not enough */
    assert_int_equal(predict_ended(p, 1, 3600, 4, 201), 0);
    assert_int_equal(predict_run(p, 1, 3600, 4), 150); /* floor */
    assert_int_equal(predict_run(p, 1, 60, 4), 60);    /* capped */
    assert_int_equal(predict_ended(p, 1, 3600, 4, 0), 0);
    assert_int_equal(predict_ended(p, 1, 3600, 4, 0), 0);
    assert_int_equal(predict_run(p, 1, 60, 4), 1);
    assert_int_equal(predict_run(p, 2, 60, 4), 60);
}

static void alike_before_user(void **state)
{
    _cleanup_(predict_freep) struct predict *p = predict_new(PREDICT_ALIKE, 100);

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(predict_ended(p, 1, 3600, 4, 1000), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(predict_ended(p, 1, 60, 1, 10), 0);
    assert_int_equal(predict_run(p, 1, 3600, 4), 1000);
    assert_int_equal(predict_run(p, 1, 60, 1), 10);
    assert_int_equal(predict_run(p, 1, 7200, 4), 10); /* the user's last two */
}

static void a_ceiling_on_memory(void **state)
{
    _cleanup_(predict_freep) struct predict *p = predict_new(PREDICT_USER, 10);

    (void)state;
    for (uint64_t user = 1; user <= 1000; user++)
        for (int i = 0; i < 2; i++)
            assert_int_equal(predict_ended(p, user, 3600, 1, 7), 0);
    assert_int_equal(predict_run(p, 1000, 3600, 1), 7);
    assert_int_equal(predict_run(p, 1, 3600, 1), 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_two_of_the_user),
        cmocka_unit_test(alike_before_user),
        cmocka_unit_test(a_ceiling_on_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
