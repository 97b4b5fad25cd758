/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* local_parts - which cores of which nodes a job has */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/local_int.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define LIST_MAX (1u << 20)

static struct local_node *node_at(struct local *e, uint32_t index)
{
    struct local_node *n;
    struct local_node *next;

    TABLE_FOREACH (e->nodes, n, next)
        if (n->index == index)
            return n;
    return NULL;
}

void parts_give_back(struct local_job *j)
{
    for (size_t i = 0; i < j->n_parts; i++) {
        struct local_part *p = &j->parts[i];

        for (uint32_t c = 0; !p->given_back && p->cpus && c < p->cores; c++)
            if (p->cpus[c] < p->node->cores && p->node->core_used)
                p->node->core_used[p->cpus[c]] = false;
        if (!p->given_back)
            p->node->gpus_used &= ~p->gpus;
        p->given_back = true;
    }
}

void parts_free(struct local_job *j)
{
    parts_give_back(j);
    for (size_t i = 0; i < j->n_parts; i++)
        free(j->parts[i].cpus);
    free(j->parts);
    j->parts = NULL;
    j->n_parts = 0;
}

/* The first free cores; more than there are only if the node shrank: share core 0. */
static int take_cpus(struct local_part *p)
{
    struct local_node *n = p->node;
    uint32_t got = 0;

    p->cpus = calloc(p->cores ? p->cores : 1, sizeof(*p->cpus));
    if (!p->cpus)
        return -ENOMEM;
    for (uint32_t c = 0; c < n->cores && got < p->cores && n->core_used; c++)
        if (!n->core_used[c]) {
            n->core_used[c] = true;
            p->cpus[got++] = c;
        }
    return 0;
}

/* The first free GPUs; fewer only if the node lost some since they were promised. */
static void take_gpus(struct local_part *p, uint32_t want)
{
    struct local_node *n = p->node;

    for (uint32_t g = 0; g < n->gpus && want > 0; g++) {
        uint64_t bit = UINT64_C(1) << g;

        if (n->gpus_used & bit)
            continue;
        n->gpus_used |= bit;
        p->gpus |= bit;
        want--;
    }
}

static int describe(struct local_job *j)
{
    struct words w = WORDS_INIT(JOB_NODES_MAX, LIST_MAX);
    struct buf b = BUF_INIT(LIST_MAX);

    j->usage.n_cores = 0;
    j->usage.n_nodes = (uint32_t)j->n_parts;
    for (size_t i = 0; i < j->n_parts; i++) {
        j->usage.n_cores += j->parts[i].cores;
        (void)words_add(&w, j->parts[i].node->name); /* a shorter list: display */
    }
    hostlist_compress(w.v, w.n, &b);
    words_release(&w);
    free(j->nodes);
    j->nodes = buf_take(&b);
    return j->nodes ? 0 : -ENOMEM;
}

int parts_from_picks(struct local_job *j, const struct sched_view *v)
{
    int r = 0;

    j->parts = calloc(v->n_pick, sizeof(*j->parts));
    if (!j->parts)
        return -ENOMEM;
    for (size_t i = 0; i < v->n_pick && !r; i++) {
        const struct node_pick *pick = &v->pick[i];
        struct local_part *p = &j->parts[i];

        p->node = node_at(j->e, pick->node);
        if (!p->node)
            r = -ENOENT;
        p->tasks = pick->tasks;
        p->cores = pick->cores;
        p->bytes = pick->bytes;
        if (!r) {
            j->n_parts++;
            r = take_cpus(p);
            take_gpus(p, pick->gpus);
        }
    }
    if (!r)
        r = describe(j);
    if (r)
        parts_free(j);
    return r;
}

/* As it stands in the order that the node kept. */
int parts_from_table(struct local_job *j, const json_t *table)
{
    size_t n = json_array_size(table);

    if (j->parts)
        return 0;
    j->parts = calloc(n ? n : 1, sizeof(*j->parts));
    if (!j->parts)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(table, i);
        const char *name = json_string_value(json_object_get(o, "name"));
        const json_t *cpus = json_object_get(o, "cpus");
        const json_t *gpus = json_object_get(o, "gpus");
        char key[NAME_CAP] = "";
        struct local_part *p = &j->parts[j->n_parts];
        struct local_node *node;

        if (!name || !word_copy(key, sizeof(key), name))
            continue;
        HASH_FIND(hh, j->e->nodes, key, sizeof(key), node);
        if (!node)
            continue; /* it was taken out of the configuration */
        p->node = node;
        p->tasks = (uint32_t)json_integer_value(json_object_get(o, "tasks"));
        p->cores = (uint32_t)json_array_size(cpus);
        p->bytes = (uint64_t)json_integer_value(json_object_get(o, "bytes"));
        p->prepared = true;
        p->cpus = calloc(p->cores ? p->cores : 1, sizeof(*p->cpus));
        if (!p->cpus)
            return -ENOMEM;
        for (uint32_t c = 0; c < p->cores; c++) {
            p->cpus[c] = (uint32_t)json_integer_value(json_array_get(cpus, c));
            if (p->cpus[c] < node->cores && node->core_used)
                node->core_used[p->cpus[c]] = true;
        }
        for (size_t g = 0; g < json_array_size(gpus); g++) {
            json_int_t x = json_integer_value(json_array_get(gpus, g));

            if (x >= 0 && x < GPUS_MAX)
                p->gpus |= UINT64_C(1) << x;
        }
        node->gpus_used |= p->gpus;
        j->n_parts++;
    }
    return describe(j);
}

bool parts_restore(struct local_job *j)
{
    struct sched_meta meta =
        queue_meta(&j->e->q, j->own, j->institution, j->project, 0, j->started);
    struct node_pick *pick = calloc(j->n_parts ? j->n_parts : 1, sizeof(*pick));
    int r = pick ? 0 : -ENOMEM;

    for (size_t i = 0; i < j->n_parts && !r; i++)
        pick[i] =
            (struct node_pick){.node = j->parts[i].node->index,
                               .tasks = j->parts[i].tasks,
                               .cores = j->parts[i].cores,
                               .gpus = (uint32_t)__builtin_popcountll(j->parts[i].gpus),
                               .bytes = j->parts[i].bytes};
    if (!r)
        r = sched_restore_running(j->e->q.sched, j->id, &j->request, &meta, pick,
                                  j->n_parts, j->started.us / US_PER_S);
    free(pick);
    j->in_sched = r == 0;
    return j->in_sched;
}
