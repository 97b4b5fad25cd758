/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_sched - one center: limits, starts, reservations, ceilings, restarts */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sched/sched.h"
#include "tests/cmocka_all.h"
#include "tests/sched/center_bed.h"
#include "tests/sched/dice.h"

static enum sched_state state_at(struct sched *s, uint64_t id, int64_t now_s)
{
    struct sched_view v;

    return sched_view(s, id, now_s, &v) ? v.state : SCHED_UNKNOWN;
}

static enum sched_state state_of(struct sched *s, uint64_t id)
{
    return state_at(s, id, 0);
}

static void limits_are_named(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 16);
    struct err err = {0};
    const struct {
        struct request r;
        int code;
        const char *text;
    } rows[] = {
        {{.n_tasks = 48, .cpus_per_task = 1},
         -E2BIG,
         "48 cores asked, partition main has 32"                                     },
        {{.n_tasks = 3, .cpus_per_task = 1, .min_nodes = 3},
         -E2BIG,
         "3 nodes asked, partition main has 2"                                       },
        {{.n_tasks = 1, .cpus_per_task = 17},
         -E2BIG,
         "17 cores per task asked, the largest node of partition main has 16"        },
        {{.n_tasks = 1, .cpus_per_task = 1, .gpus_per_node = 1},
         -E2BIG,
         "1 GPUs per node asked, the largest node of partition main has 0"           },
        {{.n_tasks = 1, .cpus_per_task = 1, .time_limit_s = 90000},
         -E2BIG,
         "time limit 1-01:00:00 asked, partition main allows 1-00:00:00"             },
        {{.n_tasks = 1, .cpus_per_task = 1, .partition = "none"},
         -ENOENT,
         "no partition none here"                                                    },
        {{.n_tasks = 3, .cpus_per_task = 10},                            -E2BIG, NULL},
        {{.n_tasks = 1, .cpus_per_task = 1, .mem_node_bytes = 17 * GIB}, -E2BIG, NULL},
        {{.n_tasks = 32, .cpus_per_task = 1, .max_nodes = 1},            -E2BIG, NULL},
        {{.n_tasks = 32, .cpus_per_task = 1},                            0,      NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(sched_fits(s, &rows[i].r, &err), rows[i].code);
        if (rows[i].text)
            assert_string_equal(err.text, rows[i].text);
    }
    sched_free(s);
}

static void claim_go_and_no(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 4);
    struct told t = {0};
    struct sched_view v;

    (void)state;
    submit(s, 1, 6, 100, 0);
    submit(s, 2, 4, 100, 0);
    assert_int_equal(sched_pass(s, 0, note, &t), 1);
    assert_int_equal(t.id[0], 1);
    assert_int_equal(state_of(s, 1), SCHED_RESERVED);
    assert_int_equal(sched_remove(s, 1), -EBUSY);
    assert_true(sched_view(s, 1, 0, &v));
    assert_int_equal(v.n_pick, 2);
    assert_int_equal(v.pick[0].tasks + v.pick[1].tasks, 6);
    assert_true(sched_view(s, 2, 0, &v));
    assert_int_equal(v.reason, REASON_RESOURCES);
    assert_int_equal(v.position, 1);
    assert_int_equal(v.start_s, 100);
    /* Nothing changed: nothing happens. */
    assert_int_equal(sched_pass(s, 1, note, &t), 0);
    /* The claim is refused: the next one gets the place. */
    assert_int_equal(sched_release(s, 1), 0);
    assert_int_equal(state_of(s, 1), SCHED_UNKNOWN);
    assert_int_equal(sched_pass(s, 1, note, &t), 1);
    assert_int_equal(t.id[1], 2);
    assert_int_equal(sched_requeue(s, 2, 1), 0);
    assert_int_equal(state_of(s, 2), SCHED_WAITING);
    assert_true(sched_check(s));
    assert_int_equal(sched_pass(s, 2, note, &t), 1);
    assert_int_equal(sched_start(s, 2, 5), 0);
    assert_int_equal(sched_start(s, 2, 5), -EINVAL);
    assert_true(sched_view(s, 2, 5, &v));
    assert_int_equal(v.end_s, 105);
    assert_int_equal(sched_end(s, 2, 50), 0);
    assert_int_equal(sched_end(s, 2, 50), -ENOENT);
    assert_int_equal(sched_counts(s).running, 0);
    assert_true(sched_check(s));
    sched_free(s);
}

