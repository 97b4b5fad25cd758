/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * dial_int - what both diallers share: resolving, connecting, backing off
 */
#ifndef HOPLUU_WIRE_DIAL_INT_H
#define HOPLUU_WIRE_DIAL_INT_H

#include <event2/dns.h>
#include <event2/event_struct.h>

#include "base/log.h"
#include "wire/address.h"
#include "wire/dial.h"

struct lookup;

struct dial_kind {
    const struct conn_ops *ops;      /* during the handshake; arg is the dial */
    SSL *(*session)(struct dial *d); /* NULL: no TLS */
    void (*ready)(struct conn *c, void *arg); /* TLS is through */
};

struct dial {
    const struct dial_kind *kind;
    struct event_base *base;
    struct event timer;   /* next attempt, or the end of patience with this one */
    struct event writing; /* the socket that is connecting */
    int fd;               /* that socket, or -1 */
    struct evdns_base *dns;
    struct lookup *lookup;         /* under way, or NULL */
    struct evutil_addrinfo *found; /* addresses of the host, */
    struct evutil_addrinfo *next;  /* and the one to try next */
    struct conn *conn;             /* in its handshake, or NULL */
    bool answered;                 /* MUNGE: its nonce; there is one per handshake */
    struct conn_who who;
    unsigned tries; /* since the last useful connection */
    conn_open_fn open;
    void *arg;
    struct tls *tls;
    char *munge_socket;    /* NULL = the default */
    char center[NAME_CAP]; /* that must answer, or "" */
    char address[HOST_CAP + PORT_CAP];
    char host[HOST_CAP];
    char port[PORT_CAP];
    struct log_gate failed;
};

/* The first attempt comes from the loop, not from here. */
int dial_new(struct event_base *base,
             const struct dial_kind *kind,
             const char *address,
             conn_open_fn open,
             void *arg,
             struct dial **ret_dial,
             struct err *err);

/* This attempt has failed: log, close, try again later. */
void dial_fail(struct dial *d, const char *text);
/* The other end is who it should be, as d->who says: to the owner. */
void dial_admit(struct dial *d);

/* For dial_kind.ops. */
void dial_on_close(struct conn *c, int reason, const char *text, void *arg);

#endif
