/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * posting - one line of the account book: an amount that leaves one account and
 *           enters another
 *
 * Amounts are thousandths of a unit, never negative; from and to differ. Both
 * sides move by the same amount, so the sum over all accounts is always zero.
 */
#ifndef HOPLUU_MODEL_POSTING_H
#define HOPLUU_MODEL_POSTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "model/name.h"
#include "model/usage.h"

#define ACCOUNT_CAP 160 /* "avail:ioit.climate@hanoi" */

enum posting_kind {
    POST_GRANT,    /* budget -> avail */
    POST_WITHDRAW, /* avail -> budget */
    POST_HOLD,     /* avail -> hold */
    POST_CAPTURE,  /* hold -> spent */
    POST_OVERRUN,  /* beyond the hold: avail -> spent, owed -> spent, avail -> owed */
    POST_RELEASE,  /* hold -> avail */
    POST_REFUND,   /* spent -> avail */
    _POSTING_KIND_MAX
};

struct posting {
    uint64_t seq; /* set by the store */
    enum posting_kind kind;
    struct wall at;
    uint64_t job; /* 0 = none */
    uint32_t epoch;
    char from[ACCOUNT_CAP];
    char to[ACCOUNT_CAP];
    int64_t milli;
};

const char *posting_kind_word(enum posting_kind k);
bool posting_kind_parse(const char *word, enum posting_kind *ret_k);

#endif
