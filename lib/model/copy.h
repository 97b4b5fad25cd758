/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * copy - a candidate's record of one job that some holder offered (its own too)
 *
 * It becomes the host's record when the holder grants the claim. Only `fed`
 * changes it; the store keeps it. No memory of its own.
 */
#ifndef HOPLUU_MODEL_COPY_H
#define HOPLUU_MODEL_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "model/job_state.h"
#include "model/name.h"
#include "model/rank_map.h"
#include "model/request.h"
#include "model/usage.h"

enum copy_state {
    COPY_QUEUED,   /* in the engine's queue */
    COPY_CLAIMED,  /* could start now: the holder has been asked */
    COPY_STARTING, /* the holder said go; written down before anything starts */
    COPY_RUNNING,
    COPY_RETURNING, /* ended; files travel to the holder */
    COPY_ENDED,     /* all told; kept until the holder has acknowledged */
    _COPY_STATE_MAX
};

struct copy {
    uint64_t id;
    enum copy_state copy;
    uint32_t holder; /* center number */
    uint32_t epoch;  /* of the offer, later of the grant */
    uint64_t claim;  /* id of the latest claim; 0 = none */
    struct request request;
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char person[NAME_CAP];  /* known from the grant on */
    char account[NAME_CAP]; /* local account that it runs as, from the grant on */
    char name[TITLE_CAP];   /* from the grant on */
    uint32_t priority;
    int64_t hold_milli; /* budget held for it here */
    bool cancelled;

    struct wall submitted; /* to the holder, and restarts before this run: both from the
                              grant on */
    uint32_t restarts;

    struct wall queued;
    struct wall started;
    struct wall ended;
    enum job_state outcome; /* final state once ended */
    enum job_reason reason;
    int32_t exit_code;
    int32_t exit_signal;
    char nodes[TITLE_CAP];
    char note[TITLE_CAP];
    struct usage usage;
    struct rank_map rank_map; /* of the run */
};

const char *copy_state_word(enum copy_state s);
bool copy_state_parse(const char *word, enum copy_state *ret_s);

#endif
