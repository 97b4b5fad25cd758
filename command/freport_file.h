/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_file - an output that is there whole or not at all
 */
#ifndef HOPLUU_COMMAND_FREPORT_FILE_H
#define HOPLUU_COMMAND_FREPORT_FILE_H

#include <stdio.h>

#include "base/err.h"

/*
 * Let write() fill `path`, or stdout if path is NULL. The file is made beside its place
 * (path.part) and renamed when it is on disk: a reader finds the old one or the whole
 * new one, and a failure leaves nothing.
 *
 * 0, -errno, what write() said.
 */
int freport_into_file(const char *path,
                      int (*write)(FILE *out, void *arg, struct err *err),
                      void *arg,
                      struct err *err);

/* The same for writers that take a path: given path.part. */
int freport_into_path(const char *path,
                      int (*write)(const char *part, void *arg, struct err *err),
                      void *arg,
                      struct err *err);

#endif
