/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* copy - words for the candidate's states */
#include "config.h"

#include "model/copy.h"

#include "model/enum_words.h"

#include "base/banned.h"

static const char *const copy_words[] = {
    [COPY_QUEUED] = "queued",       [COPY_CLAIMED] = "claimed",
    [COPY_STARTING] = "starting",   [COPY_RUNNING] = "running",
    [COPY_RETURNING] = "returning", [COPY_ENDED] = "ended",
};
ENUM_WORDS(copy_state, enum copy_state, _COPY_STATE_MAX, copy_words)
