/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* nodes - which nodes could take a request, and which ones do */
#include "config.h"

#include "sched/nodes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

void nodes_release(struct nodes *m)
{
    free(m->v);
    free(m->scratch);
    *m = (struct nodes){0};
}

int nodes_find(const struct nodes *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (!strcmp(m->v[i].name, name))
            return (int)i;
    return -ENOENT;
}

static struct amount less(const struct amount *all, const struct amount *used)
{
    return (struct amount){
        .cores = all->cores - MIN(used->cores, all->cores),
        .gpus = all->gpus - MIN(used->gpus, all->gpus),
        .bytes = all->bytes - MIN(used->bytes, all->bytes),
        .jobs = used->jobs,
    };
}

/* `now` follows from what there is and what is used. */
static void refresh(struct node *n)
{
    n->now = less(&n->all, &n->used);
}

static struct amount lesser(const struct amount *a, const struct amount *b)
{
    return (struct amount){
        .cores = MIN(a->cores, b->cores),
        .gpus = MIN(a->gpus, b->gpus),
        .bytes = MIN(a->bytes, b->bytes),
        .jobs = MAX(a->jobs, b->jobs),
    };
}

void nodes_look_ahead(struct nodes *m, uint32_t partitions)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i].partitions & partitions)
            m->v[i].ahead = less(&m->v[i].all, &m->v[i].ahead);
}

void nodes_reserve(struct nodes *m,
                   uint32_t partitions,
                   const struct node_pick *pick,
                   size_t n)
{
    for (size_t i = 0; i < n; i++)
        amount_take(&m->v[pick[i].node].ahead, &pick[i]);
    for (size_t i = 0; i < m->n; i++) {
        struct node *node = &m->v[i];

        if (!(node->partitions & partitions))
            continue;
        node->then = node->reserved ? lesser(&node->then, &node->ahead) : node->ahead;
        node->reserved = true;
    }
}

static int add(struct nodes *m, const struct node *n)
{
    struct node *v;
    struct node_pick *scratch;

    if (m->n >= NODES_MAX)
        return -ENOSPC;
    if ((m->n & (m->n - 1)) == 0) {
        size_t cap = m->n ? 2 * m->n : 1;

        v = realloc(m->v, cap * sizeof(*v));
        if (!v)
            return -ENOMEM;
        m->v = v;
        scratch = realloc(m->scratch, cap * sizeof(*scratch));
        if (!scratch)
            return -ENOMEM;
        m->scratch = scratch;
    }
    m->v[m->n] = *n;
    m->v[m->n].used = (struct amount){0};
    m->v[m->n].reserved = false;
    refresh(&m->v[m->n]);
    return (int)m->n++;
}

int nodes_set(struct nodes *m, const struct node *n)
{
    int i = nodes_find(m, n->name);
    struct node *old;

    if (i < 0)
        return add(m, n);
    old = &m->v[i];
    old->all = n->all;
    memcpy(old->gpu_type, n->gpu_type, sizeof(old->gpu_type));
    old->partitions = (old->partitions & ~((UINT32_C(1) << PARTITIONS_MAX) - 1))
                      | n->partitions; /* its reservations stay */
    old->up = n->up;
    refresh(old);
    return i;
}

void amount_take(struct amount *a, const struct node_pick *p)
{
    a->cores -= MIN(p->cores, a->cores);
    a->gpus -= MIN(p->gpus, a->gpus);
    a->bytes -= MIN(p->bytes, a->bytes);
    a->jobs++;
}

void nodes_take(struct nodes *m, const struct node_pick *pick, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct node *node = &m->v[pick[i].node];

        node->used.cores += pick[i].cores;
        node->used.gpus += pick[i].gpus;
        node->used.bytes += pick[i].bytes;
        node->used.jobs++;
        refresh(node);
    }
}

void nodes_give(struct nodes *m, const struct node_pick *pick, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct node *node = &m->v[pick[i].node];

        assert(node->used.jobs > 0 && node->used.cores >= pick[i].cores);
        node->used.cores -= pick[i].cores;
        node->used.gpus -= pick[i].gpus;
        node->used.bytes -= pick[i].bytes;
        node->used.jobs--;
        refresh(node);
    }
}

static struct amount view_of(const struct node *n, enum nodes_view view)
{
    switch (view) {
    case NODES_ALL:
        return n->all;
    case NODES_AHEAD:
        return n->ahead;
    case NODES_LATER:
        return n->reserved ? lesser(&n->now, &n->then) : n->now;
    case NODES_NOW:
        break;
    }
    return n->now;
}

static uint32_t tasks_on(const struct node *n,
                         const struct request *req,
                         enum nodes_view view)
{
    struct amount a = view_of(n, view);

    if (a.cores < req->cpus_per_task || a.gpus < req->gpus_per_node
        || !request_likes_gpus(req, n->gpu_type) || (req->exclusive && a.jobs > 0))
        return 0;
    return MIN(request_tasks_on(req, a.cores, a.bytes), req->n_tasks);
}

