/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_measure - text to number: what is taken, what is refused */
#include "config.h"

#include <errno.h>

#include "base/measure.h"
#include "base/time.h"
#include "tests/cmocka_all.h"

static void durations_as_slurm_writes_them(void **state)
{
    static const struct {
        const char *text;
        int r;
        uint32_t s;
    } rows[] = {
        {"5",           0,       300               },
        {"0:30",        0,       30                },
        {"1:00:00",     0,       3600              },
        {"1-0",         0,       86400             },
        {"1-2:30",      0,       86400 + 9000      },
        {"2-03:04:05",  0,       2 * 86400 + 11045 },
        {"UNLIMITED",   0,       DURATION_UNLIMITED},
        {"infinite",    0,       DURATION_UNLIMITED},
        {"0",           -ERANGE, 0                 },
        {"",            -EINVAL, 0                 },
        {"1:2:3:4",     -EINVAL, 0                 },
        {"1-",          -EINVAL, 0                 },
        {"-5",          -EINVAL, 0                 },
        {"5 ",          -EINVAL, 0                 },
        {"99999999999", -EINVAL, 0                 },
        {"4294967295",  -ERANGE, 0                 },
        {"1h",          -EINVAL, 0                 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t s = 7;

        assert_int_equal(measure_duration(rows[i].text, &s, NULL), rows[i].r);
        assert_int_equal(s, rows[i].r ? 7 : rows[i].s);
    }
}

static void sizes_have_one_letter(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_int_equal(measure_size("512", 1 << 20, UINT64_MAX, &n, NULL), 0);
    assert_int_equal(n, UINT64_C(512) << 20);
    assert_int_equal(measure_size("2G", 1, UINT64_MAX, &n, NULL), 0);
    assert_int_equal(n, UINT64_C(2) << 30);
    assert_int_equal(measure_size("2GiB", 1, UINT64_MAX, &n, NULL), 0);
    assert_int_equal(measure_size("2X", 1, UINT64_MAX, &n, NULL), -EINVAL);
    assert_int_equal(measure_size("2GG", 1, UINT64_MAX, &n, NULL), -EINVAL);
    assert_int_equal(measure_size("99999999999P", 1, UINT64_MAX, &n, NULL), -ERANGE);
}

static void money_has_three_digits(void **state)
{
    int64_t m = -1;

    (void)state;
    assert_int_equal(measure_milli("12.5", INT64_MAX, &m, NULL), 0);
    assert_int_equal(m, 12500);
    assert_int_equal(measure_milli("0.001", INT64_MAX, &m, NULL), 0);
    assert_int_equal(m, 1);
    assert_int_equal(measure_milli("1.0001", INT64_MAX, &m, NULL), -EINVAL);
    assert_int_equal(measure_milli("1.", INT64_MAX, &m, NULL), -EINVAL);
    assert_int_equal(measure_milli("-1", INT64_MAX, &m, NULL), -EINVAL);
    assert_int_equal(measure_milli("9223372036854775807", INT64_MAX, &m, NULL),
                     -ERANGE);
}

static void moments(void **state)
{
    struct wall t = {0};
    const struct wall now = {INT64_C(1700000000) * US_PER_S};
    char text[TIME_TEXT_MAX];

    (void)state;
    assert_int_equal(wall_parse("2026-11-23T20:45:01Z", now, &t, NULL), 0);
    assert_string_equal(wall_text(t, true, text), "2026-11-23T20:45:01Z");
    assert_int_equal(wall_parse("now+2hours", now, &t, NULL), 0);
    assert_int_equal(t.us, now.us + 7200 * US_PER_S);
    assert_int_equal(wall_parse("yesterday", now, &t, NULL), -EINVAL);
    assert_int_equal(wall_parse("2026-11-23x", now, &t, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_as_slurm_writes_them),
        cmocka_unit_test(sizes_have_one_letter),
        cmocka_unit_test(money_has_three_digits),
        cmocka_unit_test(moments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
