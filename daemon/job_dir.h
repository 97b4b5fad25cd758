/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_dir - what the center keeps of a job's files while they travel
 *
 * state_dir/jobs/ID/in/…    inputs for a job that runs here as a guest
 * state_dir/jobs/ID/out/…   outputs of a job of ours that ran elsewhere, until placed
 */
#ifndef HOPLUU_DAEMON_JOB_DIR_H
#define HOPLUU_DAEMON_JOB_DIR_H

#include <limits.h>

#include "daemon/center.h"

/* state_dir/jobs/ID/SUB; not made. */
int job_dir_path(const struct center *c,
                 uint64_t id,
                 const char *sub,
                 char path[PATH_MAX]);
/* …/NAME with its directories made; the name must be job_file_name_ok(). */
int job_dir_file(const struct center *c,
                 uint64_t id,
                 const char *sub,
                 const char *name,
                 char path[PATH_MAX],
                 struct err *err);
/* Remove the directories that are empty: what could not be placed stays. */
void job_dir_remove_placed(const struct center *c, uint64_t id);
void job_dir_remove(const struct center *c, uint64_t id);

#endif