static void backfill_leaves_the_head_alone(void **state)
{
    struct sched_config c = sched_config_default();
    struct sched *s;
    struct told t = {0};

    (void)state;
    c.predict = PREDICT_REQUEST;
    s = make(c, 1, 4);
    submit(s, 1, 3, 10, 0);
    submit(s, 2, 4, 5, 0);  /* head: reserved at 10 */
    submit(s, 3, 1, 20, 0); /* would run at 10: no */
    submit(s, 4, 1, 10, 0); /* ends by 10: yes */
    assert_int_equal(sched_pass(s, 0, note, &t), 2);
    assert_int_equal(t.id[0], 1);
    assert_int_equal(t.id[1], 4);
    assert_true(sched_check(s));
    sched_free(s);
}

/* A head that needs one node does not keep a long job off the others. */
static void the_head_holds_its_own_nodes(void **state)
{
    struct sched_config c = sched_config_default();
    struct sched *s;
    struct told t = {0};
    struct request whole = ask(4, 50);
    struct sched_meta m = {.submit_s = 0};

    (void)state;
    c.predict = PREDICT_REQUEST;
    s = make(c, 3, 4);
    whole.max_nodes = 1;
    submit(s, 1, 3, 100, 0); /* n0 */
    submit(s, 2, 3, 200, 0); /* n1 */
    submit(s, 3, 3, 300, 0); /* n2 */
    assert_int_equal(sched_pass(s, 0, note, &t), 3);
    assert_int_equal(sched_submit(s, 4, &whole, &m, 0, NULL), 0);
    submit(s, 5, 1, 1000, 0); /* long: not where the head will stand */
    assert_int_equal(sched_pass(s, 0, note, &t), 1);
    assert_int_equal(t.id[3], 5);
    {
        struct sched_view v;

        assert_true(sched_view(s, 5, 0, &v));
        assert_int_not_equal(v.pick[0].node, 0);
    }
    sched_free(s);
}

static void guests_have_a_ceiling_and_come_last(void **state)
{
    struct sched_config c = sched_config_default();
    struct sched_meta guest = {.group = 7};
    struct request r = ask(4, 100);
    struct sched *s;
    struct told t = {0};

    (void)state;
    c.foreign_cores = 8;
    s = make(c, 4, 4);
    for (uint64_t id = 1; id <= 4; id++)
        assert_int_equal(sched_submit(s, id, &r, &guest, 0, NULL), 0);
    submit(s, 10, 4, 100, 0);
    assert_int_equal(sched_pass(s, 0, note, &t), 3);
    assert_int_equal(t.id[0], 10);
    assert_int_equal(sched_counts(s).foreign_cores, 8);
    assert_int_equal(sched_ceiling_set(s, 7, 4), 0);
    assert_int_equal(sched_start(s, 1, 0), 0);
    assert_int_equal(sched_start(s, 2, 0), 0);
    assert_int_equal(sched_end(s, 1, 9), 0);
    assert_int_equal(sched_pass(s, 9, note, &t), 0); /* 4 of 4 are held */
    assert_int_equal(sched_end(s, 2, 9), 0);
    assert_int_equal(sched_pass(s, 9, note, &t), 1);
    assert_true(sched_check(s));
    sched_free(s);
}

