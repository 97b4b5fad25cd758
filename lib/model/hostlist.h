/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * hostlist - "hn[1-4,7],login" as Slurm writes node lists
 */
#ifndef HOPLUU_MODEL_HOSTLIST_H
#define HOPLUU_MODEL_HOSTLIST_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/words.h"

/*
 * Append every name to `names` (whose ceilings hold), in the order written.
 * Leading zeros are kept (n[08-10]). One bracket pair per word.
 *
 * Returns 0, -EINVAL (text shows where), -E2BIG, -ENOMEM. On failure `names`
 * may hold some of the words.
 */
int hostlist_expand(const char *text, struct words *names, struct err *err);

/* The shortest such text for the names in their order; errors show in b->err. */
void hostlist_compress(char *const *names, size_t n, struct buf *b);

#endif
