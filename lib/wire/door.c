/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* door - what the three doors share: accepting, counting, handing over */
#include "config.h"

#include "wire/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/door_int.h"

#include "base/banned.h"

#define REST_S 1 /* after an accept that failed: no descriptors, no memory */

static void door_unref(struct door *d)
{
    if (!d->closed || d->live > 0)
        return;
    free(d->munge_socket);
    free(d);
}

static void on_gone(void *arg)
{
    struct door *d = arg;

    d->live--;
    door_unref(d);
}

static void guest_free(struct guest *g)
{
    TAILQ_REMOVE(&g->door->guests, g, next);
    free(g);
}

void guest_admit(struct guest *g)
{
    struct door *d = g->door;
    struct conn *c = g->conn;

    conn_admit(c, &g->who);
    guest_free(g);
    d->open(c, d->arg);
}

void guest_refuse(struct guest *g, const char *text, bool tell)
{
    struct door *d = g->door;

    log_limited(&d->refused, 5, LOG_WARN, "door %s: refused %s: %s", d->address,
                g->who.address, text);
    if (tell)
        (void)conn_say(g->conn, "refused", "text", text);
    conn_close(g->conn);
    guest_free(g);
}

void guest_on_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct guest *g = arg;

    (void)c;
    if (reason == 0) {
        log_debug("door %s: %s left", g->door->address, g->who.address);
        guest_free(g);
    } else {
        guest_refuse(g, text, false);
    }
}

/* Takes fd. */
static int guest_new(
    struct door *d, int fd, const struct sockaddr *sa, socklen_t len, struct err *err)
{
    struct guest *g = calloc(1, sizeof(*g));
    SSL *ssl = NULL;

    if (g && d->kind->session)
        ssl = d->kind->session(d);
    if (!g || (d->kind->session && !ssl)) {
        (void)close(fd);
        free(g);
        return err_set(err, -ENOMEM, "no memory");
    }
    g->door = d;
    g->who.kind = d->who;
    address_text(sa, len, g->who.address, sizeof(g->who.address));
    if (!d->is_unix)
        address_tune(fd);
    g->conn = conn_new(d->base, fd, ssl, &g->who);
    if (!g->conn) {
        free(g);
        return err_set(err, -ENOMEM, "no memory");
    }
    d->live++;
    TAILQ_INSERT_TAIL(&d->guests, g, next);
    conn_on_gone(g->conn, on_gone, d);
    conn_listen(g->conn, d->kind->ops, g);
    conn_deadline(g->conn, HANDSHAKE_S);
    return d->kind->greet(g, fd, err);
}

static void on_accept(struct evconnlistener *l,
                      evutil_socket_t fd,
                      struct sockaddr *sa,
                      int len,
                      void *arg)
{
    struct door *d = arg;
    struct err err = {0};
    int r;

    (void)l;
    if (d->live >= d->max) {
        (void)close(fd);
        log_limited(&d->full, 1, LOG_WARN,
                    "door %s: full, %u connections; one more was closed", d->address,
                    d->live);
        return;
    }
    r = guest_new(d, fd, sa, (socklen_t)len, &err);
    if (r < 0)
        log_limited(&d->refused, 5, LOG_WARN, "door %s: %s", d->address,
                    err_text(&err, r));
}

static void on_accept_error(struct evconnlistener *l, void *arg)
{
    struct timeval tv = {.tv_sec = REST_S};
    struct door *d = arg;

    log_limited(&d->full, 1, LOG_ERROR, "door %s: cannot accept: %s", d->address,
                strerror(errno));
    (void)evconnlistener_disable(l);
    (void)event_add(d->rest, &tv);
}

static void on_rested(evutil_socket_t fd, short what, void *arg)
{
    struct door *d = arg;

    (void)fd, (void)what;
    (void)evconnlistener_enable(d->listener);
}

int door_new(struct event_base *base,
             const struct door_kind *kind,
             int fd,
             unsigned max,
             conn_open_fn open,
             void *arg,
             struct door **ret_door,
             struct err *err)
{
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    struct door *d = calloc(1, sizeof(*d));
    struct sockaddr_storage ss;
    socklen_t len = sizeof(ss);

    if (d)
        d->rest = evtimer_new(base, on_rested, d);
    if (d && d->rest)
        d->listener = evconnlistener_new(base, on_accept, d, flags, 0, fd);
    if (!d || !d->listener) {
        (void)close(fd);
        if (d && d->rest)
            event_free(d->rest);
        free(d);
        return err_set(err, -ENOMEM, "no memory for a door");
    }
    evconnlistener_set_error_cb(d->listener, on_accept_error);
    TAILQ_INIT(&d->guests);
    d->kind = kind;
    d->base = base;
    d->max = max;
    d->open = open;
    d->arg = arg;
    if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
        address_text((struct sockaddr *)&ss, len, d->address, sizeof(d->address));
    *ret_door = d;
    return 0;
}

const char *door_address(const struct door *d)
{
    return d->address;
}

void *door_close(struct door *d)
{
    struct guest *g, *after;
    struct stat st;

    if (!d)
        return NULL;
    for (g = TAILQ_FIRST(&d->guests); g; g = after) {
        after = TAILQ_NEXT(g, next);
        conn_close(g->conn);
        guest_free(g);
    }
    evconnlistener_free(d->listener);
    event_free(d->rest);
    /* Only our own file: another daemon may have put its own there. */
    if (d->is_unix && lstat(d->address, &st) == 0 && st.st_dev == d->dev
        && st.st_ino == d->ino)
        (void)unlink(d->address);
    d->closed = true;
    door_unref(d);
    return NULL;
}
