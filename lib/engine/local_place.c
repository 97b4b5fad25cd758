/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_place - which nodes of the center a job gets, and what machine they make
 *
 * The machine of all nodes is made when somebody asks after a node has changed. What a
 * candidate could take (memory, GPUs, limits) sched has said already: place sees as
 * many free cores as those tasks need.
 */
#include "config.h"

#include "engine/local_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/number.h"
#include "engine/local_int.h"
#include "place/topology.h"

#include "base/banned.h"

#define PACKAGES_MAX 64

static void forget_machine(struct local_place *p)
{
    p->machine = machine_free(p->machine);
    free(p->of_sched);
    free(p->of_machine);
    free(p->spare);
    free(p->busy_s);
    p->of_sched = p->of_machine = NULL;
    p->spare = NULL;
    p->busy_s = NULL;
    p->n = 0;
}

void local_place_release(struct local_place *p)
{
    forget_machine(p);
    p->topology = topology_free(p->topology);
}

void local_place_stale(struct local *e)
{
    forget_machine(&e->place);
}

/* Where each node hangs, and its turn: as the topology names them, then the others. */
static void hang(struct local *e)
{
    const struct topology *t = e->place.topology;
    struct local_node *n;
    struct local_node *next;

    TABLE_FOREACH (e->nodes, n, next) {
        n->leaf = MACHINE_NONE;
        n->place = UINT64_C(1) << 32 | n->index;
    }
    for (size_t i = 0; t && i < t->nodes.n; i++) {
        char key[NAME_CAP] = "";

        if (!word_copy(key, sizeof(key), t->nodes.v[i]))
            continue;
        HASH_FIND(hh, e->nodes, key, sizeof(key), n);
        if (n) {
            n->leaf = t->leaf[i];
            n->place = i;
        }
    }
}

int local_place_configure(struct local *e, const struct site *site, struct err *err)
{
    struct local_place p = {.crumbs = site->crumbs};
    uint64_t far[PLACE_LEVELS_MAX] = {0};
    int n;

    if (site->distance) {
        n = machine_numbers(site->distance, "distance", 0, UINT32_MAX / 4, far, err);
        if (n < 0)
            return n;
        p.n_distance = (uint32_t)n;
    }
    for (uint32_t i = 0; i < p.n_distance; i++)
        p.distance[i] = (uint32_t)far[i];
    if (site->capacity) {
        n = machine_numbers(site->capacity, "capacity", 1, UINT64_C(1) << 53,
                            p.capacity, err);
        if (n < 0)
            return n;
        p.n_capacity = (uint32_t)n;
    }
    if (site->topology) {
        int r =
            topology_parse(site->topology, strlen(site->topology), &p.topology, err);

        if (r < 0)
            return r;
    }
    local_place_release(&e->place);
    e->place = p;
    hang(e);
    return 0;
}

uint32_t local_place_packages(const char *synthetic, uint32_t cores)
{
    uint64_t n = 1;

    for (const char *at = synthetic; *at;) {
        size_t word = strcspn(at, ":( ");
        const char *count = at + word + (at[word] == ':');
        uint64_t k = 0;

        for (; *count >= '0' && *count <= '9' && k <= PACKAGES_MAX; count++)
            k = 10 * k + (uint64_t)(*count - '0');
        n *= k ? k : 1;
        if (word == 7 && !strncasecmp(at, "Package", word))
            return n <= PACKAGES_MAX && cores % n == 0 ? (uint32_t)n : 1;
        if (n > PACKAGES_MAX)
            break;
        at = count + strcspn(count, " (");
        if (*at == '(')
            at += strcspn(at, ")");
        at += *at != '\0';
        at += strspn(at, " ");
    }
    return 1;
}

