/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_fair - the fair tree against cases worked by hand, decay, dominant resources */
#include "config.h"

#include "sched/fair.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

#define DAY 86400

static struct fair *tree(void)
{
    const struct fair_usage machine = {
        .of = {100, 1000, 10}
    };
    static const struct {
        const char *path;
        uint32_t shares;
    } nodes[] = {
        {"hust",               60},
        {"vast",               40},
        {"hust/climate",       1 },
        {"hust/materials",     1 },
        {"vast/genome",        1 },
        {"hust/climate/an",    1 },
        {"hust/climate/binh",  1 },
        {"hust/materials/chi", 1 },
        {"vast/genome/dung",   3 },
        {"vast/genome/em",     1 },
    };
    struct fair *f = fair_new(7 * DAY, &machine);

    assert_non_null(f);
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        assert_int_equal(fair_set(f, nodes[i].path, nodes[i].shares, NULL), 0);
    return f;
}

static void use(struct fair *f, const char *path, double core_s, int64_t t)
{
    const struct fair_usage u = {
        .of = {core_s, 0, 0}
    };

    assert_int_equal(fair_use(f, path, &u, t), 0);
}

static struct fair_view look(struct fair *f, const char *path)
{
    struct fair_view v;

    assert_int_equal(fair_look(f, path, &v), 0);
    return v;
}