static void begin_times_and_nodes_down(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 4);
    struct sched_meta later = {.begin_s = 100};
    struct request r = ask(2, 60);
    struct told t = {0};
    struct sched_view v;

    (void)state;
    assert_int_equal(sched_submit(s, 1, &r, &later, 0, NULL), 0);
    assert_int_equal(sched_next_s(s), 100);
    assert_int_equal(sched_pass(s, 50, note, &t), 0);
    assert_true(sched_view(s, 1, 50, &v));
    assert_int_equal(v.reason, REASON_BEGIN_TIME);
    assert_int_equal(sched_node_up(s, 0, false), 0);
    assert_int_equal(sched_node_up(s, 1, false), 0);
    assert_int_equal(sched_pass(s, 100, note, &t), 0);
    assert_int_equal(sched_node_up(s, 1, true), 0);
    assert_int_equal(sched_pass(s, 101, note, &t), 1);
    assert_true(sched_view(s, 1, 101, &v));
    assert_int_equal(v.pick[0].node, 1);
    sched_free(s);
}

static void a_prediction_that_ran_out(void **state)
{
    struct sched *s = make(sched_config_default(), 1, 4);
    struct sched_meta m = {.user = 5};
    struct request r = ask(4, 1000);
    struct told t = {0};
    struct sched_view v;

    (void)state;
    for (uint64_t id = 1; id <= 2; id++) {
        assert_int_equal(sched_submit(s, id, &r, &m, 0, NULL), 0);
        assert_int_equal(sched_pass(s, 0, note, &t), 1);
        assert_int_equal(sched_start(s, id, 0), 0);
        assert_int_equal(sched_end(s, id, 10), 0);
    }
    assert_int_equal(sched_submit(s, 3, &r, &m, 100, NULL), 0);
    assert_int_equal(sched_pass(s, 100, note, &t), 1);
    assert_int_equal(sched_start(s, 3, 100), 0);
    assert_true(sched_view(s, 3, 100, &v));
    assert_int_equal(v.end_s, 110);
    submit(s, 4, 4, 60, 101);
    assert_int_equal(sched_next_s(s), 110);
    assert_int_equal(sched_pass(s, 110, note, &t), 0);
    assert_true(sched_view(s, 3, 110, &v));
    assert_int_equal(v.end_s, 1100);
    sched_free(s);
}

static void estimates_follow_the_plan(void **state)
{
    struct sched_config c = sched_config_default();
    struct sched_meta m = {0};
    struct request r = ask(4, 60);
    struct supply sup = {0};
    struct sched *s;
    struct told t = {0};
    int64_t wait = -1;

    (void)state;
    c.predict = PREDICT_REQUEST;
    s = make(c, 2, 4);
    assert_int_equal(sched_estimate(s, &r, &m, 0, &wait, NULL), 0);
    assert_int_equal(wait, 0);
    submit(s, 1, 8, 100, 0);
    assert_int_equal(sched_pass(s, 0, note, &t), 1);
    submit(s, 2, 6, 50, 0);
    assert_int_equal(sched_estimate(s, &r, &m, 0, &wait, NULL), 0);
    assert_int_equal(wait, 150);
    r.n_tasks = 2;
    assert_int_equal(sched_estimate(s, &r, &m, 20, &wait, NULL), 0);
    assert_int_equal(wait, 80);
    assert_int_equal(sched_supply(s, 20, &sup), 0);
    assert_int_equal(sup.n_parts, 1);
    assert_int_equal(sup.parts[0].cores, 8);
    assert_int_equal(sup.parts[0].n_running, 1);
    assert_int_equal(sup.parts[0].n_pending, 1);
    assert_int_equal(sup.parts[0].n_steps, 3);
    assert_int_equal(sup.parts[0].steps[1].in_s, 80);
    assert_int_equal(sup.parts[0].steps[1].cores, 2);
    sched_free(s);
}

