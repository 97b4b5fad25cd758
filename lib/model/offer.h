/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * offer - what a holder wrote about one center it considered for one job
 *
 * `rule` names the first rule that excluded the center; RULE_NONE means that it
 * was a candidate and the terms below decided. Kept for `fexplain`.
 */
#ifndef HOPLUU_MODEL_OFFER_H
#define HOPLUU_MODEL_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "model/name.h"

enum route_rule {
    RULE_NONE,       /* a candidate */
    RULE_NOT_ASKED,  /* --center named others */
    RULE_AGREEMENT,  /* no agreement in force with it */
    RULE_SPEAKS_FOR, /* the agreement does not cover the job's institution */
    RULE_PARTITION,  /* no such partition there, or not shared with us */
    RULE_SIZE,       /* more nodes, cores or memory than it has or shares */
    RULE_TIME,       /* longer than the partition or the agreement allows */
    RULE_SILENT,     /* not connected, or its state is too old */
    RULE_REFUSED,    /* it was offered the job and said no (text) */
    RULE_BUDGET,     /* the project has no budget there */
    RULE_DEBT,       /* we owe it as much as the agreement allows */
    _ROUTE_RULE_MAX
};

const char *route_rule_word(enum route_rule r);
bool route_rule_parse(const char *word, enum route_rule *ret_r);

#define ROUTE_TEXT_CAP 160

struct route_view {
    uint32_t center;
    enum route_rule rule;
    char text[ROUTE_TEXT_CAP]; /* the rule's figures: "32 cores asked, 16 shared" */
    int64_t wait_s;            /* estimated wait from now; -1 = never */
    int64_t move_s;            /* to bring its inputs there */
    int64_t debt_s;            /* handicap for what we owe that center */
    int64_t state_age_s;       /* how old the view of that center was */
    int64_t p50_s;             /* half of such waits ended by then … */
    int64_t p90_s;             /* … and nine of ten, by that center's record */
    uint32_t n_scored;         /* estimates in the record; 0 = none: no p50, p90 */
    uint32_t held90;           /* percent of them whose p90 held */
    bool own;
    bool chosen;
};

#endif
