/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * batch_option - the options of fbatch, as one table for the command line, for
 *                #SBATCH lines and for SBATCH_* variables
 */
#ifndef HOPLUU_COMMAND_BATCH_OPTION_H
#define HOPLUU_COMMAND_BATCH_OPTION_H

#include <argp.h>

#include "base/err.h"
#include "base/words.h"

/* Keys are the short letters; options without one count from here. */
enum batch_key {
    BATCH_COMMENT = 256,
    BATCH_EXCLUSIVE,
    BATCH_EXPORT,
    BATCH_GPUS_PER_NODE,
    BATCH_GRES,
    BATCH_HINT,
    BATCH_MAIL_TYPE,
    BATCH_MAIL_USER,
    BATCH_MEM,
    BATCH_MEM_PER_CPU,
    BATCH_TASKS_PER_NODE,
    BATCH_OPEN_MODE,
    BATCH_PARSABLE,
    BATCH_REQUEUE,
    BATCH_AT_LEAST_ONCE,
    BATCH_NO_REQUEUE,
    BATCH_SIGNAL,
    BATCH_TEST_ONLY,
    BATCH_WRAP,
    BATCH_RESERVATION,
    BATCH_COMM,
    BATCH_COMM_KEY,
    BATCH_TRANSFER_IN,
    BATCH_TRANSFER_OUT,
    BATCH_SOCKET,
    BATCH_REFUSED, /* Slurm has it, this network does not (yet) */
};

extern const struct argp_option batch_options[];

/* "--time" or "-x" for messages; text [64]; returns text. */
char *batch_option_name(int key, char *text);

/* One option with its argument, NULL when it has none; name as in messages. */
typedef int (*batch_option_fn)(
    int key, const char *name, const char *value, void *arg, struct err *err);

/*
 * Walk words as getopt_long would: "-N2", "-N 2", "-HJ name", "--time=5", "--time 5",
 * unique beginnings of long names. 0, what `each` returned, or -EINVAL (unknown,
 * ambiguous, argument missing or not wanted, or a word that is no option).
 */
int batch_options_walk(const struct words *words,
                       batch_option_fn each,
                       void *arg,
                       struct err *err);

/* The SBATCH_* variables that are set, in the order of a table. */
int batch_options_env(batch_option_fn each, void *arg, struct err *err);

#endif
