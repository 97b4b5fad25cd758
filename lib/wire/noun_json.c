/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noun_json - how nouns travel: each as one JSON object, by its table of members */
#include "config.h"

#include "wire/noun_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/member.h"

#include "base/banned.h"

MEMBER_WORDS(job_states, enum job_state, job_state_word, job_state_parse);
MEMBER_WORDS(job_reasons, enum job_reason, job_reason_word, job_reason_parse);
MEMBER_WORDS(hold_states, enum hold_state, hold_state_word, hold_state_parse);
MEMBER_WORDS(offer_states, enum offer_state, offer_state_word, offer_state_parse);
MEMBER_WORDS(copy_states, enum copy_state, copy_state_word, copy_state_parse);
MEMBER_WORDS(route_rules, enum route_rule, route_rule_word, route_rule_parse);
MEMBER_WORDS(posting_kinds, enum posting_kind, posting_kind_word, posting_kind_parse);

static const struct member request_members[] = {
    MEMBER_STR(struct request, partition),
    MEMBER(struct request, n_tasks, MEMBER_U32),
    MEMBER(struct request, cpus_per_task, MEMBER_U32),
    MEMBER(struct request, min_nodes, MEMBER_U32),
    MEMBER(struct request, max_nodes, MEMBER_U32),
    MEMBER(struct request, tasks_per_node, MEMBER_U32),
    MEMBER(struct request, gpus_per_node, MEMBER_U32),
    MEMBER(struct request, time_limit_s, MEMBER_U32),
    MEMBER(struct request, mem_node_bytes, MEMBER_U64),
    MEMBER(struct request, mem_cpu_bytes, MEMBER_U64),
    MEMBER(struct request, exclusive, MEMBER_BOOL),
    MEMBER_STR(struct request, comm),
    MEMBER_END,
};

static const struct member usage_members[] = {
    MEMBER(struct usage, elapsed_s, MEMBER_U64),
    MEMBER(struct usage, core_s, MEMBER_U64),
    MEMBER(struct usage, mem_mib_s, MEMBER_U64),
    MEMBER(struct usage, gpu_s, MEMBER_U64),
    MEMBER(struct usage, cpu_us, MEMBER_U64),
    MEMBER(struct usage, max_rss_bytes, MEMBER_U64),
    MEMBER(struct usage, n_nodes, MEMBER_U32),
    MEMBER(struct usage, n_cores, MEMBER_U32),
    MEMBER(struct usage, milli, MEMBER_I64),
    MEMBER_END,
};

static const struct member offer_members[] = {
    MEMBER(struct offer, center, MEMBER_U32),
    MEMBER_ENUM(struct offer, state, &offer_states),
    MEMBER(struct offer, epoch, MEMBER_U32),
    MEMBER(struct offer, wait_s, MEMBER_I64),
    MEMBER_END,
};

static const struct member grant_members[] = {
    MEMBER(struct grant, center, MEMBER_U32),
    MEMBER(struct grant, epoch, MEMBER_U32),
    MEMBER(struct grant, claim, MEMBER_U64),
    MEMBER(struct grant, at, MEMBER_WALL),
    MEMBER_END,
};

static const struct member holding_members[] = {
    MEMBER(struct holding, id, MEMBER_U64),
    MEMBER_ENUM(struct holding, hold, &hold_states),
    MEMBER_ENUM(struct holding, state, &job_states),
    MEMBER_ENUM(struct holding, reason, &job_reasons),
    MEMBER(struct holding, epoch, MEMBER_U32),
    MEMBER_SUB(struct holding, grant, grant_members),
    MEMBER(struct holding, uid, MEMBER_U32),
    MEMBER_STR(struct holding, user),
    MEMBER_STR(struct holding, person),
    MEMBER_STR(struct holding, institution),
    MEMBER_STR(struct holding, project),
    MEMBER_STR(struct holding, name),
    MEMBER_SUB(struct holding, request, request_members),
    MEMBER_STR(struct holding, centers),
    MEMBER(struct holding, client_token, MEMBER_U64),
    MEMBER(struct holding, priority, MEMBER_U32),
    MEMBER(struct holding, requeue, MEMBER_BOOL),
    MEMBER(struct holding, held, MEMBER_BOOL),
    MEMBER(struct holding, cancelled, MEMBER_BOOL),
    MEMBER_STR(struct holding, cancelled_by),
    MEMBER(struct holding, submitted, MEMBER_WALL),
    MEMBER(struct holding, begin, MEMBER_WALL),
    MEMBER(struct holding, started, MEMBER_WALL),
    MEMBER(struct holding, ended, MEMBER_WALL),
    MEMBER(struct holding, restarts, MEMBER_U32),
    MEMBER(struct holding, exit_code, MEMBER_I32),
    MEMBER(struct holding, exit_signal, MEMBER_I32),
    MEMBER_STR(struct holding, nodes),
    MEMBER_STR(struct holding, note),
    MEMBER_SUB(struct holding, usage, usage_members),
    MEMBER_END,
};

