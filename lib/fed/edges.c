/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * edges - both machines as tables: what each message may do to a record in each state
 *
 * Every pair of a state and a message has a row. STAYS: it may be answered, or change
 * something beside the state. IGNORED: nothing happens, and nothing is said. What a
 * message led to is checked against its row at every step, here as in the shipped
 * daemon; tests/fed/test_edges walks all pairs.
 */
#include "config.h"

#include "fed/fed_int.h"

#include <assert.h>

#include "base/banned.h"

#define TO(s) (1u << (s))
#define STAYS (1u << 30)
#define IGNORED (1u << 31)
#define GONE TO(COPY_NONE)

struct row {
    int state;
    enum peer_kind on;
    unsigned to;
};

/* What a candidate says, by the holder's record. */
static const struct row holder_rows[] = {
    {HOLD_WAITING,   PEER_OFFER_ACK, STAYS | TO(HOLD_GRANTED)                 }, /* entrusted */
    {HOLD_WAITING,   PEER_CLAIM,     STAYS | TO(HOLD_GRANTED)                 }, /* GO, or NO */
    {HOLD_WAITING,   PEER_HANDBACK,  IGNORED                                  },
    {HOLD_WAITING,   PEER_STARTED,   IGNORED                                  },
    {HOLD_WAITING,   PEER_ENDED,     STAYS                                    }, /* of an epoch that is in the books */
    {HOLD_WAITING,   PEER_DROPPED,   STAYS                                    },

    {HOLD_GRANTED,   PEER_OFFER_ACK, IGNORED                                  },
    {HOLD_GRANTED,   PEER_CLAIM,     STAYS                                    }, /* the same GO, or NO */
    {HOLD_GRANTED,   PEER_HANDBACK,  STAYS | TO(HOLD_WAITING) | TO(HOLD_FINAL)},
    {HOLD_GRANTED,   PEER_STARTED,   STAYS | TO(HOLD_STARTED)                 },
    {HOLD_GRANTED,   PEER_ENDED,
     STAYS | TO(HOLD_RETURNING) | TO(HOLD_FINAL) | TO(HOLD_WAITING)           },
    {HOLD_GRANTED,   PEER_DROPPED,   STAYS                                    },

    {HOLD_STARTED,   PEER_OFFER_ACK, IGNORED                                  },
    {HOLD_STARTED,   PEER_CLAIM,     STAYS                                    },
    {HOLD_STARTED,   PEER_HANDBACK,  IGNORED                                  },
    {HOLD_STARTED,   PEER_STARTED,   IGNORED                                  },
    {HOLD_STARTED,   PEER_ENDED,
     STAYS | TO(HOLD_RETURNING) | TO(HOLD_FINAL) | TO(HOLD_WAITING)           },
    {HOLD_STARTED,   PEER_DROPPED,   STAYS                                    },

    {HOLD_RETURNING, PEER_OFFER_ACK, IGNORED                                  },
    {HOLD_RETURNING, PEER_CLAIM,     STAYS                                    },
    {HOLD_RETURNING, PEER_HANDBACK,  IGNORED                                  },
    {HOLD_RETURNING, PEER_STARTED,   IGNORED                                  },
    {HOLD_RETURNING, PEER_ENDED,     STAYS | TO(HOLD_FINAL) | TO(HOLD_WAITING)},
    {HOLD_RETURNING, PEER_DROPPED,   STAYS                                    },

    {HOLD_FINAL,     PEER_OFFER_ACK, IGNORED                                  },
    {HOLD_FINAL,     PEER_CLAIM,     STAYS                                    },
    {HOLD_FINAL,     PEER_HANDBACK,  IGNORED                                  },
    {HOLD_FINAL,     PEER_STARTED,   IGNORED                                  },
    {HOLD_FINAL,     PEER_ENDED,     STAYS                                    }, /* acknowledged again */
    {HOLD_FINAL,     PEER_DROPPED,   STAYS                                    },
};

