/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_map - which rank of a job goes where, and what that should gain
 *
 * What is known of the job's traffic comes from --comm, or from an earlier run of the
 * same program (engine_start's matrix). The map is lib/place's: never
 * worse than node order. Told (synthetic) nodes get a host list, line i the node of
 * rank i; real ones a rankfile, which also binds ranks to the job's own cores: so
 * there is one also where nothing is known. A job on one node shows no figures.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/words.h"
#include "engine/local_int.h"
#include "place/place.h"
#include "place/read.h"

#include "base/banned.h"

#define MAP_US (20 * US_PER_S / 1000) /* a map that takes longer is taken as it is */

static bool expired(void *arg)
{
    const int64_t *until_us = arg;

    return now_read().mono.us > *until_us;
}

static int machine_of(const struct local_job *j,
                      struct machine **ret_m,
                      struct err *err)
{
    _cleanup_(freep) struct local_node **v =
        calloc(j->n_parts, sizeof(struct local_node *));

    if (!v)
        return -ENOMEM;
    for (size_t i = 0; i < j->n_parts; i++)
        v[i] = j->parts[i].node;
    return local_place_machine(j->e, v, j->n_parts, ret_m, err);
}

/* The job's cores, as the machine numbers them. */
static uint32_t *cores_of(const struct local_job *j, const struct machine *m)
{
    uint32_t *cores = calloc(j->usage.n_cores ? j->usage.n_cores : 1, sizeof(*cores));
    size_t n = 0;

    for (size_t i = 0; cores && i < j->n_parts; i++) {
        uint32_t node = machine_node_find(m, j->parts[i].node->name);
        uint32_t first = machine_node_first(m, node);

        for (uint32_t c = 0; c < j->parts[i].cores; c++)
            cores[n++] = first + j->parts[i].cpus[c];
    }
    return cores;
}

static int64_t cpu_us(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) < 0)
        return 0;
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

/* J and loads are exact below 2^53; beyond that the figure is for display anyhow. */
static uint64_t whole(double v)
{
    return v < 9e18 ? (uint64_t)v : (uint64_t)INT64_MAX;
}

static void describe(struct rank_map *m, const struct place_result *r)
{
    m->cost = whole(r->ours.cost);
    m->usual_cost = whole(r->usual.cost);
    m->link = whole(r->ours.bottleneck);
    m->usual_link = whole(r->usual.bottleneck);
    (void)word_copy(m->method, sizeof(m->method), r->method); /* the same ceiling */
    word_cut(m->why, sizeof(m->why), r->why);
}

static int map_ranks(struct local_job *j,
                     const struct pattern *pattern,
                     bool fake,
                     struct buf *hosts,
                     struct buf *ranks,
                     struct err *err)
{
    int64_t from_us = cpu_us();
    int64_t until_us = now_read().mono.us + MAP_US;
    struct place_problem p = {.n_ranks = j->request.n_tasks,
                              .n_cores = j->usage.n_cores,
                              .cpus_per_rank = j->request.cpus_per_task,
                              .pattern = pattern,
                              .effort = PLACE_FAST,
                              .seed = j->id,
                              .slack = 0.01,
                              .expired = expired,
                              .expired_arg = &until_us};
    _cleanup_(machine_freep) struct machine *m = NULL;
    _cleanup_(freep) uint32_t *cores = NULL;
    struct place_result result;
    int r = machine_of(j, &m, err);

    if (r)
        return r;
    cores = cores_of(j, m);
    if (!cores)
        return -ENOMEM;
    p.machine = m;
    p.cores = cores;
    r = place_map(&p, &result, err);
    if (r)
        return r;
    describe(&j->rank_map, &result);
    j->rank_map.cpu_us = (uint64_t)MAX(cpu_us() - from_us, 0);
    if (fake)
        place_render_hostfile(m, &result, hosts);
    else
        place_render_rankfile(m, &result, false, ranks);
    place_result_release(&result);
    return 0;
}

/* The job asks to be recorded, by these words in place of a pattern. */
static bool asks_to_learn(const char *comm, bool *ret_again)
{
    *ret_again = !strcmp(comm, "relearn");
    return *ret_again || !strcmp(comm, "learn");
}

/* What is known of the job's traffic: at the least nothing, which is a pattern too. */
static int traffic(struct local_job *j,
                   const struct engine_start *s,
                   struct pattern **ret_p,
                   struct err *err)
{
    const char *comm = j->request.comm;
    bool again;
    bool learn = asks_to_learn(comm, &again);

    if (s->matrix && !again && (learn || !comm[0])) {
        j->rank_map.source = RANK_MAP_PROFILE;
        return pattern_read_metis(s->matrix, s->matrix_len, ret_p, err);
    }
    j->record = learn;
    if (learn || !comm[0])
        comm = "none";
    if (strcmp(comm, "none") != 0)
        j->rank_map.source = RANK_MAP_NAMED;
    return pattern_parse(comm, j->request.n_tasks, ret_p, err);
}

static void fall_back(struct local_job *j, const char *why)
{
    buf_printf(&j->note, "%s; ranks are in node order", why);
    j->rank_map = (struct rank_map){.source = j->rank_map.source};
    (void)word_copy(j->rank_map.method, sizeof(j->rank_map.method),
                    "default"); /* fits */
    word_cut(j->rank_map.why, sizeof(j->rank_map.why), why);
}

static const char *why_not_known(const struct local_job *j)
{
    if (j->record)
        return "this run records its traffic: ranks are in node order";
    return j->request.comm[0] ? "--comm=none: ranks are in node order"
                              : "nothing is known of its traffic: ranks are in node "
                                "order";
}

void map_make(struct local_job *j,
              const struct engine_start *s,
              bool fake,
              struct buf *hosts,
              struct buf *ranks)
{
    _cleanup_(pattern_freep) struct pattern *pattern = NULL;
    struct err err = {0};
    int r = traffic(j, s, &pattern, &err);

    if (!r)
        r = map_ranks(j, pattern, fake, hosts, ranks, &err);
    if (r && j->rank_map.source != RANK_MAP_NONE)
        fall_back(j, err_text(&err, r));
    else if (j->rank_map.source == RANK_MAP_NONE)
        word_cut(j->rank_map.why, sizeof(j->rank_map.why), why_not_known(j));
    if (j->n_parts < 2)
        j->rank_map = (struct rank_map){0};
}
