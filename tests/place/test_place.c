/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_place - maps on random machines: valid, never worse, best where it is known */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place/place.h"
#include "tests/cmocka_all.h"

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

static struct machine *random_machine(uint32_t max_cores)
{
    struct machine *m = NULL;
    uint32_t arity[4];
    uint32_t distance[4];
    uint64_t capacity[4];
    uint32_t levels = 1 + below(4);
    uint32_t cores = 1;

    for (uint32_t l = 0; l < levels; l++) {
        arity[l] = 1 + below(4);
        if (cores * arity[l] > max_cores)
            arity[l] = 1;
        cores *= arity[l];
        distance[l] = (l ? distance[l - 1] : 0) + below(20);
        capacity[l] = 1 + below(8);
    }
    assert_int_equal(machine_new_uniform(levels, arity, distance, capacity, &m, NULL),
                     0);
    return m;
}

static struct pattern *random_pattern(uint32_t n)
{
    struct pattern *p = NULL;
    struct pattern_flow f[400];
    size_t k = below(400);

    for (size_t i = 0; i < k; i++)
        f[i] = (struct pattern_flow){below(n), below(n), below(1000)};
    assert_int_equal(pattern_from_flows(n, f, k, &p, NULL), 0);
    return p;
}

/* Some cores in some order; every slot a group of c. */
static uint32_t random_cores(const struct machine *m, uint32_t *cores)
{
    uint32_t n = machine_cores(m);
    uint32_t k;

    for (uint32_t i = 0; i < n; i++)
        cores[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = below(i);
        uint32_t x = cores[i - 1];

        cores[i - 1] = cores[j];
        cores[j] = x;
    }
    k = 1 + below(n);
    return k;
}

static void check_valid(const struct machine *m,
                        const struct pattern *p,
                        const struct place_result *r,
                        const uint32_t *cores,
                        uint32_t n_cores)
{
    unsigned char *taken = calloc(machine_cores(m) + 1, 1);
    uint32_t *at = malloc((r->n_ranks + 1) * sizeof(*at));
    struct place_cost c;

    assert_non_null(taken);
    assert_non_null(at);
    for (uint32_t i = 0; i < n_cores; i++)
        taken[cores[i]] = 1;
    for (uint32_t u = 0; u < r->n_ranks; u++) {
        at[u] = place_result_core(r, u);
        assert_true(r->slot[u] < r->n_slots);
        assert_int_equal(taken[at[u]], 1);
        taken[at[u]] = 2;
    }
    assert_true(r->ours.cost <= r->usual.cost);
    assert_true(r->ours.bottleneck <= r->usual.bottleneck);
    assert_int_equal(place_score(m, p, at, &c, NULL), 0);
    assert_true(c.cost == r->ours.cost);
    assert_true(c.bottleneck == r->ours.bottleneck);
    for (uint32_t u = 0; u < r->n_ranks; u++)
        at[u] = cores[u];
    assert_int_equal(place_score(m, p, at, &c, NULL), 0);
    assert_true(c.cost == r->usual.cost);
    free(taken);
    free(at);
}

static void valid_and_never_worse(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 400; i++) {
        struct machine *m;
        struct pattern *p;
        struct place_result r;
        uint32_t cores[256];
        uint32_t n_cores;
        struct place_problem q = {
            .effort = (enum place_effort)(i % 3), .seed = i, .slack = i % 2 ? 0.05 : 0};

        seed = i + 1;
        m = random_machine(128);
        n_cores = random_cores(m, cores);
        p = random_pattern(1 + below(n_cores));
        q.machine = m;
        q.pattern = p;
        q.n_ranks = pattern_ranks(p);
        q.cores = cores;
        q.n_cores = n_cores;
        if (place_map(&q, &r, NULL) != 0)
            fail_msg("seed %llu", (unsigned long long)i);
        check_valid(m, p, &r, cores, n_cores);
        place_result_release(&r);
        p = pattern_free(p);
        m = machine_free(m);
    }
}

static bool run_out(void *arg)
{
    uint32_t *left = arg;

    if (*left > 0)
        --*left;
    return *left == 0;
}

