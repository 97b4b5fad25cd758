/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_reserve - nodes kept for some jobs: nobody else's job is ever there */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "sched/sched.h"
#include "tests/cmocka_all.h"
#include "tests/sched/center_bed.h"
#include "tests/sched/dice.h"

static int reserve(struct sched *s,
                   const char *name,
                   const char *nodes,
                   int64_t start_s,
                   int64_t end_s,
                   struct err *err)
{
    struct sched_reservation r = {.start_s = start_s, .end_s = end_s};
    struct words w = WORDS_INIT(100, 1000);
    int e;

    (void)snprintf(r.name, sizeof(r.name), "%s", name);
    assert_int_equal(words_split(&w, nodes, ","), 0);
    e = sched_reserve(s, &r, &w, 0, err);
    words_release(&w);
    return e;
}

static int put(struct sched *s,
               uint64_t id,
               uint32_t tasks,
               uint32_t limit_s,
               const char *reservation,
               int64_t now_s,
               struct err *err)
{
    struct request r = ask(tasks, limit_s);
    struct sched_meta m = {.submit_s = now_s, .user = id};

    (void)snprintf(r.reservation, sizeof(r.reservation), "%s", reservation);
    return sched_submit(s, id, &r, &m, now_s, err);
}

static enum sched_state state_of(struct sched *s, uint64_t id, int64_t now_s)
{
    struct sched_view v;

    return sched_view(s, id, now_s, &v) ? v.state : SCHED_UNKNOWN;
}

static void pass(struct sched *s, int64_t now_s)
{
    struct told t = {0};

    assert_true(sched_pass(s, now_s, note, &t) >= 0);
    for (size_t i = 0; i < t.n; i++)
        assert_int_equal(sched_start(s, t.id[i], now_s), 0);
    assert_true(sched_check(s));
}

static struct sched *two_nodes(void)
{
    struct sched_config c = sched_config_default();

    c.predict = PREDICT_REQUEST;
    return make(c, 2, 4);
}

static void others_end_before_it_begins(void **state)
{
    struct sched *s = two_nodes();
    struct sched_view v;

    (void)state;
    assert_int_equal(reserve(s, "course", "n0,n1", 100, 200, NULL), 0);
    assert_int_equal(put(s, 1, 8, 101, "", 0, NULL), 0); /* one second too long */
    assert_int_equal(put(s, 2, 4, 100, "", 0, NULL), 0);
    assert_int_equal(put(s, 3, 4, 50, "course", 0, NULL), 0);
    pass(s, 0);
    assert_int_equal(state_of(s, 2, 0), SCHED_RUNNING);
    assert_int_equal(state_of(s, 1, 0), SCHED_WAITING);
    assert_true(sched_view(s, 1, 0, &v));
    assert_int_equal(v.start_s, 200); /* the plan knows */
    assert_true(sched_view(s, 3, 0, &v));
    assert_int_equal(v.state, SCHED_DEFERRED);
    assert_int_equal(v.reason, REASON_RESERVATION);
    assert_int_equal(sched_next_s(s), 100);
    assert_int_equal(sched_end(s, 2, 90), 0);
    pass(s, 90);
    assert_int_equal(state_of(s, 1, 90), SCHED_WAITING);
    pass(s, 100);
    assert_int_equal(state_of(s, 3, 100), SCHED_RUNNING);
    assert_int_equal(state_of(s, 1, 100), SCHED_WAITING);
    assert_int_equal(put(s, 4, 4, 60, "course", 140, NULL), 0);
    assert_int_equal(put(s, 5, 4, 61, "course", 140, NULL), 0); /* not to its end */
    pass(s, 140);
    assert_int_equal(state_of(s, 4, 140), SCHED_RUNNING);
    assert_int_equal(state_of(s, 5, 140), SCHED_WAITING);
    assert_int_equal(sched_end(s, 3, 150), 0);
    assert_int_equal(sched_end(s, 4, 200), 0);
    pass(s, 200);
    assert_int_equal(state_of(s, 1, 200), SCHED_RUNNING);
    assert_true(sched_view(s, 5, 200, &v));
    assert_int_equal(v.reason, REASON_RESERVATION); /* it is over */
    assert_int_equal(sched_reservation_jobs(s, "course"), 1);
    assert_int_equal(sched_remove(s, 5), 0);
    pass(s, 201);
    assert_int_equal(sched_reservation_jobs(s, "course"), -ENOENT);
    sched_free(s);
}

