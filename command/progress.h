/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * progress - on a terminal, how far something long has come
 *
 * One line on stderr that is written over, from the second second on, four times a
 * second at most. Without a terminal there is nothing.
 */
#ifndef HOPLUU_COMMAND_PROGRESS_H
#define HOPLUU_COMMAND_PROGRESS_H

#include <stdint.h>

/* So many of `what` so far: cheap enough for each record of a year. */
void progress_count(uint64_t n, const char *what);
/* What is looked at now: a file's name. */
void progress_at(const char *name);
/* The line is gone; before anything else is said. */
void progress_end(void);

#endif
