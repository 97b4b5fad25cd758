/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * place_run - have fmap place the ranks of a job on the nodes that it got
 *
 * A module of Slurm's sees base, model and wire; where ranks go is known to lib/place.
 * So a program is asked, as the user, with a deadline: whatever is wrong with it costs
 * the job its placement and nothing else.
 */
#ifndef HOPLUU_PLUGIN_PLACE_RUN_H
#define HOPLUU_PLUGIN_PLACE_RUN_H

#include <limits.h>
#include <stdint.h>

#include "base/err.h"
#include "base/words.h"

#define PLACE_RUN_MS 5000 /* fmap is told to take at most 2 s of searching */

struct place_files {
    char dir[PATH_MAX - 16]; /* "" = there are none */
    char hostfile[PATH_MAX]; /* line i: the node of rank i */
    char rankfile[PATH_MAX]; /* Open MPI's */
};

/*
 * Run `fmap slurm` and wait for it, at most PLACE_RUN_MS; then it is killed.
 *
 * fmap      absolute path
 * pattern   as --comm has it
 * env       the job's, as far as fmap reads it: SLURM_JOB_NODELIST, …
 * under     directory in which one of a new name is made, for this user alone
 *
 * The program runs with the effective user and group of the caller as its only ones.
 * Returns 0 (ret_files: caller ends them with place_files_remove()), -ENOENT, -ETIME,
 * -EINVAL (fmap's own words are in err), -errno. Nothing is left behind on failure.
 */
int place_run(const char *fmap,
              const char *pattern,
              const struct words *env,
              const char *under,
              struct place_files *ret_files,
              struct err *err);

/* As any user; what somebody has put in their place is left. */
void place_files_remove(struct place_files *f);

#endif
