/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * record_line - a run record as one line of text, in exactly one way
 *
 * JSON, members in alphabetical order, no blanks, integers in base units, texts in
 * UTF-8 with only '"' and '\' escaped; members that are zero or empty are left out.
 * Parsing takes nothing else, so that a record has one line, one hash, and a line that
 * was touched up is refused rather than understood. Members: docs/reports.md.
 */
#ifndef HOPLUU_REPORT_RECORD_LINE_H
#define HOPLUU_REPORT_RECORD_LINE_H

#include <stddef.h>

#include "base/err.h"
#include "model/run_record.h"

#define RECORD_LINE_CAP 5120 /* the longest record with its NUL fits */

/*
 * line [cap], NUL-terminated, without newline. The record must pass run_record_check().
 * 0, -EMSGSIZE, -EINVAL (a text is not UTF-8 or has control bytes).
 */
int record_line_write(const struct run_record *r,
                      char *line,
                      size_t cap,
                      size_t *ret_n);

/*
 * line [n] without its newline. 0, or -EBADMSG with the member and what would be right;
 * *ret_r changes on success only. run_record_check() is part of it.
 */
int record_line_parse(const char *line,
                      size_t n,
                      struct run_record *ret_r,
                      struct err *err);

#endif
