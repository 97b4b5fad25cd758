/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bundle_int - what making and checking a bundle share */
#ifndef HOPLUU_REPORT_BUNDLE_INT_H
#define HOPLUU_REPORT_BUNDLE_INT_H

#include <stdio.h>

#include "base/buf.h"
#include "ledger/merkle.h"
#include "report/bundle.h"

#define MANIFEST_BYTES ((size_t)4 << 20)
#define PATH_BYTES 4096
#define PREFIX_DIGITS 16 /* of a line's hash, in records/CENTER.lines */

/* dir/name into path[PATH_BYTES]. 0, -ENAMETOOLONG. */
int bundle_path(const char *dir, const char *name, char *path, struct err *err);
/* A new file dir/name, its directory made. NULL and *ret_code. */
FILE *bundle_create(const char *dir, const char *name, int *ret_code, struct err *err);
/* Close; says what could not be written. r is kept if it is below 0. */
int bundle_close(FILE *f, const char *name, int r, struct err *err);
/* All of a file; ceiling max. */
int bundle_read(const char *dir,
                const char *name,
                size_t max,
                struct buf *ret_bytes,
                struct err *err);

/* SHA-256 of a file, hexadecimal into text[HASH_TEXT_CAP]. */
int bundle_hash_file(const char *path, char *text, struct err *err);
/* hash_line() of any length, with a context that is made once. */
struct hasher;
struct hasher *hasher_new(void);
void *hasher_free(struct hasher *h);
int hasher_line(struct hasher *h, const char *line, size_t n, char *text);

/* Every regular file below dir as "./path", sorted as bytes; caller frees each and the
   list. -EBADMSG: something that is neither file nor directory, or a name with other
   letters than [A-Za-z0-9._@+-]. */
int bundle_list(const char *dir, char ***ret_v, size_t *ret_n, struct err *err);
void bundle_list_free(char **v, size_t n);

int about_write(const struct bundle_about *a, FILE *out);
int about_read(const char *text, size_t n, struct bundle_about *ret_a, struct err *err);

/* VERIFY.txt for this bundle. */
void verify_text(const struct bundle_about *a, FILE *out);

#endif