/* Number of each switch above one of the nodes, from 1; 0 = of none. */
static uint32_t mark_switches(const struct topology *t,
                              struct local_node *const *v,
                              size_t n,
                              uint32_t *number)
{
    uint32_t k = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t s = v[i]->leaf;

        for (int up = 0; s != MACHINE_NONE && up <= PLACE_LEVELS_MAX; up++) {
            number[s] = 1;
            s = t->parent[s];
        }
    }
    for (size_t s = 0; s < t->switches.n; s++) /* in the order of the file */
        if (number[s])
            number[s] = ++k;
    return k;
}

static void fill_switches(const struct topology *t,
                          const uint32_t *number,
                          struct machine_switch *sw)
{
    for (size_t s = 0; s < t->switches.n; s++) {
        uint32_t up = t->parent[s];

        if (number[s])
            sw[number[s] - 1] = (struct machine_switch){
                t->switches.v[s], up == MACHINE_NONE ? MACHINE_NONE : number[up] - 1};
    }
}

static uint32_t packages_of(const struct local_node *n)
{
    return MAX(n->packages, UINT32_C(1));
}

/* A node's packages, each with the same number of cores, written to cores. */
static struct node_shape shape_of(const struct local_node *n, uint32_t *cores)
{
    struct node_shape s = {.n_domains = packages_of(n), .cores = cores};

    for (uint32_t d = 0; d < s.n_domains; d++)
        cores[d] = MAX(n->cores / s.n_domains, UINT32_C(1));
    return s;
}

int local_place_machine(const struct local *e,
                        struct local_node *const *v,
                        size_t n,
                        struct machine **ret_m,
                        struct err *err)
{
    const struct local_place *p = &e->place;
    const struct topology *t = p->topology;
    size_t n_sw = t ? t->switches.n : 0;
    _cleanup_(freep) struct machine_node *node = calloc(n + 1, sizeof(*node));
    _cleanup_(freep) struct node_shape *shape = calloc(n + 1, sizeof(*shape));
    _cleanup_(freep) uint32_t *cores = NULL;
    _cleanup_(freep) struct machine_switch *sw = calloc(n_sw + 1, sizeof(*sw));
    _cleanup_(freep) uint32_t *number = calloc(n_sw + 1, sizeof(*number));
    size_t n_domains = 1;
    uint32_t k = 0;
    int r;

    for (size_t i = 0; i < n; i++)
        n_domains += packages_of(v[i]);
    cores = calloc(n_domains, sizeof(*cores));
    if (!node || !shape || !cores || !sw || !number)
        return err_set(err, -ENOMEM, "no memory for the machine's tree");
    if (t) {
        k = mark_switches(t, v, n, number);
        fill_switches(t, number, sw);
    }
    n_domains = 0;
    for (size_t i = 0; i < n; i++) {
        shape[i] = shape_of(v[i], cores + n_domains);
        n_domains += shape[i].n_domains;
        node[i] = (struct machine_node){
            .name = v[i]->name,
            .leaf = v[i]->leaf == MACHINE_NONE ? MACHINE_NONE : number[v[i]->leaf] - 1,
            .shape = &shape[i]};
    }
    r = machine_new_tree(sw, k, node, (uint32_t)n, p->n_distance ? p->distance : NULL,
                         p->n_distance, ret_m, err);
    for (uint32_t l = 1; r == 0 && l <= p->n_capacity && l < machine_levels(*ret_m);
         l++)
        r = machine_set_capacity(*ret_m, l, p->capacity[l - 1], err);
    return r;
}

static int by_index(const void *a, const void *b)
{
    const struct local_node *x = *(struct local_node *const *)a;
    const struct local_node *y = *(struct local_node *const *)b;

    return (x->place > y->place) - (x->place < y->place);
}