static void running_jobs_come_back_after_a_restart(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 4);
    struct request r = ask(6, 100);
    struct sched_meta m = {.group = 2};
    const struct node_pick pick[] = {
        {.node = 1, .tasks = 4},
        {.node = 0, .tasks = 2}
    };
    struct told t = {0};
    const struct node_pick wrong = {.node = 9, .tasks = 6};

    (void)state;
    assert_int_equal(sched_restore_running(s, 5, &r, &m, &wrong, 1, 0), -ENOENT);
    assert_int_equal(sched_restore_running(s, 5, &r, &m, pick, 2, 0), 0);
    assert_true(sched_check(s));
    assert_int_equal(sched_counts(s).foreign_cores, 6);
    submit(s, 6, 4, 50, 10);
    assert_int_equal(sched_pass(s, 10, note, &t), 0);
    assert_int_equal(sched_end(s, 5, 20), 0);
    assert_int_equal(sched_pass(s, 20, note, &t), 1);
    sched_free(s);
}

static void exclusive_takes_whole_nodes(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 4);
    struct request r = ask(1, 100);
    struct sched_meta m = {0};
    struct told t = {0};
    struct sched_view v;

    (void)state;
    r.exclusive = true;
    submit(s, 1, 1, 100, 0);
    assert_int_equal(sched_submit(s, 2, &r, &m, 0, NULL), 0);
    assert_int_equal(sched_submit(s, 3, &r, &m, 0, NULL), 0);
    assert_int_equal(sched_pass(s, 0, note, &t), 2);
    assert_true(sched_view(s, 2, 0, &v));
    assert_int_equal(v.pick[0].cores, 4);
    assert_int_equal(v.pick[0].node, 1);
    assert_int_equal(state_of(s, 3), SCHED_WAITING);
    sched_free(s);
}

/* On a machine without fragments, whatever ends early: never later than promised. */
static void gpus_are_of_a_type(void **state)
{
    struct sched *s = make(sched_config_default(), 2, 16);
    struct request any = {.n_tasks = 1, .cpus_per_task = 1, .gpus_per_node = 2};
    struct request fast = any;
    struct sched_meta m = {.user = 1};
    struct told t = {0};
    struct sched_view v;
    struct err err = {0};

    (void)state;
    memcpy(fast.gpu_type, "a100", 5);
    assert_int_equal(sched_node_set(s, "n0", 16, 16 * GIB, 4, "v100", 1, true), 0);
    assert_int_equal(sched_fits(s, &fast, &err), -E2BIG);
    assert_string_equal(err.text,
                        "2 GPUs of type a100 per node asked, the largest node "
                        "of partition main has 0");
    assert_int_equal(sched_node_set(s, "n1", 16, 16 * GIB, 2, "a100", 1, true), 1);
    for (uint64_t id = 1; id <= 4; id++)
        assert_int_equal(sched_submit(s, id, id <= 2 ? &fast : &any, &m, 0, NULL), 0);
    assert_int_equal(sched_pass(s, 0, note, &t), 3);
    assert_true(sched_view(s, 1, 0, &v));
    assert_int_equal(v.pick[0].node, 1);
    assert_int_equal(v.pick[0].gpus, 2);
    assert_int_equal(state_of(s, 2), SCHED_WAITING); /* the a100 are taken */
    assert_true(sched_view(s, 3, 0, &v));
    assert_int_equal(v.pick[0].node, 0);
    assert_int_equal(state_of(s, 4), SCHED_RESERVED); /* the other two v100 */
    assert_true(sched_check(s));
    sched_free(s);
}

