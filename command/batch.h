/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * batch - what a person asked of fbatch, from three sources
 *
 * Later sources win: #SBATCH lines, then SBATCH_* variables, then the command
 * line. Lists of files to transfer add up. Amounts that depend on each other
 * (tasks and nodes, kinds of memory) are settled at the end by batch_finish().
 */
#ifndef HOPLUU_COMMAND_BATCH_H
#define HOPLUU_COMMAND_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "base/words.h"
#include "model/job_spec.h"

enum batch_source { BATCH_FROM_SCRIPT, BATCH_FROM_ENV, BATCH_FROM_LINE };

struct batch {
    struct job_spec *spec;
    enum batch_source source; /* of the options that are being set now */
    struct wall now;
    bool tasks_given;
    bool mem_zero; /* --mem=0: all that a node has */
    enum batch_source mem_source;
    enum batch_source mem_cpu_source;
    struct words transfer_in;
    char *export; /* as typed; NULL = ALL */
    char *chdir;  /* as typed; NULL = here */
    char *wrap;
    char *socket;
    bool parsable;
    bool test_only;
    bool wait;
    bool quiet;
    unsigned verbose;
};

/* 0 or -ENOMEM. */
int batch_init(struct batch *b, struct wall now);
void batch_release(struct batch *b);

/* Take one option: 0, -EINVAL with a text that begins with `name`, -ENOMEM. */
int batch_set(
    struct batch *b, int key, const char *name, const char *value, struct err *err);

/*
 * Settle what depends on more than one option, and take over the environment.
 * `script_name` names a job that has no name. Warns (say_warning) where Slurm does.
 * 0, -EINVAL, -E2BIG.
 */
int batch_finish(struct batch *b,
                 const char *script_name,
                 char *const *environment,
                 struct err *err);

/* Environment by the rules of --export, into `to`. 0, -E2BIG with the ceiling, -ENOMEM.
 */
int batch_export(const char *how,
                 char *const *environment,
                 struct words *to,
                 struct err *err);

#endif
