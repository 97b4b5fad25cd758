/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * grid - a table of a report: what a cell means, in two languages, and how it is
 * written
 *
 * Cells are texts or whole numbers in base units; a column's kind says how people read
 * them. Programs get the base units (CSV, JSON), people get hours, units and dots
 * (text, spreadsheet, PDF): both from the same cells. No locale is asked: Debian does
 * not install vi_VN, and a report must not depend on the machine that makes it.
 */
#ifndef HOPLUU_REPORT_GRID_H
#define HOPLUU_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "model/name.h"

enum lang { LANG_EN, LANG_VI, _LANG_MAX };
const char *lang_word(enum lang l);
bool lang_parse(const char *word, enum lang *ret_l);

enum grid_kind {
    GRID_TEXT,
    GRID_COUNT,
    GRID_MILLI,     /* thousandths of a unit: units, three decimals */
    GRID_S,         /* seconds: as they are */
    GRID_S_HOURS,   /* seconds × something: hours, two decimals */
    GRID_US_HOURS,  /* microseconds: hours */
    GRID_MIB_HOURS, /* MiB × s: GiB-hours */
    GRID_PARTS,     /* of 10,000: percent, two decimals; -1 = there is none */
    _GRID_KIND_MAX
};

#define GRID_COLUMNS_MAX 128
#define GRID_ROWS_MAX 4000000

struct grid_column {
    char id[NAME_CAP]; /* "core_s": name for programs */
    char vi[TITLE_CAP];
    char en[TITLE_CAP];
    enum grid_kind kind;
    bool sum; /* the last line for people adds it up */
};

struct grid_cell {
    int64_t n;
    char *text; /* of GRID_TEXT */
};

struct grid {
    char id[NAME_CAP]; /* "usage": name for programs */
    char vi[TITLE_CAP];
    char en[TITLE_CAP];
    struct grid_column *columns;
    size_t n_columns;
    struct grid_cell *cells; /* [n_rows][n_columns] */
    size_t n_rows;
    size_t cap;
    int err; /* the first thing that went wrong: asked once at the end */
};

/* NULL = no memory. */
struct grid *grid_new(const char *id, const char *vi, const char *en);
void *grid_free(struct grid *g);
DEFINE_FREEP(grid, struct grid)

/* Before the first row. Errors are kept in g->err. */
void grid_column(struct grid *g,
                 const char *id,
                 const char *vi,
                 const char *en,
                 enum grid_kind kind,
                 bool sum);
/* A new row of zeros; then its cells. */
void grid_row(struct grid *g);
void grid_text(struct grid *g, size_t column, const char *text);
void grid_number(struct grid *g, size_t column, int64_t n);

static inline const struct grid_cell *grid_at(const struct grid *g,
                                              size_t row,
                                              size_t column)
{
    return &g->cells[row * g->n_columns + column];
}
static inline const char *grid_title(const struct grid *g, enum lang l)
{
    return l == LANG_VI ? g->vi : g->en;
}
static inline const char *grid_head(const struct grid_column *c, enum lang l)
{
    return l == LANG_VI ? c->vi : c->en;
}
/* Sum of a column: 0, -EOVERFLOW. */
int grid_sum(const struct grid *g, size_t column, int64_t *ret_sum);
bool grid_has_sums(const struct grid *g);

#define GRID_NUMBER_CAP 40
/* "1.234.567,89" (vi) or "1,234,567.89" (en), as the kind says. text
   [GRID_NUMBER_CAP]; returns text. */
char *grid_number_text(int64_t n, enum grid_kind kind, enum lang l, char *text);
/* Decimals of a kind, and what a number is divided by: for spreadsheets. */
unsigned grid_decimals(enum grid_kind kind);
double grid_divisor(enum grid_kind kind);

/* Columns on a terminal that UTF-8 text takes. */
size_t grid_width(const char *text);

/* RFC 4180 with line feeds: ids, then base units. */
void grid_csv(const struct grid *g, FILE *out);
/* An object {"id":…,"columns":[…],"rows":[[…]]}, base units; without a line end. */
void grid_json(const struct grid *g, FILE *out);
/* Aligned, with a line of sums. */
int grid_plain(const struct grid *g, enum lang l, FILE *out);

#endif
