/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_id - one number for a job, wherever one stands
 *
 * id = number of the entry center × 10⁹ + sequence at that center (1 to 10⁹ − 1).
 * Decimal everywhere, so every tool that reads Slurm's ids reads ours.
 */
#ifndef HOPLUU_MODEL_JOB_ID_H
#define HOPLUU_MODEL_JOB_ID_H

#include <stdint.h>

#include "base/err.h"

#define JOB_ID_STRIDE UINT64_C(1000000000)

/* 0 when center or sequence is out of range. */
uint64_t job_id_make(uint32_t center, uint64_t sequence);
uint32_t job_id_center(uint64_t id);
uint64_t job_id_sequence(uint64_t id);

/* 0, or -EINVAL / -ERANGE with what an id looks like. */
int job_id_parse(const char *text, uint64_t *ret_id, struct err *err);

#endif
