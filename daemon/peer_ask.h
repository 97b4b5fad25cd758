/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * peer_ask - questions about a job are answered by its entry, wherever they are asked
 *
 * {"t":"ask","n":N,"person":P,"question":{…}} and {"t":"answer","n":N,"answer":{…}}.
 * The peer vouches for its person; it may do so only for institutions that its side of
 * the agreement speaks for.
 */
#ifndef HOPLUU_DAEMON_PEER_ASK_H
#define HOPLUU_DAEMON_PEER_ASK_H

#include <jansson.h>

#include "daemon/center.h"

void peer_ask_question(struct center *c, uint32_t from, const json_t *frame);
void peer_ask_answer(struct center *c, uint32_t from, const json_t *frame);
/* The connection is gone: questions that went there get no answer. */
void peer_ask_down(struct center *c, uint32_t center);

#endif
