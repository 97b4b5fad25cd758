/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * writer - the thread that makes batches durable
 *
 *   idle ──give──> committing ──ok──> idle        durable = its last number
 *                     │  ^
 *                  failed │ RETRY_S later, or writer_retry()
 *                     v  │
 *                   waiting                       failing; the group is kept
 *
 * All batches that wait are one group and one transaction: one fsync for everybody
 * who came while the one before was under way. A group that failed is tried again as
 * it was. Batches become durable in the order in which they were given.
 *
 * N.B. the state is told through an eventfd: the loop may see several changes as one.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "store/store_int.h"

#include "base/banned.h"

struct writer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* Under the mutex. */
    struct batch *first;
    struct batch *last;
    struct chunk *spare;
    unsigned n_spare;
    bool stop;
    bool retry;
    bool failing;
    struct err err; /* while failing */
    /* Written by the thread, read by the loop. */
    _Atomic uint64_t durable;
    _Atomic uint64_t done_bytes;
    /* The thread's own. */
    sqlite3 *db;
    struct sink *sink;
    int wake_fd;
    int wal_pages;
};

static void tell(const struct writer *w)
{
    (void)eventfd_write(w->wake_fd, 1); /* fails only when 2⁶⁴ are unread */
}

/* The batches that wait, in order, up to GROUP_BYTES (the first always). */
static struct batch *take_group(struct writer *w)
{
    struct batch *group = w->first;
    struct batch *end = group;
    size_t bytes = group ? group->bytes : 0;

    if (!group)
        return NULL;
    while (end->next && bytes + end->next->bytes <= GROUP_BYTES) {
        end = end->next;
        bytes += end->bytes;
    }
    w->first = end->next;
    if (!w->first)
        w->last = NULL;
    end->next = NULL;
    return group;
}

/* Give the memory back; some chunks are kept for the loop. */
static void recycle(struct writer *w, struct batch *group)
{
    struct chunk *used = NULL;
    struct batch *b, *next;

    for (b = group; b; b = next) {
        next = b->next;
        batch_free(b, &used);
    }
    (void)pthread_mutex_lock(&w->mutex); /* a plain mutex of ours: cannot fail */
    while (used && w->n_spare < SPARE_CHUNKS) {
        struct chunk *c = used;

        used = c->next;
        c->next = w->spare;
        w->spare = c;
        w->n_spare++;
    }
    (void)pthread_mutex_unlock(&w->mutex);
    while (used) {
        struct chunk *c = used;

        used = c->next;
        free(c);
    }
}

static void group_done(struct writer *w, struct batch *group)
{
    uint64_t number = 0, bytes = 0;

    for (const struct batch *b = group; b; b = b->next) {
        number = b->number;
        bytes += b->bytes;
    }
    (void)pthread_mutex_lock(&w->mutex);
    w->failing = false;
    atomic_store(&w->durable, number);
    (void)pthread_mutex_unlock(&w->mutex);
    (void)atomic_fetch_add(&w->done_bytes, bytes);
    tell(w);
    recycle(w, group);
    /* After everybody was told: the log goes into the file while nobody waits. */
    if (w->wal_pages > WAL_PAGES) {
        w->wal_pages = 0;
        (void)sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                        NULL); /* what is left stays in the log */
    }
}

/* Say so and wait. True: try again. */
static bool group_failed(struct writer *w, const struct err *err)
{
    struct timespec until;
    bool again;
    int r = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail with this clock */
    until.tv_sec += RETRY_S;
    (void)pthread_mutex_lock(&w->mutex);
    w->failing = true;
    w->err = *err;
    w->retry = false;
    tell(w);
    again = !w->stop;
    while (!w->stop && !w->retry && r == 0)
        r = pthread_cond_timedwait(&w->wake, &w->mutex, &until);
    (void)pthread_mutex_unlock(&w->mutex);
    return again;
}

