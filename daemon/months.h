/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * months - closing the months of the books
 */
#ifndef HOPLUU_DAEMON_MONTHS_H
#define HOPLUU_DAEMON_MONTHS_H

#include <stdbool.h>

#include "daemon/center.h"
#include "ledger/act.h"

struct months;

/* Before the journal is replayed: 0, -ENOMEM. */
int months_open(struct center *c, struct months **ret_months);
void *months_free(struct months *m);

/* Whether an act of the journal is ours; then it is taken in: 0, -EINVAL (the journal
 * is damaged), -ENOMEM. */
bool months_is_act(const struct act *a);
int months_take(struct months *m, const struct act *a, struct err *err);

/* Close what is over, if closing has begun. */
void months_keep(struct months *m);
/* When the open month ends; INT64_MAX = closing has not begun. */
struct wall months_next(const struct months *m);

#endif
