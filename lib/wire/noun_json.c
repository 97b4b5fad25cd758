/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noun_json - the nouns that stand alone: request, usage, rank_map, route_view, posting
 */
#include "config.h"

#include "wire/noun_json.h"

#include "wire/noun_int.h"

#include "base/banned.h"

MEMBER_WORDS_OF(, job_state, enum job_state, _JOB_STATE_MAX);
MEMBER_WORDS_OF(, job_reason, enum job_reason, _JOB_REASON_MAX);
MEMBER_WORDS_OF(static, rank_map_source, enum rank_map_source, _RANK_MAP_SOURCE_MAX);
MEMBER_WORDS_OF(, route_rule, enum route_rule, _ROUTE_RULE_MAX);
MEMBER_WORDS_OF(static, posting_kind, enum posting_kind, _POSTING_KIND_MAX);

static const struct member request_table[] = {
    M_TEXT(struct request, partition),    M_U32(struct request, n_tasks),
    M_U32(struct request, cpus_per_task), M_U32(struct request, min_nodes),
    M_U32(struct request, max_nodes),     M_U32(struct request, tasks_per_node),
    M_U32(struct request, gpus_per_node), M_TEXT(struct request, gpu_type),
    M_U32(struct request, time_limit_s),  M_U64(struct request, mem_node_bytes),
    M_U64(struct request, mem_cpu_bytes), M_BOOL(struct request, exclusive),
    M_TEXT(struct request, comm),         M_TEXT(struct request, reservation),
};
const struct member_list request_members = MEMBER_LIST(request_table);
NOUN_JSON(request);

static const struct member usage_table[] = {
    M_U64(struct usage, elapsed_s), M_U64(struct usage, core_s),
    M_U64(struct usage, mem_mib_s), M_U64(struct usage, gpu_s),
    M_U64(struct usage, cpu_us),    M_U64(struct usage, max_rss_bytes),
    M_U32(struct usage, n_nodes),   M_U32(struct usage, n_cores),
    M_I64(struct usage, milli),
};
const struct member_list usage_members = MEMBER_LIST(usage_table);
NOUN_JSON(usage);

static const struct member rank_map_table[] = {
    M_WORD(struct rank_map, source, rank_map_source_words, 0),
    M_TEXT(struct rank_map, method),
    M_U64(struct rank_map, cost),
    M_U64(struct rank_map, usual_cost),
    M_U64(struct rank_map, link),
    M_U64(struct rank_map, usual_link),
    M_U64(struct rank_map, cpu_us),
    M_TEXT(struct rank_map, why),
};
const struct member_list rank_map_members = MEMBER_LIST(rank_map_table);
NOUN_JSON(rank_map);

static const struct member route_view_table[] = {
    M_U32_TO(struct route_view, center, CENTERS_MAX),
    M_WORD(struct route_view, rule, route_rule_words, MEMBER_ALWAYS),
    M_TEXT(struct route_view, text),
    {MEMBER_(struct route_view, wait_s, "wait_s", MEMBER_I64), .flags = MEMBER_ALWAYS,
                               .min = INT64_MIN, .max = INT64_MAX},
    M_I64(struct route_view, move_s),
    M_I64(struct route_view, debt_s),
    M_I64(struct route_view, state_age_s),
    M_I64(struct route_view, p50_s),
    M_I64(struct route_view, p90_s),
    M_U32(struct route_view, n_scored),
    M_U32_TO(struct route_view, held90, 100),
    M_BOOL(struct route_view, own),
    M_BOOL(struct route_view, chosen),
};
static const struct member_list route_view_members = MEMBER_LIST(route_view_table);
NOUN_JSON(route_view);

static const struct member posting_table[] = {
    M_ID(struct posting, seq),
    M_WORD(struct posting, kind, posting_kind_words, MEMBER_NEEDED),
    M_WALL(struct posting, at),
    M_ID(struct posting, job),
    M_U32(struct posting, epoch),
    M_TEXT(struct posting, from),
    M_TEXT(struct posting, to),
 /* Never negative: a posting the other way round is one of its own. */
    {MEMBER_(struct posting, milli, "milli", MEMBER_I64), .max = INT64_MAX},
};
static const struct member_list posting_members = MEMBER_LIST(posting_table);
NOUN_JSON(posting);
