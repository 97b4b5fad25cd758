/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * time - two kinds of time that do not mix
 *
 * `mono` counts microseconds of this boot and never jumps: timers, deadlines.
 * `wall` counts microseconds since 1970-01-01 UTC: what is stored and shown.
 * Pure rooms take both as arguments and call neither *_now().
 */
#ifndef HOPLUU_BASE_TIME_H
#define HOPLUU_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mono {
    int64_t us;
};

struct wall {
    int64_t us; /* 0 = not set */
};

#define US_PER_S INT64_C(1000000)

/* One reading of both clocks, made once per turn of the loop. */
struct now {
    struct mono mono;
    struct wall wall;
};

struct now now_read(void);

#define TIME_TEXT_MAX 40

/*
 * "2026-11-23T20:45:01Z" in UTC, or without the Z in the zone of the process.
 * text [TIME_TEXT_MAX]; "Unknown" when the time is not set. Returns text.
 */
char *wall_text(struct wall t, bool utc, char *text);

/*
 * Slurm's ways to write a moment: YYYY-MM-DD[THH:MM[:SS]], HH:MM[:SS], today,
 * tomorrow, midnight, noon, now, now+N[seconds|minutes|hours|days|weeks], and the
 * same with '-'. A day alone means its first second. Local zone unless it ends in Z.
 *
 * Returns 0 or -EINVAL (text names the value).
 */
int wall_parse(const char *text, struct wall now, struct wall *ret_t, struct err *err);

#endif
