/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * door - where others come in: three kinds of listener, each proves identity first
 *
 * Order at every door: length -> who speaks -> (the owner:) may they say this now ->
 * decode -> check -> use. Until identity is proved a connection may send at most
 * FRAME_MAX_HELLO bytes and has HANDSHAKE_S seconds; at most `max` connections are
 * open per door, more are closed at accept with a rate-limited line in the log.
 *
 * MUNGE handshake: server sends {"t":"nonce","nonce":HEX}; client answers
 * {"t":"auth","cred":MUNGE(nonce)}; server checks credential, age, replay and that
 * the payload is its own nonce, then answers {"t":"welcome","center":NAME,…}.
 * A refused one gets {"t":"refused","text":…} and is closed.
 */
#ifndef HOPLUU_WIRE_DOOR_H
#define HOPLUU_WIRE_DOOR_H

#include <event2/event.h>

#include "base/err.h"
#include "wire/conn.h"
#include "wire/tls.h"

#define HANDSHAKE_S 10

/* A conn with a proven identity; the receiver owns it (conn_listen, later conn_close).
 */
typedef void (*conn_open_fn)(struct conn *c, void *arg);

struct door;

/* mode: permissions of the socket file (0666: everyone on this machine may ask). */
int door_open_unix(struct event_base *base,
                   const char *path,
                   unsigned mode,
                   unsigned max,
                   const char *center,
                   conn_open_fn open,
                   void *arg,
                   struct door **ret_door,
                   struct err *err);

/* address "host:port", port 0 = any free one; munge_socket NULL = the default. */
int door_open_munge(struct event_base *base,
                    const char *address,
                    const char *munge_socket,
                    enum conn_kind kind,
                    unsigned max,
                    const char *center,
                    conn_open_fn open,
                    void *arg,
                    struct door **ret_door,
                    struct err *err);

/* tls is borrowed and must outlive the door. */
int door_open_tls(struct event_base *base,
                  const char *address,
                  struct tls *tls,
                  unsigned max,
                  conn_open_fn open,
                  void *arg,
                  struct door **ret_door,
                  struct err *err);

/* The address really bound, "127.0.0.1:40111" or the path. */
const char *door_address(const struct door *d);

void *door_close(
    struct door *d); /* its connections stay; a Unix socket file is removed */

#endif
