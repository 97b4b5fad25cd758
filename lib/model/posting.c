/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* posting - words for the kinds of book lines */
#include "config.h"

#include "model/posting.h"

#include "model/enum_words.h"

#include "base/banned.h"

static const char *const posting_words[] = {
    [POST_GRANT] = "grant",     [POST_WITHDRAW] = "withdraw",
    [POST_HOLD] = "hold",       [POST_CAPTURE] = "capture",
    [POST_OVERRUN] = "overrun", [POST_RELEASE] = "release",
    [POST_REFUND] = "refund",
};
ENUM_WORDS(posting_kind, enum posting_kind, _POSTING_KIND_MAX, posting_words)