static void conservative_keeps_its_promises(void **state)
{
    struct dice d = {31};

    (void)state;
    for (int round = 0; round < 60; round++) {
        struct sched_config c = sched_config_default();
        struct sched *s;
        int64_t ends[200];
        int64_t promise[200];
        uint64_t n = 0;

        c.policy = SCHED_CONSERVATIVE;
        c.predict = PREDICT_REQUEST;
        s = make(c, 1, 8);
        for (int64_t now = 0; now < 600; now++) {
            struct told t = {0};
            struct sched_view v;

            for (uint64_t id = 1; id <= n; id++)
                if (ends[id] >= 0 && ends[id] <= now) {
                    assert_int_equal(sched_end(s, id, now), 0);
                    ends[id] = -1;
                }
            if (now < 300 && n < 150 && dice_roll(&d, 0, 2) == 0) {
                submit(s, ++n, dice_roll(&d, 1, 8), dice_roll(&d, 1, 40), now);
                promise[n] = ends[n] = -1;
            }
            (void)sched_pass(s, now, note, &t); /* counted in t */
            for (size_t i = 0; i < t.n; i++) {
                uint64_t id = t.id[i];

                assert_int_equal(sched_start(s, id, now), 0);
                assert_true(promise[id] < 0 || now <= promise[id]);
                assert_true(sched_view(s, id, now, &v));
                ends[id] = now + dice_roll(&d, 0, v.limit_s);
            }
            for (uint64_t id = 1; id <= n; id++) {
                if (state_at(s, id, now) != SCHED_WAITING)
                    continue;
                assert_true(sched_view(s, id, now, &v));
                assert_true(promise[id] < 0 || v.start_s <= promise[id]);
                promise[id] = v.start_s;
            }
        }
        sched_free(s);
    }
}

/* Any mixture of calls keeps the books of every node right. */
static void nothing_is_taken_twice(void **state)
{
    struct dice d = {17};

    (void)state;
    for (int round = 0; round < 40; round++) {
        struct sched_config c = sched_config_default();
        struct sched *s;
        uint64_t next = 1;
        int64_t now = 0;

        c.policy = (enum sched_policy)(round % _SCHED_POLICY_MAX);
        c.foreign_cores = round % 3 ? UINT32_MAX : 10;
        s = make(c, 5, 6);
        for (int step = 0; step < 400; step++) {
            struct told t = {0};
            struct request r = ask(dice_roll(&d, 1, 20), dice_roll(&d, 1, 300));
            struct sched_meta m = {.group = dice_roll(&d, 0, 2),
                                   .user = dice_roll(&d, 0, 5),
                                   .submit_s = now,
                                   .begin_s = dice_roll(&d, 0, 9) ? 0 : now + 20};
            uint64_t id = dice_roll(&d, 1, (uint32_t)next);
            int got;

            now += dice_roll(&d, 0, 9);
            r.exclusive = dice_roll(&d, 0, 9) == 0;
            r.min_nodes = dice_roll(&d, 0, 4) ? 0 : dice_roll(&d, 0, 3);
            r.mem_cpu_bytes = dice_roll(&d, 0, 3) ? 0 : 3 * GIB;
            if (dice_roll(&d, 0, 1)) {
                int e = sched_submit(s, next, &r, &m, now, NULL);

                assert_true(e == 0 || e == -E2BIG);
                next++;
            }
            switch (dice_roll(&d, 0, 4)) {
            case 0:
                (void)sched_remove(s, id); /* in any state: refused or done */
                break;
            case 1:
                (void)sched_end(s, id, now);
                break;
            case 2:
                (void)sched_requeue(s, id, now);
                break;
            case 3:
                (void)sched_node_up(s, dice_roll(&d, 0, 4), dice_roll(&d, 0, 3) > 0);
                break;
            default:
                break;
            }
            got = sched_pass(s, now, note, &t);
            assert_true(got >= 0 && (size_t)got == t.n);
            for (size_t i = 0; i < t.n; i++) {
                if (dice_roll(&d, 0, 4))
                    assert_int_equal(sched_start(s, t.id[i], now), 0);
                else if (dice_roll(&d, 0, 1))
                    assert_int_equal(sched_release(s, t.id[i]), 0);
            }
            assert_true(sched_check(s));
            for (size_t i = 0; i < sched_nodes(s)->n; i++)
                assert_true(sched_nodes(s)->v[i].used.cores <= 6
                            && sched_nodes(s)->v[i].used.bytes <= 16 * GIB);
            if (c.foreign_cores == 10)
                assert_true(sched_counts(s).foreign_cores <= 10);
        }
        sched_free(s);
    }
}

