/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_read - matrices, profiles and topologies: what is taken, what is refused */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "place/place.h"
#include "place/read.h"
#include "place/topology.h"
#include "tests/cmocka_all.h"

struct row {
    const char *text;
    int r;
    uint32_t n;
    uint64_t bytes;
};

typedef int (*read_fn)(const char *text, size_t n, struct pattern **p, struct err *err);

static int csv(const char *text, size_t n, struct pattern **p, struct err *err)
{
    return pattern_read_csv(text, n, 0, p, err);
}

static int any(const char *text, size_t n, struct pattern **p, struct err *err)
{
    return pattern_read(text, n, 0, p, err);
}

static void walk(const struct row *rows, size_t n_rows, read_fn read)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct pattern *p = NULL;
        struct err err = {0};
        int r = read(rows[i].text, strlen(rows[i].text), &p, &err);

        if (r != rows[i].r)
            fail_msg("row %zu: %d (%s), not %d", i, r, err_text(&err, r), rows[i].r);
        if (r == 0) {
            assert_int_equal(pattern_ranks(p), rows[i].n);
            assert_int_equal(pattern_bytes(p), rows[i].bytes);
        } else {
            assert_true(err.text[0] != '\0');
        }
        p = pattern_free(p);
    }
}

static void metis(void **state)
{
    static const struct row rows[] = {
        {"2 1 001\n2 5\n1 5\n",              0,       2, 5},
        {"%c\n3 2\n2 3\n1\n1\n",             0,       3, 2},
        {"2 1 011\n7 2 5\n8 1 5\n",          0,       2, 5},
        {"3 1\n2\n1\n",                      0,       3, 1},
        {"2 1\n2\n1",                        0,       2, 1},
        {"",                                 -EINVAL, 0, 0},
        {"x\n",                              -EINVAL, 0, 0},
        {"2\n",                              -EINVAL, 0, 0},
        {"0 0\n",                            -E2BIG,  0, 0},
        {"99999999999 1\n",                  -E2BIG,  0, 0},
        {"1000 1000\n",                      -EINVAL, 0, 0},
        {"2 1 100\n2\n1\n",                  -EINVAL, 0, 0},
        {"2 1\n3\n1\n",                      -EINVAL, 0, 0},
        {"2 1\n0\n1\n",                      -EINVAL, 0, 0},
        {"2 1 1\n2\n1 5\n",                  -EINVAL, 0, 0},
        {"2 1 1\n2 5\n1 6\n",                -EINVAL, 0, 0},
        {"2 1\n2 2 2\n1\n",                  -EINVAL, 0, 0},
        {"2 1\n2\n\n",                       -EINVAL, 0, 0},
        {"2 1 1\n2 -5\n1 5\n",               -EINVAL, 0, 0},
        {"2 1 1\n2 1125899906842625\n1 1\n", -EINVAL, 0, 0},
        {"2 1 011\n7 2 5\n",                 -EINVAL, 0, 0},
    };

    (void)state;
    walk(rows, ARRAY_SIZE(rows), pattern_read_metis);
}

static void mtx(void **state)
{
    static const struct row rows[] = {
        {"%%MatrixMarket matrix coordinate integer general\n2 2 2\n1 2 3\n2 1 4\n",  0,
         2,                                                                                      7 },
        {"%%MatrixMarket matrix coordinate real symmetric\n% c\n3 3 1\n3 1 1.5e1\n", 0,
         3,                                                                                      30},
        {"%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 2\n",           0,       2, 1 },
        {"%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 1 3\n",         0,       2, 0 },
        {"%%MatrixMarket matrix array real general\n2 2\n",                          -EINVAL, 0, 0 },
        {"%%MatrixMarket matrix coordinate complex general\n2 2 0\n",                -EINVAL, 0, 0 },
        {"%%MatrixMarket matrix coordinate real hermitian\n2 2 0\n",                 -EINVAL, 0, 0 },
        {"%%MatrixMarket matrix coordinate real general\n",                          -EINVAL, 0, 0 },
        {"%%MatrixMarket matrix coordinate real general\n2 3 0\n",                   -EINVAL, 0, 0 },
        {"%%MatrixMarket matrix coordinate real general\n2 2 1\n",                   -EINVAL, 0, 0 },
        {"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 3 1\n",            -EINVAL, 0,
         0                                                                                         },
        {"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 -1\n",           -EINVAL, 0,
         0                                                                                         },
        {"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 1e99\n",         -EINVAL, 0,
         0                                                                                         },
    };

    (void)state;
    walk(rows, ARRAY_SIZE(rows), pattern_read_mtx);
}

