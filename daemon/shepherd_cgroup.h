/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_cgroup - a control group (version 2) of the job's own, where we may make one
 *
 * Below our own group, so that a service with Delegate=yes, or root, may. It holds the
 * script and all that descends from it, and is killed whole by one write. Where it
 * cannot be made there is none, and the walk through /proc (shepherd_tree.h) is all.
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_CGROUP_H
#define HOPLUU_DAEMON_SHEPHERD_CGROUP_H

#include <limits.h>

struct cgroup {
    char dir[PATH_MAX]; /* "" = none */
};

/* Named after the job's directory `job_dir`. */
void cgroup_make(struct cgroup *g, const char *job_dir);

/* In the child, before it changes its user: join. No group: nothing. */
void cgroup_join(const struct cgroup *g);

void cgroup_kill(const struct cgroup *g);

/* Nothing is left in it: remove it. */
void cgroup_remove(struct cgroup *g);

#endif
