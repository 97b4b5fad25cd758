/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_priority - the order of a center's queue by age, fair share, size, partition */
#include "config.h"

#include <stdlib.h>

#include "sched/sched.h"
#include "tests/cmocka_all.h"
#include "tests/sched/center_bed.h"
#include "tests/sched/dice.h"

static struct sched_priority by(struct fair_weights w)
{
    struct sched_priority p = sched_priority_default();

    w.max_age_s = w.max_age_s ? w.max_age_s : p.weights.max_age_s;
    p.weights = w;
    p.calc_s = 10;
    return p;
}

static void put(
    struct sched *s, uint64_t id, uint32_t tasks, const char *account, int64_t now_s)
{
    struct request r = ask(tasks, 1000);
    struct sched_meta m = {.submit_s = now_s, .user = id};

    (void)snprintf(m.account, sizeof(m.account), "%s", account);
    assert_int_equal(sched_submit(s, id, &r, &m, now_s, NULL), 0);
}

static uint32_t position(struct sched *s, uint64_t id, int64_t now_s)
{
    struct sched_view v;

    assert_true(sched_view(s, id, now_s, &v));
    return v.position;
}

static void pass(struct sched *s, int64_t now_s)
{
    struct told t = {0};
    int n = sched_pass(s, now_s, note, &t);

    assert_true(n >= 0);
    for (size_t i = 0; i < t.n; i++)
        assert_int_equal(sched_start(s, t.id[i], now_s), 0);
    assert_true(sched_check(s));
}

static void who_used_much_comes_later(void **state)
{
    struct sched *s = make(sched_config_default(), 1, 4);
    struct sched_priority p = by((struct fair_weights){.fairshare = 1000});
    struct fair_terms t;

    (void)state;
    assert_int_equal(sched_shares_set(s, "a", 1, NULL), 0);
    assert_int_equal(sched_shares_set(s, "b", 1, NULL), 0);
    assert_int_equal(sched_priority_set(s, &p, 0), 0);
    put(s, 1, 4, "a/x", 0);
    pass(s, 0);
    put(s, 2, 4, "a/x", 1);
    put(s, 3, 4, "a/y", 2); /* another project of the same institution */
    put(s, 4, 4, "b/z", 3);
    pass(s, 20); /* what runs is charged while it runs */
    assert_int_equal(position(s, 4, 20), 1);
    assert_int_equal(position(s, 3, 20), 2);
    assert_int_equal(position(s, 2, 20), 3);
    assert_true(sched_terms(s, 4, 20, &t));
    assert_int_equal(t.priority, 1000);
    assert_int_equal(sched_end(s, 1, 100), 0);
    pass(s, 100);
    assert_int_equal(position(s, 3, 100), 1); /* 4 runs */
    sched_free(s);
}

static void without_weights_first_come_first_served(void **state)
{
    struct sched *s = make(sched_config_default(), 1, 4);
    struct sched_priority p = sched_priority_default();

    (void)state;
    assert_int_equal(sched_priority_set(s, &p, 0), 0);
    put(s, 1, 4, "a/x", 0);
    pass(s, 0);
    put(s, 2, 4, "a/x", 1);
    put(s, 3, 4, "b/z", 2);
    pass(s, 5000);
    assert_int_equal(position(s, 2, 5000), 1);
    assert_int_equal(position(s, 3, 5000), 2);
    assert_int_equal(sched_next_s(s), 5001); /* an end, no calculation */
    sched_free(s);
}

