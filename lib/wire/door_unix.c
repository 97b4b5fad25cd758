/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* door_unix - the door for users on this machine: the kernel says who they are */
#include "config.h"

#include "wire/door.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/door_int.h"

#include "base/banned.h"

/* Nothing is expected before the hand-over, which happens at once. */
static void on_frame(struct conn *c, json_t *frame, void *arg)
{
    (void)c, (void)frame, (void)arg;
}

static const struct conn_ops guest_ops = {
    .on_frame = on_frame,
    .on_close = guest_on_close,
};

static int greet(struct guest *g, int fd, struct err *err)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    (void)err;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
        guest_refuse(g, strerror(errno), true);
        return 0;
    }
    g->who.uid = cred.uid;
    g->who.gid = cred.gid;
    g->who.pid = cred.pid;
    if (conn_say(g->conn, "welcome", "center", g->door->center) < 0)
        guest_refuse(g, "no memory", false);
    else
        guest_admit(g);
    return 0;
}

static const struct door_kind unix_kind = {.ops = &guest_ops, .greet = greet};

/* A file that nobody answers on is left over from a daemon that died. */
static int remove_stale(const struct sockaddr_un *sun, struct err *err)
{
    _cleanup_(closep) int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;

    if (lstat(sun->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : err_set(err, -errno, "%s: %m", sun->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, -EEXIST,
                       "%s is not a socket; it must be removed or another path be "
                       "configured",
                       sun->sun_path);
    if (fd < 0)
        return err_set(err, -errno, "cannot make a socket: %m");
    if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno == EAGAIN)
        return err_set(err, -EADDRINUSE, "another daemon answers on %s", sun->sun_path);
    if (errno != ECONNREFUSED)
        return err_set(err, -errno, "%s: %m", sun->sun_path);
    if (unlink(sun->sun_path) < 0 && errno != ENOENT)
        return err_set(err, -errno, "cannot remove stale %s: %m", sun->sun_path);
    return 0;
}

/* The descriptor, or -errno. */
static int listen_at(const char *path, unsigned mode, struct stat *st, struct err *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    char dir[sizeof(sun.sun_path)];
    _cleanup_(closep) int fd = -1;
    int r;

    if (!word_copy(sun.sun_path, sizeof(sun.sun_path), path))
        return err_set(err, -ENAMETOOLONG, "path of a socket over %zu bytes: %s",
                       sizeof(sun.sun_path) - 1, path);
    (void)word_copy(dir, sizeof(dir), path);
    r = path_make_dirs(dirname(dir), 0755, err);
    if (r == 0)
        r = remove_stale(&sun, err);
    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
        return err_set(err, -errno, "cannot bind %s: %m", path);
    /* Nobody gets in before listen(), so the mode is right in time. */
    if (chmod(path, mode) < 0 || lstat(path, st) < 0 || listen(fd, SOMAXCONN) < 0) {
        r = err_set(err, -errno, "cannot listen on %s: %m", path);
        (void)unlink(path);
        return r;
    }
    return TAKE_FD(fd);
}

int door_open_unix(struct event_base *base,
                   const char *path,
                   unsigned mode,
                   unsigned max,
                   const char *center,
                   conn_open_fn open,
                   void *arg,
                   struct door **ret_door,
                   struct err *err)
{
    struct stat st;
    struct door *d = NULL;
    int fd = listen_at(path, mode, &st, err);
    int r = fd < 0 ? fd : door_new(base, &unix_kind, fd, max, open, arg, &d, err);

    if (r < 0)
        return r;
    d->is_unix = true;
    d->who = CONN_USER;
    d->dev = st.st_dev;
    d->ino = st.st_ino;
    word_cut(d->center, sizeof(d->center), center);
    word_cut(d->address, sizeof(d->address), path);
    *ret_door = d;
    return 0;
}
