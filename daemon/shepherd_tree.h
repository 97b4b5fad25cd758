/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_tree - everything that descends from us, through /proc
 *
 * We are a child subreaper: a process that leaves its session or whose parent ends
 * stays below us, so the walk over /proc/PID/task/TID/children finds it.
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_TREE_H
#define HOPLUU_DAEMON_SHEPHERD_TREE_H

#include <stddef.h>
#include <stdint.h>

#define TREE_MAX 65536

/* Send `signal` to every descendant of this process; how many there were. */
size_t tree_signal(int signal);

/* Sum of their resident memory, bytes. */
uint64_t tree_rss(void);

#endif