static void stop_one(uint64_t i)
{
    static const uint32_t top[] = {1, 2, 3, 5, 7, 8, 9};
    uint32_t arity[] = {4 + below(13), 2, 2 + below(3), top[i % 7]};
    uint32_t distance[] = {1, 10, 100, 100 + 100 * below(2)};
    uint64_t capacity[] = {1, 1 + below(3), 1 + below(9), 1};
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct pattern_flow *f = malloc(4000 * sizeof(*f));
    uint32_t *cores;
    uint32_t left = 1 + below(1 << below(12));
    uint32_t n;
    struct place_result r;

    assert_non_null(f);
    assert_int_equal(machine_new_uniform(4, arity, distance, capacity, &m, NULL), 0);
    cores = malloc((machine_cores(m) + 1) * sizeof(*cores));
    assert_non_null(cores);
    n = random_cores(m, cores);
    n = i % 3 ? machine_cores(m) : n;
    for (size_t k = 0; k < 4000; k++) {
        uint32_t u = below(n);

        f[k] = (struct pattern_flow){u, i % 2 ? below(n) : (u + 1 + below(40)) % n,
                                     1 + below(1000)};
    }
    assert_int_equal(pattern_from_flows(n, f, 4000, &p, NULL), 0);
    if (place_map(&(struct place_problem){.machine = m,
                                          .cores = cores,
                                          .n_cores = n,
                                          .n_ranks = n,
                                          .pattern = p,
                                          .effort = i % 5 ? PLACE_FAST : PLACE_NORMAL,
                                          .seed = i,
                                          .expired = i % 7 ? run_out : NULL,
                                          .expired_arg = &left},
                  &r, NULL)
        != 0)
        fail_msg("seed %llu", (unsigned long long)i);
    check_valid(m, p, &r, cores, n);
    place_result_release(&r);
    free(cores);
    free(f);
    pattern_free(p);
    machine_free(m);
}

/* Sizes on both sides of where the search changes its ways, stopped at any time. */
static void never_worse_whenever_stopped(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 70; i++) {
        seed = i + 1;
        stop_one(i);
    }
}

static double try_all(const struct machine *m,
                      const struct pattern *p,
                      uint32_t *at,
                      uint32_t n,
                      uint32_t k,
                      unsigned used,
                      double limit)
{
    struct place_cost c;
    double best = 1e300;

    if (k == n) {
        assert_int_equal(place_score(m, p, at, &c, NULL), 0);
        return c.bottleneck <= limit ? c.cost : 1e300;
    }
    for (uint32_t core = 0; core < n; core++) {
        double x;

        if (used & (1U << core))
            continue;
        at[k] = core;
        x = try_all(m, p, at, n, k + 1, used | (1U << core), limit);
        best = x < best ? x : best;
    }
    return best;
}

/* On machines of six and eight cores the best map is known by trying all. */
static void best_where_all_were_tried(void **state)
{
    static const char *const shapes[] = {"2:3", "3:2", "2:2:2", "3:3"};
    static const char *const far[] = {"1:10", "1:10", "1:10:100", "1:10"};

    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        uint64_t k = i < 18 ? i % 3 : 3; /* 9! maps twice */
        struct machine *m = NULL;
        struct pattern *p;
        struct place_result r;
        uint32_t at[9];
        uint32_t n;
        struct place_problem q = {.effort = PLACE_NORMAL, .seed = i};

        if (k == 2 && i > 6)
            continue; /* 8! maps take a while */
        seed = i + 77;
        assert_int_equal(machine_new_text(shapes[k], far[k], NULL, &m, NULL), 0);
        n = machine_cores(m);
        p = random_pattern(n);
        q.machine = m;
        q.pattern = p;
        q.n_ranks = n;
        assert_int_equal(place_map(&q, &r, NULL), 0);
        assert_true(r.ours.cost == try_all(m, p, at, n, 0, 0, r.usual.bottleneck));
        place_result_release(&r);
        p = pattern_free(p);
        m = machine_free(m);
    }
}

/* Renaming ranks together with their cores changes no figure. */
static void score_ignores_names(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        struct machine *m;
        struct pattern *p;
        struct pattern *q = NULL;
        uint32_t cores[256];
        uint32_t name[256];
        uint32_t moved[256];
        uint32_t n;
        struct place_cost a;
        struct place_cost b;

        seed = i + 1000;
        m = random_machine(128);
        (void)random_cores(m, cores);
        n = machine_cores(m);
        p = random_pattern(n);
        (void)random_cores(m, name);
        for (uint32_t u = 0; u < n; u++)
            moved[name[u]] = cores[u];
        assert_int_equal(pattern_renamed(p, name, &q, NULL), 0);
        assert_int_equal(place_score(m, p, cores, &a, NULL), 0);
        assert_int_equal(place_score(m, q, moved, &b, NULL), 0);
        assert_memory_equal(&a, &b, sizeof(a));
        p = pattern_free(p);
        q = pattern_free(q);
        m = machine_free(m);
    }
}

