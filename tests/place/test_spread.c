/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_spread - nodes change places within their switch: nothing but routes changes */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "place/pattern_int.h"
#include "place/rng_int.h"
#include "place/spread_int.h"
#include "tests/cmocka_all.h"

#define CORES 2
#define NODES 4  /* of a switch */
#define LEAVES 3 /* switches */
#define LINKS 2  /* of a switch */
#define N ((uint32_t)(CORES * NODES * LEAVES))

/* The fullest link, counted pair by pair: a pair takes, on both its ways, the link
 * that the number of the receiving node says. */
static uint64_t fullest(const struct pattern *p, const uint32_t *slot)
{
    uint64_t up[LEAVES][LINKS] = {{0}};
    uint64_t down[LEAVES][LINKS] = {{0}};
    uint64_t most = 0;

    for (uint32_t u = 0; u < p->n; u++)
        for (uint64_t e = p->xadj[u]; e < p->xadj[u + 1]; e++) {
            uint32_t from = slot[u] / CORES / NODES;
            uint32_t node = slot[p->adj[e]] / CORES;
            uint32_t to = node / NODES;

            if (from == to)
                continue;
            up[from][node % LINKS] += p->w[e];
            down[to][node % LINKS] += p->w[e];
        }
    for (int i = 0; i < LEAVES; i++)
        for (int k = 0; k < LINKS; k++) {
            most = up[i][k] > most ? up[i][k] : most;
            most = down[i][k] > most ? down[i][k] : most;
        }
    return most;
}

static struct pattern *flows(const struct pattern_flow *f, size_t n)
{
    struct pattern *p = NULL;

    assert_int_equal(pattern_from_flows(N, f, n, &p, NULL), 0);
    return p;
}

/* Spread `slot`; the fullest link then. */
static uint64_t spread(const struct pattern *p, uint32_t *slot, int *ret)
{
    struct machine *m = NULL;
    struct target t;
    struct place_cost was;
    struct place_cost is;
    unsigned char taken[N] = {0};

    assert_int_equal(machine_new_text("2:4:3", "1:10:100", "1:2", &m, NULL), 0);
    assert_int_equal(place_score(m, p, slot, &was, NULL), 0);
    assert_int_equal(target_init(&t, m, NULL, N, 1, NULL), 0);
    *ret = spread_routes(&t, p, slot);
    assert_true(*ret >= 0);
    for (uint32_t u = 0; u < N; u++) {
        assert_true(slot[u] < N);
        assert_int_equal(taken[slot[u]]++, 0);
    }
    assert_int_equal(place_score(m, p, slot, &is, NULL), 0);
    assert_true(was.cost == is.cost);
    assert_true(was.bottleneck == is.bottleneck);
    assert_memory_equal(was.max_load, is.max_load, sizeof(was.max_load));
    target_release(&t);
    machine_free(m);
    return fullest(p, slot);
}

/* Two nodes that everybody sends to, both even: one of them becomes odd. */
static void two_heavy_nodes(void **state)
{
    struct pattern_flow f[4];
    struct pattern *p;
    uint32_t slot[N];
    int r;

    (void)state;
    for (uint32_t u = 0; u < N; u++)
        slot[u] = u;
    f[0] = (struct pattern_flow){0, 8, 100};  /* node 4 */
    f[1] = (struct pattern_flow){2, 12, 100}; /* node 6 */
    f[2] = (struct pattern_flow){1, 9, 100};
    f[3] = (struct pattern_flow){3, 13, 100};
    p = flows(f, 4);
    assert_int_equal(fullest(p, slot), 400);
    assert_int_equal(spread(p, slot, &r), 200);
    assert_int_equal(r, 1);
    r = 1;
    assert_int_equal(spread(p, slot, &r), 200);
    assert_int_equal(r, 0); /* nothing is left to do */
    pattern_free(p);
}

static void random_maps(void **state)
{
    struct rng rng = {5};
    uint32_t better = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct pattern_flow f[3 * N];
        struct pattern *p;
        uint32_t slot[N];
        uint64_t was;
        uint64_t is;
        int r;

        for (uint32_t k = 0; k < 3 * N; k++)
            f[k] = (struct pattern_flow){rng_below(&rng, N), rng_below(&rng, N),
                                         1 + rng_below(&rng, 1000)};
        for (uint32_t u = 0; u < N; u++)
            slot[u] = u;
        rng_shuffle(&rng, slot, N);
        p = flows(f, 3 * N);
        was = fullest(p, slot);
        is = spread(p, slot, &r);
        assert_true(is <= was);
        assert_true(r == 1 || is == was);
        better += is < was;
        pattern_free(p);
    }
    assert_true(better > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_heavy_nodes),
        cmocka_unit_test(random_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