static const struct member copy_members[] = {
    MEMBER(struct copy, id, MEMBER_U64),
    MEMBER_ENUM(struct copy, copy, &copy_states),
    MEMBER(struct copy, holder, MEMBER_U32),
    MEMBER(struct copy, epoch, MEMBER_U32),
    MEMBER(struct copy, claim, MEMBER_U64),
    MEMBER_SUB(struct copy, request, request_members),
    MEMBER_STR(struct copy, institution),
    MEMBER_STR(struct copy, project),
    MEMBER_STR(struct copy, person),
    MEMBER_STR(struct copy, account),
    MEMBER_STR(struct copy, name),
    MEMBER(struct copy, priority, MEMBER_U32),
    MEMBER(struct copy, hold_milli, MEMBER_I64),
    MEMBER(struct copy, cancelled, MEMBER_BOOL),
    MEMBER(struct copy, queued, MEMBER_WALL),
    MEMBER(struct copy, started, MEMBER_WALL),
    MEMBER(struct copy, ended, MEMBER_WALL),
    MEMBER_ENUM(struct copy, outcome, &job_states),
    MEMBER_ENUM(struct copy, reason, &job_reasons),
    MEMBER(struct copy, exit_code, MEMBER_I32),
    MEMBER(struct copy, exit_signal, MEMBER_I32),
    MEMBER_STR(struct copy, nodes),
    MEMBER_STR(struct copy, note),
    MEMBER_SUB(struct copy, usage, usage_members),
    MEMBER_END,
};

static const struct member view_members[] = {
    MEMBER(struct route_view, center, MEMBER_U32),
    MEMBER_ENUM(struct route_view, rule, &route_rules),
    MEMBER_STR(struct route_view, text),
    MEMBER(struct route_view, wait_s, MEMBER_I64),
    MEMBER(struct route_view, state_age_s, MEMBER_I64),
    MEMBER(struct route_view, own, MEMBER_BOOL),
    MEMBER(struct route_view, chosen, MEMBER_BOOL),
    MEMBER_END,
};

static const struct member step_members[] = {
    MEMBER(struct supply_step, in_s, MEMBER_U32),
    MEMBER(struct supply_step, cores, MEMBER_U32),
    MEMBER_END,
};

static const struct member part_members[] = {
    MEMBER_STR(struct supply_part, name),
    MEMBER(struct supply_part, up, MEMBER_BOOL),
    MEMBER(struct supply_part, is_default, MEMBER_BOOL),
    MEMBER(struct supply_part, nodes, MEMBER_U32),
    MEMBER(struct supply_part, cores, MEMBER_U32),
    MEMBER(struct supply_part, node_cores_max, MEMBER_U32),
    MEMBER(struct supply_part, node_bytes_max, MEMBER_U64),
    MEMBER(struct supply_part, max_time_s, MEMBER_U32),
    MEMBER(struct supply_part, default_time_s, MEMBER_U32),
    MEMBER(struct supply_part, max_nodes, MEMBER_U32),
    MEMBER(struct supply_part, idle_nodes, MEMBER_U32),
    MEMBER(struct supply_part, n_running, MEMBER_U32),
    MEMBER(struct supply_part, n_pending, MEMBER_U32),
    MEMBER_ARRAY(struct supply_part, steps, n_steps, step_members),
    MEMBER_END,
};

static const struct member supply_members[] = {
    MEMBER(struct supply, center, MEMBER_U32),
    MEMBER(struct supply, at, MEMBER_WALL),
    MEMBER_ARRAY(struct supply, parts, n_parts, part_members),
    MEMBER_END,
};

static const struct member msg_members[] = {
    MEMBER(struct peer_msg, job, MEMBER_U64),
    MEMBER(struct peer_msg, epoch, MEMBER_U32),
    MEMBER(struct peer_msg, claim, MEMBER_U64),
    MEMBER_STR(struct peer_msg, institution),
    MEMBER_STR(struct peer_msg, project),
    MEMBER_STR(struct peer_msg, person),
    MEMBER_STR(struct peer_msg, name),
    MEMBER(struct peer_msg, priority, MEMBER_U32),
    MEMBER(struct peer_msg, accepted, MEMBER_BOOL),
    MEMBER(struct peer_msg, rule, MEMBER_U32),
    MEMBER(struct peer_msg, done, MEMBER_BOOL),
    MEMBER_ENUM(struct peer_msg, state, &job_states),
    MEMBER_ENUM(struct peer_msg, reason, &job_reasons),
    MEMBER(struct peer_msg, exit_code, MEMBER_I32),
    MEMBER(struct peer_msg, exit_signal, MEMBER_I32),
    MEMBER(struct peer_msg, started, MEMBER_WALL),
    MEMBER(struct peer_msg, ended, MEMBER_WALL),
    MEMBER_STR(struct peer_msg, nodes),
    MEMBER_STR(struct peer_msg, text),
    MEMBER_END,
};

