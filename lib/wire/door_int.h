/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * door_int - what the three doors share: accepting, counting, handing over
 */
#ifndef HOPLUU_WIRE_DOOR_INT_H
#define HOPLUU_WIRE_DOOR_INT_H

#include <event2/event.h>
#include <event2/listener.h>
#include <sys/queue.h>

#include "base/log.h"
#include "wire/address.h"
#include "wire/door.h"

/* One who has come in and has not proved yet who they are. */
struct guest {
    TAILQ_ENTRY(guest) next;
    struct door *door;
    struct conn *conn;
    struct conn_who who; /* filled as it is learnt */
    char nonce[65];      /* MUNGE door */
};

/* The difference between doors. */
struct door_kind {
    const struct conn_ops *ops;      /* during the handshake; arg is the guest */
    SSL *(*session)(struct door *d); /* NULL: no TLS */
    /* Starts the handshake: 0 or -errno with text. May admit the guest at once. */
    int (*greet)(struct guest *g, int fd, struct err *err);
};

struct door {
    const struct door_kind *kind;
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *rest; /* after an accept that failed: listen again */
    TAILQ_HEAD(, guest) guests;
    unsigned max;
    unsigned live; /* guests and conns that came through this door */
    bool closed;   /* memory goes with the last of them */
    bool is_unix;
    conn_open_fn open;
    void *arg;
    struct tls *tls;
    char *munge_socket; /* NULL = the default */
    enum conn_kind who;
    char center[NAME_CAP];
    char address[HOST_CAP + PORT_CAP];
    dev_t dev; /* of the socket file that we made */
    ino_t ino;
    struct log_gate refused;
    struct log_gate full;
};

/* Takes fd, which listens. *ret_door comes filled with what all doors have. */
int door_new(struct event_base *base,
             const struct door_kind *kind,
             int fd,
             unsigned max,
             conn_open_fn open,
             void *arg,
             struct door **ret_door,
             struct err *err);

/* Identity is proved: frees g, the conn goes to the owner of the door. */
void guest_admit(struct guest *g);
/* It is not: says so in the log and to the guest if `tell`, closes, frees g. */
void guest_refuse(struct guest *g, const char *text, bool tell);

/* For door_kind.ops: a guest that leaves. */
void guest_on_close(struct conn *c, int reason, const char *text, void *arg);

#endif
