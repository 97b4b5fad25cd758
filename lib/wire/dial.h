/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * dial - going to others' doors, again and again until it works
 *
 * A dialler connects, proves who we are, hands the conn over, and after that
 * connection has ended tries again: exponential back-off with full jitter from
 * 0.1 to 30 s, reset only by dial_useful(). Host names go through evdns.
 */
#ifndef HOPLUU_WIRE_DIAL_H
#define HOPLUU_WIRE_DIAL_H

#include <event2/event.h>

#include "base/err.h"
#include "wire/door.h"

struct dial;

/* center: the name the other end's certificate must carry. */
int dial_tls(struct event_base *base,
             const char *address,
             struct tls *tls,
             const char *center,
             conn_open_fn open,
             void *arg,
             struct dial **ret_dial,
             struct err *err);

int dial_munge(struct event_base *base,
               const char *address,
               const char *munge_socket,
               enum conn_kind kind,
               conn_open_fn open,
               void *arg,
               struct dial **ret_dial,
               struct err *err);

/* The owner tells that the conn it was given has ended: dial again, later. */
void dial_ended(struct dial *d);
/* Something useful came through: back-off starts from the beginning next time. */
void dial_useful(struct dial *d);
void *dial_free(struct dial *d); /* a conn that was handed over stays */

#endif
