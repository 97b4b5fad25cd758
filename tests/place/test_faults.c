/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * test_faults - memory runs out at every allocation of lib/place in turn
 *
 * Each call must say -ENOMEM, leave its result alone, and lose nothing (which the
 * sanitizer's build sees). Searches allocate often: of those later allocations only
 * every so many is made to fail.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place/place.h"
#include "place/read.h"
#include "place/topology.h"
#include "tests/support/fault.h"

#include "tests/cmocka_all.h"

/* Fails allocation n, n + 1 + n / sparse, ... until none is left to fail. */
static void every_allocation(int (*scenario)(void), unsigned sparse, const char *what)
{
    unsigned n = 1;
    unsigned tried = 0;

    for (;; n += 1 + n / sparse, tried++) {
        bool fired;
        int r;

        fault_arm(n);
        r = scenario();
        fired = fault_fired();
        fault_arm(0);
        if (r != (fired ? -ENOMEM : 0))
            fail_msg("%s: allocation %u %s, and it says %d", what, n,
                     fired ? "failed" : "was there", r);
        if (!fired)
            break;
    }
    print_message("%s: %u of %u allocations\n", what, tried, n - 1);
    assert_true(tried > 0);
}

static int machines(void)
{
    struct machine *m = NULL;
    int r = machine_new_text("4:2:4:2", "1:10:100:200", "1:2:4", &m, NULL);

    if (r < 0)
        assert_null(m);
    m = machine_free(m);
    return r;
}

static const char switches[] =
    "SwitchName=a Nodes=a[0-3]\nSwitchName=b Nodes=b[0-3]\n"
    "SwitchName=deep Nodes=c[0-9]\nSwitchName=c Switches=deep\n"
    "SwitchName=t Switches=a,b,c\n";

static struct machine *usual; /* made while nothing fails */
static struct pattern *wild;  /* 24 ranks, no grid */
static struct pattern *large; /* 2,100 ranks */

static int topologies(void)
{
    static const uint32_t cores[] = {2, 2};
    const struct node_shape shape = {2, cores, NULL};
    struct topology *t = NULL;
    struct machine *m = NULL;
    int r = topology_parse(switches, strlen(switches), &t, NULL);

    if (r == 0)
        r = topology_machine(t, &shape, NULL, 0, &m, NULL);
    if (r < 0)
        assert_null(m);
    m = machine_free(m);
    t = topology_free(t);
    return r;
}

static int patterns(void)
{
    static const char *const name[] = {"stencil2d:4x6",
                                       "stencil3d:2x3x4:periodic:10",
                                       "stencil4d:2x2x2x3",
                                       "9pt:4x6",
                                       "27pt:2x3x4",
                                       "ring",
                                       "alltoall",
                                       "tree",
                                       "master",
                                       "none"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(name); i++) {
        struct pattern *p = NULL;

        r = pattern_parse(name[i], 24, &p, NULL);
        p = pattern_free(p);
    }
    return r;
}

static int readers(void)
{
    static const char market[] = "%%MatrixMarket matrix coordinate integer general\n"
                                 "3 3 3\n1 2 4\n2 3 5\n3 1 1\n";
    static const char *const text[] = {"4 3 1\n2 5\n1 5 3 7\n2 7 4 1\n3 1\n", market,
                                       "0,1,100\n1,2,50\n2,0,7\n",
                                       "0;1;2\n3;0;4\n5;6;0\n"};
    static const char prof[] = "E\t0\t1\t100 bytes\t2 msgs sent\t0,1\n"
                               "I\t0\t2\t50 bytes\t1 msgs sent\t0\n";
    struct flows f = {0};
    struct pattern *p = NULL;
    struct buf out = BUF_INIT(1 << 16);
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(text); i++) {
        r = pattern_read(text[i], strlen(text[i]), 0, &p, NULL);
        if (r == 0)
            pattern_write_metis(p, &out);
        r = r ? r : out.err;
        p = pattern_free(p);
    }
    if (r == 0)
        r = flows_read_prof(&f, prof, strlen(prof), NULL);
    if (r == 0)
        r = pattern_from_flows(f.n_ranks, f.v, f.n, &p, NULL);
    p = pattern_free(p);
    flows_release(&f);
    buf_release(&out);
    return r;
}

static bool at_once(void *arg)
{
    (void)arg;
    return true;
}

