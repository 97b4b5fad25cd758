/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bench/store - how many job changes a second become durable, and what one costs the
 *               loop
 *
 * bench/store [DIR [JOBS [BATCH]]]: JOBS new jobs in batches of BATCH, then each of
 * them granted, started and ended, never more than WAITING batches ahead of the disk.
 */
#include "config.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/measure.h"
#include "base/words.h"
#include "store/store.h"

#include "base/banned.h"

#define WAITING 64

static double seconds(clockid_t which)
{
    struct timespec t;

    (void)clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t durable;

static void on_durable(uint64_t batch, void *arg)
{
    durable = batch;
    (void)event_base_loopbreak(arg);
}

static void fill(struct holding *h, uint64_t i, unsigned phase)
{
    *h = (struct holding){
        .id = UINT64_C(3000000001) + i,
        .hold = phase == 3 ? HOLD_FINAL : (enum hold_state)phase,
        .state = phase == 3 ? JOB_COMPLETED : JOB_PENDING,
        .uid = 1000 + (uint32_t)(i % 40),
        .client_token = i * 7919 + 1,
        .epoch = phase,
        .submitted = {INT64_C(1700000000000000) + (int64_t)i},
        .request = { .n_tasks = 16,                    .cpus_per_task = 1}
    };
    if (phase == 3)
        h->ended.us = h->submitted.us + 3600 * US_PER_S;
    (void)snprintf(h->user, sizeof(h->user), "user%u", (unsigned)(i % 40));
    (void)snprintf(h->person, sizeof(h->person), "user%u@ioit", (unsigned)(i % 40));
    (void)word_copy(h->institution, sizeof(h->institution), "ioit");
    (void)snprintf(h->project, sizeof(h->project), "ioit.p%u", (unsigned)(i % 9));
    (void)word_copy(h->name, sizeof(h->name), "wrf-ensemble");
    (void)word_copy(h->nodes, sizeof(h->nodes), phase ? "cn[001-004]" : "");
}

/* One phase of all jobs. */
static int phase(struct event_base *base,
                 struct store *s,
                 unsigned which,
                 uint64_t jobs,
                 uint64_t per_batch)
{
    static const char *const words[] = {"submitted", "granted", "started", "ended"};
    double put_s = 0, start = seconds(CLOCK_MONOTONIC);
    uint64_t batch = 0;

    for (uint64_t i = 0; i < jobs;) {
        uint64_t end = i + per_batch < jobs ? i + per_batch : jobs;
        double from = seconds(CLOCK_THREAD_CPUTIME_ID);
        struct holding h;

        for (; i < end; i++) {
            int r;

            fill(&h, i, which);
            r = store_put_holding(s, &h, words[which], h.submitted);
            if (r < 0)
                return r;
        }
        (void)store_commit(s, &batch);
        put_s += seconds(CLOCK_THREAD_CPUTIME_ID) - from;
        while (batch - durable > WAITING)
            (void)event_base_dispatch(base);
    }
    while (durable < batch)
        (void)event_base_dispatch(base);
    start = seconds(CLOCK_MONOTONIC) - start;
    printf("%-10s %8.0f durable/s, %.2f us of the loop each (with filling it in)\n",
           words[which], (double)jobs / start, put_s * 1e6 / (double)jobs);
    return 0;
}

static int count(const struct holding *h, void *arg)
{
    (void)h;
    (*(uint64_t *)arg)++;
    return 0;
}

static void reading(struct store *s, uint64_t jobs)
{
    const struct job_filter of_user = {.user = "user7", .limit = 100};
    double start = seconds(CLOCK_MONOTONIC);
    uint64_t n = 0;
    struct holding h;

    for (uint64_t i = 0; i < 10000; i++)
        (void)store_get_holding(s, UINT64_C(3000000001) + i * 7919 % jobs, &h);
    printf("read one   %8.1f us\n", (seconds(CLOCK_MONOTONIC) - start) * 100);
    start = seconds(CLOCK_MONOTONIC);
    (void)store_each_holding(s, &of_user, count, &n, NULL);
    printf("page       %8.1f us for %u jobs of a user\n",
           (seconds(CLOCK_MONOTONIC) - start) * 1e6, (unsigned)n);
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    const struct store_callbacks cb = {.durable = on_durable};
    uint64_t jobs = 100000, per_batch = 100;
    struct err err = {0};
    struct store *s;
    int r = 0;

    if (argc > 2)
        r = measure_u64(argv[2], 1, 100000000, &jobs, &err);
    if (r == 0 && argc > 3)
        r = measure_u64(argv[3], 1, 1000000, &per_batch, &err);
    if (r == 0 && base)
        r = store_open(base, argc > 1 ? argv[1] : "bench-store", &cb, base, &s, &err);
    if (r < 0 || !base) {
        fprintf(stderr, "bench/store: %s\n", err_text(&err, r));
        return 1;
    }
    for (unsigned which = 0; r == 0 && which < 4; which++)
        r = phase(base, s, which, jobs, per_batch);
    reading(s, jobs);
    store_close(s);
    event_base_free(base);
    return r < 0;
}
