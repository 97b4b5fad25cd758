/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * record_file - a file of record lines, read from front to end
 *
 * Constant memory, whatever its length. Errors name the file and the line.
 */
#ifndef HOPLUU_REPORT_RECORD_FILE_H
#define HOPLUU_REPORT_RECORD_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "model/run_record.h"

struct record_file;

/* path "-" is standard input; it is borrowed until the end. 0, -errno, -ENOMEM. */
int record_file_open(const char *path, struct record_file **ret_f, struct err *err);
void *record_file_free(struct record_file *f);
DEFINE_FREEP(record_file, struct record_file)

/*
 * The next line as it stands, not judged; valid until the next call.
 *
 * 1 = there was one, 0 = end, -EBADMSG (too long, an empty line, a last line without
 * newline), -errno.
 */
int record_file_line(struct record_file *f,
                     const char **ret_line,
                     size_t *ret_n,
                     struct err *err);

/* The next record. 1, 0 = end, -EBADMSG ("FILE:17: milli: ..."), -errno. */
int record_file_next(struct record_file *f, struct run_record *ret_r, struct err *err);

/* Number of the line that was returned last, from 1. */
uint64_t record_file_number(const struct record_file *f);

#endif