static void *run(void *arg)
{
    struct writer *w = arg;
    struct batch *group;

    for (;;) {
        struct err err = {0};
        bool again = true;

        (void)pthread_mutex_lock(&w->mutex);
        while (!w->first && !w->stop)
            (void)pthread_cond_wait(&w->wake, &w->mutex);
        group = take_group(w);
        (void)pthread_mutex_unlock(&w->mutex);
        if (!group)
            return NULL;
        while (again && sink_commit(w->sink, group, &err) < 0)
            again = group_failed(w, &err);
        if (!again) { /* stopping, and still no way to write it */
            while (group) {
                struct batch *next = group->next;

                batch_free(group, NULL);
                group = next;
            }
            return NULL;
        }
        group_done(w, group);
    }
}

static int count_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct writer *w = arg;

    (void)db;
    (void)name;
    w->wal_pages = pages;
    return SQLITE_OK;
}

static int start_thread(struct writer *w)
{
    sigset_t all, old;
    int r;

    /* Signals are the loop's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old); /* the sets are valid */
    r = pthread_create(&w->thread, NULL, run, w);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return -r;
}

int writer_start(sqlite3 *db, int wake_fd, struct writer **ret_writer, struct err *err)
{
    struct writer *w = calloc(1, sizeof(*w));
    pthread_condattr_t monotonic;
    int r;

    if (!w) {
        (void)sqlite3_close(db);
        return err_set(err, -ENOMEM, "out of memory");
    }
    w->db = db;
    w->wake_fd = wake_fd;
    (void)pthread_mutex_init(&w->mutex, NULL); /* glibc's always succeed */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)sqlite3_wal_hook(db, count_wal, w); /* and no automatic checkpoint */
    r = sink_open(db, &w->sink, err);
    if (r == 0) {
        r = start_thread(w);
        if (r < 0)
            (void)err_set(err, r, "cannot start the writer's thread: %s", strerror(-r));
    }
    if (r < 0) {
        sink_free(w->sink);
        (void)sqlite3_close(db);
        (void)pthread_cond_destroy(&w->wake);
        (void)pthread_mutex_destroy(&w->mutex);
        free(w);
        return r;
    }
    *ret_writer = w;
    return 0;
}

void *writer_stop(struct writer *w)
{
    if (!w)
        return NULL;
    (void)pthread_mutex_lock(&w->mutex);
    w->stop = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->mutex);
    (void)pthread_join(w->thread, NULL);
    while (w->first) {
        struct batch *b = w->first;

        w->first = b->next;
        batch_free(b, NULL);
    }
    while (w->spare) {
        struct chunk *c = w->spare;

        w->spare = c->next;
        free(c);
    }
    sink_free(w->sink);
    (void)sqlite3_close(w->db); /* folds the log in; if not, the next open does */
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->mutex);
    free(w);
    return NULL;
}

void writer_give(struct writer *w, struct batch *b)
{
    (void)pthread_mutex_lock(&w->mutex);
    if (w->last)
        w->last->next = b;
    else
        w->first = b;
    w->last = b;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->mutex);
}

void writer_retry(struct writer *w)
{
    (void)pthread_mutex_lock(&w->mutex);
    w->retry = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->mutex);
}

void writer_look(struct writer *w, struct writer_state *ret_state)
{
    (void)pthread_mutex_lock(&w->mutex);
    ret_state->durable = atomic_load(&w->durable);
    ret_state->failing = w->failing;
    ret_state->err = w->err;
    (void)pthread_mutex_unlock(&w->mutex);
}

uint64_t writer_durable(const struct writer *w)
{
    return atomic_load(&w->durable);
}

uint64_t writer_done_bytes(const struct writer *w)
{
    return atomic_load(&w->done_bytes);
}

struct chunk *writer_spare(struct writer *w)
{
    struct chunk *c;

    (void)pthread_mutex_lock(&w->mutex);
    c = w->spare;
    if (c) {
        w->spare = c->next;
        w->n_spare--;
    }
    (void)pthread_mutex_unlock(&w->mutex);
    return c;
}