static int map(struct machine *m,
               const struct pattern *p,
               enum place_effort effort,
               bool (*expired)(void *arg))
{
    struct place_problem q = {.machine = m,
                              .n_ranks = pattern_ranks(p),
                              .pattern = p,
                              .effort = effort,
                              .slack = 0.02,
                              .expired = expired};
    struct place_result result;
    struct buf out = BUF_INIT(1 << 20);
    int r = place_map(&q, &result, NULL);

    if (r < 0)
        return r;
    place_render_map(&result, &out);
    place_render_rankfile(m, &result, false, &out);
    place_render_hostfile(m, &result, &out);
    r = out.err;
    buf_release(&out);
    place_result_release(&result);
    return r;
}

static int map_named(const char *machine, const char *distance, const char *pattern)
{
    struct machine *m = NULL;
    struct pattern *p = NULL;
    int r = machine_new_text(machine, distance, NULL, &m, NULL);

    if (r == 0)
        r = pattern_parse(pattern, 0, &p, NULL);
    if (r == 0)
        r = map(m, p, PLACE_FAST, NULL);
    m = machine_free(m);
    p = pattern_free(p);
    return r;
}

static int map_all(void)
{
    return map_named("2:2:2", "1:10:100", "stencil2d:2x4");
}

static int map_grid(void)
{
    return map_named("4:2:4", "1:10:100", "stencil3d:2x4x4");
}

static int map_matrix(void)
{
    return map(usual, wild, PLACE_FAST, NULL);
}

static int map_longer(void)
{
    return map(usual, wild, PLACE_NORMAL, NULL);
}

static int map_large(void)
{
    struct machine *m = NULL;
    int r = machine_new_text("10:2:11:10", "1:10:100:200", NULL, &m, NULL);

    if (r == 0)
        r = map(m, large, PLACE_NORMAL, at_once);
    m = machine_free(m);
    return r;
}

static int judge(void)
{
    uint32_t core[24];
    struct place_cost cost;
    struct place_link *links = NULL;
    size_t n = 0;
    int r;

    for (uint32_t i = 0; i < ARRAY_SIZE(core); i++)
        core[i] = i;
    r = place_score(usual, wild, core, &cost, NULL);
    if (r == 0)
        r = place_links(usual, wild, core, 1, &links, &n, NULL);
    free(links);
    return r;
}

static int choose(void)
{
    struct place_free f[40];
    int64_t busy[40] = {0};
    uint32_t n = machine_nodes(usual);
    struct place_nodes_problem p = {.machine = usual,
                                    .free = f,
                                    .n_free = n,
                                    .n_nodes = n / 2,
                                    .end_s = 100,
                                    .busy_s = busy};
    struct place_nodes_result result;
    int r;

    for (uint32_t i = 0; i < n; i++)
        f[i] = (struct place_free){.node = i, .cores = 1};
    r = place_nodes(&p, &result, NULL);
    if (r == 0)
        place_nodes_release(&result);
    return r;
}

/* A graph without a grid in it, from a generator of its own. */
static struct pattern *random_pattern(uint32_t n)
{
    struct flows f = {0};
    struct pattern *p = NULL;
    uint64_t x = 88172645463325252u;

    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            assert_int_equal(flows_add(&f, i, (uint32_t)(x % n), 1 + x % 1000), 0);
        }
    assert_int_equal(pattern_from_flows(n, f.v, f.n, &p, NULL), 0);
    flows_release(&f);
    return p;
}

static int make(void **state)
{
    (void)state;
    wild = random_pattern(24);
    large = random_pattern(2100);
    return machine_new_text("2:2:4:3", "1:10:100:200", "1:1:2", &usual, NULL);
}

static int drop(void **state)
{
    (void)state;
    wild = pattern_free(wild);
    large = pattern_free(large);
    usual = machine_free(usual);
    return 0;
}

#define DENSE 1000000

static void reading_and_building(void **state)
{
    (void)state;
    every_allocation(machines, DENSE, "machines");
    every_allocation(topologies, DENSE, "topologies");
    every_allocation(patterns, DENSE, "patterns");
    every_allocation(readers, DENSE, "readers");
}

static void judging_and_choosing(void **state)
{
    (void)state;
    every_allocation(judge, DENSE, "judge");
    every_allocation(choose, DENSE, "nodes");
}

static void mapping(void **state)
{
    (void)state;
    every_allocation(map_all, DENSE, "all maps");
    every_allocation(map_grid, DENSE, "grid");
    every_allocation(map_matrix, 40, "matrix");
    every_allocation(map_longer, 4, "matrix, normal");
    every_allocation(map_large, 2, "large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_and_building),
        cmocka_unit_test(judging_and_choosing),
        cmocka_unit_test(mapping),
    };

    return cmocka_run_group_tests(tests, make, drop);
}