static int make_machine(struct local *e, size_t n_sched, struct err *err)
{
    struct local_place *p = &e->place;
    size_t count = HASH_COUNT(e->nodes);
    _cleanup_(freep) struct local_node **v = calloc(count + 1, sizeof(*v));
    struct local_node *n;
    struct local_node *next;
    int r;

    p->of_sched = calloc(n_sched + 1, sizeof(*p->of_sched));
    p->of_machine = calloc(count + 1, sizeof(*p->of_machine));
    p->spare = calloc(count + 1, sizeof(*p->spare));
    p->busy_s = calloc(count + 1, sizeof(*p->busy_s));
    if (!v || !p->of_sched || !p->of_machine || !p->spare || !p->busy_s)
        return -ENOMEM;
    hang(e);
    count = 0;
    TABLE_FOREACH (e->nodes, n, next)
        v[count++] = n;
    qsort(v, count, sizeof(*v), by_index);
    r = local_place_machine(e, v, count, &p->machine, err);
    if (r < 0)
        return r;
    p->n = machine_nodes(p->machine);
    for (size_t i = 0; i < n_sched; i++)
        p->of_sched[i] = MACHINE_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t m = machine_node_find(p->machine, v[i]->name);

        if (v[i]->index < n_sched) {
            p->of_sched[v[i]->index] = m;
            p->of_machine[m] = v[i]->index;
        }
    }
    return 0;
}

/* The candidates as place sees them; false when one is not of the machine. */
static bool fill_free(struct local_place *p,
                      const struct sched_ask *ask,
                      const struct node_pick *pick,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t m = p->of_sched[pick[i].node];

        if (m == MACHINE_NONE || i >= p->n)
            return false;
        /* As many tasks as the job has: it may have room for more. */
        p->spare[i] = (struct place_free){
            .node = m,
            .cores = pick[i].tasks >= ask->req->n_tasks
                         ? pick[i].cores
                         : pick[i].tasks * MAX(ask->req->cpus_per_task, 1u)};
    }
    for (uint32_t m = 0; m < p->n; m++) {
        int64_t end_s = ask->nodes->v[p->of_machine[m]].end_s;

        p->busy_s[m] = end_s > 0 ? MAX(end_s - ask->now_s, INT64_C(1)) : 0;
    }
    return true;
}

/* The fewest nodes that the tasks need, where they are dealt out evenly; else 0. */
static uint32_t nodes_wanted(const struct request *req,
                             struct node_pick *pick,
                             size_t n)
{
    size_t k = 0;

    if (req->min_nodes <= 1 && !req->tasks_per_node)
        return 0;
    return nodes_choose(req, pick, n, &k) < 0 ? 0 : (uint32_t)k;
}

int local_place_choose(void *arg,
                       const struct sched_ask *ask,
                       struct node_pick *pick,
                       size_t n,
                       size_t *ret_n)
{
    struct local *e = arg;
    struct local_place *p = &e->place;
    struct place_nodes_problem q = {.n_ranks = ask->req->n_tasks,
                                    .cpus_per_rank = ask->req->cpus_per_task,
                                    .quiet =
                                        p->crumbs && !strcmp(ask->req->comm, "none"),
                                    .end_s = ask->later ? 0 : ask->run_s,
                                    .n_free = (uint32_t)n};
    struct place_nodes_result result;
    struct err err = {0};
    int r = p->machine ? 0 : make_machine(e, ask->nodes->n, &err);

    if (r < 0) {
        log_warn("nodes are chosen without the switches: %s", err_text(&err, r));
        forget_machine(p);
        return -ENOENT;
    }
    if (!fill_free(p, ask, pick, n))
        return -ENOENT;
    q.machine = p->machine;
    q.free = p->spare;
    q.busy_s = ask->later ? NULL : p->busy_s;
    q.n_nodes = nodes_wanted(ask->req, pick, n); /* pick is used up now */
    if (place_nodes(&q, &result, NULL) < 0)
        return -ENOENT;
    for (uint32_t i = 0; i < result.n_nodes; i++)
        pick[i] = (struct node_pick){.node = p->of_machine[result.node[i]],
                                     .tasks = result.ranks[i]};
    *ret_n = result.n_nodes;
    place_nodes_release(&result);
    return 0;
}
