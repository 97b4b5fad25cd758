/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_promises - what a center of nodes promises under EASY, over random workloads:
 * the head's place never moves back, own jobs never stand behind guests
 *
 * When the head can start is worked out here anew after each pass, from what runs where
 * and when it must end: no word of the scheduler's own reservation is taken.
 */
#include "config.h"

#include "sched/sched.h"
#include "tests/cmocka_all.h"
#include "tests/sched/center_bed.h"
#include "tests/sched/dice.h"

#define NODES 3
#define CORES 8
#define JOBS 300

struct job {
    uint32_t tasks;
    uint32_t per_task;
    uint32_t limit_s;
    uint32_t group;
    int64_t end_s; /* really; -1 = does not run */
};

struct world {
    struct sched *s;
    struct dice d;
    struct job jobs[JOBS];
    uint64_t n;
    int64_t now_s;
    uint64_t head; /* and until when it can start at the latest */
    int64_t promise_s;
    uint64_t promises;
};

static void arrive(struct world *w)
{
    struct job *j = &w->jobs[++w->n];
    struct sched_meta m = {.submit_s = w->now_s, .user = w->n};
    struct request r;

    *j = (struct job){.tasks = dice_roll(&w->d, 1, 6),
                      .per_task = dice_roll(&w->d, 1, 4),
                      .limit_s = dice_roll(&w->d, 1, 60),
                      .group = dice_roll(&w->d, 0, 2) == 0,
                      .end_s = -1};
    r = ask(j->tasks, j->limit_s);
    r.cpus_per_task = j->per_task;
    m.group = j->group;
    if (sched_submit(w->s, w->n, &r, &m, w->now_s, NULL) < 0)
        w->n--; /* larger than the machine */
}

/* What is used of each node at a time, if everything runs to its limit. */
static void used_at(struct world *w, int64_t at_s, uint32_t used[NODES])
{
    memset(used, 0, NODES * sizeof(*used));
    for (uint64_t id = 1; id <= w->n; id++) {
        struct sched_view v;

        if (w->jobs[id].end_s < 0 || !sched_view(w->s, id, w->now_s, &v)
            || v.start_s + w->jobs[id].limit_s <= at_s)
            continue;
        for (size_t i = 0; i < v.n_pick; i++)
            used[v.pick[i].node] += v.pick[i].cores;
    }
}

static bool fits_at(struct world *w, const struct job *j, int64_t at_s)
{
    uint32_t used[NODES];
    uint32_t tasks = 0;

    used_at(w, at_s, used);
    for (int i = 0; i < NODES; i++) {
        assert_true(used[i] <= CORES);
        tasks += (CORES - used[i]) / j->per_task;
    }
    return tasks >= j->tasks;
}

static int64_t earliest(struct world *w, uint64_t id)
{
    int64_t t = w->now_s;

    while (!fits_at(w, &w->jobs[id], t))
        t++;
    return t;
}

struct order {
    struct world *w;
    uint64_t first;
    bool guest; /* one was seen */
};

static int own_first(uint64_t id, uint32_t partition, void *arg)
{
    struct order *o = arg;

    (void)partition;
    o->first = o->first ? o->first : id;
    assert_true(o->w->jobs[id].group || !o->guest);
    o->guest = o->guest || o->w->jobs[id].group;
    return 0;
}

static void pass(struct world *w)
{
    struct told t = {0};
    struct order o = {.w = w};
    int64_t at_s;

    assert_true(sched_pass(w->s, w->now_s, note, &t) >= 0);
    for (size_t i = 0; i < t.n; i++) {
        struct job *j = &w->jobs[t.id[i]];

        assert_int_equal(sched_start(w->s, t.id[i], w->now_s), 0);
        j->end_s = w->now_s + dice_roll(&w->d, 0, j->limit_s);
        if (t.id[i] == w->head)
            assert_true(w->now_s <= w->promise_s);
    }
    sched_each_waiting(w->s, own_first, &o);
    if (w->jobs[o.first].group)
        o.first = 0; /* a guest at the head is promised nothing: own jobs pass it */
    if (o.first) {
        at_s = earliest(w, o.first);
        assert_true(o.first != w->head || at_s <= w->promise_s);
        w->promises += o.first == w->head;
        w->promise_s = at_s;
    }
    w->head = o.first;
    assert_true(sched_check(w->s));
}

static void campaign(enum sched_policy policy, uint64_t seed)
{
    struct sched_config c = sched_config_default();
    struct world w = {.d = {seed}};

    c.policy = policy;
    c.predict = PREDICT_REQUEST;
    c.share = false;
    w.s = make(c, NODES, CORES);
    for (w.now_s = 0; w.now_s < 400; w.now_s++) {
        for (uint64_t id = 1; id <= w.n; id++)
            if (w.jobs[id].end_s >= 0 && w.jobs[id].end_s <= w.now_s) {
                assert_int_equal(sched_end(w.s, id, w.now_s), 0);
                w.jobs[id].end_s = -1;
            }
        if (w.n + 1 < JOBS && dice_roll(&w.d, 0, 1) == 0)
            arrive(&w);
        pass(&w);
    }
    assert_true(w.promises > 50); /* there was something to break */
    sched_free(w.s);
}

static void easy_keeps_the_heads_place_on_nodes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++)
        campaign(seed % 2 ? SCHED_EASY : SCHED_EASY_SJBF, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(easy_keeps_the_heads_place_on_nodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
