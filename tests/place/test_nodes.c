/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_nodes - choosing nodes: lowest switch, fewest leaves, smallest rest */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "place/place.h"
#include "place/topology.h"
#include "tests/cmocka_all.h"

static const char switches[] =
    "SwitchName=a Nodes=a[0-3]\nSwitchName=b Nodes=b[0-3]\n"
    "SwitchName=c Nodes=c[0-3]\nSwitchName=t Switches=a,b,c\n";

static struct machine *three_leaves(void)
{
    static const uint32_t cores[] = {4};
    const struct node_shape shape = {1, cores, NULL};
    struct topology *t = NULL;
    struct machine *m = NULL;

    assert_int_equal(topology_parse(switches, strlen(switches), &t, NULL), 0);
    assert_int_equal(topology_machine(t, &shape, NULL, 0, &m, NULL), 0);
    t = topology_free(t);
    return m;
}

/* free: one letter per node a0 ... c3; digits are free cores, '-' is busy. */
static uint32_t parse_free(const char *text, struct place_free *f)
{
    uint32_t n = 0;

    for (uint32_t i = 0; text[i]; i++)
        if (text[i] != '-')
            f[n++] = (struct place_free){
                .node = i, .cores = (uint32_t)(text[i] - '0'), .mem_mib = 1000};
    return n;
}

static void rows_of_choices(void **state)
{
    static const struct {
        const char *free;
        uint32_t nodes, ranks;
        bool quiet;
        int r;
        const char *want; /* ranks on each node, '-' none */
    } rows[] = {
        {"444444444444", 4, 16, false, 0,       "4444--------"},
        {"4444--444444", 2, 8,  false, 0,       "------44----"},
        {"4444--44-444", 3, 12, false, 0,       "---------444"},
        {"-44--44--44-", 4, 16, false, 0,       "-44--44-----"},
        {"44----4-4444", 5, 20, false, 0,       "------4-4444"},
        {"44----4-4444", 3, 12, true,  0,       "44----4-----"},
        {"2---4---4444", 0, 4,  false, 0,       "----4-------"},
        {"2---4---4444", 0, 6,  false, 0,       "--------42--"},
        {"22--444444--", 0, 4,  false, 0,       "--------4---"},
        {"22--44444444", 0, 3,  true,  0,       "----3-------"},
        {"2---------1-", 0, 3,  true,  0,       "2---------1-"},
        {"44----------", 3, 12, false, -ENOSPC, NULL          },
        {"11----------", 2, 8,  false, -ENOSPC, NULL          },
        {"4-----------", 0, 0,  false, -EINVAL, NULL          },
    };
    struct machine *m = three_leaves();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct place_free f[12];
        struct place_nodes_result r;
        char got[13] = "------------";
        struct place_nodes_problem p = {.machine = m,
                                        .free = f,
                                        .n_free = parse_free(rows[i].free, f),
                                        .n_nodes = rows[i].nodes,
                                        .n_ranks = rows[i].ranks,
                                        .quiet = rows[i].quiet};

        assert_int_equal(place_nodes(&p, &r, NULL), rows[i].r);
        if (rows[i].r < 0)
            continue;
        for (uint32_t k = 0; k < r.n_nodes; k++)
            got[r.node[k]] = (char)('0' + r.ranks[k]);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: %s, not %s", i, got, rows[i].want);
        place_nodes_release(&r);
    }
    m = machine_free(m);
}

/* Of two equal leaves the one whose jobs end when this one ends. */
static void beside_jobs_that_end_together(void **state)
{
    struct machine *m = three_leaves();
    struct place_free f[12];
    int64_t busy[12] = {0, 0, 100, 100, 0, 0, 5000, 5000, 0, 0, 900, 900};
    struct place_nodes_result r;
    struct place_nodes_problem p = {.machine = m,
                                    .free = f,
                                    .n_free = parse_free("44--44--44--", f),
                                    .n_nodes = 2,
                                    .end_s = 1000,
                                    .busy_s = busy};

    (void)state;
    assert_int_equal(place_nodes(&p, &r, NULL), 0);
    assert_int_equal(r.n_nodes, 2);
    assert_int_equal(r.node[0], 8);
    assert_int_equal(r.n_leaves, 1);
    place_nodes_release(&r);
    m = machine_free(m);
}

static void memory_and_gpus(void **state)
{
    struct machine *m = three_leaves();
    struct place_free f[3] = {
        {.node = 0, .cores = 4, .mem_mib = 100, .gpus = 1},
        {.node = 1, .cores = 4, .mem_mib = 400, .gpus = 0},
        {.node = 2, .cores = 4, .mem_mib = 400, .gpus = 2}
    };
    struct place_nodes_result r;
    struct place_nodes_problem p = {
        .machine = m, .free = f, .n_free = 3, .n_ranks = 4, .mem_mib_per_rank = 100};

    (void)state;
    assert_int_equal(place_nodes(&p, &r, NULL), 0);
    assert_int_equal(r.n_nodes, 1);
    assert_int_equal(r.node[0], 1);
    place_nodes_release(&r);
    p.gpus_per_rank = 1;
    p.n_ranks = 2;
    assert_int_equal(place_nodes(&p, &r, NULL), 0);
    assert_int_equal(r.node[0], 2);
    place_nodes_release(&r);
    m = machine_free(m);
}

/* 100,000 named nodes of 128 cores under 2,500 switches share one shape. */
static void a_large_machine_is_small(void **state)
{
    enum { NODES = 100000, LEAVES = 2500 };
    static char node_name[NODES][12];
    static char switch_name[LEAVES + 1][12];
    static struct machine_node node[NODES];
    static struct machine_switch leaf[LEAVES + 1];
    static const uint32_t cores[] = {16, 16, 16, 16, 16, 16, 16, 16};
    static const uint32_t package[] = {0, 0, 0, 0, 1, 1, 1, 1};
    const struct node_shape shape = {8, cores, package};
    struct machine *m = NULL;

    (void)state;
    for (uint32_t i = 0; i <= LEAVES; i++) {
        (void)snprintf(switch_name[i], sizeof(switch_name[i]), "s%u", i);
        leaf[i] = (struct machine_switch){switch_name[i], i ? 0 : MACHINE_NONE};
    }
    for (uint32_t i = 0; i < NODES; i++) {
        (void)snprintf(node_name[i], sizeof(node_name[i]), "n%u", i);
        node[i] = (struct machine_node){node_name[i], 1 + i / (NODES / LEAVES), &shape};
    }
    assert_int_equal(machine_new_tree(leaf, LEAVES + 1, node, NODES, NULL, 0, &m, NULL),
                     0);
    assert_int_equal(machine_cores(m), UINT32_C(128) * NODES);
    print_message("100000 nodes x 128 cores: %zu bytes\n", machine_bytes(m));
    assert_in_range(machine_bytes(m), NODES, UINT64_C(100) * NODES);
    m = machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_choices),
        cmocka_unit_test(beside_jobs_that_end_together),
        cmocka_unit_test(memory_and_gpus),
        cmocka_unit_test(a_large_machine_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
