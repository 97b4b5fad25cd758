/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * say - what a command tells its person, and the code that it ends with
 *
 * Every line goes to stderr as "fbatch: error: …", under the name that the
 * program was started by. Texts that came from others have their control bytes
 * replaced.
 */
#ifndef HOPLUU_COMMAND_SAY_H
#define HOPLUU_COMMAND_SAY_H

#include <stdbool.h>

/*
 * Exit codes, stable: scripts act on them. A wrong option is 1 as in Slurm.
 * fbatch --wait ends with the job's own code after it has printed the id.
 */
enum say_exit {
    SAY_OK = 0,
    SAY_ERROR = 1,      /* usage, or anything without a code of its own */
    SAY_DENIED = 3,     /* the asker may not do this */
    SAY_NO_BUDGET = 4,  /* the project's budget does not cover it */
    SAY_NO_CENTER = 5,  /* no center can ever run it */
    SAY_TEMPORARY = 75, /* the same command may work later (EX_TEMPFAIL) */
};

/* First line of main(): locale, and 1 instead of 64 for argp's own errors. */
void say_begin(void);

/* The name the program was started by, without directory. */
const char *say_name(void);

void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Last line of main(): stdout reached its reader, or the code says that it did not. */
int say_end(int code);

#endif
