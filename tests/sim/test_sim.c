/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_sim - hand-worked cases, what must hold in any run, and logs that are wrong */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sim/sim.h"
#include "tests/cmocka_all.h"
#include "tests/sched/dice.h"

#define JOBS_MAX 400

struct line {
    int64_t submit_s;
    uint32_t run_s;
    uint32_t est_s;
    uint32_t procs;
};

struct got {
    struct sim_record v[JOBS_MAX];
    size_t n;
};

static int keep(void *arg, const struct sim_record *r)
{
    struct got *g = arg;

    assert_true(g->n < JOBS_MAX);
    g->v[g->n++] = *r;
    return 0;
}

static struct sim_config plain(enum sim_policy policy, enum sim_route route)
{
    return (struct sim_config){.policy = policy,
                               .route = route,
                               .foreign_share = SIM_SHARE_NONE,
                               .credit_h = -1,
                               .own_shipments = true,
                               .late = share_rule_default()};
}

static void log_write(char *path, const char *text)
{
    int fd = mkstemp(path);
    size_t n = strlen(text);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

/* Ids count through all centers' lines: n[0] of the first center, then the next. */
static void run(const struct sim_config *config,
                const uint32_t *procs,
                uint32_t n_centers,
                const struct line *lines,
                const size_t *n,
                struct got *g)
{
    _cleanup_(sim_freep) struct sim *s = sim_new(config);
    struct err err = {0};
    size_t id = 0;

    assert_non_null(s);
    for (uint32_t c = 0; c < n_centers; c++) {
        char path[] = "/tmp/hopluu-test-XXXXXX";
        char text[JOBS_MAX * 100] = "; a log\n";
        size_t len = strlen(text);
        struct sim_center_spec spec = {.procs = procs[c]};
        struct trace_spec log = {
            .path = path, .partition = "-1", .procs = procs[c], .until_s = INT64_MAX};

        (void)snprintf(spec.name, sizeof(spec.name), "c%u", c); /* fits */
        for (size_t i = 0; i < n[c]; i++, id++)
            len += (size_t)snprintf(
                text + len, sizeof(text) - len,
                "%zu %lld -1 %u %u -1 -1 %u %u -1 1 1 -1 -1 -1 -1 -1 -1\n", id,
                (long long)lines[id].submit_s, lines[id].run_s, lines[id].procs,
                lines[id].procs, lines[id].est_s);
        log_write(path, text);
        assert_int_equal(sim_center_add(s, &spec, &log, &err), 0);
        (void)unlink(path); /* it is open */
    }
    g->n = 0;
    sim_listen(s, keep, g);
    assert_int_equal(sim_run(s, &err), 0);
    assert_int_equal(g->n, id);
}

static void hand_worked(void **state)
{
    static const struct {
        const char *why;
        struct line lines[5];
        size_t n;
        enum sim_policy policy;
        int64_t starts[5];
    } rows[] = {
        {"the short one fills the hole",
         {{0, 10, 10, 3}, {0, 5, 5, 4}, {0, 10, 10, 1}, {0, 20, 20, 1}},
         4, SIM_EASY,
         {0, 10, 0, 15} },
        {"no backfill",
         {{0, 10, 10, 3}, {0, 5, 5, 4}, {0, 10, 10, 1}, {0, 20, 20, 1}},
         4, SIM_FCFS,
         {0, 10, 15, 15}},
        {"extra cores at the head's start",
         {{0, 10, 10, 3}, {0, 5, 5, 3}, {0, 20, 20, 1}},
         3, SIM_EASY,
         {0, 10, 0}     },
        {"EASY protects the head alone",
         {{0, 10, 10, 3}, {0, 10, 10, 2}, {0, 10, 10, 4}, {0, 25, 25, 1}},
         4, SIM_EASY,
         {0, 10, 25, 0} },
        {"conservative protects all",
         {{0, 10, 10, 3}, {0, 10, 10, 2}, {0, 10, 10, 4}, {0, 25, 25, 1}},
         4, SIM_CONSERVATIVE,
         {0, 10, 20, 30}},
        {"planned anew protects all here",
         {{0, 10, 10, 3}, {0, 10, 10, 2}, {0, 10, 10, 4}, {0, 25, 25, 1}},
         4, SIM_REPLAN,
         {0, 10, 20, 30}},
        {"an early end moves the plan up",
         {{0, 4, 10, 3}, {0, 5, 5, 4}, {1, 3, 3, 1}},
         3, SIM_CONSERVATIVE,
         {0, 4, 1}      },
        {"shortest first takes the other one",
         {{0, 10, 10, 3}, {0, 5, 5, 4}, {0, 8, 8, 1}, {0, 3, 3, 1}},
         4, SIM_EASY_SJBF,
         {0, 10, 15, 0} },
        {"arrival order does not",
         {{0, 10, 10, 3}, {0, 5, 5, 4}, {0, 8, 8, 1}, {0, 3, 3, 1}},
         4, SIM_EASY,
         {0, 10, 0, 15} },
    };
    const uint32_t procs = 4;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sim_config config = plain(rows[i].policy, SIM_HOME);
        struct got g;

        run(&config, &procs, 1, rows[i].lines, &rows[i].n, &g);
        for (size_t k = 0; k < g.n; k++)
            assert_int_equal(g.v[k].start_s, rows[i].starts[g.v[k].id]);
    }
}