static void each_factor_counts(void **state)
{
    static const struct {
        struct fair_weights w;
        bool favor_small;
        uint64_t first;
    } rows[] = {
        {{.age = 100, .max_age_s = 1000}, false, 2}, /* the older */
        {{.size = 100},                   false, 3}, /* the larger */
        {{.size = 100},                   true,  2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct sched *s = make(sched_config_default(), 1, 4);
        struct sched_priority p = by(rows[i].w);

        p.favor_small = rows[i].favor_small;
        assert_int_equal(sched_priority_set(s, &p, 0), 0);
        put(s, 1, 4, "a/x", 0);
        pass(s, 0);
        put(s, 2, 2, "a/x", 10);
        put(s, 3, 3, "a/x", 200);
        pass(s, 500);
        assert_int_equal(position(s, rows[i].first, 500), 1);
        sched_free(s);
    }
}

/* A new rule takes hold of those that wait; turned off, they wait as they came. */
static void a_new_rule_reorders_at_once(void **state)
{
    struct sched *s = make(sched_config_default(), 1, 4);
    struct sched_priority p = by((struct fair_weights){.size = 100});

    (void)state;
    put(s, 1, 4, "a/x", 0);
    pass(s, 0);
    put(s, 2, 2, "a/x", 1);
    put(s, 3, 4, "a/x", 2);
    assert_int_equal(sched_priority_set(s, &p, 3), 0);
    assert_int_equal(position(s, 3, 3), 1);
    p = sched_priority_default();
    assert_int_equal(sched_priority_set(s, &p, 4), 0);
    assert_int_equal(position(s, 2, 4), 1);
    assert_true(sched_check(s));
    sched_free(s);
}

/* What was used is known after a restart, and what ran on is not charged twice. */
static void usage_outlives_a_restart(void **state)
{
    struct sched *s = make(sched_config_default(), 1, 4);
    struct sched *again = make(sched_config_default(), 1, 4);
    const struct node_pick pick = {.node = 0, .tasks = 4, .cores = 4};
    struct request r = ask(4, 1000);
    struct sched_meta m = {.account = "a/x"};
    struct buf b = BUF_INIT(1 << 16);
    struct err err = {0};
    struct fair_view v;

    (void)state;
    put(s, 1, 4, "a/x", 1000000);
    pass(s, 1000000);
    sched_keep_usage(s, 1000100, &b);
    assert_int_equal(sched_recall_usage(again, buf_text(&b), &err), 0);
    assert_int_equal(sched_restore_running(again, 1, &r, &m, &pick, 1, 1000000), 0);
    assert_int_equal(sched_end(again, 1, 1000150), 0);
    assert_int_equal(fair_look(sched_fair(again, 1000150), "a/x", &v), 0);
    assert_true(v.used.of[FAIR_CORES] > 599 && v.used.of[FAIR_CORES] < 601);
    assert_int_equal(fair_look(sched_fair(again, 1000150), "a", &v), 0);
    assert_true(v.used.of[FAIR_CORES] > 599 && v.used.of[FAIR_CORES] < 601);
    assert_int_equal(sched_recall_usage(again, "charged soon\n", &err), -EINVAL);
    assert_string_equal(err.text, "its first line must be: charged SECONDS");
    assert_int_equal(sched_recall_usage(again, "charged 5\nat 5\na/x 1 2\n", &err),
                     -EINVAL);
    assert_string_equal(err.text, "line 2 must be: PATH CORE_S GIB_S GPU_S");
    buf_release(&b);
    sched_free(s);
    sched_free(again);
}

struct last {
    struct sched *s;
    int64_t now_s;
    uint64_t n;
};

static int descends(uint64_t job, uint32_t partition, void *arg)
{
    struct last *l = arg;

    (void)partition;
    assert_int_equal(position(l->s, job, l->now_s), ++l->n);
    return 0;
}

/* Random jobs of random accounts: the queue is whole, and counted in its order. */
static void random_workloads_stay_in_order(void **state)
{
    struct dice d = {0x5eed};
    static const char *const accounts[] = {"a/x", "a/y", "b/z", "c/w", ""};

    (void)state;
    for (int round = 0; round < 40; round++) {
        struct sched *s = make(sched_config_default(), 2, 8);
        struct sched_priority p =
            by((struct fair_weights){.age = dice_roll(&d, 0, 2) * 100,
                                     .fairshare = 500,
                                     .size = dice_roll(&d, 0, 50)});
        uint64_t running[64];
        size_t n_running = 0;

        assert_int_equal(sched_priority_set(s, &p, 0), 0);
        for (int64_t now_s = 0; now_s < 400; now_s += dice_roll(&d, 1, 5)) {
            struct told t = {0};
            struct last l = {s, now_s, 0};

            put(s, 1 + (uint64_t)now_s, dice_roll(&d, 1, 12),
                accounts[dice_roll(&d, 0, 4)], now_s);
            if (n_running > 0 && dice_roll(&d, 0, 2) == 0)
                assert_int_equal(sched_end(s, running[--n_running], now_s), 0);
            assert_true(sched_pass(s, now_s, note, &t) >= 0);
            for (size_t i = 0; i < t.n; i++) {
                assert_int_equal(sched_start(s, t.id[i], now_s), 0);
                running[n_running++] = t.id[i];
            }
            sched_each_waiting(s, descends, &l);
            assert_int_equal(l.n, sched_counts(s).waiting);
            assert_true(sched_check(s));
        }
        sched_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_used_much_comes_later),
        cmocka_unit_test(without_weights_first_come_first_served),
        cmocka_unit_test(each_factor_counts),
        cmocka_unit_test(a_new_rule_reorders_at_once),
        cmocka_unit_test(usage_outlives_a_restart),
        cmocka_unit_test(random_workloads_stay_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
