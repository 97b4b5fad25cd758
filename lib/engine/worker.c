/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* worker - one thread for calls that may block for minutes */
#include "config.h"

#include "engine/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

#include "base/banned.h"

STAILQ_HEAD(tasks, worker_task);

struct worker {
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* of the thread: a task, or stop */
    pthread_cond_t over; /* of worker_free: the thread has ended */
    struct tasks todo;   /* these five under the mutex */
    struct tasks ready;
    bool stop;
    bool ended;
    bool abandoned; /* the loop has gone: the thread frees */
    int wake_fd;
    void (*begin)(void *arg);
    void (*end)(void *arg);
    void *thread_arg;
    /* The loop's own. */
    unsigned max;
    unsigned busy;
    struct event *ev;
    void *done_arg;
};

static void free_all(struct tasks *list)
{
    struct worker_task *t;

    while ((t = STAILQ_FIRST(list))) {
        STAILQ_REMOVE_HEAD(list, next);
        t->free(t);
    }
}

static void release(struct worker *w)
{
    free_all(&w->todo);
    free_all(&w->ready);
    (void)close(w->wake_fd);
    (void)pthread_mutex_destroy(&w->mutex); /* nobody is left */
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_cond_destroy(&w->over);
    free(w);
}

static void *run(void *arg)
{
    struct worker *w = arg;
    bool abandoned;

    if (w->begin)
        w->begin(w->thread_arg);
    (void)pthread_mutex_lock(&w->mutex); /* a plain mutex of ours: cannot fail */
    while (!w->stop) {
        struct worker_task *t = STAILQ_FIRST(&w->todo);

        if (!t) {
            (void)pthread_cond_wait(&w->wake, &w->mutex);
            continue;
        }
        STAILQ_REMOVE_HEAD(&w->todo, next);
        (void)pthread_mutex_unlock(&w->mutex);
        t->late = t->until_us && now_read().mono.us > t->until_us;
        if (!t->late)
            t->run(t);
        (void)pthread_mutex_lock(&w->mutex);
        STAILQ_INSERT_TAIL(&w->ready, t, next);
        (void)eventfd_write(w->wake_fd, 1); /* fails only when 2⁶⁴ are unread */
    }
    (void)pthread_mutex_unlock(&w->mutex);
    if (w->end)
        w->end(w->thread_arg);
    (void)pthread_mutex_lock(&w->mutex);
    w->ended = true;
    abandoned = w->abandoned;
    (void)pthread_cond_signal(&w->over);
    (void)pthread_mutex_unlock(&w->mutex);
    if (abandoned)
        release(w);
    return NULL;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    struct tasks ready = STAILQ_HEAD_INITIALIZER(ready);
    struct worker_task *t;
    eventfd_t n;

    (void)what;
    (void)eventfd_read(fd, &n); /* it was readable */
    (void)pthread_mutex_lock(&w->mutex);
    STAILQ_CONCAT(&ready, &w->ready);
    (void)pthread_mutex_unlock(&w->mutex);
    while ((t = STAILQ_FIRST(&ready))) {
        STAILQ_REMOVE_HEAD(&ready, next);
        w->busy--;
        t->done(t, w->done_arg);
    }
}

static int start_thread(struct worker *w)
{
    sigset_t all;
    sigset_t old;
    pthread_attr_t detached;
    pthread_t thread;
    int r;

    /* Signals are the loop's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old); /* the sets are valid */
    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    r = pthread_create(&thread, &detached, run, w);
    (void)pthread_attr_destroy(&detached);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return -r;
}

int worker_new(struct event_base *base,
               unsigned max,
               void (*begin)(void *thread_arg),
               void (*end)(void *thread_arg),
               void *thread_arg,
               void *done_arg,
               struct worker **ret_worker)
{
    struct worker *w = calloc(1, sizeof(*w));
    pthread_condattr_t monotonic;
    int r = 0;

    if (!w)
        return -ENOMEM;
    *w = (struct worker){.max = max,
                         .begin = begin,
                         .end = end,
                         .thread_arg = thread_arg,
                         .done_arg = done_arg,
                         .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    STAILQ_INIT(&w->todo);
    STAILQ_INIT(&w->ready);
    (void)pthread_mutex_init(&w->mutex, NULL); /* glibc's always succeed */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->wake, NULL);
    (void)pthread_cond_init(&w->over, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    w->ev = w->wake_fd < 0
                ? NULL
                : event_new(base, w->wake_fd, EV_READ | EV_PERSIST, on_wake, w);
    if (!w->ev || event_add(w->ev, NULL) < 0)
        r = -ENOMEM;
    if (r == 0)
        r = start_thread(w);
    if (r < 0) {
        if (w->ev)
            event_free(w->ev);
        release(w);
        return r;
    }
    *ret_worker = w;
    return 0;
}

int worker_put(struct worker *w, struct worker_task *t)
{
    if (w->busy >= w->max)
        return -EAGAIN;
    w->busy++;
    (void)pthread_mutex_lock(&w->mutex);
    STAILQ_INSERT_TAIL(&w->todo, t, next);
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->mutex);
    return 0;
}

unsigned worker_busy(const struct worker *w)
{
    return w->busy;
}

void *worker_free(struct worker *w, unsigned wait_ms)
{
    struct timespec until;
    bool ended;

    if (!w)
        return NULL;
    event_free(w->ev);
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* the clock exists */
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&w->mutex);
    w->stop = true;
    (void)pthread_cond_signal(&w->wake);
    while (!w->ended && pthread_cond_timedwait(&w->over, &w->mutex, &until) == 0)
        ;
    ended = w->ended;
    w->abandoned = !ended;
    (void)pthread_mutex_unlock(&w->mutex);
    if (ended)
        release(w);
    return NULL;
}
