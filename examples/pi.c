/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * pi - embarrassingly parallel: each rank counts random points in a quarter circle
 *
 *     pi [POINTS_PER_RANK]      default 20 million points over all ranks
 *
 * Ends with 1 when the answer is further off than chance allows (five sigma).
 */
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* splitmix64: every rank has a stream of its own. */
static uint64_t next(uint64_t *s)
{
    uint64_t z = *s += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double unit(uint64_t *s)
{
    return (double)(next(s) >> 11) * 0x1p-53;
}

int main(int argc, char **argv)
{
    const double pi = 3.14159265358979323846;
    uint64_t n;
    uint64_t in = 0;
    uint64_t all = 0;
    uint64_t seed;
    double got;
    double off;
    double sigma;
    int rank;
    int ranks;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    n = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_C(20000000) / (uint64_t)ranks;
    seed = UINT64_C(0x5eed) + ((uint64_t)rank << 32);
    for (uint64_t i = 0; i < n; i++) {
        double x = unit(&seed);
        double y = unit(&seed);

        in += x * x + y * y < 1;
    }
    MPI_Allreduce(&in, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    n *= (uint64_t)ranks;
    got = n ? 4.0 * (double)all / (double)n : 0;
    off = fabs(got - pi);
    sigma = n ? sqrt(pi * (4 - pi) / (double)n) : 0;
    if (rank == 0)
        printf("pi = %.6f from %llu points on %d ranks, off by %.1f sigma: %s\n", got,
               (unsigned long long)n, ranks, n ? off / sigma : 0,
               n && off < 5 * sigma ? "right" : "WRONG");
    MPI_Finalize();
    return n && off < 5 * sigma ? 0 : 1;
}