/* What a holder says, by the candidate's copy. */
static const struct row copy_rows[] = {
    {COPY_NONE,      PEER_OFFER,     STAYS | TO(COPY_QUEUED)                           },
    {COPY_NONE,      PEER_RECALL,    STAYS                                             }, /* dropped */
    {COPY_NONE,      PEER_GO,        STAYS                                             }, /* handed back */
    {COPY_NONE,      PEER_NO,        IGNORED                                           },
    {COPY_NONE,      PEER_CANCEL,    STAYS                                             }, /* lost: nothing of it is here */
    {COPY_NONE,      PEER_ENDED_ACK, IGNORED                                           },

    {COPY_QUEUED,    PEER_OFFER,     STAYS | GONE                                      },
    {COPY_QUEUED,    PEER_RECALL,    STAYS | GONE                                      },
    {COPY_QUEUED,    PEER_GO,        STAYS | GONE                                      }, /* handed back, or entrusted */
    {COPY_QUEUED,    PEER_NO,        STAYS | GONE                                      },
    {COPY_QUEUED,    PEER_CANCEL,    STAYS | GONE                                      },
    {COPY_QUEUED,    PEER_ENDED_ACK, IGNORED                                           },

    {COPY_CLAIMED,   PEER_OFFER,     STAYS | TO(COPY_QUEUED) | GONE                    }, /* another limit */
    {COPY_CLAIMED,   PEER_RECALL,    STAYS | GONE                                      },
    {COPY_CLAIMED,   PEER_GO,        STAYS | TO(COPY_STARTING) | TO(COPY_QUEUED) | GONE},
    {COPY_CLAIMED,   PEER_NO,        STAYS | GONE                                      },
    {COPY_CLAIMED,   PEER_CANCEL,    STAYS | GONE                                      },
    {COPY_CLAIMED,   PEER_ENDED_ACK, IGNORED                                           },

    {COPY_STARTING,  PEER_OFFER,     IGNORED                                           }, /* its holder hears of the run itself */
    {COPY_STARTING,  PEER_RECALL,    IGNORED                                           },
    {COPY_STARTING,  PEER_GO,        STAYS                                             },
    {COPY_STARTING,  PEER_NO,        IGNORED                                           },
    {COPY_STARTING,  PEER_CANCEL,    STAYS                                             },
    {COPY_STARTING,  PEER_ENDED_ACK, IGNORED                                           },

    {COPY_RUNNING,   PEER_OFFER,     IGNORED                                           },
    {COPY_RUNNING,   PEER_RECALL,    IGNORED                                           },
    {COPY_RUNNING,   PEER_GO,        STAYS                                             },
    {COPY_RUNNING,   PEER_NO,        IGNORED                                           },
    {COPY_RUNNING,   PEER_CANCEL,    STAYS                                             },
    {COPY_RUNNING,   PEER_ENDED_ACK, IGNORED                                           },

    {COPY_RETURNING, PEER_OFFER,     IGNORED                                           },
    {COPY_RETURNING, PEER_RECALL,    IGNORED                                           },
    {COPY_RETURNING, PEER_GO,        STAYS                                             },
    {COPY_RETURNING, PEER_NO,        IGNORED                                           },
    {COPY_RETURNING, PEER_CANCEL,    STAYS                                             },
    {COPY_RETURNING, PEER_ENDED_ACK, STAYS | GONE                                      },

    {COPY_ENDED,     PEER_OFFER,     IGNORED                                           },
    {COPY_ENDED,     PEER_RECALL,    IGNORED                                           },
    {COPY_ENDED,     PEER_GO,        STAYS                                             },
    {COPY_ENDED,     PEER_NO,        IGNORED                                           },
    {COPY_ENDED,     PEER_CANCEL,    STAYS                                             },
    {COPY_ENDED,     PEER_ENDED_ACK, STAYS | GONE                                      },
};

/* Both tables have a row for each pair, in order of both: tests/fed/test_edges. */
static const struct row *holder_row(enum hold_state s, enum peer_kind on)
{
    const struct row *r = &holder_rows[(size_t)s * 6 + (size_t)(on - PEER_OFFER_ACK)];

    assert(r < holder_rows + ARRAY_SIZE(holder_rows) && r->state == (int)s
           && r->on == on);
    return r;
}

static const struct row *copy_row(int s, enum peer_kind on)
{
    const struct row *r =
        &copy_rows[(size_t)((s + 1) % (COPY_NONE + 1)) * 6 + (size_t)on];

    assert(r < copy_rows + ARRAY_SIZE(copy_rows) && r->state == s && r->on == on);
    return r;
}

bool holder_hears(enum hold_state s, enum peer_kind on)
{
    return !(holder_row(s, on)->to & IGNORED);
}

bool copy_hears(int s, enum peer_kind on)
{
    return !(copy_row(s, on)->to & IGNORED);
}

bool holder_edge(enum hold_state from, enum peer_kind on, enum hold_state to)
{
    return holder_row(from, on)->to & (from == to ? STAYS | IGNORED : TO(to));
}

bool copy_way(int from, enum peer_kind on, int to)
{
    return copy_row(from, on)->to & (from == to ? STAYS | IGNORED : TO(to));
}
