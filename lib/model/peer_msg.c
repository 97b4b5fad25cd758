/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* peer_msg - words and directions of what centers say to each other */
#include "config.h"

#include "model/peer_msg.h"

#include "model/enum_words.h"

#include "base/banned.h"

static const char *const kind_words[] = {
    [PEER_OFFER] = "offer",
    [PEER_RECALL] = "recall",
    [PEER_GO] = "go",
    [PEER_NO] = "no",
    [PEER_CANCEL] = "cancel",
    [PEER_ENDED_ACK] = "ended_ack",
    [PEER_OFFER_ACK] = "offer_ack",
    [PEER_CLAIM] = "claim",
    [PEER_HANDBACK] = "handback",
    [PEER_STARTED] = "started",
    [PEER_ENDED] = "ended",
    [PEER_DROPPED] = "dropped",
    [PEER_ALLOWANCE_ASK] = "allowance_ask",
    [PEER_ALLOWANCE] = "allowance",
};
ENUM_WORDS(peer_kind, enum peer_kind, _PEER_KIND_MAX, kind_words)

bool peer_kind_of_money(enum peer_kind k)
{
    return k >= PEER_ALLOWANCE_ASK;
}

bool peer_kind_from_holder(enum peer_kind k)
{
    return k < PEER_OFFER_ACK;
}
