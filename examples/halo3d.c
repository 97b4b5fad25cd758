/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * halo3d - heat on a periodic 3D grid: each step exchanges six faces
 *
 *     halo3d [STEPS [CELLS]]    default 40 steps, 24 cells along a block's side
 *
 * The start is one wave along x, y and z, which every step multiplies by a known
 * factor; so each cell is checked against the exact answer. Ends with 1 when wrong.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "grid3d.h"

#define PI 3.14159265358979323846

static double start(const struct grid3d *g, int x, int y, int z)
{
    int c[3] = {x, y, z};
    double v = 0;

    for (int d = 0; d < 3; d++)
        v += cos(2 * PI * (g->at[d] * g->n + c[d] - 1) / (double)(g->p[d] * g->n));
    return v;
}

/* What is left of the wave along d after so many steps of u += a * laplacian. */
static double factor(const struct grid3d *g, int d, double a, int steps)
{
    return pow(1 - a * (2 - 2 * cos(2 * PI / (g->p[d] * g->n))), steps);
}

static double worst(const struct grid3d *g, const double *u, double a, int steps)
{
    double off = 0;

    for (int z = 1; z <= g->n; z++)
        for (int y = 1; y <= g->n; y++)
            for (int x = 1; x <= g->n; x++) {
                int c[3] = {x, y, z};
                double v = 0;

                for (int d = 0; d < 3; d++)
                    v += factor(g, d, a, steps)
                         * cos(2 * PI * (g->at[d] * g->n + c[d] - 1)
                               / (double)(g->p[d] * g->n));
                off = fmax(off, fabs(v - u[cell(g, x, y, z)]));
            }
    return off;
}

static void step(const struct grid3d *g, const double *u, double *v, double a)
{
    for (int z = 1; z <= g->n; z++)
        for (int y = 1; y <= g->n; y++)
            for (int x = 1; x <= g->n; x++)
                v[cell(g, x, y, z)] =
                    u[cell(g, x, y, z)]
                    + a
                          * (u[cell(g, x - 1, y, z)] + u[cell(g, x + 1, y, z)]
                             + u[cell(g, x, y - 1, z)] + u[cell(g, x, y + 1, z)]
                             + u[cell(g, x, y, z - 1)] + u[cell(g, x, y, z + 1)]
                             - 6 * u[cell(g, x, y, z)]);
}

int main(int argc, char **argv)
{
    const double a = 0.1;
    int steps = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 40;
    int n = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 24;
    struct grid3d g;
    double *u;
    double *v;
    double off;
    double all;
    double t;

    MPI_Init(&argc, &argv);
    grid3d_open(&g, n, 1);
    u = grid3d_field(&g);
    v = grid3d_field(&g);
    for (int z = 1; z <= n; z++)
        for (int y = 1; y <= n; y++)
            for (int x = 1; x <= n; x++)
                u[cell(&g, x, y, z)] = start(&g, x, y, z);
    t = MPI_Wtime();
    for (int s = 0; s < steps; s++) {
        double *w = u;

        grid3d_exchange(&g, u);
        step(&g, u, v, a);
        u = v;
        v = w;
    }
    t = MPI_Wtime() - t;
    off = worst(&g, u, a, steps);
    MPI_Allreduce(&off, &all, 1, MPI_DOUBLE, MPI_MAX, g.comm);
    if (g.rank == 0)
        printf("halo3d %dx%dx%d ranks, %d^3 cells each, %d steps in %.2f s, "
               "off by %.1e: %s\n",
               g.p[0], g.p[1], g.p[2], n, steps, t, all,
               all < 1e-10 ? "right" : "WRONG");
    grid3d_close(&g);
    free(u);
    free(v);
    MPI_Finalize();
    return all < 1e-10 ? 0 : 1;
}
