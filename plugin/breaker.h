/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * breaker - whoever does not answer is not waited for again and again
 *
 *     shut ──no answer──> open ──its time has come──> trying ──answer──> shut
 *                          ^                            └──no answer──> open, twice as
 * long
 *
 * Shut: ask, with the whole time that a question may take. Open: do not ask. Trying:
 * one question that may take BREAKER_TRY_US, so that finding out costs nobody
 * anything. Pure: the caller brings the clock.
 */
#ifndef HOPLUU_PLUGIN_BREAKER_H
#define HOPLUU_PLUGIN_BREAKER_H

#include "base/time.h"

#define BREAKER_FIRST_US (INT64_C(500) * 1000) /* open after the first failure */
#define BREAKER_MOST_US (INT64_C(8) * US_PER_S)
#define BREAKER_TRY_US INT64_C(600)

enum breaker_state { BREAKER_SHUT, BREAKER_OPEN, BREAKER_TRYING };

struct breaker {
    enum breaker_state state;
    int64_t pause_us;  /* of the last opening; 0 = none since an answer came */
    struct mono again; /* when it may be tried next */
};

/* How long a question may take that begins now: whole_us, BREAKER_TRY_US or 0 (do not
 * ask). */
int64_t breaker_time(struct breaker *b, struct mono now, int64_t whole_us);

/* An answer came. */
void breaker_good(struct breaker *b);

/* None came, or it was none. */
void breaker_bad(struct breaker *b, struct mono now);

#endif
