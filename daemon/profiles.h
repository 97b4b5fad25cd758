/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * profiles - what programs' ranks said to each other, kept by fingerprint
 *
 * The fingerprint is known before a run: institution, project, number of ranks, the
 * text of --comm-key, and the script without its #SBATCH lines. Which executables ran
 * is seen when it ends: a profile of another build is dropped then. A profile stays at
 * the center that ran the job, and serves the same project only.
 */
#ifndef HOPLUU_DAEMON_PROFILES_H
#define HOPLUU_DAEMON_PROFILES_H

#include "daemon/center.h"
#include "engine/engine.h"
#include "model/copy.h"
#include "model/job_spec.h"

/* Its matrix is appended to text; nothing, if none is known or asked for. */
void profiles_find(struct center *c,
                   const struct copy *x,
                   const struct job_spec *spec,
                   struct buf *matrix);

/* A run has ended: keep what it recorded, or drop what it disproves; fills t->note. */
void profiles_take(struct center *c,
                   const struct copy *x,
                   const struct job_spec *spec,
                   struct engine_traffic *t);

/* 0, or -EINVAL: --comm is neither a pattern for so many ranks nor learn or relearn. */
int profiles_check_comm(const struct request *r, struct err *err);

#endif
