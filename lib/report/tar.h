/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * tar - a bundle as one file that goes on a stick or a disc, and back
 *
 * POSIX ustar, what any `tar` reads: files only, in the order of their names, without
 * owner, mode or time, so that the same bundle gives the same bytes. Unpacking takes
 * exactly that and makes nothing outside its directory.
 */
#ifndef HOPLUU_REPORT_TAR_H
#define HOPLUU_REPORT_TAR_H

#include <stdio.h>

#include "base/err.h"

/* All files of the bundle. 0, -E2BIG (a file of 8 GiB), -errno. */
int tar_write(const char *dir, FILE *out, struct err *err);

/*
 * Into the empty directory dir. 0, -EBADMSG (cut, damaged, or not such a file: where),
 * -errno. What was made stays: the caller removes it.
 */
int tar_read(FILE *in, const char *dir, struct err *err);

#endif
