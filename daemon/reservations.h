/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * reservations - nodes that an administrator keeps for some, for a time
 *
 * `reservations` in the state directory is the list, written before it is in force; the
 * scheduler sees to it that nobody else's job is there (sched/sched_reserve.c).
 */
#ifndef HOPLUU_DAEMON_RESERVATIONS_H
#define HOPLUU_DAEMON_RESERVATIONS_H

#include <jansson.h>

#include "daemon/center.h"
#include "model/holding.h"

/* Reads the list and puts it in force; what is over is left out. */
int reservations_open(struct center *c, struct reservations **ret_r, struct err *err);
void *reservations_close(struct reservations *r);

/* Whether this job may name the reservation that it names. 0, -ENOENT or -EACCES. */
int reservations_may(struct reservations *r, const struct holding *h, struct err *err);

#endif