static const struct member msg_request[] = {
    MEMBER_SUB(struct peer_msg, request, request_members),
    MEMBER_END,
};

static const struct member msg_usage[] = {
    MEMBER_SUB(struct peer_msg, usage, usage_members),
    MEMBER_END,
};

static const struct member posting_members[] = {
    MEMBER(struct posting, seq, MEMBER_U64),
    MEMBER_ENUM(struct posting, kind, &posting_kinds),
    MEMBER(struct posting, at, MEMBER_WALL),
    MEMBER(struct posting, job, MEMBER_U64),
    MEMBER(struct posting, epoch, MEMBER_U32),
    MEMBER_STR(struct posting, from),
    MEMBER_STR(struct posting, to),
    MEMBER(struct posting, milli, MEMBER_I64),
    MEMBER_END,
};

/* Both directions of a noun that is nothing but its table. */
#define PLAIN(noun, type, table)                                                       \
    json_t *noun##_to_json(const type *x)                                              \
    {                                                                                  \
        return member_object(table, x);                                                \
    }                                                                                  \
    int noun##_from_json(const json_t *o, type *x, struct err *err)                    \
    {                                                                                  \
        memset(x, 0, sizeof(*x));                                                      \
        return member_decode(o, table, x, err);                                        \
    }

PLAIN(request, struct request, request_members)
PLAIN(usage, struct usage, usage_members)
PLAIN(copy, struct copy, copy_members)
PLAIN(route_view, struct route_view, view_members)
PLAIN(supply, struct supply, supply_members)
PLAIN(posting, struct posting, posting_members)

json_t *holding_to_json(const struct holding *h)
{
    json_t *o = member_object(holding_members, h);
    json_t *offers = json_array();
    int r = o && offers ? 0 : -1;

    for (int i = 0; r == 0 && i < CANDIDATES_MAX; i++)
        if (h->offers[i].state != OFFER_NONE)
            r = json_array_append_new(offers,
                                      member_object(offer_members, &h->offers[i]));
    if (r == 0)
        return json_object_set_new_nocheck(o, "offers", offers) < 0
                   ? (json_decref(o), NULL)
                   : o;
    json_decref(offers);
    json_decref(o);
    return NULL;
}

int holding_from_json(const json_t *o, struct holding *h, struct err *err)
{
    const json_t *offers;
    int r;

    memset(h, 0, sizeof(*h));
    r = member_decode(o, holding_members, h, err);
    offers = json_object_get(o, "offers");
    if (r == 0 && json_array_size(offers) > CANDIDATES_MAX)
        r = err_set(err, -EBADMSG, "\"offers\" has more than %d entries",
                    CANDIDATES_MAX);
    for (size_t i = 0; r == 0 && i < json_array_size(offers); i++)
        r = member_decode(json_array_get(offers, i), offer_members, &h->offers[i], err);
    return r;
}

json_t *peer_msg_to_json(const struct peer_msg *m)
{
    json_t *o = json_object();
    json_t *spec = NULL;
    int r = o ? json_object_set_new_nocheck(o, "t", json_string_nocheck("job")) : -1;

    if (r == 0)
        r = json_object_set_new_nocheck(o, "k",
                                        json_string_nocheck(peer_kind_word(m->kind)));
    if (r == 0)
        r = member_encode(o, msg_members, m);
    if (r == 0 && m->kind == PEER_OFFER)
        r = member_encode(o, msg_request, m);
    if (r == 0 && m->kind == PEER_ENDED)
        r = member_encode(o, msg_usage, m);
    if (r == 0 && m->spec) {
        spec = json_loadb(m->spec, m->spec_len, 0, NULL);
        r = json_object_set_new_nocheck(o, "spec", spec);
    }
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

int peer_msg_from_json(const json_t *o,
                       struct peer_msg *m,
                       char **ret_spec_text,
                       struct err *err)
{
    const char *word = json_string_value(json_object_get(o, "k"));
    const json_t *spec = json_object_get(o, "spec");
    enum peer_kind kind;
    int r;

    memset(m, 0, sizeof(*m));
    *ret_spec_text = NULL;
    if (!word || !peer_kind_parse(word, &kind))
        return err_set(err, -EBADMSG, "\"k\" is '%.40s', no kind of message",
                       word ? word : "");
    m->kind = kind;
    r = member_decode(o, msg_members, m, err);
    if (r == 0)
        r = member_decode(o, msg_request, m, err);
    if (r == 0)
        r = member_decode(o, msg_usage, m, err);
    if (r < 0 || !json_is_object(spec))
        return r;
    *ret_spec_text = json_dumps(spec, JSON_COMPACT);
    if (!*ret_spec_text)
        return err_set(err, -ENOMEM, "out of memory");
    m->spec = *ret_spec_text;
    m->spec_len = strlen(m->spec);
    return 0;
}