static void same_seed_same_map(void **state)
{
    struct machine *m = NULL;
    struct pattern *p;
    struct place_result a;
    struct place_result b;
    struct place_problem q = {.effort = PLACE_NORMAL, .seed = 5};

    (void)state;
    seed = 9;
    assert_int_equal(machine_new_text("4:2:4", "1:10:100", NULL, &m, NULL), 0);
    p = random_pattern(32);
    q.machine = m;
    q.pattern = p;
    q.n_ranks = 32;
    assert_int_equal(place_map(&q, &a, NULL), 0);
    assert_int_equal(place_map(&q, &b, NULL), 0);
    assert_memory_equal(a.slot, b.slot, 32 * sizeof(*a.slot));
    place_result_release(&a);
    place_result_release(&b);
    p = pattern_free(p);
    m = machine_free(m);
}

static bool at_once(void *arg)
{
    (void)arg;
    return true;
}

static void deadline_gives_a_map(void **state)
{
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct place_result r;
    struct place_problem q = {.effort = PLACE_BEST, .expired = at_once};

    (void)state;
    assert_int_equal(machine_new_text("8:2:8", "1:10:100", NULL, &m, NULL), 0);
    seed = 3;
    p = random_pattern(128);
    q.machine = m;
    q.pattern = p;
    q.n_ranks = 128;
    assert_int_equal(place_map(&q, &r, NULL), 0);
    assert_true(r.cut_short);
    assert_true(r.ours.cost <= r.usual.cost);
    place_result_release(&r);
    p = pattern_free(p);
    m = machine_free(m);
}

static void refusals(void **state)
{
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct place_result r;
    struct err err;
    uint32_t twice[] = {0, 1, 1};
    uint32_t none[] = {0, 99};
    struct place_problem q = {0};

    (void)state;
    assert_int_equal(machine_new_text("2:2", "1:10", NULL, &m, NULL), 0);
    assert_int_equal(pattern_parse("ring", 3, &p, NULL), 0);
    q = (struct place_problem){.machine = m, .pattern = p, .n_ranks = 2};
    assert_int_equal(place_map(&q, &r, &err), -EINVAL);
    q.n_ranks = 3;
    q.cores = twice;
    q.n_cores = 3;
    assert_int_equal(place_map(&q, &r, &err), -EINVAL);
    q.cores = none;
    q.n_cores = 2;
    assert_int_equal(place_map(&q, &r, &err), -EINVAL);
    none[1] = 1;
    assert_int_equal(place_map(&q, &r, &err), -ENOSPC);
    p = pattern_free(p);
    m = machine_free(m);
}

/* Slots of two cores lie in one node and never overlap. */
static void slots_of_several_cores(void **state)
{
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct place_result r;
    struct buf b = BUF_INIT(4096);

    (void)state;
    assert_int_equal(machine_new_text("3:1:2", "1:10:100", NULL, &m, NULL), 0);
    assert_int_equal(pattern_parse("none", 2, &p, NULL), 0);
    assert_int_equal(place_map(&(struct place_problem){.machine = m,
                                                       .pattern = p,
                                                       .n_ranks = 2,
                                                       .cpus_per_rank = 2},
                               &r, NULL),
                     0);
    assert_int_equal(r.n_slots, 2);
    place_render_rankfile(m, &r, false, &b);
    assert_string_equal(buf_text(&b), "rank 0=n0 slot=0-1\nrank 1=n1 slot=0-1\n");
    buf_clear(&b);
    place_render_hostfile(m, &r, &b);
    assert_string_equal(buf_text(&b), "n0\nn1\n");
    buf_clear(&b);
    place_render_map(&r, &b);
    assert_string_equal(buf_text(&b), "0\n3\n");
    buf_release(&b);
    place_result_release(&r);
    p = pattern_free(p);
    m = machine_free(m);
}

