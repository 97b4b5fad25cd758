/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * posting - one step of a transaction: an amount that leaves one account and enters
 *           another
 *
 * Amounts are thousandths of a unit (mNSU), never negative; from and to differ. Both
 * sides move by the same amount, so the sum over all accounts is always zero. The
 * postings of one transaction follow each other with parts 0, 1, 2, …; together they
 * are one line of the journal (docs/accounting.md). The kind follows from the two
 * accounts.
 */
#ifndef HOPLUU_MODEL_POSTING_H
#define HOPLUU_MODEL_POSTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "model/name.h"
#include "model/usage.h"

#define ACCOUNT_CAP 160     /* "avail:ioit.climate@hanoi" */
#define TXN_CAP 64          /* "S3000000077.1" */
#define TXN_POSTINGS_MAX 16 /* of one transaction */

enum posting_kind {
    POST_GRANT,    /* budget -> avail */
    POST_WITHDRAW, /* avail -> budget */
    POST_HOLD,     /* avail -> hold */
    POST_CAPTURE,  /* hold -> spent */
    POST_OVERRUN,  /* beyond the hold: avail -> spent, owed -> spent, avail -> owed */
    POST_RELEASE,  /* hold -> avail */
    POST_REFUND,   /* spent -> refund, refund -> avail */
    POST_EARN,     /* budget -> earned: the other side of a capture or over-run */
    POST_UNEARN,   /* earned -> budget: the other side of a refund */
    POST_MOVE,     /* avail -> avail: of another node, or of another center */
    POST_EXPIRE,   /* avail -> expired */
    POST_NET,      /* clearing -> clearing */
    _POSTING_KIND_MAX
};

struct posting {
    uint64_t seq;  /* of its line, from 0; set by the store */
    uint32_t part; /* 0 begins a line, the next ones belong to it */
    enum posting_kind kind;
    struct wall at; /* whole seconds in the journal */
    uint64_t job;   /* 0 = none */
    uint32_t epoch;
    char txn[TXN_CAP]; /* "" = named after the kind and the job */
    char from[ACCOUNT_CAP];
    char to[ACCOUNT_CAP];
    int64_t milli;
    bool has_raw; /* part 0 of a settlement tells what was used beside the price */
    struct tres_seconds raw;
};

const char *posting_kind_word(enum posting_kind k);
bool posting_kind_parse(const char *word, enum posting_kind *ret_k);

/* The kind of a step between these two accounts, by their first words. False: no such
 * step. */
bool posting_kind_of(const char *from, const char *to, enum posting_kind *ret_k);

#endif
