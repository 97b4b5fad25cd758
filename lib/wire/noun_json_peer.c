/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noun_json_peer - what centers tell each other: supply and messages about a job */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "wire/noun_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

MEMBER_WORDS_OF(static, peer_kind, enum peer_kind, _PEER_KIND_MAX);

static const struct member supply_step_table[] = {
    M_U32(struct supply_step, in_s),
    M_U32(struct supply_step, cores),
};
static const struct member_list supply_step_members = MEMBER_LIST(supply_step_table);

static const struct member supply_part_table[] = {
    M_TEXT(struct supply_part, name),
    M_BOOL(struct supply_part, up),
    M_BOOL(struct supply_part, is_default),
    M_U32(struct supply_part, nodes),
    M_U32(struct supply_part, cores),
    M_U32(struct supply_part, node_cores_max),
    M_U64(struct supply_part, node_bytes_max),
    M_U32(struct supply_part, node_gpus_max),
    M_U32(struct supply_part, max_time_s),
    M_U32(struct supply_part, default_time_s),
    M_U32(struct supply_part, max_nodes),
    M_U32(struct supply_part, idle_nodes),
    M_U32(struct supply_part, n_running),
    M_U32(struct supply_part, n_pending),
    {MEMBER_(struct supply_part, steps, "steps", MEMBER_NOUNS), .cap = SUPPLY_STEPS_MAX,
                                     .size = sizeof(struct supply_step),
                                     .count_at = offsetof(struct supply_part, n_steps), .of = &supply_step_members},
};
static const struct member_list supply_part_members = MEMBER_LIST(supply_part_table);

static const struct member supply_odds_table[] = {
    M_I32(struct supply_odds, p50),
    M_I32(struct supply_odds, p90),
};
static const struct member_list supply_odds_members = MEMBER_LIST(supply_odds_table);

static const struct member supply_table[] = {
    M_U32_TO(struct supply, center, CENTERS_MAX),
    M_WALL(struct supply, at),
    M_U32(struct supply, n_scored),
    M_U32_TO(struct supply, held90, 100),
    {MEMBER_(struct supply, odds,  "odds",  MEMBER_NOUNS), .cap = SUPPLY_ODDS,
                                  .size = sizeof(struct supply_odds), .count_at = offsetof(struct supply, n_odds),
                                  .of = &supply_odds_members},
    {MEMBER_(struct supply, parts, "parts", MEMBER_NOUNS), .cap = PARTITIONS_MAX,
                                  .size = sizeof(struct supply_part), .count_at = offsetof(struct supply, n_parts),
                                  .of = &supply_part_members},
};
static const struct member_list supply_members = MEMBER_LIST(supply_table);
NOUN_JSON(supply);

static const struct member peer_msg_table[] = {
    {MEMBER_(struct peer_msg,   kind, "k",                MEMBER_WORD), .flags = MEMBER_NEEDED,
     .words = &peer_kind_words},
    {MEMBER_(struct peer_msg, job,     "job", MEMBER_ID)         },
    M_U32(struct peer_msg, epoch),
    M_ID(struct peer_msg, claim),
    M_NOUN(struct peer_msg, request, request_members),
    M_TEXT(struct peer_msg, institution),
    M_TEXT(struct peer_msg, project),
    M_TEXT(struct peer_msg, person),
    M_TEXT(struct peer_msg, name),
    M_U32(struct peer_msg, priority),
    M_BOOL(struct peer_msg, accepted),
    M_WORD(struct peer_msg, rule, route_rule_words, 0),
    M_BOOL(struct peer_msg, entrusted),
    M_BOOL(struct peer_msg, done),
    M_BOOL(struct peer_msg, lost),
    M_WORD(struct peer_msg, state, job_state_words, 0),
    M_WORD(struct peer_msg, reason, job_reason_words, 0),
    M_I32(struct peer_msg, exit_code),
    M_I32(struct peer_msg, exit_signal),
    M_WALL(struct peer_msg, submitted),
    M_U32(struct peer_msg, restarts),
    M_WALL(struct peer_msg, started),
    M_WALL(struct peer_msg, ended),
    M_NOUN(struct peer_msg, usage, usage_members),
    M_NOUN(struct peer_msg, rank_map, rank_map_members),
    M_TEXT(struct peer_msg, nodes),
    M_TEXT(struct peer_msg, text),
};
static const struct member_list peer_msg_members = MEMBER_LIST(peer_msg_table);

json_t *peer_msg_to_json(const struct peer_msg *m)
{
    json_t *o = json_object();

    if (!o || json_object_set_new_nocheck(o, "t", json_string_nocheck("job")) < 0
        || members_put(&peer_msg_members, m, o) < 0)
        goto fail;
    if (m->spec
        && json_object_set_new_nocheck(o, "spec",
                                       json_loadb(m->spec, m->spec_len, 0, NULL))
               < 0)
        goto fail;
    return o;
fail:
    json_decref(o);
    return NULL;
}

int peer_msg_from_json(const json_t *o,
                       struct peer_msg *m,
                       char **ret_spec_text,
                       struct err *err)
{
    const json_t *spec = json_object_get(o, "spec");
    struct peer_msg copy = {0};
    char *text = NULL;
    int r = members_get(&peer_msg_members, o, &copy, err);

    if (r < 0)
        return r;
    if (spec && !json_is_object(spec))
        return err_set(err, -EBADMSG, "spec must be an object");
    if ((copy.job == 0) != peer_kind_of_money(copy.kind))
        return err_set(err, -EBADMSG, "job is missing, or one too many");
    if (copy.claim == 0 && (copy.kind == PEER_CLAIM || copy.kind == PEER_GO))
        return err_set(err, -EBADMSG, "claim is missing");
    if (spec && copy.kind == PEER_GO) {
        text = json_dumps(spec, JSON_COMPACT);
        if (!text)
            return err_set(err, -ENOMEM, "spec: no memory");
        copy.spec = text;
        copy.spec_len = strlen(text);
    }
    *m = copy;
    *ret_spec_text = text;
    return 0;
}
