/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * exchange - an MPI program that does nothing but exchange, for a simulated network
 *
 *     exchange STEPS halo XxYxZ BYTES     6 neighbours of a periodic grid, BYTES each
 * way exchange STEPS graph FILE SCALE     the pairs of a METIS graph, weight * SCALE /
 * 2 bytes each way
 *
 * A step posts all receives, then all sends, and waits for both. Prints the time from
 * the first start to the last end in microseconds. Built by smpicc (bench/smpi/run).
 */
#include <mpi.h>
#include <smpi/smpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct talk {
    int n;
    int *peer;
    int *bytes;
};

static void add(struct talk *t, int peer, double bytes)
{
    if ((t->n & (t->n - 1)) == 0) {
        size_t cap = t->n ? 2 * (size_t)t->n : 1;

        t->peer = realloc(t->peer, cap * sizeof(int));
        t->bytes = realloc(t->bytes, cap * sizeof(int));
        if (!t->peer || !t->bytes)
            MPI_Abort(MPI_COMM_WORLD, 1);
    }
    t->peer[t->n] = peer;
    t->bytes[t->n++] = bytes < 1 ? 1 : (int)bytes;
}

static void fail(const char *what)
{
    fprintf(stderr, "exchange: %s\n", what);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void halo(struct talk *t, int rank, int ranks, const char *grid, double bytes)
{
    int p[3] = {0};
    int at[3];

    if (sscanf(grid, "%dx%dx%d", &p[0], &p[1], &p[2]) != 3
        || p[0] * p[1] * p[2] != ranks)
        fail("the grid is not of so many ranks");
    at[0] = rank % p[0];
    at[1] = rank / p[0] % p[1];
    at[2] = rank / p[0] / p[1];
    for (int d = 0; d < 3; d++)
        for (int step = -1; step <= 1; step += 2) {
            int to[3] = {at[0], at[1], at[2]};

            to[d] = (at[d] + step + p[d]) % p[d];
            if (p[d] > 1)
                add(t, (to[2] * p[1] + to[1]) * p[0] + to[0], bytes);
        }
}

/* Line `rank` + 2 of the file: neighbours from 1, each with its weight. */
static void graph(struct talk *t, int rank, int ranks, const char *path, double scale)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    char *at;

    if (!f || getline(&line, &cap, f) < 0 || atoi(line) != ranks)
        fail("the graph is not of so many ranks");
    for (int i = 0; i <= rank; i++)
        if (getline(&line, &cap, f) < 0)
            fail("the graph is too short");
    fclose(f);
    at = line;
    for (;;) {
        char *end;
        long peer = strtol(at, &end, 10);

        if (end == at)
            break;
        add(t, (int)peer - 1, strtod(end, &at) * scale / 2);
    }
    free(line);
}

int main(int argc, char **argv)
{
    struct talk t = {0};
    int most = 1;
    int rank;
    int ranks;
    double from;
    double to;
    double first;
    double last;
    char *out;
    char *in;
    MPI_Request *q;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (argc != 5)
        fail("STEPS halo XxYxZ BYTES, or STEPS graph FILE SCALE");
    if (!strcmp(argv[2], "halo"))
        halo(&t, rank, ranks, argv[3], atof(argv[4]));
    else
        graph(&t, rank, ranks, argv[3], atof(argv[4]));
    for (int i = 0; i < t.n; i++)
        most = t.bytes[i] > most ? t.bytes[i] : most;
    out = SMPI_SHARED_MALLOC((size_t)most);
    in = SMPI_SHARED_MALLOC((size_t)most);
    q = malloc((2 * (size_t)t.n + 1) * sizeof(MPI_Request));
    MPI_Barrier(MPI_COMM_WORLD);
    from = MPI_Wtime();
    for (int s = 0; s < atoi(argv[1]); s++) {
        for (int i = 0; i < t.n; i++)
            MPI_Irecv(in, t.bytes[i], MPI_CHAR, t.peer[i], 0, MPI_COMM_WORLD, q + i);
        for (int i = 0; i < t.n; i++)
            MPI_Isend(out, t.bytes[i], MPI_CHAR, t.peer[i], 0, MPI_COMM_WORLD,
                      q + t.n + i);
        MPI_Waitall(2 * t.n, q, MPI_STATUSES_IGNORE);
    }
    to = MPI_Wtime();
    MPI_Reduce(&from, &first, 1, MPI_DOUBLE, MPI_MIN, 0, MPI_COMM_WORLD);
    MPI_Reduce(&to, &last, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%.3f\n", (last - first) * 1e6);
    SMPI_SHARED_FREE(out);
    SMPI_SHARED_FREE(in);
    free(q);
    free(t.peer);
    free(t.bytes);
    MPI_Finalize();
    return 0;
}
