/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sched - what a center's scheduler costs: passes, estimates and events with many
 *         jobs waiting; memory per waiting job
 *
 * CPU time of one core. Run: make bench/sched && bench/sched
 */
#include "config.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sched/sched.h"

#define NODES 1000
#define CORES 32

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail for this clock */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t dice = 1;

static uint32_t roll(uint32_t n)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice >> 33) % n;
}

static void started(void *arg, uint64_t job)
{
    (void)sched_start(arg, job, 0); /* it was just reserved */
}

/* A machine with one free core on each of 100 nodes, and n jobs that wait for two on
 * one node: the sum would do for many of them, so nodes must be looked at. */
static struct sched *busy(size_t n, uint64_t *ret_id)
{
    struct sched_config c = sched_config_default();
    struct sched_partition p = {.name = "main",
                                .is_default = true,
                                .up = true,
                                .max_time_s = 864000,
                                .default_time_s = 3600};
    struct sched_meta meta = {0};
    struct sched *s;
    uint64_t id = 1;

    c.max_jobs = n + NODES + 1000;
    s = sched_new(&c);
    if (!s || sched_partition_set(s, &p) < 0)
        exit(1);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[16];
        struct request r = {.n_tasks = i < 100 ? CORES - 1 : CORES,
                            .cpus_per_task = 1,
                            .time_limit_s = 3600 + roll(80000)};

        (void)snprintf(name, sizeof(name), "n%u", i); /* fits */
        if (sched_node_set(s, name, CORES, UINT64_C(64) << 30, 0, "", 1, true) < 0
            || sched_submit(s, id++, &r, &meta, 0, NULL) < 0
            || sched_pass(s, 0, started, s) != 1)
            exit(1);
    }
    for (size_t i = 0; i < n; i++) {
        struct request r = {.n_tasks = 1 + roll(200),
                            .cpus_per_task = 2,
                            .time_limit_s = 60 + roll(80000)};

        meta.user = roll(500);
        if (sched_submit(s, id++, &r, &meta, 0, NULL) < 0)
            exit(1);
    }
    *ret_id = id;
    return s;
}

/* A core comes and goes, so that every pass must look; nothing can start. */
static void passes(struct sched *s, size_t n)
{
    double worst = 0;
    double sum = 0;

    for (int i = 0; i < 50; i++) {
        double from = cpu_s();
        double took;

        (void)sched_node_set(s, "n0", CORES - (i % 2 ? 0 : 1), UINT64_C(64) << 30, 0,
                             "", 1, true); /* it is there */
        if (sched_pass(s, 1, started, s) != 0)
            exit(1);
        took = cpu_s() - from;
        worst = took > worst ? took : worst;
        sum += took;
    }
    printf("%8zu waiting: a pass that starts nothing %8.3f ms (longest %.3f)\n", n,
           sum / 50 * 1e3, worst * 1e3);
}

/* One job ends, another comes, a pass: what an event costs. */
static void events(struct sched *s, size_t n, uint64_t id)
{
    double from = cpu_s();
    int rounds = 2000;

    for (int i = 0; i < rounds; i++) {
        struct request r = {.n_tasks = 1 + roll(200),
                            .cpus_per_task = 2,
                            .time_limit_s = 60 + roll(80000)};
        struct sched_meta meta = {.user = roll(500)};

        if (sched_submit(s, id + (uint64_t)i, &r, &meta, 1, NULL) < 0
            || sched_remove(s, id + (uint64_t)i) < 0
            || sched_pass(s, 1, started, s) < 0)
            exit(1);
    }
    printf("%8zu waiting: a job that comes, goes, and a pass %6.2f us\n", n,
           (cpu_s() - from) / rounds * 1e6);
}

static void estimates(struct sched *s, size_t n)
{
    double from = cpu_s();
    int rounds = 20000;

    for (int i = 0; i < rounds; i++) {
        struct request r = {.n_tasks = 1 + roll(200),
                            .cpus_per_task = 1,
                            .time_limit_s = 60 + roll(80000)};
        struct sched_meta meta = {0};
        int64_t wait_s;

        if (sched_estimate(s, &r, &meta, 1, &wait_s, NULL) < 0)
            exit(1);
    }
    printf("%8zu waiting: %9.0f estimates/s\n", n, rounds / (cpu_s() - from));
}

/* The queue in the order of priorities: passes that bring 2,000 slots each up to date.
 */
static void sweeps(struct sched *s, size_t n)
{
    struct sched_priority p = sched_priority_default();
    double worst = 0;
    double sum = 0;
    int rounds = 40;

    p.weights.age = 1000;
    p.weights.fairshare = 1000;
    p.calc_s = 1;
    if (sched_priority_set(s, &p, 2) < 0)
        exit(1);
    for (int i = 0; i < rounds; i++) {
        double from = cpu_s();
        double took;

        if (sched_pass(s, 1000 + i * 1000, started, s) < 0)
            exit(1);
        took = cpu_s() - from;
        worst = took > worst ? took : worst;
        sum += took;
    }
    printf("%8zu waiting: a pass with a sweep of priorities %8.3f ms (longest %.3f)\n",
           n, sum / rounds * 1e3, worst * 1e3);
}

int main(void)
{
    static const size_t sizes[] = {100, 10000, 100000, 1000000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t n = sizes[i];
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        uint64_t id;
        struct sched *s = busy(n, &id);
        size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;

        passes(s, n);
        events(s, n, id);
        estimates(s, n);
        sweeps(s, n);
        printf("%8zu waiting: %.0f bytes per job, the machine included\n", n,
               (double)(after - before) / (double)n);
        sched_free(s);
    }
    return 0;
}
