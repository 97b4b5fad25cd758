/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * worker - one thread for calls that may block for minutes
 *
 * Tasks wait in a bounded queue, are run one after the other in the thread, and are
 * handed back to the loop. A task owns copies of all that it needs: the thread and the
 * loop share nothing else. Ending does not wait for a call that hangs: the thread
 * is left alone with its task and frees both when the call comes back.
 */
#ifndef HOPLUU_ENGINE_WORKER_H
#define HOPLUU_ENGINE_WORKER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct worker_task {
    STAILQ_ENTRY(worker_task) next;
    void (*run)(struct worker_task *t);             /* in the thread */
    void (*done)(struct worker_task *t, void *arg); /* in the loop; frees t */
    void (*free)(struct worker_task *t);            /* it was not, or is not wanted */
    int64_t until_us; /* mono: begun later than this, it is not run; 0 = no limit */
    bool late;        /* it was not run for that reason */
};

struct worker;

/*
 * max    tasks that wait or run; more are refused
 * begin, end   called in the thread, first and last; may be NULL
 *
 * 0, -ENOMEM, -errno of the thread.
 */
int worker_new(struct event_base *base,
               unsigned max,
               void (*begin)(void *thread_arg),
               void (*end)(void *thread_arg),
               void *thread_arg,
               void *done_arg,
               struct worker **ret_worker);

/* 0: w owns the task until `done`. -EAGAIN (full): it is still the caller's. */
int worker_put(struct worker *w, struct worker_task *t);

/* Tasks that wait or run. */
unsigned worker_busy(const struct worker *w);

/* No `done` comes after this. Waits at most wait_ms for the task that runs. */
void *worker_free(struct worker *w, unsigned wait_ms);

#endif
