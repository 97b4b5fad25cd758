/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_paper - what a report says in words before its tables
 */
#ifndef HOPLUU_COMMAND_FREPORT_PAPER_H
#define HOPLUU_COMMAND_FREPORT_PAPER_H

#include "command/freport_tables.h"

/* The PDF of a report. 0, -E… with the text. */
int freport_paper(const char *path,
                  const struct freport_ask *ask,
                  const struct registry *registry,
                  const struct freport_grids *grids,
                  struct err *err);

#endif
