/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * peer_msg - what one center says to another about a job (docs/protocol.md)
 *
 * One flat struct: each kind uses the fields that its line names and leaves the
 * rest zero. `spec` is borrowed bytes (JSON of a job_spec) and only in GO.
 */
#ifndef HOPLUU_MODEL_PEER_MSG_H
#define HOPLUU_MODEL_PEER_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "model/copy.h"
#include "model/name.h"
#include "model/rank_map.h"
#include "model/request.h"
#include "model/usage.h"

enum peer_kind {
    /* holder -> candidate */
    PEER_OFFER,     /* job epoch request institution project priority */
    PEER_RECALL,    /* job epoch: drop the copy unless it was granted at this epoch or
                       later */
    PEER_GO,        /* job epoch claim person name submitted restarts spec:
                       start it, once */
    PEER_NO,        /* job epoch claim text: drop the copy */
    PEER_CANCEL,    /* job epoch text lost: end the run (or drop the copy) */
    PEER_ENDED_ACK, /* job epoch done lost: the holder has written the end down */
    /* candidate -> holder */
    PEER_OFFER_ACK, /* job epoch accepted claim text rule */
    PEER_CLAIM,     /* job epoch claim: I could start it now */
    PEER_HANDBACK,  /* job epoch claim text lost: a grant that was not used */
    PEER_STARTED,   /* job epoch claim at nodes rank_map */
    PEER_ENDED,     /* job epoch claim state reason exit usage rank_map nodes text
                       done */
    PEER_DROPPED,   /* job epoch: answer to RECALL: no copy here any more */
    /* between any two centers, about no job: job is 0 */
    PEER_ALLOWANCE_ASK, /* project, claim: the least that helps, usage.milli: wanted */
    PEER_ALLOWANCE,     /* project, usage.milli: all that was ever given */
    _PEER_KIND_MAX
};

struct peer_msg {
    enum peer_kind kind;
    uint64_t job;
    uint32_t epoch;
    uint64_t claim;
    struct request request;
    char institution[NAME_CAP];
    char project[NAME_CAP];
    char person[NAME_CAP];
    char name[TITLE_CAP];
    uint32_t priority;
    bool accepted;
    uint32_t rule;  /* enum route_rule of a refusal */
    bool entrusted; /* GO: it answers no claim but the acknowledged offer; its host
                       starts the job when it can, without asking */
    bool done;      /* ENDED: files are back too */
    bool lost;      /* CANCEL, ENDED_ACK: declared lost, the run does not count;
                       HANDBACK: nothing of such a run is here */
    enum job_state state;
    enum job_reason reason;
    int32_t exit_code;
    int32_t exit_signal;
    struct wall submitted;
    uint32_t restarts;
    struct wall started;
    struct wall ended;
    struct usage usage;
    struct rank_map rank_map;
    char nodes[TITLE_CAP];
    char text[TITLE_CAP];
    const char *spec;
    size_t spec_len;
};

const char *peer_kind_word(enum peer_kind k);
bool peer_kind_parse(const char *word, enum peer_kind *ret_k);

/* Whether this kind is about an allowance and not about a job. */
bool peer_kind_of_money(enum peer_kind k);

/* Whether this kind travels from the holder to a candidate. */
bool peer_kind_from_holder(enum peer_kind k);

#endif
