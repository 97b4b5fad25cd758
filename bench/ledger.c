/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bench/ledger - how many book lines a second become durable, and how fast they are
 *                checked and folded again
 *
 * bench/ledger DIR [JOBS [BATCH]]: a hold and a settlement for each of JOBS jobs, BATCH
 * jobs to a batch, never more than WAITING batches ahead of the disk; then the start of
 * a daemon: every line checked and folded.
 *
 * bench/ledger --open DIR CENTER PROJECT [HOLDS]: that many open holds in the books of
 * a center, for bench/balance to start it with.
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

static int book_job(struct book *b,
                    uint64_t job,
                    const char *project,
                    struct postings *out)
{
    const struct usage u = {.milli = 5, .core_s = 18, .mem_mib_s = 18432};
    struct wall at = {INT64_C(1700000000000000) + (int64_t)job};
    int r = book_hold(b, job, 1, project, 10, at, out, NULL);

    return r < 0 ? r : book_settle_run(b, job, &u, at, out, NULL);
}

struct filling {
    struct event_base *base;
    struct store *store;
    const char *center;
    const char *project;
    uint64_t jobs;
    uint64_t per_batch;
    bool open; /* the holds stay */
};

static int fill_book(const struct filling *f,
                     struct book *b,
                     struct postings *out,
                     uint64_t *ret_steps)
{
    uint64_t batch = 0, n = 0;
    int r = 0;

    for (uint64_t job = 1; r == 0 && job <= f->jobs; job++) {
        struct wall at = {INT64_C(1700000000000000) + (int64_t)job};

        r = f->open ? book_hold(b, job, 1, f->project, 10, at, out, NULL)
                    : book_job(b, job, f->project, out);
        if (r < 0 || (job % f->per_batch != 0 && job != f->jobs))
            continue;
        r = store_put_postings(f->store, out->v, out->n);
        n += out->n;
        out->n = 0;
        (void)store_commit(f->store, &batch); /* cannot fail */
        while (batch - durable > WAITING)
            (void)event_base_dispatch(f->base);
    }
    while (r == 0 && durable < batch)
        (void)event_base_dispatch(f->base);
    *ret_steps = n;
    return r;
}

static int write_all(const struct filling *f)
{
    struct project p = {.budget_milli = 1000000000000};
    struct site site = {.projects = &p, .n_projects = 1};
    struct book *b = book_new(f->center);
    struct postings out = {0};
    uint64_t n = 0;
    double start = seconds();
    int r;

    (void)word_copy(p.name, sizeof(p.name), f->project);
    r = b ? book_apply_site(b, &site, (struct wall){1}, &out, NULL) : -1;
    if (r == 0)
        r = fill_book(f, b, &out, &n);
    start = seconds() - start;
    printf("write  %9.0f steps/s, %9.0f lines/s durable\n", (double)n / start,
           (f->open ? 1.0 : 2.0) * (double)f->jobs / start);
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

/* 0, or speaks. */
static int read_words(int argc, char **argv, struct filling *f, struct err *err)
{
    int at = f->open ? 5 : 2;

    if (f->open && argc >= 5) {
        f->center = argv[3];
        f->project = argv[4];
    }
    if (argc < at || argc > at + 2
        || (argc > at && measure_u64(argv[at], 1, 100000000, &f->jobs, err) < 0)
        || (!f->open && argc > at + 1
            && measure_u64(argv[at + 1], 1, 100000, &f->per_batch, err) < 0)) {
        printf("bench/ledger DIR [JOBS [BATCH]], DIR empty, or\n"
               "bench/ledger --open DIR CENTER PROJECT [HOLDS]: %s\n",
               err->text);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct store_callbacks cb = {.durable = on_durable};
    struct filling f = {
        .base = event_base_new(),
        .center = "hanoi",
        .project = "ioit.climate",
        .jobs = 100000,
        .per_batch = 100,
        .open = argc > 1 && !strcmp(argv[1], "--open"),
    };
    struct err err = {0};
    int r = f.base && argc > 1 ? read_words(argc, argv, &f, &err) : -1;

    if (r < 0)
        return 1;
    r = store_open(f.base, argv[f.open ? 2 : 1], &cb, f.base, &f.store, &err);
    if (r < 0)
        printf("%s\n", err.text);
    if (r == 0)
        r = write_all(&f);
    if (r == 0 && !f.open)
        r = read_all(f.store, f.jobs);
    store_close(f.store);
    event_base_free(f.base);
    return r == 0 ? 0 : 1;
}
