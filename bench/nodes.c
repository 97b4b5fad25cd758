/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bench/nodes - node choice over time: a queue of jobs on 32 leaf switches
 *
 *     make bench/nodes && bench/nodes [-s SEEDS] [-q SHARE] [-t TRACE.swf.gz -c CPUS]
 *
 * First come first served. Poisson arrivals, run times lognormal(-0.7, 1.2), sizes of
 * 1 to 128 nodes; or a log in the standard workload format, CPUS processors being a
 * node, its arrivals drawn together or apart. The offered load is 0.80 and 0.95 of 512
 * nodes; figures are means over the seeds. `tree` is the lowest switch that holds the
 * job and best fit over its leaves, written here again; `lowest` takes the lowest
 * numbers; `ours` is place_nodes() with the end times known, `ours -t` without. With
 * -q that share of the jobs says nothing: they are not counted, and `ours` knows which,
 * `ours -q` does not. The first tenth of the jobs is not counted.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/measure.h"
#include "place/place.h"

#include "base/banned.h"

#define LEAVES 32
#define PER_LEAF 16
#define NODES (LEAVES * PER_LEAF)
#define JOBS 20000

struct job {
    double arrival, length, start;
    uint32_t size;
    bool quiet;
    uint32_t node[NODES];
};

enum policy { LOWEST, TREE, OURS, OURS_TIMELESS, OURS_DEAF, _POLICY_MAX };
static const char *const policy_name[] = {"lowest", "tree", "ours", "ours -t",
                                          "ours -q"};

static uint64_t seed;
static double quiet_share;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static void make_jobs(struct job *j, double load)
{
    static const uint32_t size[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128};
    static const double weight[] = {30, 14, 14, 12, 6, 9, 4, 5, 2, 3, 0.7, 0.5};
    double total = 0;
    double mean = 0;
    double t = 0;
    double rate;

    for (int i = 0; i < 12; i++) {
        total += weight[i];
        mean += weight[i] * size[i];
    }
    rate = load * NODES / (mean / total * exp(-0.7 + 1.2 * 1.2 / 2));
    for (int i = 0; i < JOBS; i++) {
        double x = uniform() * total;
        int k = 0;

        while (k < 11 && x > weight[k])
            x -= weight[k++];
        t -= log(uniform()) / rate;
        j[i] = (struct job){.arrival = t, .size = size[k]};
        j[i].quiet = quiet_share > 0 && uniform() < quiet_share;
        j[i].length =
            exp(-0.7
                + 1.2 * sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()));
    }
}

/*
 * The log's jobs from number `from` on; arrivals follow the log's, at a pace that
 * offers the load. Returns how many; JOBS unless the log ends.
 */
static int read_jobs(
    const char *trace, uint32_t cpus, int from, double load, struct job *j)
{
    char command[4096];
    char line[1024];
    double work = 0;
    int n = 0;
    FILE *f;

    (void)snprintf(command, sizeof(command), "gzip -dc '%s'", trace);
    f = popen(command, "r");
    while (f && n < JOBS && fgets(line, sizeof(line), f)) {
        double v[5];
        char *at = line;

        for (int i = 0; i < 5; i++)
            v[i] = strtod(at, &at);
        if (line[0] == ';' || v[3] <= 0 || v[4] <= 0 || v[4] > (double)cpus * NODES
            || from-- > 0)
            continue;
        j[n] = (struct job){.arrival = v[1],
                            .length = v[3],
                            .size = ((uint32_t)v[4] + cpus - 1) / cpus};
        j[n].quiet = quiet_share > 0 && uniform() < quiet_share;
        work += j[n].length * j[n].size;
        n++;
    }
    if (f)
        (void)pclose(f);
    for (int i = 1; i < n;
         i++) { /* from the first arrival, so that the load is offered */
        double span = j[n - 1].arrival - j[0].arrival;

        j[i - 1].start = (j[i].arrival - j[0].arrival) * work / (load * NODES * span);
    }
    for (int i = n - 1; i > 0; i--)
        j[i].arrival = j[i - 1].start;
    j[0].arrival = 0;
    return n;
}

/* The lowest switch that holds the job, then the leaves that fit best. */
static void choose_tree(const double *busy, uint32_t size, uint32_t *node)
{
    uint32_t idle[LEAVES] = {0};
    uint32_t n = 0;

    for (uint32_t i = 0; i < NODES; i++)
        idle[i / PER_LEAF] += busy[i] <= 0;
    while (n < size) {
        uint32_t best = LEAVES;
        uint32_t left = size - n;

        for (uint32_t l = 0; l < LEAVES; l++) {
            bool fits = idle[l] >= left;
            bool best_fits = best < LEAVES && idle[best] >= left;

            if (idle[l] == 0)
                continue;
            if (best == LEAVES || (fits && (!best_fits || idle[l] < idle[best]))
                || (!fits && !best_fits && idle[l] > idle[best]))
                best = l;
        }
        for (uint32_t i = best * PER_LEAF; i < (best + 1) * PER_LEAF && n < size; i++)
            if (busy[i] <= 0)
                node[n++] = i;
        idle[best] = 0;
    }
}

