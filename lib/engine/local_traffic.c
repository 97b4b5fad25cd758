/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_traffic - what the ranks of a watched job have said, gathered from its nodes
 *
 * Each node reports the ranks that ended on it, when their shepherds have ended. When
 * the last node has answered, the whole is told once: as a matrix if every rank of
 * every run is in it, else with the reason why there is none.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "engine/local_int.h"
#include "place/read.h"
#include "wire/digest.h"

#include "base/banned.h"

#define PROGRAMS_MAX 16

struct local_traffic {
    struct flows flows;
    uint64_t ranks; /* whose files were read, of all runs */
    struct words programs;
    struct err why; /* the first reason for having no matrix */
};

void traffic_free(struct local_traffic *t)
{
    if (!t)
        return;
    flows_release(&t->flows);
    words_release(&t->programs);
    free(t);
}

static struct local_traffic *traffic_of(struct local_job *j)
{
    if (!j->traffic)
        j->traffic = calloc(1, sizeof(*j->traffic));
    if (j->traffic && !j->traffic->programs.max)
        j->traffic->programs =
            WORDS_INIT(PROGRAMS_MAX, (size_t)PROGRAMS_MAX * DIGEST_CAP);
    return j->traffic;
}

static void take_pairs(struct local_traffic *t, const char *text)
{
    struct err err = {0};
    int r = flows_read_prof(&t->flows, text, strlen(text), &err);

    if (r < 0)
        (void)err_set(&t->why, r, "what a node reported: %s", err_text(&err, r));
}

static void take_one(struct local_traffic *t, const json_t *o)
{
    json_int_t ranks = json_integer_value(json_object_get(o, "ranks"));
    const char *pairs = json_string_value(json_object_get(o, "pairs"));
    const char *text = json_string_value(json_object_get(o, "text"));
    const json_t *programs = json_object_get(o, "programs");

    if (ranks > 0 && ranks <= UINT32_MAX)
        t->ranks += (uint64_t)ranks;
    if (text && !t->why.code)
        (void)err_set(&t->why, -EIO, "%s", text);
    if (pairs && *pairs && !t->why.code)
        take_pairs(t, pairs);
    for (size_t i = 0; i < json_array_size(programs); i++) {
        const char *hex = json_string_value(json_array_get(programs, i));

        if (hex && strlen(hex) == DIGEST_CAP - 1 && !words_has(&t->programs, hex))
            (void)words_add(&t->programs, hex); /* more programs than that: some */
    }
}

void traffic_take(struct local_job *j, const json_t *list)
{
    struct local_traffic *t;

    if (!list)
        return;
    t = traffic_of(j);
    for (size_t i = 0; t && i < json_array_size(list) && i < JOB_NODES_MAX; i++)
        take_one(t, json_array_get(list, i));
    if (t && json_is_object(list))
        take_one(t, list);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One program is its digest; several are the digest of theirs, in order. */
static void program_of(const struct local_traffic *t, char hex[DIGEST_CAP])
{
    struct digest *d;

    hex[0] = '\0';
    if (t->programs.n == 0)
        return;
    if (t->programs.n == 1) {
        (void)word_copy(hex, DIGEST_CAP, t->programs.v[0]); /* as long as that */
        return;
    }
    qsort(t->programs.v, t->programs.n, sizeof(*t->programs.v), by_text);
    d = digest_new();
    for (size_t i = 0; d && i < t->programs.n; i++)
        digest_add(d, t->programs.v[i], DIGEST_CAP - 1);
    if (!d || digest_end(d, hex))
        hex[0] = '\0';
    digest_free(d);
}

static int matrix(struct local_traffic *t,
                  uint32_t n_ranks,
                  struct buf *out,
                  struct err *err)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    int r = t->why.code;

    if (r)
        return err_set(err, r, "%s", t->why.text);
    if (t->ranks % n_ranks)
        return err_set(err, -EIO, "%" PRIu64 " ranks have written it, %u were to",
                       t->ranks, n_ranks);
    if (t->flows.n_ranks > n_ranks)
        return err_set(err, -EIO, "rank %u of %u", t->flows.n_ranks - 1, n_ranks);
    r = pattern_from_flows(n_ranks, t->flows.v, t->flows.n, &p, err);
    if (r)
        return r;
    pattern_write_metis(p, out);
    if (out->err == -ENOBUFS)
        return err_set(err, -EMSGSIZE, "more pairs of ranks talk than are kept");
    return out->err;
}

/* Once: what was gathered is gone afterwards. */
void traffic_tell(struct local_job *j)
{
    struct local_traffic *t = j->traffic;
    struct buf text = BUF_INIT(ENGINE_MATRIX_MAX);
    struct engine_traffic told = {
        .id = j->id, .epoch = j->epoch, .n_ranks = j->request.n_tasks};
    struct err err = {0};

    if (!t || !j->request.n_tasks)
        return;
    j->traffic = NULL;
    program_of(t, told.program);
    if (t->ranks) {
        int r = matrix(t, told.n_ranks, &text, &err);

        if (!r) {
            told.matrix = buf_text(&text);
            told.matrix_len = text.len;
        } else {
            buf_printf(&j->note, "%sits traffic was not kept: %s",
                       j->note.len ? "; " : "", err_text(&err, r));
        }
    }
    j->e->cb->traffic(&told, j->e->arg);
    if (told.note[0])
        buf_printf(&j->note, "%s%s", j->note.len ? "; " : "", told.note);
    buf_release(&text);
    traffic_free(t);
}
