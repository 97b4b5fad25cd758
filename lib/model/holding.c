/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* holding - words for the holder's states */
#include "config.h"

#include "model/holding.h"

#include "model/enum_words.h"

#include "base/banned.h"

static const char *const hold_words[] = {
    [HOLD_WAITING] = "waiting", [HOLD_GRANTED] = "granted",
    [HOLD_STARTED] = "started", [HOLD_RETURNING] = "returning",
    [HOLD_FINAL] = "final",
};
ENUM_WORDS(hold_state, enum hold_state, _HOLD_STATE_MAX, hold_words)

static const char *const offer_words[] = {
    [OFFER_NONE] = "none",         [OFFER_SENT] = "sent",
    [OFFER_QUEUED] = "queued",     [OFFER_REFUSED] = "refused",
    [OFFER_RECALLED] = "recalled",
};
ENUM_WORDS(offer_state, enum offer_state, _OFFER_STATE_MAX, offer_words)

bool holding_awaits_lost(const struct holding *h)
{
    for (int i = 0; i < LOST_RUNS_MAX; i++)
        if (h->lost[i].center)
            return true;
    return false;
}
