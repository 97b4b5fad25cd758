/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * rolls - the roll of the books in the daemon: read back, laid over the configuration,
 *         changed by acts, and kept as the days go by
 */
#ifndef HOPLUU_DAEMON_ROLLS_H
#define HOPLUU_DAEMON_ROLLS_H

#include "daemon/center.h"
#include "ledger/roll.h"

struct rolls;

/* Before the journal is replayed. */
int rolls_open(struct center *c, struct rolls **ret_rolls, struct err *err);
void *rolls_close(struct rolls *r);
/* A line of the journal that carries a decision. */
int rolls_replay(struct rolls *r, const struct act *a, struct err *err);

/* Lay the roll over a site that was just read; it is that of the settings in a moment.
 * Nothing is posted yet. */
int rolls_lay(struct rolls *r, struct site *site, struct err *err);
/* Close what has ended, and wake up again when something begins or ends. */
void rolls_keep(struct rolls *r);

const struct roll *rolls_roll(const struct rolls *r);

#endif
