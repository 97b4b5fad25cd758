/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * proxies - jobs of this center's own Slurm that stand for jobs of the federation
 *
 * `sbatch --center` leaves a held job in Slurm, the proxy, and a held one here. Neither
 * does anything before the other has been seen: the job is given free when its proxy is
 * in Slurm's table, and from then on what happens to one happens to the other.
 *
 *     proxy seen, job held          -> the job may start
 *     job starts, moves             -> the proxy's note says so
 *     job over                      -> the proxy runs its own little script and ends as
 *                                      the job did; cancelled if that was
 *     proxy cancelled or gone       -> the job is cancelled
 *     no proxy after ORPHAN_S       -> the job is cancelled: sbatch was told that the
 *                                      job stays at the center, or was refused
 *
 * Nothing is kept on disk here: the proxy's note names the job, the job's record says
 * that it has a proxy, and each is looked at again after a restart of either daemon.
 */
#ifndef HOPLUU_DAEMON_PROXIES_H
#define HOPLUU_DAEMON_PROXIES_H

#include <stdint.h>

#include "base/err.h"

struct center;
struct proxies;

/* NULL in *ret when the engine is not Slurm: then nobody hands over. 0 or -ENOMEM. */
int proxies_open(struct center *c, struct proxies **ret, struct err *err);
void *proxies_close(struct proxies *p);

/* A job was taken for which a proxy should come. */
void proxies_expect(struct proxies *p, uint64_t job);

#endif
