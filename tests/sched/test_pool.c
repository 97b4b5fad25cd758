/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_pool - what EASY promises; ranks; demand over a window */
#include "config.h"

#include <stdlib.h>

#include "sched/demand.h"
#include "sched/pool.h"
#include "sched/rank.h"
#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

struct job {
    int64_t at_s;  /* really ends */
    int64_t end_s; /* is expected to */
    uint32_t pred_s;
    uint32_t cores;
    bool runs;
};

struct world {
    struct pool p;
    struct dice d;
    struct job jobs[200];
    uint64_t n;
    int64_t now_s;
    uint32_t head;
    int64_t promise_s;
};

static int begin(void *arg, uint32_t x)
{
    struct world *w = arg;
    struct job *j = &w->jobs[x];

    assert_true(x != w->head || w->now_s <= w->promise_s);
    j->at_s = w->now_s + dice_roll(&w->d, 0, j->pred_s);
    j->end_s = w->now_s + j->pred_s;
    j->runs = true;
    return pool_take(&w->p, x, j->cores, j->end_s, x);
}

static void arrive(struct world *w, bool shortest)
{
    const struct rank_rule rule = {.scan = shortest ? RANK_SHORTEST : RANK_ARRIVAL};
    struct job *j = &w->jobs[++w->n];
    struct rank_job r = {.seq = w->n, .submit_s = w->now_s};
    struct pool_job p = {.slot = (uint32_t)w->n};

    j->pred_s = dice_roll(&w->d, 1, 40);
    j->cores = dice_roll(&w->d, 1, 8);
    r.pred_s = p.pred_s = j->pred_s;
    r.cores = p.cores = j->cores;
    p.queue = rank_queue(&rule, &r);
    p.scan = rank_scan(&rule, &r);
    assert_int_equal(pool_queue(&w->p, &p, 256), 0);
}

/* While a job is the head, its reservation never moves back. */
static void easy_never_delays_the_head(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 300; round++) {
        struct world w = {.d = {round}, .promise_s = INT64_MAX};

        assert_int_equal(pool_init(&w.p, 8), 0);
        for (w.now_s = 0; w.now_s < 400; w.now_s++) {
            uint32_t first;

            for (uint64_t i = 1; i <= w.n; i++)
                if (w.jobs[i].runs && w.jobs[i].at_s <= w.now_s) {
                    pool_give(&w.p, w.jobs[i].cores, w.jobs[i].end_s, i);
                    w.jobs[i].runs = false;
                }
            if (w.n < 150 && dice_roll(&w.d, 0, 1) == 0)
                arrive(&w, round % 2);
            assert_int_equal(pool_pass(&w.p, true, w.now_s, begin, &w), 0);
            first = backlog_head(&w.p.queue, NULL);
            if (first) {
                pool_reserve(&w.p, w.now_s);
                assert_true(first != w.head || w.p.shadow_s <= w.promise_s);
                w.promise_s = w.p.shadow_s;
            }
            w.head = first;
        }
        pool_release(&w.p);
    }
}

static void own_jobs_stand_before_guests(void **state)
{
    struct dice d = {41};
    const struct rank_rule rule = {.scan = RANK_SHORTEST, .local_first = true};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct rank_job own = {.seq = dice_next(&d) >> 1,
                               .pred_s = dice_roll(&d, 1, 1000),
                               .priority = dice_roll(&d, 0, 100)};
        struct rank_job guest = {.seq = dice_next(&d) >> 1,
                                 .pred_s = own.pred_s,
                                 .priority = dice_roll(&d, 0, 100),
                                 .guest = true};
        struct order_key a = rank_queue(&rule, &own);
        struct order_key b = rank_queue(&rule, &guest);

        assert_true(order_before(&a, &b));
        a = rank_scan(&rule, &own);
        b = rank_scan(&rule, &guest);
        assert_true(order_before(&a, &b)); /* of equal length */
    }
}

static void demand_counts_a_window(void **state)
{
    struct dice d = {43};
    struct demand_entry v[3000];
    struct demand dem;
    size_t from = 0;

    (void)state;
    assert_int_equal(demand_init(&dem, 50), 0);
    for (size_t i = 0; i < 3000; i++) {
        int64_t at = (int64_t)i * 3;
        int64_t ask = (int64_t)dice_roll(&d, 0, 52) - 1;
        size_t n = 0;

        v[i] = (struct demand_entry){at, dice_roll(&d, 0, 50)};
        assert_int_equal(demand_add(&dem, at, v[i].cores), 0);
        demand_forget(&dem, at - 500);
        while (v[from].at_s < at - 500)
            from++;
        for (size_t k = from; k <= i; k++)
            n += v[k].cores > ask;
        assert_int_equal(demand_above(&dem, ask), n);
    }
    demand_release(&dem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(easy_never_delays_the_head),
        cmocka_unit_test(own_jobs_stand_before_guests),
        cmocka_unit_test(demand_counts_a_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
