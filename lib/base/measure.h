/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * measure - text to number, always with a minimum and a maximum
 *
 * Each takes the whole text or refuses it: no leading blanks, no trailing
 * junk, no silent overflow. Outputs are written on success only.
 * Returns 0, -EINVAL (not a number of this kind) or -ERANGE (outside min..max);
 * the text in err names the value and what would be right.
 */
#ifndef HOPLUU_BASE_MEASURE_H
#define HOPLUU_BASE_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DURATION_UNLIMITED UINT32_MAX
#define DURATION_TEXT_MAX 32
#define SIZE_TEXT_MAX 24

int measure_u64(
    const char *text, uint64_t min, uint64_t max, uint64_t *ret_n, struct err *err);
int measure_u32(
    const char *text, uint32_t min, uint32_t max, uint32_t *ret_n, struct err *err);
int measure_i64(
    const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *err);

/* A decimal fraction such as 0.25; for scores and shares, never for money. */
int measure_double(
    const char *text, double min, double max, double *ret_x, struct err *err);

/*
 * Slurm's time limits: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S; UNLIMITED, INFINITE, -1.
 *
 * ret_s   seconds, or DURATION_UNLIMITED. "0" is refused (-ERANGE).
 */
int measure_duration(const char *text, uint32_t *ret_s, struct err *err);

/*
 * Sizes with one optional letter K M G T (powers of 1024, also KB, KiB …).
 *
 * unit_bytes   what a bare number counts (Slurm's --mem: 1 MiB)
 */
int measure_size(const char *text,
                 uint64_t unit_bytes,
                 uint64_t max_bytes,
                 uint64_t *ret_bytes,
                 struct err *err);

/*
 * A decimal amount with at most three digits after the point, in thousandths:
 * "12.5" is 12500. Money enters the books only through this.
 */
int measure_milli(const char *text,
                  int64_t max_milli,
                  int64_t *ret_milli,
                  struct err *err);

/* [D-]HH:MM:SS, or UNLIMITED. text [DURATION_TEXT_MAX]; returns text. */
char *duration_text(uint64_t seconds, char *text);

/* 1536 MiB as "1.50G"; whole units without a point. text [SIZE_TEXT_MAX]. */
char *size_text(uint64_t bytes, char *text);

#endif
