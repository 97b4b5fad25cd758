/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * place_growth - time and memory of a map as jobs grow
 *
 * Ranks are random places in a cube that talk to those nearby, some ten pairs a rank,
 * with uneven weights and in no order: no grid is recognised. Each size has a process
 * of its own, because the peak of memory is what a process had at most.
 */
#include "config.h"

#include "place_growth.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "place_instances.h"

#include "base/banned.h"

#define NEIGHBOURS 20.0 /* of a rank, two for each pair */
#define NODE 64         /* cores, of two packages */
#define SWITCH 1024     /* cores under a switch */

struct cloud {
    uint32_t n;
    uint32_t side; /* cells along one edge of the cube */
    double radius2;
    double (*x)[3];
    uint32_t *first; /* [side^3 + 1] */
    uint32_t *member;
};

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 11;
}

static uint32_t cell_of(const struct cloud *c, uint32_t u)
{
    uint32_t at = 0;

    for (int d = 0; d < 3; d++) {
        uint32_t k = (uint32_t)(c->x[u][d] * c->side);

        at = at * c->side + (k < c->side ? k : c->side - 1);
    }
    return at;
}

static void scatter(struct cloud *c, uint32_t n)
{
    double radius = cbrt(NEIGHBOURS / (n * 4.18879));
    uint64_t seed = n;
    uint32_t cells;

    c->n = n;
    c->side = (uint32_t)(1 / radius);
    c->radius2 = radius * radius;
    cells = c->side * c->side * c->side;
    c->x = malloc(n * sizeof(*c->x));
    c->first = calloc((size_t)cells + 2, sizeof(*c->first));
    c->member = malloc(n * sizeof(*c->member));
    if (!c->x || !c->first || !c->member)
        abort();
    for (uint32_t u = 0; u < n; u++) {
        for (int d = 0; d < 3; d++)
            c->x[u][d] = (double)next(&seed) / 9007199254740992.0;
        c->first[cell_of(c, u) + 2]++;
    }
    for (uint32_t i = 0; i < cells; i++)
        c->first[i + 2] += c->first[i + 1];
    for (uint32_t u = 0; u < n; u++)
        c->member[c->first[cell_of(c, u) + 1]++] = u;
}

static bool is_near(const struct cloud *c, uint32_t u, uint32_t v)
{
    double sum = 0;

    for (int d = 0; d < 3; d++)
        sum += (c->x[u][d] - c->x[v][d]) * (c->x[u][d] - c->x[v][d]);
    return u != v && sum < c->radius2;
}

/* The row of u, written where adj is; its length. */
static uint32_t row(const struct cloud *c, uint32_t u, uint32_t *adj, uint64_t *w)
{
    uint32_t cell = cell_of(c, u);
    int64_t side = c->side;
    int64_t at[3] = {cell / (side * side), cell / side % side, cell % side};
    uint32_t n = 0;

    for (uint32_t code = 0; code < 27; code++) {
        int64_t i = at[0] + code / 9 - 1;
        int64_t j = at[1] + code / 3 % 3 - 1;
        int64_t k = at[2] + code % 3 - 1;

        if (i < 0 || j < 0 || k < 0 || i >= side || j >= side || k >= side)
            continue;
        cell = (uint32_t)((i * side + j) * side + k);
        for (uint32_t e = c->first[cell]; e < c->first[cell + 1]; e++) {
            uint32_t v = c->member[e];
            uint64_t both = (uint64_t)(u < v ? u : v) << 32 | (u < v ? v : u);

            if (!is_near(c, u, v))
                continue;
            if (adj) {
                adj[n] = v;
                w[n] = 1 + next(&both) % 1000;
            }
            n++;
        }
    }
    return n;
}

static int make_pattern(uint32_t n, struct pattern **ret_p, struct err *err)
{
    struct cloud c;
    uint64_t *xadj = malloc(((size_t)n + 1) * sizeof(*xadj));
    uint32_t *adj;
    uint64_t *w;
    int r;

    scatter(&c, n);
    if (!xadj)
        abort();
    xadj[0] = 0;
    for (uint32_t u = 0; u < n; u++)
        xadj[u + 1] = xadj[u] + row(&c, u, NULL, NULL);
    adj = malloc((xadj[n] + 1) * sizeof(*adj));
    w = malloc((xadj[n] + 1) * sizeof(*w));
    if (!adj || !w)
        abort();
    for (uint32_t u = 0; u < n; u++)
        (void)row(&c, u, adj + xadj[u], w + xadj[u]);
    r = pattern_from_csr(n, xadj, adj, w, ret_p, err);
    free(c.x);
    free(c.first);
    free(c.member);
    free(xadj);
    free(adj);
    free(w);
    return r;
}

static double peak_mib(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

static int run(uint32_t n, enum place_effort effort)
{
    uint32_t arity[] = {NODE / 2, 2, SWITCH / NODE, (n + SWITCH - 1) / SWITCH};
    uint32_t distance[] = {1, 10, 100, 200};
    struct machine *m = NULL;
    struct pattern *p = NULL;
    struct place_result res;
    struct err err = {0};
    double before;
    double t;
    int r = machine_new_uniform(4, arity, distance, NULL, &m, &err);

    if (r == 0)
        r = make_pattern(n, &p, &err);
    before = peak_mib();
    t = cpu_seconds();
    if (r == 0)
        r = place_map(&(struct place_problem){.machine = m,
                                              .n_cores = machine_cores(m),
                                              .n_ranks = n,
                                              .pattern = p,
                                              .effort = effort,
                                              .seed = 1},
                      &res, &err);
    t = cpu_seconds() - t;
    if (r < 0) {
        printf("%" PRIu32 " ranks: %s\n", n, err_text(&err, r));
        return 1;
    }
    printf("%8" PRIu32 " ranks %9" PRIu64
           " pairs: %8.3f s, %6.0f ns a pair; peak %5.0f "
           "MiB, %5.0f before; J %.4f of the default's\n",
           n, pattern_pairs(p), t, 1e9 * t / (double)pattern_pairs(p), peak_mib(),
           before, res.ours.cost / res.usual.cost);
    place_result_release(&res);
    pattern_free(p);
    machine_free(m);
    return 0;
}

int growth(uint32_t most, enum place_effort effort)
{
    int bad = 0;

    for (uint32_t n = 10000; n <= most; n *= 10) {
        int status = 0;
        pid_t child;

        fflush(stdout);
        child = fork();
        if (child == 0) {
            int r = run(n, effort);

            fflush(stdout);
            _exit(r);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
            bad = 1;
    }
    return bad;
}
