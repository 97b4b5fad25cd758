/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tables_int - behind report/tables.h: columns that tables share, one maker each */
#ifndef HOPLUU_REPORT_TABLES_INT_H
#define HOPLUU_REPORT_TABLES_INT_H

#include "report/tables.h"

struct key_head {
    const char *id;
    const char *vi;
    const char *en;
};
extern const struct key_head key_heads[_TALLY_KEY_MAX];

void key_column(struct grid *g, enum tally_key k);
/* The seven columns of a tally_sum that every table of use has; the first's number. */
size_t sum_columns(struct grid *g);
void sum_cells(struct grid *g, size_t first, const struct tally_sum *s);
int64_t parts_of(uint64_t part, uint64_t whole);

int table_centers(struct grid *g, struct tally *t, const struct registry *registry);
int table_exchange(struct grid *g, struct tally *t, const struct registry *registry);
int table_balance(struct grid *g, struct tally *t);
int table_sponsors(struct grid *g, struct tally *t, const struct registry *registry);
int matrix_cells(struct grid *g, struct tally *t);

#endif
