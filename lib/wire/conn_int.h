/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * conn_int - conn as its makers see it: doors and dials, before and at the hand-over
 *
 * A conn begins with the ceiling of strangers and with whoever makes it as its
 * listener. conn_admit() makes it what conn.h promises.
 */
#ifndef HOPLUU_WIRE_CONN_INT_H
#define HOPLUU_WIRE_CONN_INT_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "wire/conn.h"

/*
 * A conn on a connected socket; takes fd and ssl (NULL = no TLS) whatever comes of it.
 * NULL = no memory.
 */
struct conn *conn_new(struct event_base *base,
                      int fd,
                      SSL *ssl,
                      const struct conn_who *who);

/* Called once, when the descriptor of this conn has been closed. */
void conn_on_gone(struct conn *c, void (*gone)(void *arg), void *arg);

/* Called once, when the TLS handshake is through; `arg` is that of conn_listen. */
void conn_on_ready(struct conn *c, void (*ready)(struct conn *c, void *arg));

/* Give up with -ETIMEDOUT unless admitted before. */
void conn_deadline(struct conn *c, unsigned seconds);

/* Identity is proved: known ceiling, no deadline, nobody listens yet. */
void conn_admit(struct conn *c, const struct conn_who *who);

/* The session under this conn, NULL without TLS. */
SSL *conn_ssl(const struct conn *c);

/* {"t":T,NAME:VALUE}, for handshakes. As conn_send(). */
int conn_say(struct conn *c, const char *t, const char *name, const char *value);

#endif
