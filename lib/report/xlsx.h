/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * xlsx - tables as a spreadsheet, one sheet each
 *
 * Numbers are number cells, in the units that people read, so that the reader's program
 * shows them as its language does; the last line adds up. The same tables give the same
 * bytes. Built if libxlsxwriter is there; else xlsx_write() answers -ENOTSUP.
 */
#ifndef HOPLUU_REPORT_XLSX_H
#define HOPLUU_REPORT_XLSX_H

#include "report/grid.h"

/*
 * made   s since 1970: the date that stands in the file
 *
 * 0, -ENOTSUP, -E2BIG (more rows than a sheet has), -EIO, -ENOMEM.
 */
int xlsx_write(const char *path,
               const char *title,
               enum lang l,
               struct grid *const *grids,
               size_t n,
               int64_t made,
               struct err *err);

#endif
