/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noun_json_job - the two records of one job: holding and copy */
#include "config.h"

#include "wire/noun_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

MEMBER_WORDS_OF(static, offer_state, enum offer_state, _OFFER_STATE_MAX);
MEMBER_WORDS_OF(static, hold_state, enum hold_state, _HOLD_STATE_MAX);
MEMBER_WORDS_OF(static, copy_state, enum copy_state, _COPY_STATE_MAX);

#define M_NEEDED_ID(type, field)                                                       \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_ID), .flags = MEMBER_NEEDED                \
    }

static const struct member offer_table[] = {
    M_U32_TO(struct offer, center, CENTERS_MAX),
    M_WORD(struct offer, state, offer_state_words, 0),
    M_U32(struct offer, epoch),
    M_U32(struct offer, p90_s),
    M_I64(struct offer, wait_s),
    M_ID(struct offer, claim),
};
static const struct member_list offer_members = MEMBER_LIST(offer_table);

static const struct member grant_table[] = {
    M_U32_TO(struct grant, center, CENTERS_MAX),
    M_U32(struct grant, epoch),
    M_ID(struct grant, claim),
    M_WALL(struct grant, at),
};
static const struct member_list grant_members = MEMBER_LIST(grant_table);

static const struct member lost_run_table[] = {
    M_U32_TO(struct lost_run, center, CENTERS_MAX),
    M_U32(struct lost_run, epoch),
    M_BOOL(struct lost_run, ended),
};
static const struct member_list lost_run_members = MEMBER_LIST(lost_run_table);

static const struct member holding_table[] = {
    M_NEEDED_ID(struct holding, id),
    M_WORD(struct holding, hold, hold_state_words, MEMBER_ALWAYS),
    M_WORD(struct holding, state, job_state_words, MEMBER_ALWAYS),
    M_WORD(struct holding, reason, job_reason_words, MEMBER_ALWAYS),
    M_U32(struct holding, epoch),
    M_NOUN(struct holding, grant, grant_members),
    {MEMBER_(struct holding, offers, "offers", MEMBER_NOUNS), .cap = CANDIDATES_MAX,
                                            .size = sizeof(struct offer),    .of = &offer_members   },
    M_U32(struct holding, uid),
    M_TEXT(struct holding, user),
    M_TEXT(struct holding, person),
    M_TEXT(struct holding, institution),
    M_TEXT(struct holding, project),
    M_TEXT(struct holding, name),
    M_NOUN(struct holding, request, request_members),
    M_TEXT(struct holding, centers),
    M_ID(struct holding, client_token),
    M_U64(struct holding, input_bytes),
    M_U32(struct holding, priority),
    M_BOOL(struct holding, requeue),
    M_BOOL(struct holding, held),
    M_BOOL(struct holding, proxy),
    M_U32(struct holding, at_least_once_s),
    {MEMBER_(struct holding, lost,   "lost",   MEMBER_NOUNS), .cap = LOST_RUNS_MAX,
                                            .size = sizeof(struct lost_run), .of = &lost_run_members},
    M_BOOL(struct holding, cancelled),
    M_TEXT(struct holding, cancelled_by),
    M_WALL(struct holding, submitted),
    M_WALL(struct holding, begin),
    M_WALL(struct holding, started),
    M_WALL(struct holding, ended),
    M_U32(struct holding, restarts),
    M_I32(struct holding, exit_code),
    M_I32(struct holding, exit_signal),
    M_TEXT(struct holding, nodes),
    M_TEXT(struct holding, note),
    M_NOUN(struct holding, usage, usage_members),
    M_NOUN(struct holding, rank_map, rank_map_members),
};
static const struct member_list holding_members = MEMBER_LIST(holding_table);
NOUN_JSON(holding);

static const struct member copy_table[] = {
    M_NEEDED_ID(struct copy, id),
    M_WORD(struct copy, copy, copy_state_words, MEMBER_ALWAYS),
    M_U32_TO(struct copy, holder, CENTERS_MAX),
    M_U32(struct copy, epoch),
    M_ID(struct copy, claim),
    M_NOUN(struct copy, request, request_members),
    M_TEXT(struct copy, institution),
    M_TEXT(struct copy, project),
    M_TEXT(struct copy, person),
    M_TEXT(struct copy, account),
    M_TEXT(struct copy, name),
    M_U32(struct copy, priority),
    M_I64(struct copy, hold_milli),
    M_BOOL(struct copy, cancelled),
    M_WALL(struct copy, submitted),
    M_U32(struct copy, restarts),
    M_WALL(struct copy, queued),
    M_WALL(struct copy, started),
    M_WALL(struct copy, ended),
    M_WORD(struct copy, outcome, job_state_words, 0),
    M_WORD(struct copy, reason, job_reason_words, 0),
    M_I32(struct copy, exit_code),
    M_I32(struct copy, exit_signal),
    M_TEXT(struct copy, nodes),
    M_TEXT(struct copy, note),
    M_NOUN(struct copy, usage, usage_members),
    M_NOUN(struct copy, rank_map, rank_map_members),
};
static const struct member_list copy_members = MEMBER_LIST(copy_table);
NOUN_JSON(copy);
