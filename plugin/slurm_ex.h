/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_ex - what Slurm exports to plugins and declares in no public header
 *
 * Strings that become part of a job must come from slurm_xstrdup(): Slurm frees them.
 * N.B. slurm.h wants stdint.h and sys/types.h before it, and has job states of the
 * names that ours have: here they are SLURM_JOB_….
 */
#ifndef HOPLUU_PLUGIN_SLURM_EX_H
#define HOPLUU_PLUGIN_SLURM_EX_H

#include <stdint.h>
#include <sys/types.h>

#define JOB_PENDING SLURM_JOB_PENDING
#define JOB_RUNNING SLURM_JOB_RUNNING
#define JOB_SUSPENDED SLURM_JOB_SUSPENDED
#define JOB_CANCELLED SLURM_JOB_CANCELLED
#define JOB_FAILED SLURM_JOB_FAILED
#define JOB_TIMEOUT SLURM_JOB_TIMEOUT
#define JOB_NODE_FAIL SLURM_JOB_NODE_FAIL
#define JOB_PREEMPTED SLURM_JOB_PREEMPTED
#define JOB_BOOT_FAIL SLURM_JOB_BOOT_FAIL
#define JOB_DEADLINE SLURM_JOB_DEADLINE
#include <slurm/slurm.h>
enum { SLURM_JOB_CONFIGURING = JOB_CONFIGURING, SLURM_JOB_COMPLETING = JOB_COMPLETING };
#undef JOB_CONFIGURING
#undef JOB_COMPLETING
#undef JOB_PENDING
#undef JOB_RUNNING
#undef JOB_SUSPENDED
#undef JOB_CANCELLED
#undef JOB_FAILED
#undef JOB_TIMEOUT
#undef JOB_NODE_FAIL
#undef JOB_PREEMPTED
#undef JOB_BOOT_FAIL
#undef JOB_DEADLINE

#include <slurm/slurm_errno.h>
#include <slurm/slurm_version.h>

extern char *slurm_xstrdup(const char *text);
extern char *slurm_xstrdup_printf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
extern void slurm_xfree(void **p);
extern void slurm_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern void slurm_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
