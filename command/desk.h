/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * desk - where a command puts its questions: the daemon of its center
 *
 * Each function speaks once when it fails (say_error) and gives back the exit
 * code for it: 0 is success.
 */
#ifndef HOPLUU_COMMAND_DESK_H
#define HOPLUU_COMMAND_DESK_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "wire/client.h"

#define DESK_WAIT_S 60

/* address NULL = $HOPLUU_SOCKET or the built-in path. */
int desk_open(const char *address, unsigned timeout_s, struct client **ret_client);

/* Ask and wait; takes the question. ret_answer: new reference, never NULL on 0. */
int desk_ask(struct client *c, json_t *question, json_t **ret_answer);

/*
 * The same without speaking: the caller decides. ret_refused says whether the
 * daemon answered no (so asking again is useless) or nothing came back.
 */
int desk_try(struct client *c,
             json_t *question,
             json_t **ret_answer,
             bool *ret_refused,
             struct err *err);

/* Exit code for a refusal {"code":…,"temporary":…}. */
int desk_refusal_exit(const json_t *refusal);

/* A new question {"op":op}, or NULL = no memory. */
json_t *desk_question(const char *op);

/* Member of an object by kind, with what it is when missing or of another kind. */
const char *desk_text(const json_t *o, const char *member);
json_int_t desk_int(const json_t *o, const char *member, json_int_t missing);

/* Pretty JSON on stdout with a line end: 0 or SAY_ERROR. Borrows. */
int desk_print_json(const json_t *o);

#endif