static void csv_both_forms(void **state)
{
    static const struct row rows[] = {
        {"0,1\n2,0\n",                         0,       2, 3 },
        {"0;1\r\n2;0\r\n",                     0,       2, 3 },
        {"# c\nfrom,to,bytes\n0,1,5\n1,0,6\n", 0,       2, 11},
        {"0 3 7\n",                            0,       4, 7 },
        {"0,1,2\n1,0,2\n2,2,0\n",              0,       3, 10},
        {"",                                   -EINVAL, 0, 0 },
        {"a\nb\n",                             -EINVAL, 0, 0 },
        {"1,2\n",                              -EINVAL, 0, 0 },
        {"0,1\n1\n",                           -EINVAL, 0, 0 },
        {"0,1\n1,x\n",                         -EINVAL, 0, 0 },
        {"0,-1\n1,0\n",                        -EINVAL, 0, 0 },
        {"0,9999999999,5\n",                   -EINVAL, 0, 0 },
    };

    (void)state;
    walk(rows, ARRAY_SIZE(rows), csv);
}

static void whichever_it_is(void **state)
{
    static const struct row rows[] = {
        {"2 1 001\n2 5\n1 5\n",                                     0,       2, 5},
        {"%%MatrixMarket matrix coordinate pattern general\n2 2 0", 0,       2, 0},
        {"0,4\n0,0\n",                                              0,       2, 4},
        {"0 4\n0 0\n",                                              0,       2, 4},
        {"{}",                                                      -EINVAL, 0, 0},
    };

    (void)state;
    walk(rows, ARRAY_SIZE(rows), any);
}

