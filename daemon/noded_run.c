/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_run - from an order to a running shepherd
 *
 * The shepherd gets its listening socket from us, so there is no moment at which it
 * runs and cannot be reached: a connection refused means that it is gone.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "daemon/noded.h"
#include "daemon/shepherd_plan.h"

#include "base/banned.h"

/* A directory may lie too deep for sun_path: reach it through its descriptor. */
static int ctl_address(const char *dir, int *ret_dirfd, struct sockaddr_un *sun)
{
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    *sun = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(sun->sun_path, sizeof(sun->sun_path), "/proc/self/fd/%d/ctl", fd);
    *ret_dirfd = fd;
    return 0;
}

json_t *run_json(const char *dir, const char *name)
{
    struct buf b = BUF_INIT(PLAN_MAX);
    char path[PATH_MAX];
    json_t *o = NULL;

    if (!path_join(path, sizeof(path), dir, name) && !path_read(path, &b, NULL))
        o = json_loadb(b.data ? b.data : "", b.len, JSON_DECODE_ANY, NULL);
    buf_release(&b);
    return o;
}

/* Renamed into place, not synced: the machine's end is the job's end. */
int run_write(const char *dir, const char *name, const json_t *what, struct err *err)
{
    char path[PATH_MAX];
    char part[PATH_MAX];
    char *text = json_dumps(what, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t len = text ? strlen(text) : 0;
    int fd = -1;
    int r = 0;

    if (!text)
        return -ENOMEM;
    if (path_join(path, sizeof(path), dir, name)
        || snprintf(part, sizeof(part), "%s~", path) >= (int)sizeof(part))
        r = err_set(err, -ENAMETOOLONG, "%s is too long", dir);
    if (!r) {
        fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || write(fd, text, len) != (ssize_t)len)
            r = err_set(err, errno ? -errno : -EIO, "cannot write %s: %s", path,
                        strerror(errno));
        if (fd >= 0 && close(fd) < 0 && !r)
            r = err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
        if (!r && rename(part, path) < 0)
            r = err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    }
    free(text);
    return r;
}

static void on_leash(evutil_socket_t fd, short what, void *arg)
{
    struct leash *l = arg;
    ssize_t n = read(fd, l->line + l->len, sizeof(l->line) - 1 - l->len);
    char *end;

    (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        leash_close(l);
        l->on_gone(l->arg);
        return;
    }
    l->len += (size_t)n;
    l->line[l->len] = '\0';
    while ((end = strchr(l->line, '\n'))) {
        char line[sizeof(l->line)];

        *end = '\0';
        memcpy(line, l->line, (size_t)(end - l->line) + 1);
        l->len -= (size_t)(end - l->line) + 1;
        memmove(l->line, end + 1, l->len + 1);
        l->on_line(line, l->arg);
        if (l->fd < 0)
            return;
    }
    if (l->len == sizeof(l->line) - 1)
        l->len = 0; /* nothing of ours is that long */
}

int leash_open(struct node *n, const char *dir, struct leash *l)
{
    _cleanup_(closep) int dirfd = -1;
    _cleanup_(closep) int fd = -1;
    struct sockaddr_un sun;
    int r = ctl_address(dir, &dirfd, &sun);

    if (r)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
        return -errno;
    l->ev = event_new(n->base, fd, EV_READ | EV_PERSIST, on_leash, l);
    if (!l->ev || event_add(l->ev, NULL) < 0) {
        if (l->ev)
            event_free(l->ev);
        l->ev = NULL;
        return -ENOMEM;
    }
    l->fd = TAKE_FD(fd);
    l->len = 0;
    return 0;
}

void leash_say(struct leash *l, const char *line)
{
    if (l->fd >= 0)
        (void)send(l->fd, line, strlen(line), MSG_NOSIGNAL); /* gone: on_gone comes */
}

void leash_close(struct leash *l)
{
    if (l->ev)
        event_free(l->ev);
    l->ev = NULL;
    if (l->fd >= 0)
        (void)close(l->fd); /* a socket: nothing to lose */
    l->fd = -1;
}

static int ctl_listen(const char *dir, int *ret_fd, struct err *err)
{
    _cleanup_(closep) int dirfd = -1;
    _cleanup_(closep) int fd = -1;
    struct sockaddr_un sun;
    int r = ctl_address(dir, &dirfd, &sun);

    if (r)
        return err_set(err, r, "cannot open %s: %s", dir, strerror(-r));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0
        || fchmodat(dirfd, "ctl", 0600, 0) < 0 || listen(fd, 8) < 0)
        return err_set(err, -errno, "cannot listen at %s/ctl: %s", dir,
                       strerror(errno));
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static const char *shepherd_path(void)
{
    const char *p = getenv("HOPLUU_LIBEXEC"); /* the build directory of tests */
    static char path[PATH_MAX];

    (void)path_join(path, sizeof(path), p ? p : HOPLUU_LIBEXECDIR, "hopluu-shepherd");
    return path;
}

static int spawn(const char *dir, int ctl, const char *log)
{
    const char *path = shepherd_path();
    char *const argv[] = {(char[]){"hopluu-shepherd"}, strdup(dir), NULL};
    char *const envp[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    sigset_t all;
    pid_t pid;
    int r;

    if (!argv[1])
        return ENOMEM;
    r = posix_spawn_file_actions_init(&fa);
    if (r) {
        free(argv[1]);
        return r;
    }
    r = posix_spawnattr_init(&attr);
    if (!r) {
        (void)sigfillset(&all);
        (void)posix_spawnattr_setsigdefault(&attr, &all);
        (void)sigemptyset(&all);
        (void)posix_spawnattr_setsigmask(&attr, &all);
        r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF
                                                | POSIX_SPAWN_SETSIGMASK);
        if (!r)
            r = posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
        if (!r)
            r = posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
        if (!r)
            r = posix_spawn_file_actions_addopen(&fa, 2, log,
                                                 O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (!r)
            r = posix_spawn_file_actions_adddup2(&fa, ctl, 3);
        if (!r)
            r = posix_spawn_file_actions_addclosefrom_np(&fa, 4);
        if (!r)
            r = posix_spawn(&pid, path, &fa, &attr, argv, envp);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&fa);
    free(argv[1]);
    return r;
}

int run_shepherd(struct node *n, const char *dir, struct leash *l, struct err *err)
{
    _cleanup_(closep) int ctl = -1;
    char log[PATH_MAX];
    int r = ctl_listen(dir, &ctl, err);

    if (r)
        return r;
    if (path_join(log, sizeof(log), n->conf.spool, "shepherd.log"))
        return err_set(err, -ENAMETOOLONG, "%s is too long", n->conf.spool);
    /* First our end, then the shepherd: if it ends at once, we hear it. */
    r = leash_open(n, dir, l);
    if (r)
        return err_set(err, r, "cannot connect to %s/ctl: %s", dir, strerror(-r));
    r = spawn(dir, ctl, log);
    if (r) {
        leash_close(l);
        return err_set(err, -r, "cannot run %s: %s", shepherd_path(), strerror(r));
    }
    return 0;
}
