/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* journal_file - lines of a journal in a file, one after the other */
#ifndef HOPLUU_REPORT_JOURNAL_FILE_H
#define HOPLUU_REPORT_JOURNAL_FILE_H

#include <stddef.h>

#include "base/err.h"

/*
 * Each line without its newline, valid during the call; a value below 0 ends it, with
 * the file and line put before its text.
 *
 * 0, what each() said, -EBADMSG (too long, no newline at the end), -errno, -ENOMEM. A
 * NUL inside is for each() to refuse.
 */
int journal_file_each(
    const char *path,
    int (*each)(const char *line, size_t n, void *arg, struct err *err),
    void *arg,
    struct err *err);

#endif
