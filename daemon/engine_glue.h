/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* engine_glue - between fed and the engine: callbacks become events, effects become
 * calls */
#ifndef HOPLUU_DAEMON_ENGINE_GLUE_H
#define HOPLUU_DAEMON_ENGINE_GLUE_H

#include "daemon/center.h"

int engine_glue_open(struct center *c, struct err *err);

void engine_glue_queue(struct center *c, uint64_t id);
/* The inputs are here: start it. inputs_dir NULL = none. */
void engine_glue_start(struct center *c,
                       uint64_t id,
                       uint32_t epoch,
                       const char *inputs_dir);
/* After a restart: every copy that may be running is found again. */
void engine_glue_adopt(struct center *c);

/* fed's questions about our own engine. */
extern const struct fed_local engine_glue_local;

/* Tells the scheduler how an own job stands. */
struct holding;
void engine_glue_own(struct center *c, const struct holding *h);

/* Writes down how start estimates held and what sharing saved. */
void engine_glue_keep(struct center *c);

#endif
