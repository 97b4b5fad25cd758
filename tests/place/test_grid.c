/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_grid - named grids: what is known without a walk agrees with the judge */
#include "config.h"

#include <stdlib.h>

#include "base/err.h"
#include "place/place.h"
#include "tests/cmocka_all.h"

static void check(const char *grid,
                  const char *machine,
                  const char *distance,
                  uint32_t cpus_per_rank,
                  uint32_t n_cores)
{
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct err err = {0};
    struct place_result r;
    struct place_cost c;
    uint32_t *core;
    uint32_t *taken;

    assert_int_equal(machine_new_text(machine, distance, NULL, &m, &err), 0);
    assert_int_equal(pattern_parse(grid, 0, &p, &err), 0);
    if (place_map(&(struct place_problem){.machine = m,
                                          .n_cores = n_cores,
                                          .n_ranks = pattern_ranks(p),
                                          .cpus_per_rank = cpus_per_rank,
                                          .pattern = p},
                  &r, &err)
        != 0)
        fail_msg("%s on %s: %s", grid, machine, err_text(&err, -1));
    core = malloc((pattern_ranks(p) + 1) * sizeof(*core));
    taken = calloc(machine_cores(m) + 1, sizeof(*taken));
    assert_non_null(core);
    assert_non_null(taken);
    for (uint32_t u = 0; u < r.n_ranks; u++) {
        core[u] = place_result_core(&r, u);
        assert_int_equal(taken[core[u]]++, 0);
    }
    assert_int_equal(place_score(m, p, core, &c, NULL), 0);
    if (c.cost != r.ours.cost || c.bottleneck != r.ours.bottleneck)
        fail_msg("%s on %s: %.0f %f, judged %.0f %f", grid, machine, r.ours.cost,
                 r.ours.bottleneck, c.cost, c.bottleneck);
    for (uint32_t l = 0; l <= c.n_levels; l++) {
        assert_int_equal(c.traffic[l], r.ours.traffic[l]);
        assert_int_equal(c.max_load[l], r.ours.max_load[l]);
    }
    for (uint32_t u = 0; u < r.n_ranks; u++)
        core[u] = u * cpus_per_rank;
    assert_int_equal(place_score(m, p, core, &c, NULL), 0);
    if (c.cost != r.usual.cost || c.bottleneck != r.usual.bottleneck)
        fail_msg("%s on %s in order: %.0f %f, judged %.0f %f", grid, machine,
                 r.usual.cost, r.usual.bottleneck, c.cost, c.bottleneck);
    for (uint32_t l = 0; l <= c.n_levels; l++) {
        assert_int_equal(c.traffic[l], r.usual.traffic[l]);
        assert_int_equal(c.max_load[l], r.usual.max_load[l]);
    }
    assert_true(r.ours.cost <= r.usual.cost);
    assert_true(r.ours.bottleneck <= r.usual.bottleneck);
    free(core);
    free(taken);
    place_result_release(&r);
    machine_free(m);
    pattern_free(p);
}

/* Grids of all kinds, even and odd, whole and partly filled machines. */
static void figures_agree_with_the_judge(void **state)
{
    static const struct {
        const char *grid, *machine, *distance;
        uint32_t cpus_per_rank, n_cores;
    } rows[] = {
        {"7pt:8x8x8",                  "16:2:16",   "1:10:100",     1, 512 },
        {"27pt:8x8x8",                 "16:2:16",   "1:10:100",     1, 512 },
        {"27pt:8x8x8:periodic",        "16:2:16",   "1:10:100",     1, 512 },
        {"7pt:8x4x16:periodic:7",      "16:2:16",   "1:10:100",     1, 512 },
        {"5pt:32x16",                  "16:2:16",   "1:10:100",     1, 512 },
        {"9pt:16x32:periodic",         "16:2:16",   "1:10:100",     1, 512 },
        {"7pt:20x10x5",                "10:2:10:5", "1:10:100:200", 1, 1000},
        {"stencil4d:4x4x4x8",          "16:2:16",   "1:10:100",     1, 512 },
        {"stencil4d:4x2x8x8:periodic", "16:2:16",   "1:10:100",     1, 512 },
        {"9pt:2x16:periodic",          "4:2:4",     "1:10:100",     1, 32  },
        {"27pt:2x2x8:periodic",        "4:2:4",     "1:10:100",     1, 32  },
        {"9pt:1x16:periodic",          "4:2:4",     "1:10:100",     1, 32  },
        {"7pt:5x7x3",                  "16:2:4",    "1:10:100",     1, 128 },
        {"27pt:5x7x3:periodic",        "16:2:4",    "1:10:100",     1, 128 },
        {"9pt:11x11",                  "16:2:4",    "1:10:100",     1, 125 },
        {"7pt:4x4x4",                  "16:2:4",    "1:10:100",     2, 128 },
        {"5pt:7x9",                    "16:2:4",    "1:10:100",     2, 128 },
        {"7pt:31x5x13",                "32:2:16:4", "1:10:100:200", 1, 4096},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(rows[i].grid, rows[i].machine, rows[i].distance, rows[i].cpus_per_rank,
              rows[i].n_cores);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_agree_with_the_judge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
