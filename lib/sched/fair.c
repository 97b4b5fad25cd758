/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fair - the tree, its decay and its walk
 *
 * Usage is kept as if it were of `at_s`: what comes later is told in a unit that grows
 * (2^((t - at_s) / half life)), so that nothing must be walked to let it decay; when
 * the unit becomes large everything is brought up to date once.
 */
#include "config.h"

#include "sched/fair.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "sched/fair_int.h"

#include "base/banned.h"

#define SHARES_MAX 1000000
#define UNIT_HALVES 64 /* half lives until usage is brought up to date */

struct fair *fair_new(int64_t half_life_s, const struct fair_usage *machine)
{
    struct fair *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->half_life_s = MAX(half_life_s, INT64_C(1));
    f->machine = *machine;
    return f;
}

void *fair_free(struct fair *f)
{
    struct fair_node *n;
    struct fair_node *next;

    if (!f)
        return NULL;
    TABLE_FOREACH (f->nodes, n, next) {
        HASH_DEL(f->nodes, n);
        free(n);
    }
    free(f->order);
    free(f);
    return NULL;
}

struct fair_node *fair_find(const struct fair *f, const char *path)
{
    char key[FAIR_NAME_CAP] = "";
    struct fair_node *n = NULL;

    if (word_copy(key, sizeof(key), path))
        HASH_FIND(hh, f->nodes, key, sizeof(key), n);
    return n;
}

static bool path_ok(const char *path)
{
    size_t depth = 1;

    for (const char *p = path; *p; p++)
        if (*p == '/') {
            depth++;
            if (p == path || p[1] == '/' || !p[1])
                return false;
        }
    return path[0] && strlen(path) < FAIR_NAME_CAP && depth <= FAIR_DEPTH_MAX;
}

int fair_set(struct fair *f, const char *path, uint32_t shares, struct err *err)
{
    const char *slash = strrchr(path, '/');
    struct fair_node *n = fair_find(f, path);
    struct fair_node *above = NULL;

    if (!path_ok(path))
        return err_set(err, -EINVAL, "\"%.60s\" is not a path of at most %d names",
                       path, FAIR_DEPTH_MAX);
    if (shares > SHARES_MAX)
        return err_set(err, -EINVAL, "shares must be 0 to %d, not %u", SHARES_MAX,
                       shares);
    if (n) {
        n->shares = shares;
        return 0;
    }
    if (slash) {
        char up[FAIR_NAME_CAP] = "";

        memcpy(up, path, (size_t)(slash - path));
        above = fair_find(f, up);
        if (!above)
            return err_set(err, -ENOENT, "there is no %s", up);
    }
    if (HASH_COUNT(f->nodes) >= FAIR_NODES_MAX)
        return err_set(err, -ENOSPC, "more than %d accounts", FAIR_NODES_MAX);
    n = calloc(1, sizeof(*n));
    if (!n)
        return err_set(err, -ENOMEM, "out of memory");
    (void)word_copy(n->path, sizeof(n->path), path); /* path_ok */
    n->shares = shares;
    n->above = above;
    if (TABLE_ADD(f->nodes, path, n) < 0) {
        free(n);
        return err_set(err, -ENOMEM, "out of memory");
    }
    if (above)
        above->n_below++;
    f->n_order = 0;
    return 0;
}

/* All usage is brought up to date: in units of now_s from here on. */
static void settle(struct fair *f, int64_t now_s, double halves)
{
    struct fair_node *n;
    struct fair_node *next;

    TABLE_FOREACH (f->nodes, n, next)
        for (int r = 0; r < _FAIR_RESOURCE_MAX; r++)
            n->used.of[r] *= exp2(-halves);
    f->at_s = now_s;
}

/* What one unit told at now_s counts; usage is brought up to date when that is large.
 */
static double unit(struct fair *f, int64_t now_s)
{
    double halves;

    if (!f->begun) {
        f->begun = true;
        f->at_s = now_s;
    }
    halves = (double)(now_s - f->at_s) / (double)f->half_life_s;
    if (halves <= UNIT_HALVES)
        return exp2(halves);
    settle(f, now_s, halves);
    return 1;
}

