/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_child - from the shepherd's rights to the user's, and exec
 *
 * Order in the child: control group, session, signals, limits, output files of the
 * daemon's own directory, groups, gid, uid, proof that there is no way back, working
 * directory, the user's own files, exec. What fails is told through a pipe that exec
 * closes.
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_CHILD_H
#define HOPLUU_DAEMON_SHEPHERD_CHILD_H

#include <sys/types.h>

#include "base/err.h"
#include "daemon/shepherd_cgroup.h"
#include "daemon/shepherd_plan.h"

/*
 * group      joined first; may be none
 * step_out   write ends for a step's stdout and stderr; unused otherwise
 *
 * Returns 0 once the program has been exec'ed, or -errno with what failed.
 */
int child_start(const struct plan *p,
                const struct cgroup *group,
                const int step_out[2],
                pid_t *ret_pid,
                struct err *err);

#endif