/* A head that must wait for the end of a reservation keeps its place there. */
static void a_head_waits_for_the_end(void **state)
{
    struct sched *s = two_nodes();

    (void)state;
    assert_int_equal(reserve(s, "service", "n0", 10, 100, NULL), 0);
    pass(s, 10);
    assert_int_equal(put(s, 1, 8, 500, "", 10, NULL), 0); /* needs both: at 100 */
    assert_int_equal(put(s, 2, 4, 91, "", 10, NULL), 0);  /* would delay it */
    assert_int_equal(put(s, 3, 4, 90, "", 10, NULL), 0);  /* ends in time */
    pass(s, 10);
    assert_int_equal(state_of(s, 3, 10), SCHED_RUNNING);
    assert_int_equal(state_of(s, 2, 10), SCHED_WAITING);
    assert_int_equal(sched_end(s, 3, 100), 0);
    pass(s, 100);
    assert_int_equal(state_of(s, 1, 100), SCHED_RUNNING);
    sched_free(s);
}

static void refusals(void **state)
{
    struct sched *s = two_nodes();
    struct sched_meta guest = {.group = 1};
    struct request r = ask(1, 10);
    struct err err = {0};

    (void)state;
    assert_int_equal(put(s, 1, 4, 1000, "", 0, NULL), 0);
    pass(s, 0);
    assert_int_equal(reserve(s, "a", "n0,n1", 500, 600, &err), -EBUSY);
    assert_string_equal(err.text,
                        "job 1 may run on node n0 until after the start: choose a "
                        "later one, or IGNORE_JOBS");
    assert_int_equal(reserve(s, "a", "n7", 500, 600, &err), -ENOENT);
    assert_string_equal(err.text, "there is no node n7 here");
    assert_int_equal(reserve(s, "a", "n1", 600, 600, &err), -EINVAL);
    assert_int_equal(reserve(s, "a", "n1", 500, 600, &err), 0);
    assert_int_equal(reserve(s, "a", "n1", 800, 900, &err), -EEXIST);
    assert_int_equal(reserve(s, "b", "n1", 599, 700, &err), -EBUSY);
    assert_string_equal(err.text, "node n1 is in reservation a at that time");
    assert_int_equal(put(s, 2, 1, 10, "c", 0, &err), -ENOENT);
    assert_string_equal(err.text, "no reservation c here");
    assert_int_equal(put(s, 2, 5, 10, "a", 0, &err), -E2BIG);
    assert_int_equal(put(s, 2, 1, 101, "a", 0, &err), -E2BIG);
    (void)snprintf(r.reservation, sizeof(r.reservation), "a");
    assert_int_equal(sched_submit(s, 2, &r, &guest, 0, &err), -EINVAL);
    assert_int_equal(put(s, 2, 1, 10, "a", 0, &err), 0);
    assert_int_equal(sched_unreserve(s, "a", &err), -EBUSY);
    assert_int_equal(sched_remove(s, 2), 0);
    assert_int_equal(sched_unreserve(s, "a", &err), 0);
    assert_int_equal(sched_unreserve(s, "a", &err), -ENOENT);
    sched_free(s);
}

/* --- random workloads --------------------------------------------------------------
 */

#define JOBS 400
#define NODES 4

struct known {
    uint32_t limit_s;
    int64_t end_s; /* as it will be told; within its limit */
    int where;     /* reservation it named, -1 = none */
    bool runs;
};

struct kept {
    char name[8];
    uint32_t nodes; /* mask */
    int64_t start_s;
    int64_t end_s;
};

