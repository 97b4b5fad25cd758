/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * client - a command's blocking conversation with its center's daemon
 *
 * A question is {"op":NAME,"id":N,…}; its answer carries the same id and either
 * "ok":true or "ok":false with "code" (stable word), "text" and "temporary".
 * Several questions may be under way at once (pipelining): client_post() and
 * client_next() pair by id.
 */
#ifndef HOPLUU_WIRE_CLIENT_H
#define HOPLUU_WIRE_CLIENT_H

#include <jansson.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

struct client;

/*
 * Connect. `address` NULL = $HOPLUU_SOCKET, else the built-in path. A path is a Unix
 * socket; "host:port" is TCP with MUNGE ($HOPLUU_MUNGE_SOCKET names another munged).
 * timeout_s bounds every later wait too; 0 = 60.
 *
 * Returns 0, or -ENOENT, -ECONNREFUSED, -EACCES, -ETIMEDOUT, … with what to do about
 * it.
 */
int client_open(const char *address,
                unsigned timeout_s,
                struct client **ret_client,
                struct err *err);
void *client_free(struct client *c);
DEFINE_FREEP(client, struct client)

/* Name of the center that answered the handshake. */
const char *client_center(const struct client *c);

/*
 * Ask and wait. `question` is taken (its reference is stolen) and gets its id here.
 * ret_answer: new reference, "ok" is true. A refusal returns the code's -Exxx
 * (wire/refusal.h) with the text in err and, if ret_answer is set, the refusal
 * object too.
 */
int client_ask(struct client *c,
               json_t *question,
               json_t **ret_answer,
               struct err *err);

/* Later waits are bounded by so much (fbatch --wait waits long). */
void client_timeout(struct client *c, unsigned timeout_s);

/* Pipelining: send without waiting; then take the next answer, whichever it is. */
int client_post(struct client *c, json_t *question, uint64_t *ret_id, struct err *err);
int client_next(struct client *c, json_t **ret_answer, struct err *err);

#endif