/* A sheet of ranks, shuffled: each talks to those beside it, some a little further. */
static struct pattern *sheet(uint32_t width, uint32_t height)
{
    uint32_t n = width * height;
    struct pattern_flow *f = malloc(3 * (size_t)n * sizeof(*f));
    uint32_t *name = malloc(n * sizeof(*name));
    struct pattern *p = NULL;
    size_t k = 0;

    assert_non_null(f);
    assert_non_null(name);
    for (uint32_t u = 0; u < n; u++)
        name[u] = u;
    for (uint32_t u = n; u > 1; u--) {
        uint32_t j = below(u);
        uint32_t x = name[u - 1];

        name[u - 1] = name[j];
        name[j] = x;
    }
    for (uint32_t u = 0; u < n; u++) {
        if (u % width + 1 < width)
            f[k++] = (struct pattern_flow){name[u], name[u + 1], 50 + below(100)};
        if (u + width < n)
            f[k++] = (struct pattern_flow){name[u], name[u + width], 50 + below(100)};
        if (u + width + 1 < n && below(2))
            f[k++] = (struct pattern_flow){name[u], name[u + width + 1], below(60)};
    }
    assert_int_equal(pattern_from_flows(n, f, k, &p, NULL), 0);
    free(f);
    free(name);
    return p;
}

/* Enough ranks for annealing by moves: a full machine, and slots to spare. */
static void many_ranks(void **state)
{
    static const uint32_t heights[] = {40, 36};
    uint32_t cores[2560];

    (void)state;
    for (uint32_t i = 0; i < 2560; i++)
        cores[i] = i;
    for (int i = 0; i < 2; i++) {
        struct machine *m = NULL;
        struct pattern *p;
        struct place_result a;
        struct place_result b;
        struct place_problem q = {.effort = PLACE_NORMAL, .seed = 3};

        seed = 40 + (uint64_t)i;
        assert_int_equal(machine_new_text("8:2:16:10", "1:10:100:200", NULL, &m, NULL),
                         0);
        p = sheet(64, heights[i]);
        q.machine = m;
        q.pattern = p;
        q.n_ranks = pattern_ranks(p);
        assert_int_equal(place_map(&q, &a, NULL), 0);
        check_valid(m, p, &a, cores, 2560);
        assert_true(a.ours.cost < 0.35 * a.usual.cost);
        assert_int_equal(place_map(&q, &b, NULL), 0);
        assert_memory_equal(a.slot, b.slot, a.n_ranks * sizeof(*a.slot));
        place_result_release(&a);
        place_result_release(&b);
        p = pattern_free(p);
        m = machine_free(m);
    }
}

/* Everybody talks to rank 0: the link of its node carries as much in any order, though
 * others could be nearer to each other. */
static void no_gain_for_the_fullest_link(void **state)
{
    struct pattern_flow f[9] = {
        {0, 1, 9},
        {0, 2, 9},
        {0, 3, 9},
        {0, 4, 9},
        {0, 5, 9},
        {0, 6, 9},
        {0, 7, 9},
        {4, 6, 1},
        {5, 7, 1}
    };
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct place_result r;
    struct place_problem q = {.n_ranks = 8};

    (void)state;
    assert_int_equal(machine_new_text("2:2:2", "1:10:100", "1000:1", &m, NULL), 0);
    assert_int_equal(pattern_from_flows(8, f, 9, &p, NULL), 0);
    q.machine = m;
    q.pattern = p;
    assert_int_equal(place_map(&q, &r, NULL), 0);
    assert_true(r.ours.cost < r.usual.cost);
    assert_true(r.ours.bottleneck == r.usual.bottleneck);
    place_result_release(&r);
    q.slack = 0.01;
    assert_int_equal(place_map(&q, &r, NULL), 0);
    assert_string_equal(r.method, "default");
    assert_true(r.ours.cost == r.usual.cost);
    for (uint32_t u = 0; u < 8; u++)
        assert_int_equal(r.slot[u], u);
    place_result_release(&r);
    pattern_free(p);
    machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_and_never_worse),
        cmocka_unit_test(never_worse_whenever_stopped),
        cmocka_unit_test(best_where_all_were_tried),
        cmocka_unit_test(score_ignores_names),
        cmocka_unit_test(same_seed_same_map),
        cmocka_unit_test(deadline_gives_a_map),
        cmocka_unit_test(many_ranks),
        cmocka_unit_test(refusals),
        cmocka_unit_test(slots_of_several_cores),
        cmocka_unit_test(no_gain_for_the_fullest_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
