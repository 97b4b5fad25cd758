/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sheet - rows of picked fields, printed the way that was asked for
 *
 * A table is as wide as its contents: nothing is cut unless a width was given.
 * Picks by letters (picks.exact) are printed just so, cut at their widths, as squeue
 * does. Widths count columns on the screen, not bytes.
 */
#ifndef HOPLUU_COMMAND_SHEET_H
#define HOPLUU_COMMAND_SHEET_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "command/field.h"

enum sheet_style {
    SHEET_TABLE,
    SHEET_PARSABLE,  /* '|' after each cell */
    SHEET_PARSABLE2, /* '|' between cells */
    SHEET_CSV,       /* RFC 4180 */
};

struct sheet_look {
    enum sheet_style style;
    bool no_header;
    bool rule;     /* a row of dashes under the headings, as sacct prints */
    char cut_mark; /* last column of a cell that was cut; 0 = none (sacct: '+') */
};

struct sheet;

/* Borrows picks and the fields. NULL = no memory. */
struct sheet *sheet_new(const struct picks *picks, struct sheet_look look);
void *sheet_free(struct sheet *s);
DEFINE_FREEP(sheet, struct sheet)

/* Take one row's texts now; the row may go afterwards. 0 or -ENOMEM. */
int sheet_add(struct sheet *s, const void *row);

/* To stdout. 0 or -ENOMEM. */
int sheet_print(const struct sheet *s);

/* A cell on stdout, padded or cut to a width (0 = as it is), control bytes shown as
   '?'. */
void sheet_cell(const char *text, int width, bool right, char cut_mark);

#endif
