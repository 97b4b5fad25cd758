/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * gate - effects are written down first and carried out when that is durable
 *
 * What one turn of the loop produced becomes one batch. A deed waits for the batch
 * that was open when it came; deeds are done in order. A store that cannot write
 * keeps the gate shut: nothing leaves, new submissions are refused.
 */
#ifndef HOPLUU_DAEMON_GATE_H
#define HOPLUU_DAEMON_GATE_H

#include "daemon/center.h"

int gate_open(struct center *c, struct gate **ret_gate);
void *gate_free(struct gate *g);

/* Write down what is to be written, queue the rest. */
void gate_take(struct gate *g, const struct fed_effects *fx);

/* Any other deed that must wait for what has been put so far. */
void gate_after(struct gate *g,
                void (*deed)(void *arg),
                void (*cancel)(void *arg),
                void *arg);

/* Something was put into the store outside gate_take: commit at the end of this turn.
 */
void gate_touch(struct gate *g);

/* From the store. */
void gate_durable(uint64_t batch, void *gate);

size_t gate_waiting(const struct gate *g);

#endif
