/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * tables - what a statement says, as tables made from one tally
 *
 * All of them are made of the same cells: the sums of usage, months, states, exchange,
 * centers and sponsors are the sum of the records. docs/reports.md, "Tables".
 */
#ifndef HOPLUU_REPORT_TABLES_H
#define HOPLUU_REPORT_TABLES_H

#include "report/grid.h"
#include "report/tally.h"

enum statement_table {
    TABLE_INSTITUTIONS, /* with people */
    TABLE_USAGE,        /* institution × center */
    TABLE_PROJECTS,
    TABLE_MONTHS,
    TABLE_STATES,
    TABLE_CENTERS,  /* every registered one, reporting or not */
    TABLE_EXCHANGE, /* institution × center, and whether it is another ministry's */
    TABLE_BALANCE,  /* center: lent, borrowed, net; the net amounts sum to 0 */
    TABLE_PAIRS,    /* where submitted × where run */
    TABLE_WASTE,
    TABLE_FAIRNESS,
    TABLE_SPONSORS, /* cost of each center, split among who paid for it */
    _STATEMENT_TABLE_MAX
};

const char *statement_table_word(enum statement_table w);
bool statement_table_parse(const char *word, enum statement_table *ret_w);

/* registry NULL = names are ids, TABLE_CENTERS lists those seen. 0, -EOVERFLOW,
   -ENOBUFS, -ENOMEM. */
int table_make(enum statement_table which,
               struct tally *t,
               const struct registry *registry,
               struct grid **ret_g,
               struct err *err);

/* Sums by any key, for freport usage. */
int table_by(enum tally_key by, struct tally *t, struct grid **ret_g, struct err *err);

/* Institutions down, centers across, core-hours: for people. */
int table_matrix(struct tally *t, struct grid **ret_g, struct err *err);

/* For what leaves a ministry: rows with 1 to min - 1 runs become one row "*" (and the
   next smallest with them until it has min). Sums stay. The table must have a column
   "runs" and sums in all its number columns. 0, -EINVAL, -EOVERFLOW, -ENOMEM. */
int table_suppress(struct grid *g, int64_t min);

/* Parts of a whole, exact: largest remainders first, ties in the order of shares.
   shares [n], of SHARE_ALL in sum; parts [n]. */
void share_split(int64_t whole, const uint32_t *shares, size_t n, int64_t *parts);

/* National centers: how many are registered in the span, and how many of them are among
   the tally's records. */
void national_centers(const struct tally *t,
                      const struct registry *registry,
                      struct period span,
                      unsigned *ret_registered,
                      unsigned *ret_reporting);

#endif