/* Takes the last nodes, and remembers what it was asked. */
struct chooser {
    unsigned asked, later;
    uint32_t run_s;
    int64_t end_s[4];
    bool wrong; /* answers with more than there is */
};

static int last_ones(void *arg,
                     const struct sched_ask *a,
                     struct node_pick *pick,
                     size_t n,
                     size_t *ret_n)
{
    struct chooser *c = arg;
    uint32_t left = a->req->n_tasks;
    size_t k = 0;

    c->asked++;
    c->later += a->later;
    c->run_s = a->run_s;
    for (size_t i = 0; i < a->nodes->n; i++)
        c->end_s[i] = a->nodes->v[i].end_s;
    for (size_t i = n; i-- > 0 && left > 0; k++) {
        pick[i].tasks = pick[i].tasks < left ? pick[i].tasks : left;
        left -= pick[i].tasks;
    }
    memmove(pick, pick + (n - k), k * sizeof(*pick));
    if (c->wrong)
        pick[0].tasks += 100;
    *ret_n = k;
    return left ? -ENOENT : 0;
}

static void somebody_else_chooses(void **state)
{
    struct sched *s = make(sched_config_default(), 4, 4);
    struct chooser c = {0};
    struct told t = {0};
    struct sched_view v;

    (void)state;
    sched_choose_set(s, last_ones, &c);
    submit(s, 1, 6, 100, 0);
    assert_int_equal(sched_pass(s, 0, note, &t), 1);
    assert_true(sched_view(s, 1, 0, &v));
    assert_int_equal(v.n_pick, 2);
    assert_int_equal(v.pick[0].node + v.pick[1].node, 2 + 3);
    assert_int_equal(c.run_s, 100);
    assert_int_equal(sched_start(s, 1, 0), 0);
    submit(s, 2, 1, 50, 10); /* beside it, and it is told when that one ends */
    assert_int_equal(sched_pass(s, 10, note, &t), 1);
    assert_int_equal(c.end_s[0], 0);
    assert_int_equal(c.end_s[3], 100);
    assert_int_equal(c.later, 0);
    submit(s, 3, 16, 60, 20); /* waits: a reservation is a choice too */
    submit(s, 5, 1, 10, 20);  /* for somebody behind it */
    assert_true(sched_pass(s, 20, note, &t) >= 0);
    assert_true(c.later > 0);
    assert_int_equal(sched_remove(s, 3), 0);
    c.wrong = true; /* what breaks the request is not done */
    submit(s, 4, 2, 60, 30);
    assert_int_equal(sched_pass(s, 30, note, &t), 1);
    assert_true(sched_view(s, 4, 30, &v));
    assert_int_equal(v.pick[0].tasks, 2);
    assert_true(sched_check(s));
    sched_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(claim_go_and_no),
        cmocka_unit_test(backfill_leaves_the_head_alone),
        cmocka_unit_test(the_head_holds_its_own_nodes),
        cmocka_unit_test(guests_have_a_ceiling_and_come_last),
        cmocka_unit_test(begin_times_and_nodes_down),
        cmocka_unit_test(a_prediction_that_ran_out),
        cmocka_unit_test(estimates_follow_the_plan),
        cmocka_unit_test(running_jobs_come_back_after_a_restart),
        cmocka_unit_test(exclusive_takes_whole_nodes),
        cmocka_unit_test(gpus_are_of_a_type),
        cmocka_unit_test(somebody_else_chooses),
        cmocka_unit_test(conservative_keeps_its_promises),
        cmocka_unit_test(nothing_is_taken_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
