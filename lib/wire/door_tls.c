/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* door_tls - the door for other centers: a certificate says which one comes */
#include "config.h"

#include "wire/door.h"

#include <errno.h>
#include <string.h>

#include "wire/conn_int.h"
#include "wire/door_int.h"

#include "base/banned.h"

/* Frames come after the handshake, and with it the conn has gone to its owner. */
static void on_frame(struct conn *c, json_t *frame, void *arg)
{
    (void)c, (void)frame, (void)arg;
}

static const struct conn_ops guest_ops = {
    .on_frame = on_frame,
    .on_close = guest_on_close,
};

static void on_ready(struct conn *c, void *arg)
{
    struct guest *g = arg;
    struct err err = {0};
    int r = tls_peer_center(g->door->tls, conn_ssl(c), g->who.center, &err);

    if (r < 0)
        guest_refuse(g, err_text(&err, r), false);
    else
        guest_admit(g);
}

static int greet(struct guest *g, int fd, struct err *err)
{
    (void)fd, (void)err;
    conn_on_ready(g->conn, on_ready);
    return 0;
}

static SSL *session(struct door *d)
{
    return tls_session(d->tls, true);
}

static const struct door_kind tls_kind = {
    .ops = &guest_ops,
    .session = session,
    .greet = greet,
};

int door_open_tls(struct event_base *base,
                  const char *address,
                  struct tls *tls,
                  unsigned max,
                  conn_open_fn open,
                  void *arg,
                  struct door **ret_door,
                  struct err *err)
{
    struct door *d = NULL;
    int fd = address_bind(address, err);
    int r = fd < 0 ? fd : door_new(base, &tls_kind, fd, max, open, arg, &d, err);

    if (r < 0)
        return r;
    d->tls = tls;
    d->who = CONN_PEER;
    *ret_door = d;
    return 0;
}
