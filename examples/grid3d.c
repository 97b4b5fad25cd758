/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* grid3d - a block of a 3D grid per rank, with one layer of halo around it */
#include "grid3d.h"

#include <stdio.h>
#include <stdlib.h>

static void *need(size_t n)
{
    void *p = calloc(n, sizeof(double));

    if (!p) {
        fprintf(stderr, "out of memory\n");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    return p;
}

static int rank_at(const struct grid3d *g, const int at[3])
{
    return (at[2] * g->p[1] + at[1]) * g->p[0] + at[0];
}

void grid3d_open(struct grid3d *g, int n, int periodic)
{
    int dims[3] = {0, 0, 0};

    g->comm = MPI_COMM_WORLD;
    MPI_Comm_rank(g->comm, &g->rank);
    MPI_Comm_size(g->comm, &g->ranks);
    MPI_Dims_create(g->ranks, 3, dims);
    g->n = n;
    for (int d = 0; d < 3; d++)
        g->p[d] = dims[d];
    g->at[0] = g->rank % g->p[0];
    g->at[1] = g->rank / g->p[0] % g->p[1];
    g->at[2] = g->rank / (g->p[0] * g->p[1]);
    for (int f = 0; f < 6; f++) {
        int to[3] = {g->at[0], g->at[1], g->at[2]};
        int d = f / 2;

        to[d] += f % 2 ? 1 : -1;
        if (periodic)
            to[d] = (to[d] + g->p[d]) % g->p[d];
        g->peer[f] = to[d] < 0 || to[d] >= g->p[d] ? MPI_PROC_NULL : rank_at(g, to);
        g->send[f] = need((size_t)n * (size_t)n);
        g->recv[f] = need((size_t)n * (size_t)n);
    }
}

void grid3d_close(struct grid3d *g)
{
    for (int f = 0; f < 6; f++) {
        free(g->send[f]);
        free(g->recv[f]);
    }
}

double *grid3d_field(const struct grid3d *g)
{
    size_t w = (size_t)g->n + 2;

    return need(w * w * w);
}

/* The layer `at` (0, 1, n or n + 1) across dimension f / 2, cell by cell. */
static size_t layer(const struct grid3d *g, int f, int at, int i, int k)
{
    switch (f / 2) {
    case 0:
        return cell(g, at, i, k);
    case 1:
        return cell(g, i, at, k);
    default:
        return cell(g, i, k, at);
    }
}

static void copy(const struct grid3d *g, double *u, int f, int at, double *buf, int out)
{
    for (int k = 1; k <= g->n; k++)
        for (int i = 1; i <= g->n; i++, buf++)
            if (out)
                *buf = u[layer(g, f, at, i, k)];
            else
                u[layer(g, f, at, i, k)] = *buf;
}

void grid3d_exchange(struct grid3d *g, double *u)
{
    int cells = g->n * g->n;
    MPI_Request r[12];

    for (int f = 0; f < 6; f++)
        MPI_Irecv(g->recv[f], cells, MPI_DOUBLE, g->peer[f], f ^ 1, g->comm, &r[f]);
    for (int f = 0; f < 6; f++) {
        copy(g, u, f, f % 2 ? g->n : 1, g->send[f], 1);
        MPI_Isend(g->send[f], cells, MPI_DOUBLE, g->peer[f], f, g->comm, &r[6 + f]);
    }
    MPI_Waitall(12, r, MPI_STATUSES_IGNORE);
    for (int f = 0; f < 6; f++)
        if (g->peer[f] != MPI_PROC_NULL)
            copy(g, u, f, f % 2 ? g->n + 1 : 0, g->recv[f], 0);
}