/* Now no job stands on a node of somebody else's reservation. */
static void nobody_else_is_there(
    struct sched *s, const struct known *k, const struct kept *r, int n, int64_t now_s)
{
    for (uint64_t id = 1; id < JOBS; id++) {
        struct sched_view v;

        if (!k[id].runs || !sched_view(s, id, now_s, &v))
            continue;
        for (size_t p = 0; p < v.n_pick; p++)
            for (int i = 0; i < n; i++) {
                bool there = (r[i].nodes >> v.pick[p].node & 1) != 0;

                if (k[id].where == i) /* its own: there, and while it lasts */
                    assert_true(there && v.start_s >= r[i].start_s
                                && v.start_s + k[id].limit_s <= r[i].end_s);
                else if (there)
                    assert_true(v.start_s + k[id].limit_s <= r[i].start_s
                                || v.start_s >= r[i].end_s);
            }
    }
}

static int make_kept(
    struct sched *s, struct dice *d, struct kept *r, int64_t now_s, int n)
{
    char nodes[64] = "";
    size_t len = 0;

    *r = (struct kept){.start_s = now_s + dice_roll(d, 0, 300)};
    r->end_s = r->start_s + dice_roll(d, 10, 200);
    (void)snprintf(r->name, sizeof(r->name), "r%u", (unsigned)n % 1000);
    for (uint32_t i = 0; i < NODES; i++)
        if (dice_roll(d, 0, 1)) {
            len += (size_t)snprintf(nodes + len, sizeof(nodes) - len, "%sn%u",
                                    len ? "," : "", i);
            r->nodes |= 1u << i;
        }
    return reserve(s, r->name, nodes, r->start_s, r->end_s, NULL);
}

static void random_campaign(struct dice *d, enum sched_policy policy)
{
    struct sched_config c = sched_config_default();
    struct known k[JOBS] = {0};
    struct kept r[64];
    struct sched *s;
    int n = 0;
    uint64_t id = 1;

    c.policy = policy;
    s = make(c, NODES, 4);
    for (int64_t now_s = 1; now_s < 1500; now_s += dice_roll(d, 1, 10)) {
        struct told t = {0};

        for (uint64_t i = 1; i < id; i++)
            if (k[i].runs && k[i].end_s <= now_s) {
                assert_int_equal(sched_end(s, i, k[i].end_s), 0);
                k[i].runs = false;
            }
        if (n < 64 && dice_roll(d, 0, 9) == 0 && make_kept(s, d, &r[n], now_s, n) == 0)
            n++;
        if (id < JOBS) {
            int where = n && dice_roll(d, 0, 3) == 0
                            ? (int)dice_roll(d, 0, (uint32_t)n - 1)
                            : -1;

            k[id].limit_s = dice_roll(d, 1, 200);
            k[id].where = where;
            if (put(s, id, dice_roll(d, 1, 12), k[id].limit_s,
                    where < 0 ? "" : r[where].name, now_s, NULL)
                == 0)
                id++;
        }
        assert_true(sched_pass(s, now_s, note, &t) >= 0);
        for (size_t i = 0; i < t.n; i++) {
            assert_int_equal(sched_start(s, t.id[i], now_s), 0);
            k[t.id[i]].runs = true;
            k[t.id[i]].end_s = now_s + dice_roll(d, 1, k[t.id[i]].limit_s);
        }
        assert_true(sched_check(s));
        nobody_else_is_there(s, k, r, n, now_s);
    }
    assert_true(n > 0);
    sched_free(s);
}

static void no_job_of_others_overlaps(void **state)
{
    struct dice d = {0x7e5e7};

    (void)state;
    for (int round = 0; round < 60; round++)
        random_campaign(&d, (enum sched_policy)(round % _SCHED_POLICY_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_end_before_it_begins),
        cmocka_unit_test(a_head_waits_for_the_end),
        cmocka_unit_test(refusals),
        cmocka_unit_test(no_job_of_others_overlaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
