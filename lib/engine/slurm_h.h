/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_h - <slurm/slurm.h> beside our own nouns
 *
 * Slurm and model/job_state.h have the same names for states; Slurm's get SLURM_ in
 * front here. Only slurm_rpc*.c, slurm_words.c and their tests see this file.
 */
#ifndef HOPLUU_ENGINE_SLURM_H_H
#define HOPLUU_ENGINE_SLURM_H_H

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
#include <slurm/slurm_errno.h>
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
/* In slurm.h these are macros; ours are enumerators. */
#ifdef JOB_CONFIGURING
enum { SLURM_JOB_CONFIGURING = JOB_CONFIGURING };
#undef JOB_CONFIGURING
#endif
#ifdef JOB_COMPLETING
enum { SLURM_JOB_COMPLETING = JOB_COMPLETING };
#undef JOB_COMPLETING
#endif

#endif
