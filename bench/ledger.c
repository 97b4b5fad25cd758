/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bench/ledger - how many book lines a second become durable, and how fast they are
 *                checked and folded again
 *
 * bench/ledger DIR [JOBS [BATCH]]: a hold and a settlement for each of JOBS jobs, BATCH
 * jobs to a batch, never more than WAITING batches ahead of the disk; then the start of
 * a daemon: every line checked and folded.
 */
#include "config.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/measure.h"
#include "base/words.h"
#include "ledger/book.h"
#include "store/store.h"

#include "base/banned.h"

#define WAITING 64

static uint64_t durable;

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void on_durable(uint64_t batch, void *arg)
{
    durable = batch;
    (void)event_base_loopbreak(arg);
}

static int book_job(struct book *b, uint64_t job, struct postings *out)
{
    const struct usage u = {.milli = 5, .core_s = 18, .mem_mib_s = 18432};
    struct wall at = {INT64_C(1700000000000000) + (int64_t)job};
    int r = book_hold(b, job, 1, "ioit.climate", 10, at, out, NULL);

    return r < 0 ? r : book_settle_run(b, job, &u, at, out, NULL);
}

static int write_all(struct event_base *base,
                     struct store *s,
                     uint64_t jobs,
                     uint64_t per_batch)
{
    struct project p = {.budget_milli = INT64_MAX / 8};
    struct site site = {.projects = &p, .n_projects = 1};
    struct book *b = book_new("hanoi");
    struct postings out = {0};
    uint64_t batch = 0, n = 0;
    double start = seconds();
    int r;

    (void)word_copy(p.name, sizeof(p.name), "ioit.climate");
    r = b ? book_apply_site(b, &site, (struct wall){1}, &out, NULL) : -1;
    for (uint64_t job = 1; r == 0 && job <= jobs; job++) {
        r = book_job(b, job, &out);
        if (r < 0 || (job % per_batch != 0 && job != jobs))
            continue;
        r = store_put_postings(s, out.v, out.n);
        n += out.n;
        out.n = 0;
        (void)store_commit(s, &batch); /* cannot fail */
        while (batch - durable > WAITING)
            (void)event_base_dispatch(base);
    }
    while (r == 0 && durable < batch)
        (void)event_base_dispatch(base);
    start = seconds() - start;
    printf("write  %9.0f steps/s, %9.0f lines/s durable\n", (double)n / start,
           2.0 * (double)jobs / start);
    postings_release(&out);
    book_free(b);
    return r;
}

static int fold(const struct posting *p, void *arg)
{
    return book_fold(arg, p, NULL);
}

static int read_all(struct store *s, uint64_t jobs)
{
    struct book *b = book_new("hanoi");
    double start = seconds();
    struct err err = {0};
    int r = b ? store_replay(s, fold, NULL, b, &err) : -1;

    start = seconds() - start;
    if (r != 0)
        printf("replay: %s\n", err.text);
    else
        printf("replay %9.0f lines/s checked and folded\n", 2.0 * (double)jobs / start);
    book_free(b);
    return r;
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    const struct store_callbacks cb = {.durable = on_durable};
    uint64_t jobs = 100000, per_batch = 100;
    struct store *s = NULL;
    struct err err = {0};
    int r = 0;

    if (argc < 2 || !base
        || (argc > 2 && measure_u64(argv[2], 1, 100000000, &jobs, &err) < 0)
        || (argc > 3 && measure_u64(argv[3], 1, 100000, &per_batch, &err) < 0)) {
        printf("bench/ledger DIR [JOBS [BATCH]], DIR empty: %s\n", err.text);
        return 1;
    }
    r = store_open(base, argv[1], &cb, base, &s, &err);
    if (r < 0)
        printf("%s\n", err.text);
    if (r == 0)
        r = write_all(base, s, jobs, per_batch);
    if (r == 0)
        r = read_all(s, jobs);
    store_close(s);
    event_base_free(base);
    return r == 0 ? 0 : 1;
}