/* One center is busy until 100, the other is free: any sharing uses it. */
static void sharing_uses_what_is_free(void **state)
{
    const struct line lines[] = {
        {0, 100, 100, 4},
        {0, 10,  10,  4}
    };
    const uint32_t procs[] = {4, 4};
    const size_t n[] = {2, 0};
    struct got g;

    (void)state;
    for (int r = SIM_LEAST; r < _SIM_ROUTE_MAX; r++) {
        struct sim_config config = plain(SIM_EASY_SJBF, (enum sim_route)r);

        run(&config, procs, 2, lines, n, &g);
        assert_int_equal(g.v[0].start_s, 0);
        assert_int_equal(g.v[1].start_s, 0);
        assert_int_not_equal(g.v[0].where, g.v[1].where);
    }
}

static int by_time(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    if (x[0] != y[0])
        return x[0] < y[0] ? -1 : 1;
    return x[1] < y[1] ? -1 : x[1] > y[1]; /* ends before starts */
}

/* Never more cores than there are, nobody before their submission. */
static void replay(const struct got *g, uint32_t center, uint32_t procs)
{
    int64_t steps[2 * JOBS_MAX][2];
    size_t n = 0;
    int64_t used = 0;

    for (size_t i = 0; i < g->n; i++) {
        const struct sim_record *r = &g->v[i];

        assert_true(r->start_s >= r->submit_s);
        if (r->where != center || r->run_s == 0)
            continue;
        steps[n][0] = r->start_s;
        steps[n++][1] = r->procs;
        steps[n][0] = r->start_s + r->run_s;
        steps[n++][1] = -(int64_t)r->procs;
    }
    qsort(steps, n, sizeof(steps[0]), by_time);
    for (size_t i = 0; i < n; i++) {
        used += steps[i][1];
        assert_true(used <= procs);
    }
}

static void capacity_is_never_exceeded(void **state)
{
    struct dice d = {23};

    (void)state;
    for (int round = 0; round < 1500; round++) {
        struct sim_config config =
            plain((enum sim_policy)dice_roll(&d, 0, _SIM_POLICY_MAX - 1),
                  (enum sim_route)dice_roll(&d, 0, _SIM_ROUTE_MAX - 1));
        uint32_t procs[3];
        struct line lines[90];
        size_t n[3] = {30, 30, 30};
        struct got g;

        config.predict = (enum sim_predict)dice_roll(&d, 0, _SIM_PREDICT_MAX - 1);
        config.correct = (enum sim_correct)dice_roll(&d, 0, _SIM_CORRECT_MAX - 1);
        config.local_first = dice_roll(&d, 0, 1);
        config.state_age_s = dice_roll(&d, 0, 1) * 20;
        config.foreign_share = dice_roll(&d, 0, 2) ? SIM_SHARE_NONE : 0.5;
        if (config.route == SIM_EVERYWHERE && config.policy == SIM_CONSERVATIVE)
            config.policy = SIM_EASY; /* refused by fsim: copies would keep places */
        if (config.route == SIM_LATE)
            config.policy = SIM_EASY_SJBF;
        else if (config.route == SIM_HOME && dice_roll(&d, 0, 1))
            config.ties = SIM_PYSS;
        for (int c = 0; c < 3; c++) {
            int64_t t = 0;

            procs[c] = dice_roll(&d, 1, 9);
            for (int i = 0; i < 30; i++) {
                uint32_t est = dice_roll(&d, 1, 30);

                t += dice_roll(&d, 0, 6);
                lines[30 * c + i] = (struct line){t, dice_roll(&d, 0, est), est,
                                                  dice_roll(&d, 1, procs[c])};
            }
        }
        run(&config, procs, 3, lines, n, &g);
        for (uint32_t c = 0; c < 3; c++)
            replay(&g, c, procs[c]);
    }
}

