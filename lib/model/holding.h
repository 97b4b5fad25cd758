/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * holding - the holder's record of one job: may it start, and who was told so
 *
 * One per job submitted here. Only `fed` changes it; the store keeps it; every
 * list of jobs is made of it. No memory of its own.
 */
#ifndef HOPLUU_MODEL_HOLDING_H
#define HOPLUU_MODEL_HOLDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "model/job_state.h"
#include "model/name.h"
#include "model/rank_map.h"
#include "model/request.h"
#include "model/usage.h"

enum offer_state {
    OFFER_NONE,     /* slot is free */
    OFFER_SENT,     /* told, no answer yet */
    OFFER_QUEUED,   /* it has written the copy down */
    OFFER_REFUSED,  /* it said no */
    OFFER_RECALLED, /* withdrawn, its word that the copy is gone is awaited */
    _OFFER_STATE_MAX
};

struct offer {
    uint32_t center;
    enum offer_state state;
    uint32_t epoch; /* of the job when it was sent */
    uint32_t p90_s; /* nine of ten such waits end by then; 0 = not known */
    int64_t wait_s; /* estimate when it was chosen */
    uint64_t claim; /* that its candidate acknowledged it with; 0 = none yet */
};

/* The one permission to start. center 0 = none given. */
struct grant {
    uint32_t center;
    uint32_t epoch;
    uint64_t claim; /* the claim that it answered */
    struct wall at;
};

/* A run that was declared lost while its host was silent: it does not count, whatever
 * that host says when it is back. center 0 = none. */
struct lost_run {
    uint32_t center;
    uint32_t epoch;
    bool ended; /* the host has said how it ended; it is in the books, free of charge */
};
#define LOST_RUNS_MAX 2 /* of one job, whose hosts have not answered yet */

enum hold_state {
    HOLD_WAITING,   /* nobody may start it */
    HOLD_GRANTED,   /* one center may, or has */
    HOLD_STARTED,   /* that center says it runs */
    HOLD_RETURNING, /* it has ended there, its files travel */
    HOLD_FINAL,
    _HOLD_STATE_MAX
};

struct holding {
    uint64_t id;
    enum hold_state hold;
    enum job_state state;
    enum job_reason reason;
    uint32_t epoch;
    struct grant grant;
    struct offer offers[CANDIDATES_MAX];

    uint32_t uid;          /* of the submitter at this center */
    char user[NAME_CAP];   /* local name */
    char person[NAME_CAP]; /* user@institution */
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char name[TITLE_CAP];
    struct request request;
    char centers[TITLE_CAP]; /* --center: allowed ones, comma-separated; "" = any */
    uint64_t client_token;
    uint64_t input_bytes; /* that must travel to a host elsewhere */
    uint32_t priority;
    bool requeue;
    bool held;
    bool proxy; /* a job in the entry's own Slurm stands for it */
    uint32_t
        at_least_once_s; /* run it again when its host is silent so long; 0 = never */
    struct lost_run lost[LOST_RUNS_MAX];

    bool cancelled; /* asked for; the grant's host has been or will be told */
    char cancelled_by[NAME_CAP];

    struct wall submitted;
    struct wall begin;   /* 0 = at once */
    struct wall started; /* of the run that counts */
    struct wall ended;
    uint32_t restarts;
    int32_t exit_code;
    int32_t exit_signal;
    char nodes[TITLE_CAP]; /* node list of the run, cut with "…" if longer */
    char note[TITLE_CAP];  /* why it failed, for people */
    struct usage usage;
    struct rank_map rank_map; /* of the run */
};

/* Whether the host of a run that was declared lost has still to answer. */
bool holding_awaits_lost(const struct holding *h);

const char *hold_state_word(enum hold_state s);
bool hold_state_parse(const char *word, enum hold_state *ret_s);
const char *offer_state_word(enum offer_state s);
bool offer_state_parse(const char *word, enum offer_state *ret_s);

#endif
