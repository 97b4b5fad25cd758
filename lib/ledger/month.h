/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * month - a month of the books is closed: its balances become lines, and nothing is
 *         posted into it any more
 *
 *     {"account":"ioit.climate","available":"16.000","do":"close","kind":"month",…}
 *     {"accounts":"1","available":"16.000","do":"close","kind":"month","name":"2026-10",…}
 *
 * A line per account, then one with their number and sums, all in one batch. Months are
 * those of the reports (UTC+7). What a month holds are the lines between two closings:
 * whatever is posted after it is dated in the open month, however late it is, and a
 * journal that has an earlier date after the closing is damaged.
 */
#ifndef HOPLUU_LEDGER_MONTH_H
#define HOPLUU_LEDGER_MONTH_H

#include "base/err.h"
#include "base/time.h"
#include "ledger/act.h"
#include "ledger/book.h"

#define MONTH_CAP 8 /* "2026-10" */

/* The first moment of the month and of the next one: 0, -EINVAL. */
int month_span(const char *name,
               struct wall *ret_from,
               struct wall *ret_until,
               struct err *err);
/* The month that a moment lies in; text [MONTH_CAP]; returns text. */
char *month_name(struct wall at, char *text);

/*
 * The acts that close it, one after the other; below 0 ends it and is returned.
 *
 * 0, -EOVERFLOW (the sums), what each() says.
 */
int month_acts(const struct book *b,
               const char *name,
               int (*each)(const struct act *a, void *arg, struct err *err),
               void *arg,
               struct err *err);

/* An act that closes, as it comes: its figures are the book's, and with the last one
 * the month is closed. Others are left alone. 0, -EINVAL (the journal is damaged). */
int month_take(struct book *b, const struct act *a, struct err *err);

#endif
