/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* offer - words for the rules that exclude a center */
#include "config.h"

#include "model/offer.h"

#include "model/enum_words.h"

#include "base/banned.h"

static const char *const rule_words[] = {
    [RULE_NONE] = "candidate",
    [RULE_NOT_ASKED] = "not-asked-for",
    [RULE_AGREEMENT] = "no-agreement",
    [RULE_SPEAKS_FOR] = "institution-not-covered",
    [RULE_PARTITION] = "no-partition",
    [RULE_SIZE] = "too-large",
    [RULE_TIME] = "too-long",
    [RULE_SILENT] = "not-connected",
    [RULE_REFUSED] = "refused",
    [RULE_BUDGET] = "no-budget",
    [RULE_DEBT] = "debt",
};
ENUM_WORDS(route_rule, enum route_rule, _ROUTE_RULE_MAX, rule_words)