static int64_t start_of(const struct got *g, int64_t id)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->v[i].id == id)
            return g->v[i].start_s;
    return -1;
}

/* With exact requests a plan kept and a plan made anew are the same. */
static void conservative_equals_replan_when_requests_are_exact(void **state)
{
    struct dice d = {29};

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct sim_config a = plain(SIM_CONSERVATIVE, SIM_HOME);
        struct sim_config b = plain(SIM_REPLAN, SIM_HOME);
        uint32_t procs = dice_roll(&d, 1, 9);
        struct line lines[25];
        size_t n = 25;
        int64_t t = 0;
        struct got x;
        struct got y;

        for (size_t i = 0; i < n; i++) {
            uint32_t est = dice_roll(&d, 1, 20);

            t += dice_roll(&d, 0, 6);
            lines[i] = (struct line){t, est, est, dice_roll(&d, 1, procs)};
        }
        run(&a, &procs, 1, lines, &n, &x);
        run(&b, &procs, 1, lines, &n, &y);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(start_of(&x, (int64_t)i), start_of(&y, (int64_t)i));
    }
}

static int open_text(const char *text, struct err *err, int64_t *ret_n)
{
    char path[] = "/tmp/hopluu-test-XXXXXX";
    const struct trace_spec spec = {.path = path, .procs = 64, .until_s = INT64_MAX};
    struct trace *t = NULL;
    struct trace_job j;
    int r;

    log_write(path, text);
    r = trace_open(&spec, &t, err);
    for (*ret_n = 0; r == 0 && trace_next(t, &j, err) == 1; (*ret_n)++)
        ;
    trace_close(t);
    (void)unlink(path); /* nothing is lost with it */
    return r;
}

static void wrong_logs_are_named_by_line(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* NULL = it is fine */
        int64_t n;
    } rows[] = {
        {"; c\n1 0 -1 10 4 -1 -1 4 20 -1 1 1\n",                          NULL,                          1},
        {"1 0 -1 10.7 4 -1 -1 4 2e1 -1 1 1\r\n",                          NULL,                          1},
        {"1 0 -1 10 4\n\n2 5 -1 x 4\n",                                   ":3: field 4 is not a number", 0},
        {"; c\n1 0 3\n",                                                  ":2: 3 fields",                0},
        {"1 0 -1 10 99999 -1 -1 -1 20\n",                                 NULL,                          0},
        {"1 0 -1 99999999999999999999 4\n",                               ":1: field 4",                 0},
        {"JobID|Submit|Elapsed\n",                                        ":1: no column AllocCPUS",     0},
        {"JobID|User|Submit|ElapsedRaw|Timelimit|AllocCPUS|State\n"
         "7|a|2026-01-05T10:00:00|60|01:00:00|4|COMPLETED\n"
         "7.batch|a|2026-01-05T10:00:00|60||4|COMPLETED\n"
         "8|b|2026-01-05T10:01:00|0|UNLIMITED|4|RUNNING\n",      NULL,                          1},
        {"JobID|Submit|ElapsedRaw|AllocCPUS\n7|yesterday|60|4\n",
         ":2: the submit time \"yesterday\" is none",                                                    0},
        {"JobID|Submit|ElapsedRaw|AllocCPUS\n7|2026-01-05T10:00:00|60\n",
         ":2: 3 columns, the header has 4",                                                              0},
        {"",                                                              NULL,                          0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = {0};
        int64_t n = -1;
        int r = open_text(rows[i].text, &err, &n);

        if (rows[i].says) {
            assert_int_equal(r, -EINVAL);
            assert_non_null(strstr(err.text, rows[i].says));
        } else {
            assert_int_equal(r, 0);
            assert_int_equal(n, rows[i].n);
        }
    }
}

static void percentiles_are_exact(void **state)
{
    struct stats s = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(stats_add(&s, i * 10000, 1, 1), 0);
    assert_int_equal(stats_wait_at(&s, 0.5), 500000);
    assert_int_equal(stats_wait_at(&s, 0.95), 950000);
    assert_int_equal(stats_wait_at(&s, 1), 990000);
    assert_true(stats_mean_wait(&s) > 494999.9 && stats_mean_wait(&s) < 495000.1);
    stats_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_worked),
        cmocka_unit_test(sharing_uses_what_is_free),
        cmocka_unit_test(capacity_is_never_exceeded),
        cmocka_unit_test(conservative_equals_replan_when_requests_are_exact),
        cmocka_unit_test(wrong_logs_are_named_by_line),
        cmocka_unit_test(percentiles_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