static void choose_ours(const struct machine *m,
                        const double *busy,
                        double now,
                        const struct job *j,
                        enum policy policy,
                        uint32_t *node)
{
    static struct place_free f[NODES];
    static int64_t until[NODES];
    struct place_nodes_problem p = {.machine = m,
                                    .free = f,
                                    .n_nodes = j->size,
                                    .quiet = j->quiet && policy != OURS_DEAF};
    struct place_nodes_result r;

    for (uint32_t i = 0; i < NODES; i++) {
        until[i] = busy[i] > 0 ? (int64_t)((busy[i] - now) * 1000) + 1 : 0;
        if (busy[i] <= 0)
            f[p.n_free++] = (struct place_free){.node = i, .cores = 1};
    }
    if (policy != OURS_TIMELESS) {
        p.busy_s = until;
        p.end_s = (int64_t)(j->length * 1000) + 1;
    }
    if (place_nodes(&p, &r, NULL) < 0)
        abort();
    memcpy(node, r.node, j->size * sizeof(*node));
    place_nodes_release(&r);
}

static void choose(enum policy policy,
                   const struct machine *m,
                   const double *busy,
                   double now,
                   struct job *j)
{
    uint32_t n = 0;

    switch (policy) {
    case LOWEST:
        for (uint32_t i = 0; n < j->size; i++)
            if (busy[i] <= 0)
                j->node[n++] = i;
        break;
    case TREE:
        choose_tree(busy, j->size, j->node);
        break;
    case OURS:
    case OURS_TIMELESS:
    case OURS_DEAF:
    case _POLICY_MAX:
        choose_ours(m, busy, now, j, policy, j->node);
        break;
    }
}

struct figures {
    double leaves, above, multi, across, pairs, wait, jobs;
};

static void count(const struct job *j, struct figures *f)
{
    uint32_t on[LEAVES] = {0};
    uint32_t leaves = 0;
    double same = 0;
    uint32_t least = (j->size + PER_LEAF - 1) / PER_LEAF;

    f->wait += j->start - j->arrival;
    f->jobs++;
    if (j->size < 2 || j->quiet)
        return;
    for (uint32_t i = 0; i < j->size; i++)
        leaves += on[j->node[i] / PER_LEAF]++ == 0;
    for (uint32_t l = 0; l < LEAVES; l++)
        same += on[l] * (on[l] - 1.0) / 2;
    f->multi++;
    f->leaves += (double)leaves / least;
    f->above += leaves > least;
    f->pairs += j->size * (j->size - 1.0) / 2;
    f->across += j->size * (j->size - 1.0) / 2 - same;
}

/* One queue: each job starts when it is first and enough nodes are free. */
static void simulate(enum policy policy,
                     const struct machine *m,
                     struct job *jobs,
                     int n,
                     struct figures *f)
{
    static double busy[NODES];
    double now = 0;

    memset(busy, 0, sizeof(busy));
    for (int k = 0; k < n; k++) {
        struct job *j = &jobs[k];

        now = j->arrival > now ? j->arrival : now;
        for (;;) {
            uint32_t idle = 0;
            double next = INFINITY;

            for (uint32_t i = 0; i < NODES; i++) {
                if (busy[i] > 0 && busy[i] <= now)
                    busy[i] = 0;
                idle += busy[i] <= 0;
                if (busy[i] > 0 && busy[i] < next)
                    next = busy[i];
            }
            if (idle >= j->size)
                break;
            now = next;
        }
        choose(policy, m, busy, now, j);
        j->start = now;
        for (uint32_t i = 0; i < j->size; i++)
            busy[j->node[i]] = now + j->length;
        if (k >= n / 10)
            count(j, f);
    }
}

static void report(enum policy p, const struct figures *f)
{
    printf(
        "  %-8s leaves/least %.3f  above least %.1f %%  pairs across %.3f  wait %.3f\n",
        policy_name[p], f->leaves / f->multi, 100 * f->above / f->multi,
        f->across / f->pairs, f->wait / f->jobs);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static const double loads[] = {0.80, 0.95};
    static struct job jobs[JOBS];
    const char *trace = NULL;
    uint32_t cpus = 1;
    int seeds = 1;
    struct machine *m = NULL;
    int o;

    while ((o = getopt(argc, argv, "s:q:t:c:")) >= 0) {
        if (o == 's')
            (void)measure_u32(optarg, 1, 1000, (uint32_t *)&seeds, NULL);
        else if (o == 'q')
            (void)measure_double(optarg, 0, 1, &quiet_share, NULL);
        else if (o == 'c')
            (void)measure_u32(optarg, 1, 100000, &cpus, NULL);
        else if (o == 't')
            trace = optarg;
        else
            return 2;
    }
    if (machine_new_text("1:1:16:32", "1:1:10:100", NULL, &m, NULL) < 0)
        return 1;
    for (int l = 0; l < 2; l++) {
        printf("load %.2f\n", loads[l]);
        for (int p = 0; p < (quiet_share > 0 ? _POLICY_MAX : OURS_DEAF); p++) {
            struct figures f = {0};

            for (int k = 0; k < seeds; k++) {
                int n = JOBS;

                seed = 42 + 1000 * (uint64_t)k;
                if (trace)
                    n = read_jobs(trace, cpus, JOBS * k, loads[l], jobs);
                else
                    make_jobs(jobs, loads[l]);
                simulate((enum policy)p, m, jobs, n, &f);
            }
            report((enum policy)p, &f);
        }
    }
    m = machine_free(m);
    return 0;
}
