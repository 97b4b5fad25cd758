/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * csv - cells of tables for programs
 */
#ifndef HOPLUU_REPORT_CSV_H
#define HOPLUU_REPORT_CSV_H

#include <stdio.h>

/* A cell, in quotes where RFC 4180 wants them. */
void csv_text(FILE *out, const char *text);

#endif
