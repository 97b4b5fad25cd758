/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_tables - reports that are made of a tally of records, and how they are
 * written
 */
#ifndef HOPLUU_COMMAND_FREPORT_TABLES_H
#define HOPLUU_COMMAND_FREPORT_TABLES_H

#include "command/freport.h"
#include "report/grid.h"
#include "report/registry.h"
#include "report/tables.h"
#include "report/tally.h"

/* The tables of one report, in order; the grids are owned. */
struct freport_grids {
    struct grid *v[_STATEMENT_TABLE_MAX + 4];
    size_t n;
    const char *vi; /* title of all */
    const char *en;
    const struct tally *tally; /* that they are made of; borrowed */
};
void freport_grids_release(struct freport_grids *g);

/* All records of the ask's source, year and ministry. 0, -E… with the text. */
int freport_tally(const struct freport_ask *ask,
                  const struct registry *registry,
                  bool persons,
                  struct tally **ret_t,
                  struct err *err);

/* One more table: what the ids of ministries, institutions and centers stand for. */
int freport_names(const char *ministry,
                  const struct registry *registry,
                  struct freport_grids *grids,
                  struct err *err);

/* table, xlsx and pdf are for people, csv and json for programs. */
bool freport_for_people(const struct freport_ask *ask);
/* Ends the program when --format is not a form of tables, or needs --output. */
void freport_check_format(const struct freport_ask *ask);
/* As --format, --output and --lang say. 0, -E… with the text. */
int freport_write(const struct freport_ask *ask,
                  const struct registry *registry,
                  const struct freport_grids *grids,
                  struct err *err);

#endif
