/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * store - opening, closing, and telling the loop what the writer has done
 */
#include "config.h"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/path.h"
#include "store/store_int.h"

#include "base/banned.h"

#define DB_FILE "hopluu.db"
#define LOCK_FILE "hopluu.lock"

/* Only one daemon per directory; the file holds its process id, for people. */
static int take_lock(const char *dir, int *ret_fd, struct err *err)
{
    char path[PATH_MAX];
    char pid[24] = "?";
    _cleanup_(closep) int fd = -1;
    int n;

    if (path_join(path, sizeof(path), dir, LOCK_FILE) < 0)
        return err_set(err, -ENAMETOOLONG, "path is too long: %.80s…", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t got = read(fd, pid, sizeof(pid) - 1);

        pid[got > 0 ? got : 1] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        return err_set(err, -EBUSY, "%s is in use by process %s", dir, pid);
    }
    n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        return err_set(err, -EIO, "cannot write %s: %s", path, strerror(errno));
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* The writer's state has changed: tell the owner what he does not know yet. */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct store *s = arg;
    struct writer_state now;
    eventfd_t n;

    (void)what;
    (void)eventfd_read(fd, &n); /* how often does not matter */
    writer_look(s->writer, &now);
    if (!now.failing && s->told_failing) {
        s->told_failing = false;
        if (s->cb.recovered)
            s->cb.recovered(s->arg);
    }
    if (now.durable > s->told_durable) {
        s->told_durable = now.durable;
        if (s->cb.durable)
            s->cb.durable(now.durable, s->arg);
    }
    if (now.failing && !s->told_failing) {
        s->told_failing = true;
        if (s->cb.failed)
            s->cb.failed(now.err.code, now.err.text, s->arg);
    }
}

static int open_loop_side(struct store *s, struct err *err)
{
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake_fd < 0)
        return err_set(err, -errno, "cannot make an eventfd: %s", strerror(errno));
    s->wake = event_new(s->base, s->wake_fd, EV_READ | EV_PERSIST, on_wake, s);
    if (!s->wake || event_add(s->wake, NULL) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return 0;
}

int store_open(struct event_base *base,
               const char *dir,
               const struct store_callbacks *cb,
               void *arg,
               struct store **ret_store,
               struct err *err)
{
    struct store *s = calloc(1, sizeof(*s));
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    int r;

    if (!s)
        return err_set(err, -ENOMEM, "out of memory");
    *s = (struct store){
        .base = base, .cb = *cb, .arg = arg, .lock_fd = -1, .wake_fd = -1};
    r = path_make_dirs(dir, 0700, err);
    if (r == 0)
        r = path_check_private(dir, 077, err);
    if (r == 0 && path_join(path, sizeof(path), dir, DB_FILE) < 0)
        r = err_set(err, -ENAMETOOLONG, "path is too long: %.80s…", dir);
    if (r == 0)
        r = take_lock(dir, &s->lock_fd, err);
    if (r == 0)
        r = schema_open(path, &db, err);
    if (r == 0)
        r = open_loop_side(s, err);
    if (r == 0)
        r = reader_open(&s->reader, path, err);
    if (r == 0)
        r = writer_start(TAKE_PTR(db), s->wake_fd, &s->writer, err);
    if (r < 0) {
        (void)sqlite3_close(db); /* nothing was written */
        store_close(s);
        return r;
    }
    *ret_store = s;
    return 0;
}

void *store_close(struct store *s)
{
    if (!s)
        return NULL;
    if (s->open)
        (void)store_commit(s, NULL); /* cannot fail */
    if (s->wake)
        event_free(s->wake);
    reader_release(&s->reader); /* first: the last one to close folds the log in */
    writer_stop(s->writer);
    if (s->wake_fd >= 0)
        (void)close(s->wake_fd);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd); /* and with it the lock */
    free(s);
    return NULL;
}

uint64_t store_durable(const struct store *s)
{
    return writer_durable(s->writer);
}

bool store_failing(const struct store *s)
{
    struct writer_state now;

    writer_look(s->writer, &now);
    return now.failing;
}

void store_retry(struct store *s)
{
    writer_retry(s->writer);
}
