/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * batch_script - the #SBATCH lines of a script, read as Slurm reads them
 *
 * Reading stops at the first line that is neither empty nor a comment. Words are
 * separated by blanks; ' and " quote, a backslash takes the next byte as it is,
 * and a word that begins with # ends the line.
 */
#ifndef HOPLUU_COMMAND_BATCH_SCRIPT_H
#define HOPLUU_COMMAND_BATCH_SCRIPT_H

#include <stddef.h>

#include "base/err.h"
#include "base/words.h"

#define BATCH_LINE_WORDS_MAX 256

/* One #SBATCH line. Not 0 ends the reading with that value. */
typedef int (*batch_line_fn)(const struct words *words,
                             unsigned line,
                             void *arg,
                             struct err *err);

/*
 * Call `each` for every #SBATCH line of text[len].
 *
 * ret_late   number of the first #SBATCH line after the reading stopped, 0 = none;
 *            may be NULL
 *
 * Returns 0, what `each` returned, -EINVAL (open quote, DOS line ends: the text has the
 * line's number) or -ENOMEM.
 */
int batch_script_read(const char *text,
                      size_t len,
                      batch_line_fn each,
                      void *arg,
                      unsigned *ret_late,
                      struct err *err);

#endif