static void prof(void **state)
{
    static const struct {
        const char *text;
        int r;
        size_t n;
    } rows[] = {
        {"# POINT TO POINT\nE\t1\t2\t1000 bytes\t1 msgs sent\t0,1\n"
         "I\t1\t0\t4 bytes\t1 msgs sent\n# OSC\nS\t1\t3\t8 bytes\t1 msgs sent\n"
         "R\t1\t3\t8 bytes\t1 msgs sent\n# COLLECTIVES\nC\t1\t0\t4 bytes\t1 msgs\n"
         "D\tMPI_COMM_WORLD\tprocs: 0,1\nO2A\t1\t0 bytes\t0 msgs sent\n", 0,       3},
        {"",                                                                       -EINVAL, 0},
        {"E 1\n",                                                                  -EINVAL, 0},
        {"E 1 2 3 words\n",                                                        -EINVAL, 0},
        {"E 1 99999999 3 bytes\n",                                                 -EINVAL, 0},
        {"what is this?\n",                                                        -EINVAL, 0},
        {"E 1 2 3 bytes\n\001\n",                                                  -EINVAL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct flows f = {0};

        assert_int_equal(flows_read_prof(&f, rows[i].text, strlen(rows[i].text), NULL),
                         rows[i].r);
        assert_int_equal(f.n, rows[i].n);
        flows_release(&f);
    }
}

static void topology(void **state)
{
    static const struct {
        const char *text;
        int r;
        uint32_t nodes, levels;
    } rows[] = {
        {"SwitchName=a Nodes=n[1-4]\n",                                               0,       4, 4},
        {"# c\nswitchname=a nodes=n1,n2 LinkSpeed=100\nSwitchName=b Nodes=n3\n"
         "SwitchName=t Switches=a,b # top\n",                                0,       3, 5},
        {"SwitchName=a \\\n Nodes=n1\n",                                              0,       1, 4},
        {"SwitchName=a Nodes=n1\nSwitchName=b Nodes=n2\n",                            0,       2, 5},
        {"SwitchName=a Nodes=n1\nSwitchName=b Nodes=n2\nSwitchName=c Switches=b\n"
         "SwitchName=t Switches=a,c\n",                                      0,       2, 6},
        {"",                                                                          -EINVAL, 0, 0},
        {"Nodes=n1\n",                                                                -EINVAL, 0, 0},
        {"SwitchName=a Nodes=n[1\n",                                                  -EINVAL, 0, 0},
        {"SwitchName=a Nodes=n1 Colour=red\n",                                        -EINVAL, 0, 0},
        {"SwitchName=a Nodes=n1 Switches=a\n",                                        -EINVAL, 0, 0},
        {"SwitchName=a Nodes=n1\nSwitchName=b Switches=a\nSwitchName=c Switches=a\n",
         -EINVAL,                                                                              0, 0},
        {"SwitchName=a Nodes=n1 Switches=b\nSwitchName=b Switches=a\n",               -EINVAL, 0, 0},
        {"SwitchName=a Nodes=n1\nSwitchName=b Nodes=n1\n",                            -EINVAL, 0, 0},
    };
    static const uint32_t cores[] = {2, 2};
    const struct node_shape shape = {2, cores, NULL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _cleanup_(topology_freep) struct topology *t = NULL;
        _cleanup_(machine_freep) struct machine *m = NULL;
        struct err err = {0};
        int r = topology_parse(rows[i].text, strlen(rows[i].text), &t, &err);

        if (r == 0)
            r = topology_machine(t, &shape, NULL, 0, &m, &err);
        if (r != rows[i].r)
            fail_msg("row %zu: %d %s", i, r, err_text(&err, r));
        if (r == 0) {
            assert_int_equal(machine_nodes(m), rows[i].nodes);
            assert_int_equal(machine_levels(m), rows[i].levels);
            assert_int_equal(machine_cores(m), 4 * rows[i].nodes);
        }
    }
}

static void named_patterns(void **state)
{
    static const struct {
        const char *text;
        uint32_t n;
        int r;
        uint64_t pairs, bytes;
    } rows[] = {
        {"stencil3d:2x2x2",        8, 0,       12, 12000},
        {"stencil2d:3x3:10",       0, 0,       12, 120  },
        {"stencil2d:3x3:periodic", 9, 0,       18, 18000},
        {"stencil3d",              8, 0,       12, 12000},
        {"9pt:2x2",                4, 0,       6,  4002 },
        {"27pt:2x2x2",             8, 0,       28, 12364},
        {"ring",                   5, 0,       5,  5000 },
        {"ring",                   2, 0,       1,  1000 },
        {"alltoall:7",             4, 0,       6,  42   },
        {"tree",                   8, 0,       7,  7000 },
        {"master:1",               8, 0,       7,  7    },
        {"none",                   8, 0,       0,  0    },
        {"spiral",                 8, -EINVAL, 0,  0    },
        {"",                       8, -EINVAL, 0,  0    },
        {"ring",                   0, -EINVAL, 0,  0    },
        {"stencil3d:2x2",          0, -EINVAL, 0,  0    },
        {"stencil2d:0x2",          0, -ERANGE, 0,  0    },
        {"stencil2d:2x2",          5, -EINVAL, 0,  0    },
        {"stencil2d:99999x99999",  0, -E2BIG,  0,  0    },
        {"ring:0",                 5, -ERANGE, 0,  0    },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct pattern *p = NULL;
        int r = pattern_parse(rows[i].text, rows[i].n, &p, NULL);

        if (r != rows[i].r)
            fail_msg("%s: %d", rows[i].text, r);
        if (r == 0) {
            assert_int_equal(pattern_pairs(p), rows[i].pairs);
            assert_int_equal(pattern_bytes(p), rows[i].bytes);
        }
        p = pattern_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metis),          cmocka_unit_test(mtx),
        cmocka_unit_test(csv_both_forms), cmocka_unit_test(whichever_it_is),
        cmocka_unit_test(prof),           cmocka_unit_test(topology),
        cmocka_unit_test(named_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
