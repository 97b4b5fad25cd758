/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid3d - a block of a 3D grid per rank, with one layer of halo around it
 *
 * Ranks are numbered x fastest, as --comm=stencil3d:XxYxZ counts them.
 */
#ifndef HOPLUU_EXAMPLES_GRID3D_H
#define HOPLUU_EXAMPLES_GRID3D_H

#include <mpi.h>
#include <stddef.h>

struct grid3d {
    MPI_Comm comm;
    int rank;
    int ranks;
    int p[3];    /* ranks along x, y, z */
    int at[3];   /* our place among them */
    int n;       /* cells of a block along each side */
    int peer[6]; /* -x +x -y +y -z +z; MPI_PROC_NULL at the border */
    double *send[6];
    double *recv[6];
};

/* Index of a cell; 0 and n + 1 are halo. */
static inline size_t cell(const struct grid3d *g, int x, int y, int z)
{
    size_t w = (size_t)g->n + 2;

    return ((size_t)z * w + (size_t)y) * w + (size_t)x;
}

/* periodic: the last is the neighbour of the first. */
void grid3d_open(struct grid3d *g, int n, int periodic);
void grid3d_close(struct grid3d *g);
double *grid3d_field(const struct grid3d *g); /* zeros; caller frees */
void grid3d_exchange(struct grid3d *g, double *u);

#endif