void fair_tune(struct fair *f,
               int64_t half_life_s,
               const struct fair_usage *machine,
               int64_t now_s)
{
    if (f->begun && now_s > f->at_s)
        settle(f, now_s, (double)(now_s - f->at_s) / (double)f->half_life_s);
    f->half_life_s = MAX(half_life_s, INT64_C(1));
    f->machine = *machine;
}

int fair_use(struct fair *f,
             const char *path,
             const struct fair_usage *used,
             int64_t now_s)
{
    struct fair_node *n = fair_find(f, path);
    double counts;

    if (!n)
        return -ENOENT;
    counts = unit(f, now_s);
    for (; n; n = n->above)
        for (int r = 0; r < _FAIR_RESOURCE_MAX; r++)
            if (used->of[r] > 0)
                n->used.of[r] += used->of[r] * counts;
    return 0;
}

/* --- ranks ------------------------------------------------------------------ */

static double dominant(const struct fair *f, const struct fair_node *n)
{
    double most = 0;

    for (int r = 0; r < _FAIR_RESOURCE_MAX; r++)
        if (f->machine.of[r] > 0)
            most = MAX(most, n->used.of[r] / f->machine.of[r]);
    return most;
}

/* Children next to each other, under their parents; the top first. */
static int by_parent(const void *a, const void *b)
{
    const struct fair_node *x = *(struct fair_node *const *)a;
    const struct fair_node *y = *(struct fair_node *const *)b;

    if (x->above != y->above) {
        if (!x->above || !y->above)
            return x->above ? 1 : -1;
        return strcmp(x->above->path, y->above->path);
    }
    if (x->view.level > y->view.level || x->view.level < y->view.level)
        return x->view.level > y->view.level ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* S, U and LF among the siblings v[0 .. n). */
static void levels(const struct fair *f, struct fair_node **v, size_t n)
{
    double shares = 0;
    double usage = 0;

    for (size_t i = 0; i < n; i++) {
        shares += v[i]->shares;
        usage += dominant(f, v[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct fair_view *x = &v[i]->view;

        *x = (struct fair_view){.shares = v[i]->shares, .used = v[i]->used};
        x->share = shares > 0 ? v[i]->shares / shares : 0;
        x->usage = usage > 0 ? dominant(f, v[i]) / usage : 0;
        x->level = v[i]->shares == 0 ? 0
                   : x->usage > 0    ? x->share / x->usage
                                     : INFINITY;
    }
}

/* The children of one node in a list that is sorted by parent: where they begin. */
static size_t children(struct fair_node **v, size_t n, const struct fair_node *above)
{
    size_t lo = 0;
    size_t hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct fair_node *m = v[mid]->above;
        bool before = !m || strcmp(m->path, above->path) < 0;

        if (before)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct walk {
    struct fair_node **v; /* [n] by parent */
    size_t n;
    struct fair_node **order;
    size_t n_order;
    uint32_t n_leaves; /* in all */
    uint32_t passed;   /* leaves that had their turn */
};

static int by_level(const void *a, const void *b)
{
    const struct fair_node *x = *(struct fair_node *const *)a;
    const struct fair_node *y = *(struct fair_node *const *)b;

    if (x->view.level > y->view.level || x->view.level < y->view.level)
        return x->view.level > y->view.level ? -1 : 1;
    return strcmp(x->path, y->path);
}

static int rank_set(struct walk *w, struct fair_node **set, size_t n);

/* Nodes whose turn is the same: their leaves have one rank, and what is below the
 * others is ranked together, as if it were of one (fair_tree.shtml, "ties"). */
static int rank_tie(struct walk *w, struct fair_node **tie, size_t n)
{
    uint32_t rank = w->passed + 1;
    size_t below = 0;
    size_t k = 0;
    struct fair_node **all;
    int r;

    for (size_t i = 0; i < n; i++) {
        below += tie[i]->n_below;
        w->passed += tie[i]->n_below == 0;
        tie[i]->view.rank = tie[i]->n_below ? 0 : rank;
    }
    if (below == 0)
        return 0;
    all = calloc(below, sizeof(struct fair_node *));
    if (!all)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        for (size_t c = tie[i]->n_below ? children(w->v, w->n, tie[i]) : w->n;
             c < w->n && w->v[c]->above == tie[i]; c++)
            all[k++] = w->v[c];
    r = rank_set(w, all, k);
    free(all);
    return r;
}

/* As deep as FAIR_DEPTH_MAX. */
static int rank_set(struct walk *w, struct fair_node **set, size_t n)
{
    int r = 0;

    if (n)
        qsort(set, n, sizeof(*set), by_level);
    for (size_t from = 0; from < n && r == 0;) {
        size_t to = from + 1;

        while (to < n && !(set[to]->view.level < set[from]->view.level))
            to++;
        r = rank_tie(w, set + from, to - from);
        from = to;
    }
    return r;
}

/* For display: the tree in order; one with nodes below has the rank of its best leaf.
 */
static void list(struct walk *w, struct fair_node *n)
{
    struct fair_view *x = &n->view;

    w->order[w->n_order++] = n;
    for (size_t i = n->n_below ? children(w->v, w->n, n) : w->n;
         i < w->n && w->v[i]->above == n; i++) {
        list(w, w->v[i]); /* as deep as FAIR_DEPTH_MAX */
        if (!x->rank || w->v[i]->view.rank < x->rank)
            x->rank = w->v[i]->view.rank;
    }
    x->factor = (double)(w->n_leaves - x->rank + 1) / (double)w->n_leaves;
}

int fair_rank(struct fair *f)
{
    size_t n = HASH_COUNT(f->nodes);
    struct fair_node **v = calloc(n + 1, sizeof(struct fair_node *));
    struct fair_node **order = calloc(n + 1, sizeof(struct fair_node *));
    struct walk w = {.v = v, .n = n, .order = order};
    struct fair_node *x;
    struct fair_node *next;
    size_t i = 0;
    int r;

    if (!v || !order) {
        free(v);
        free(order);
        return -ENOMEM;
    }
    TABLE_FOREACH (f->nodes, x, next) {
        x->view = (struct fair_view){0};
        w.n_leaves += x->n_below == 0;
        v[i++] = x;
    }
    qsort(v, n, sizeof(*v), by_parent); /* by parent: the levels are not known yet */
    for (size_t from = 0; from < n;) {
        size_t to = from + 1;

        while (to < n && v[to]->above == v[from]->above)
            to++;
        levels(f, v + from, to - from);
        from = to;
    }
    qsort(v, n, sizeof(*v), by_parent);
    for (i = 0; i < n && !v[i]->above;)
        i++; /* so many at the top */
    memcpy(order, v, i * sizeof(*order));
    r = rank_set(&w, order, i);
    for (i = 0; i < n && !v[i]->above && r == 0; i++)
        list(&w, v[i]);
    free(v);
    free(f->order);
    f->order = order;
    f->n_order = w.n_order; /* 0 without memory: the views are those of nobody */
    return r;
}

int fair_look(const struct fair *f, const char *path, struct fair_view *ret_v)
{
    const struct fair_node *n = fair_find(f, path);

    if (!n)
        return -ENOENT;
    *ret_v = n->view;
    return 0;
}

void fair_each(const struct fair *f,
               int (*each)(const char *path, const struct fair_view *v, void *arg),
               void *arg)
{
    for (size_t i = 0; i < f->n_order; i++)
        if (each(f->order[i]->path, &f->order[i]->view, arg) != 0)
            return;
}

static double cut(double x)
{
    return x > 0 ? MIN(x, 1.0) : 0; /* not a number: 0 */
}

struct fair_terms fair_priority(const struct fair_weights *w,
                                int64_t waited_s,
                                double fairshare,
                                double size,
                                double partition)
{
    double age = (double)waited_s / (double)MAX(w->max_age_s, INT64_C(1));
    struct fair_terms t = {.age = w->age * cut(age),
                           .fairshare = w->fairshare * cut(fairshare),
                           .size = w->size * cut(size),
                           .partition = w->partition * cut(partition)};
    double sum = t.age + t.fairshare + t.size + t.partition;

    t.priority = sum >= UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
    return t;
}