static bool asked(const struct nodes *m,
                  const struct node *n,
                  uint32_t partitions,
                  enum nodes_view view)
{
    return (n->partitions & partitions)
           && (view == NODES_ALL || (n->up && !(n->partitions & m->closed)));
}

uint32_t nodes_tasks(const struct nodes *m,
                     uint32_t node,
                     const struct request *req,
                     enum nodes_view view)
{
    if (!asked(m, &m->v[node], UINT32_MAX, view))
        return 0;
    return tasks_on(&m->v[node], req, view);
}

size_t nodes_could(const struct nodes *m,
                   const struct request *req,
                   uint32_t partitions,
                   enum nodes_view view,
                   struct node_pick *pick)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n; i++) {
        const struct node *node = &m->v[i];
        uint32_t tasks;

        if (!asked(m, node, partitions, view))
            continue;
        tasks = tasks_on(node, req, view);
        if (tasks > 0)
            pick[n++] = (struct node_pick){.node = (uint32_t)i,
                                           .tasks = tasks,
                                           .cores = view_of(node, view).cores};
    }
    return n;
}

bool nodes_fit(struct nodes *m,
               const struct request *req,
               uint32_t partitions,
               enum nodes_view view)
{
    uint64_t sum = 0;
    uint32_t n = 0;

    if (req->max_nodes) {
        size_t could = nodes_could(m, req, partitions, view, m->scratch);
        size_t chosen;

        return nodes_choose(req, m->scratch, could, &chosen) == 0;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct node *node = &m->v[i];
        uint32_t tasks;

        if (!asked(m, node, partitions, view))
            continue;
        tasks = tasks_on(node, req, view);
        sum += tasks;
        n += tasks > 0;
        if (sum >= req->n_tasks && n >= req->min_nodes)
            return true;
    }
    return false;
}

/* Most tasks first; the node's index breaks ties, so a choice can be repeated. */
static int by_tasks(const void *a, const void *b)
{
    const struct node_pick *x = a;
    const struct node_pick *y = b;

    if (x->tasks != y->tasks)
        return x->tasks < y->tasks ? 1 : -1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* The k chosen ones share n_tasks: evenly where nodes were asked, else as they fill. */
static void share_out(const struct request *req, struct node_pick *pick, size_t k)
{
    uint32_t left = req->n_tasks;

    if (req->min_nodes > 1 || req->tasks_per_node) {
        for (size_t i = k;
             i-- > 0;) { /* smallest first: the rest can take what is over */
            uint32_t fair = (uint32_t)((left + i) / (i + 1));

            pick[i].tasks = MIN(pick[i].tasks, fair);
            left -= pick[i].tasks;
        }
        return;
    }
    for (size_t i = 0; i < k; i++) {
        pick[i].tasks = MIN(pick[i].tasks, left - (uint32_t)(k - 1 - i));
        left -= pick[i].tasks;
    }
}

/* One node is enough: the one that is left with the fewest free places. */
static bool choose_one(const struct request *req, struct node_pick *pick, size_t n)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++)
        if (pick[i].tasks >= req->n_tasks
            && (best == n || pick[i].cores < pick[best].cores))
            best = i;
    if (best == n)
        return false;
    pick[0] = pick[best];
    pick[0].tasks = req->n_tasks;
    return true;
}

int nodes_choose(const struct request *req,
                 struct node_pick *pick,
                 size_t n,
                 size_t *ret_n)
{
    size_t most = req->max_nodes ? MIN((size_t)req->max_nodes, n) : n;
    uint64_t sum = 0;
    size_t k = 0;

    if (req->min_nodes <= 1 && most >= 1 && choose_one(req, pick, n)) {
        *ret_n = 1;
        return 0;
    }
    qsort(pick, n, sizeof(*pick), by_tasks);
    while (k < most && (sum < req->n_tasks || k < req->min_nodes))
        sum += pick[k++].tasks;
    if (sum < req->n_tasks || k < req->min_nodes)
        return -ENOENT;
    /* The last one is the smallest that still completes it: big holes stay whole. */
    sum -= pick[k - 1].tasks;
    for (size_t i = n; i-- > k;)
        if (sum + pick[i].tasks >= req->n_tasks) {
            struct node_pick t = pick[k - 1];

            pick[k - 1] = pick[i];
            pick[i] = t;
            break;
        }
    share_out(req, pick, k);
    *ret_n = k;
    return 0;
}

void nodes_charge(const struct nodes *m,
                  const struct request *req,
                  struct node_pick *pick,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct amount *all = &m->v[pick[i].node].all;

        pick[i].cores =
            req->exclusive ? all->cores : pick[i].tasks * req->cpus_per_task;
        pick[i].gpus = req->exclusive ? all->gpus : req->gpus_per_node;
        pick[i].bytes =
            req->exclusive ? all->bytes : request_node_bytes(req, pick[i].tasks);
    }
}
