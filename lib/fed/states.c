/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * states - the allowed edges of both machines; the only place where a state changes
 *
 *   holding   waiting ─claim─> granted ─started─> started ─ended─> returning ─done─>
 * final ^                │  │              │  └──────────── done ──────────> final
 *                └──── handback ──┘  └─ ended ──────┴─> (returning, final)
 *             waiting ─cancel─> final        granted/started/returning ─requeue─>
 * waiting
 *
 *   copy      queued ─ready─> claimed ─go─> starting ─started─> running ─ended─>
 * returning ^              │             │                    │               │ └── too
 * late ──┘             └──── ended ─────────┴──> ended <────┘ queued, claimed: may be
 * dropped. Later ones only after the holder's acknowledgement.
 */
#include "config.h"

#include "fed/fed_int.h"

#include <assert.h>

#include "base/banned.h"

#define BIT(s) (1u << (s))

static const unsigned hold_edges[_HOLD_STATE_MAX] = {
    [HOLD_WAITING] = BIT(HOLD_GRANTED) | BIT(HOLD_FINAL),
    [HOLD_GRANTED] =
        BIT(HOLD_STARTED) | BIT(HOLD_RETURNING) | BIT(HOLD_FINAL) | BIT(HOLD_WAITING),
    [HOLD_STARTED] = BIT(HOLD_RETURNING) | BIT(HOLD_FINAL) | BIT(HOLD_WAITING),
    [HOLD_RETURNING] = BIT(HOLD_FINAL) | BIT(HOLD_WAITING),
    [HOLD_FINAL] = 0,
};

static const unsigned copy_edges[_COPY_STATE_MAX] = {
    [COPY_QUEUED] = BIT(COPY_CLAIMED),
    [COPY_CLAIMED] = BIT(COPY_STARTING) | BIT(COPY_QUEUED),
    [COPY_STARTING] = BIT(COPY_RUNNING) | BIT(COPY_RETURNING) | BIT(COPY_ENDED),
    [COPY_RUNNING] = BIT(COPY_RETURNING) | BIT(COPY_ENDED),
    [COPY_RETURNING] = BIT(COPY_ENDED),
    [COPY_ENDED] = 0,
};

bool hold_edge(enum hold_state from, enum hold_state to)
{
    return hold_edges[from] & BIT(to);
}

bool copy_edge(enum copy_state from, enum copy_state to)
{
    return copy_edges[from] & BIT(to);
}

void held_set(struct fed *f, struct held *j, enum hold_state to)
{
    assert(hold_edge(j->h.hold, to));
    j->h.hold = to;
    j->tries = 0;
    waiting_update(f, j);
}

void copied_set(struct fed *f, struct copied *j, enum copy_state to)
{
    assert(copy_edge(j->c.copy, to));
    j->c.copy = to;
    j->tries = 0;
    alarm_clear(f, &j->alarm);
}
