/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tally_group - cells of a tally put together by some of their keys, waits, people */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/tally_int.h"

#include "base/banned.h"

static int by_keys(const void *a, const void *b)
{
    const struct tally_line *x = a;
    const struct tally_line *y = b;

    for (int i = 0; i < _TALLY_KEY_MAX; i++) {
        int c = strcmp(x->key[i], y->key[i]);

        if (c)
            return c;
    }
    return 0;
}

static int fold(struct cell **groups, const struct cell *c, unsigned keys, size_t *n)
{
    struct cell_key k = {0};
    struct cell *g = NULL;

    for (int i = 0; i < _TALLY_KEY_MAX; i++)
        if (keys & 1u << i)
            k.id[i] = c->key.id[i];
    TABLE_FIND(*groups, &k, g);
    if (!g) {
        g = calloc(1, sizeof(*g));
        if (!g)
            return -ENOMEM;
        g->key = k;
        if (TABLE_ADD(*groups, key, g) < 0) {
            free(g);
            return -ENOMEM;
        }
        ++*n;
    }
    return tally_sum_add(&g->sum, &c->sum);
}

int tally_group(const struct tally *t, unsigned keys, struct tally_lines *ret_lines)
{
    struct cell *groups = NULL, *c, *next;
    struct tally_line *v = NULL;
    size_t n = 0, at = 0;
    int r = 0;

    for (c = t->cells; r == 0 && c; c = c->hh.next)
        r = fold(&groups, c, keys, &n);
    if (r == 0) {
        v = calloc(n ? n : 1, sizeof(*v));
        r = v ? 0 : -ENOMEM;
    }
    TABLE_FOREACH (groups, c, next) {
        if (r == 0) {
            for (int i = 0; i < _TALLY_KEY_MAX; i++)
                v[at].key[i] = names_text(&t->names, c->key.id[i]);
            v[at++].sum = c->sum;
        }
        HASH_DEL(groups, c);
        free(c);
    }
    if (r < 0) {
        free(v);
        return r;
    }
    qsort(v, n, sizeof(*v), by_keys);
    *ret_lines = (struct tally_lines){v, n};
    return 0;
}

void tally_lines_release(struct tally_lines *l)
{
    free(l->v);
    *l = (struct tally_lines){0};
}

/* --- people -------------------------------------------------------------------------
 */

int tally_person(struct tally *t, uint32_t institution, uint32_t person)
{
    struct pair k = {institution, person};
    struct member_of *p = NULL;

    TABLE_FIND(t->people, &k, p);
    if (p)
        return 0;
    p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->key = k;
    if (TABLE_ADD(t->people, key, p) < 0) {
        free(p);
        return -ENOMEM;
    }
    return 0;
}

uint64_t tally_persons(const struct tally *t, const char *institution)
{
    const struct member_of *p;
    uint64_t n = 0;

    for (p = t->people; p; p = p->hh.next)
        n += !*institution || !strcmp(names_text(&t->names, p->key.a), institution);
    return n;
}

/* --- waits --------------------------------------------------------------------------
 */

int tally_wait_add(struct tally *t,
                   uint32_t institution,
                   uint32_t center,
                   int64_t wait_s)
{
    struct pair k = {institution, center};
    struct wait_list *w = NULL;

    TABLE_FIND(t->waits, &k, w);
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w)
            return -ENOMEM;
        w->key = k;
        if (TABLE_ADD(t->waits, key, w) < 0) {
            free(w);
            return -ENOMEM;
        }
    }
    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap + w->cap / 2 : 64;
        uint32_t *v = reallocarray(w->v, cap, sizeof(*v));

        if (!v)
            return -ENOMEM;
        w->v = v;
        w->cap = cap;
    }
    w->v[w->n++] = wait_s > UINT32_MAX ? UINT32_MAX : (uint32_t)wait_s;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int by_names(const void *a, const void *b)
{
    const struct tally_wait *x = a, *y = b;
    int c = strcmp(x->institution, y->institution);

    return c ? c : strcmp(x->center, y->center);
}

/* Nearest rank: the smallest value that so many percent do not exceed. */
static uint32_t rank(const struct wait_list *w, unsigned percent)
{
    size_t at = (w->n * percent + 99) / 100;

    return w->v[at ? at - 1 : 0];
}

int tally_waits(struct tally *t, struct tally_wait **ret_v, size_t *ret_n)
{
    size_t n = HASH_COUNT(t->waits), at = 0;
    struct tally_wait *v = calloc(n ? n : 1, sizeof(*v));

    if (!v)
        return -ENOMEM;
    for (struct wait_list *w = t->waits; w; w = w->hh.next) {
        qsort(w->v, w->n, sizeof(*w->v), by_number);
        v[at++] = (struct tally_wait){
            .institution = names_text(&t->names, w->key.a),
            .center = names_text(&t->names, w->key.b),
            .n = w->n,
            .median_s = rank(w, 50),
            .p95_s = rank(w, 95),
            .max_s = w->v[w->n - 1],
        };
    }
    qsort(v, n, sizeof(*v), by_names);
    *ret_v = v;
    *ret_n = n;
    return 0;
}
