/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * cg - conjugate gradient on a 3D Poisson problem with a known answer
 *
 *     cg [CELLS [MAX_STEPS]]    default 16 cells along a block's side, 500 steps
 *
 * The right-hand side is made from a solution that we know, so the answer is checked
 * twice: by its residual and against that solution. Ends with 1 when either is off.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "grid3d.h"

#define FOR_CELLS(g)                                                                   \
    for (int z = 1; z <= (g)->n; z++)                                                  \
        for (int y = 1; y <= (g)->n; y++)                                              \
            for (int x = 1; x <= (g)->n; x++)

/* v = A u, u = 0 outside the whole grid. */
static void apply(struct grid3d *g, double *u, double *v)
{
    grid3d_exchange(g, u);
    FOR_CELLS(g)
    v[cell(g, x, y, z)] = 6 * u[cell(g, x, y, z)] - u[cell(g, x - 1, y, z)]
                          - u[cell(g, x + 1, y, z)] - u[cell(g, x, y - 1, z)]
                          - u[cell(g, x, y + 1, z)] - u[cell(g, x, y, z - 1)]
                          - u[cell(g, x, y, z + 1)];
}

static double dot(const struct grid3d *g, const double *u, const double *v)
{
    double mine = 0;
    double all;

    FOR_CELLS(g)
    mine += u[cell(g, x, y, z)] * v[cell(g, x, y, z)];
    MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, g->comm);
    return all;
}

/* u += a v */
static void add(const struct grid3d *g, double *u, double a, const double *v)
{
    FOR_CELLS(g)
    u[cell(g, x, y, z)] += a * v[cell(g, x, y, z)];
}

/* The same rough field whatever the number of ranks. */
static double known(const struct grid3d *g, int x, int y, int z)
{
    uint64_t gx = (uint64_t)(g->at[0] * g->n + x);
    uint64_t gy = (uint64_t)(g->at[1] * g->n + y);
    uint64_t gz = (uint64_t)(g->at[2] * g->n + z);
    uint64_t h = gx * 73856093u ^ gy * 19349663u ^ gz * 83492791u;

    return (double)(h % 2001) / 1000 - 1;
}

static int solve(
    struct grid3d *g, const double *b, double *u, int max, double *ret_rest)
{
    double *r = grid3d_field(g);
    double *p = grid3d_field(g);
    double *q = grid3d_field(g);
    double rr;
    double bb = dot(g, b, b);
    int k = 0;

    add(g, r, 1, b);
    add(g, p, 1, b);
    rr = bb;
    while (k < max && rr > 1e-20 * bb) {
        double a;
        double next;

        apply(g, p, q);
        a = rr / dot(g, p, q);
        add(g, u, a, p);
        add(g, r, -a, q);
        next = dot(g, r, r);
        FOR_CELLS(g)
        p[cell(g, x, y, z)] = r[cell(g, x, y, z)] + next / rr * p[cell(g, x, y, z)];
        rr = next;
        k++;
    }
    /* Not the recurrence's residual: the true one. */
    apply(g, u, q);
    add(g, q, -1, b);
    *ret_rest = sqrt(dot(g, q, q) / bb);
    free(r);
    free(p);
    free(q);
    return k;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 16;
    int max = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 500;
    struct grid3d g;
    double *want;
    double *b;
    double *u;
    double rest;
    double size;
    double off;
    double t;
    int k;
    int right;

    MPI_Init(&argc, &argv);
    grid3d_open(&g, n, 0);
    want = grid3d_field(&g);
    b = grid3d_field(&g);
    u = grid3d_field(&g);
    FOR_CELLS(&g)
    want[cell(&g, x, y, z)] = known(&g, x, y, z);
    size = sqrt(dot(&g, want, want));
    apply(&g, want, b);
    t = MPI_Wtime();
    k = solve(&g, b, u, max, &rest);
    t = MPI_Wtime() - t;
    add(&g, u, -1, want);
    off = sqrt(dot(&g, u, u)) / size;
    right = rest < 1e-9 && off < 1e-7;
    if (g.rank == 0)
        printf("cg %dx%dx%d ranks, %d^3 cells each: %d steps in %.2f s, residual %.1e, "
               "solution off by %.1e: %s\n",
               g.p[0], g.p[1], g.p[2], n, k, t, rest, off, right ? "right" : "WRONG");
    grid3d_close(&g);
    free(want);
    free(b);
    free(u);
    MPI_Finalize();
    return right ? 0 : 1;
}