static bool is(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void nobody_used_anything(void **state)
{
    _cleanup_(fair_freep) struct fair *f = tree();

    (void)state;
    assert_int_equal(fair_rank(f), 0);
    assert_true(isinf(look(f, "hust").level));
    assert_true(is(look(f, "hust/climate/an").factor, 1));
    assert_int_equal(look(f, "hust/climate/an").rank,
                     look(f, "hust/climate/binh").rank);
    assert_int_equal(look(f, "vast/genome/dung").rank, 1); /* no name is first */
}

/* What is below two that tie is ranked as if it were of one. */
static void those_of_a_tie_are_ranked_together(void **state)
{
    const struct fair_usage machine = {
        .of = {100, 0, 0}
    };
    static const struct {
        const char *path;
        double used;
        uint32_t rank;
    } rows[] = {
        {"a",   0,  1},
        {"a/x", 10, 3},
        {"a/y", 0,  1},
        {"b",   0,  1},
        {"b/w", 0,  1},
        {"b/z", 10, 3},
    };
    _cleanup_(fair_freep) struct fair *f = fair_new(DAY, &machine);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(fair_set(f, rows[i].path, 1, NULL), 0);
        use(f, rows[i].path, rows[i].used, 0);
    }
    assert_int_equal(fair_rank(f), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(look(f, rows[i].path).rank, rows[i].rank);
    assert_true(is(look(f, "b/z").factor, 0.5));
}

/* hust used 300 of 400 with 60 % of the shares: behind vast, whoever it is. */
static void by_hand(void **state)
{
    _cleanup_(fair_freep) struct fair *f = tree();

    (void)state;
    use(f, "hust/climate/an", 200, 0);
    use(f, "hust/materials/chi", 100, 0);
    use(f, "vast/genome/dung", 90, 0);
    use(f, "vast/genome/em", 10, 0);
    assert_int_equal(fair_rank(f), 0);
    assert_true(is(look(f, "hust").level, 0.6 / 0.75));
    assert_true(is(look(f, "vast").level, 0.4 / 0.25));
    assert_true(is(look(f, "vast/genome/dung").level, 0.75 / 0.9));
    assert_true(is(look(f, "vast/genome/em").level, 0.25 / 0.1));
    assert_true(is(look(f, "vast/genome/em").factor, 1));
    assert_true(is(look(f, "vast/genome/dung").factor, 0.8));
    assert_true(is(look(f, "hust/materials/chi").factor, 0.6));
    assert_true(is(look(f, "hust/climate/binh").factor, 0.4)); /* used nothing, but … */
    assert_true(is(look(f, "hust/climate/an").factor, 0.2));
    assert_int_equal(look(f, "hust/climate").rank, 4);
}

static void half_is_forgotten(void **state)
{
    _cleanup_(fair_freep) struct fair *f = tree();

    (void)state;
    use(f, "hust/climate/an", 100, 0);
    use(f, "vast/genome/em", 50, 7 * DAY); /* as much as is left of it */
    assert_int_equal(fair_rank(f), 0);
    assert_true(is(look(f, "hust").usage, 0.5));
    use(f, "vast/genome/em", 1, 7000 * DAY); /* everything before is nothing */
    assert_int_equal(fair_rank(f), 0);
    assert_true(is(look(f, "hust").usage, 0));
    assert_true(is(look(f, "vast").usage, 1));
}

static void the_dominant_resource_counts(void **state)
{
    _cleanup_(fair_freep) struct fair *f = tree();
    const struct fair_usage gpus = {
        .of = {1, 1, 5}
    };
    const struct fair_usage cores = {
        .of = {40, 400, 0}
    };

    (void)state;
    assert_int_equal(fair_use(f, "hust/climate/an", &gpus, 0), 0);
    assert_int_equal(fair_use(f, "vast/genome/em", &cores, 0), 0);
    assert_int_equal(fair_rank(f), 0);
    assert_true(is(look(f, "hust").usage, 0.5 / 0.9)); /* half of the GPUs, 40 % of … */
}

static void what_is_refused(void **state)
{
    _cleanup_(fair_freep) struct fair *f = tree();
    const struct fair_usage u = {
        .of = {1, 0, 0}
    };
    struct fair_view v;
    struct err err = {0};

    (void)state;
    assert_int_equal(fair_set(f, "nobody/x", 1, &err), -ENOENT);
    assert_string_equal(err.text, "there is no nobody");
    assert_int_equal(fair_set(f, "", 1, NULL), -EINVAL);
    assert_int_equal(fair_set(f, "/hust", 1, NULL), -EINVAL);
    assert_int_equal(fair_set(f, "hust/", 1, NULL), -EINVAL);
    assert_int_equal(fair_set(f, "hust", 1000001, NULL), -EINVAL);
    assert_int_equal(fair_use(f, "nobody", &u, 0), -ENOENT);
    assert_int_equal(fair_look(f, "nobody", &v), -ENOENT);
}

static int counts(const char *path, const struct fair_view *v, void *arg)
{
    (void)path;
    *(double *)arg += v->factor >= 0 && v->factor <= 1;
    return 0;
}

/* Random trees: more used among siblings is never better; all are seen once. */
static void more_used_is_not_better(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        const struct fair_usage machine = {
            .of = {100, 0, 0}
        };
        _cleanup_(fair_freep) struct fair *f = fair_new(DAY, &machine);
        struct dice d = {.state = seed};
        double used[40] = {0};
        double seen = 0;
        char path[64];

        assert_int_equal(fair_set(f, "a", 1, NULL), 0);
        for (int i = 0; i < 40; i++) {
            (void)snprintf(path, sizeof(path), "a/u%d", i); /* fits */
            assert_int_equal(fair_set(f, path, 1, NULL), 0);
            used[i] = dice_roll(&d, 0, 20);
            use(f, path, used[i], 0);
        }
        assert_int_equal(fair_rank(f), 0);
        for (int i = 0; i < 40; i++)
            for (int k = 0; k < 40; k++) {
                struct fair_view x;
                struct fair_view y;

                (void)snprintf(path, sizeof(path), "a/u%d", i);
                x = look(f, path);
                (void)snprintf(path, sizeof(path), "a/u%d", k);
                y = look(f, path);
                if (used[i] < used[k])
                    assert_true(x.rank < y.rank && x.factor > y.factor);
                else if (used[i] <= used[k])
                    assert_int_equal(x.rank, y.rank);
            }
        fair_each(f, counts, &seen);
        assert_true(is(seen, 41));
    }
}

static void a_priority_is_a_sum(void **state)
{
    const struct fair_weights w = {.age = 1000,
                                   .fairshare = 10000,
                                   .size = 100,
                                   .partition = 10,
                                   .max_age_s = 7 * DAY};
    struct fair_terms t = fair_priority(&w, 7 * DAY / 2, 0.25, 2, 1);

    (void)state;
    assert_true(is(t.age, 500) && is(t.fairshare, 2500) && is(t.size, 100));
    assert_int_equal(t.priority, 500 + 2500 + 100 + 10);
    t = fair_priority(&w, -5, NAN, -1, 0);
    assert_int_equal(t.priority, 0);
    t = fair_priority(&w, INT64_MAX, 1, 1, 1);
    assert_int_equal(t.priority, 11110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_used_anything),
        cmocka_unit_test(those_of_a_tie_are_ranked_together),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(half_is_forgotten),
        cmocka_unit_test(the_dominant_resource_counts),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(more_used_is_not_better),
        cmocka_unit_test(a_priority_is_a_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
