/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_rank_map - what a map gains, in thousandths, and never less than nothing */
#include "config.h"

#include "model/rank_map.h"
#include "tests/cmocka_all.h"

static void gains(void **state)
{
    static const struct {
        uint64_t cost, usual;
        uint32_t gain;
    } rows[] = {
        {0,         0,         0   }, /* nobody talks */
        {100,       100,       0   },
        {150,       100,       0   },
        {766,       1000,      234 },
        {2,         3,         333 },
        {1,         3,         667 },
        {0,         7,         1000},
        {INT64_MAX, INT64_MAX, 0   },
        {1,         INT64_MAX, 1000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rank_map m = {.cost = rows[i].cost, .usual_cost = rows[i].usual};

        assert_int_equal(rank_map_gain(&m), rows[i].gain);
    }
}

static void words_there_and_back(void **state)
{
    (void)state;
    for (int i = 0; i < _RANK_MAP_SOURCE_MAX; i++) {
        enum rank_map_source s = _RANK_MAP_SOURCE_MAX;

        assert_true(
            rank_map_source_parse(rank_map_source_word((enum rank_map_source)i), &s));
        assert_int_equal(s, i);
    }
    assert_false(rank_map_is_set(&(struct rank_map){0}));
    assert_true(rank_map_is_set(&(struct rank_map){.method = "default"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains),
        cmocka_unit_test(words_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
