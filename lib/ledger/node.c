/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * node - the institutions above the projects: what all below them may use together
 *
 * The sums are made anew from the purses at each site, and kept by every move in
 * between; a book that is folded from its journal has none before its first site.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "ledger/book_int.h"

#include "base/banned.h"

#define DEPTH_MAX 32 /* of the tree; what would be deeper stands at the top */

void nodes_free(struct node *all)
{
    struct node *n, *next;

    TABLE_FOREACH (all, n, next) {
        HASH_DEL(all, n);
        free(n);
    }
}

static struct node *node_find(struct node *all, const char *name)
{
    char key[NAME_CAP] = "";
    struct node *n;

    if (!word_copy(key, sizeof(key), name))
        return NULL;
    HASH_FIND(hh, all, key, sizeof(key), n);
    return n;
}

static int node_add(struct node **all, const struct institution *x)
{
    struct node *n = calloc(1, sizeof(*n));

    if (!n)
        return -ENOMEM;
    (void)word_copy(n->name, sizeof(n->name), x->name); /* same capacity */
    n->capped = x->capped;
    n->ceiling = x->ceiling_milli;
    HASH_ADD(hh, *all, name, sizeof(n->name), n);
    if (n->hh.tbl)
        return 0;
    free(n);
    return -ENOMEM;
}

/* Whether n is above `from`, or the chain is longer than it may be. */
static bool is_above(const struct node *from, const struct node *n)
{
    unsigned depth = 0;

    for (; from; from = from->parent)
        if (from == n || ++depth > DEPTH_MAX)
            return true;
    return false;
}

int nodes_apply(struct book *b, const struct site *s)
{
    struct node *all = NULL;
    struct purse *p, *next;
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->n_institutions; i++)
        if (!node_find(all, s->institutions[i].name))
            r = node_add(&all, &s->institutions[i]);
    if (r < 0) {
        nodes_free(all);
        return r;
    }
    for (size_t i = 0; i < s->n_institutions; i++) {
        struct node *n = node_find(all, s->institutions[i].name);
        struct node *up = node_find(all, s->institutions[i].ministry);

        if (up && !is_above(up, n))
            n->parent = up;
    }
    TABLE_FOREACH (b->purses, p, next) {
        const struct project *x = site_project(s, p->now.project);

        p->node = node_find(all, x ? x->institution : p->now.institution);
        for (struct node *n = p->node; n; n = n->parent)
            n->used += p->now.held + p->now.spent;
    }
    nodes_free(b->nodes);
    b->nodes = all;
    return 0;
}

static int64_t cut(__int128 n)
{
    return n > INT64_MAX ? INT64_MAX : n < INT64_MIN ? INT64_MIN : (int64_t)n;
}

int64_t book_node_used(const struct book *b, const char *institution)
{
    const struct node *n = node_find(b->nodes, institution);

    return n ? cut(n->used) : 0;
}

int64_t book_ceiling_left(const struct book *b, const char *project)
{
    const struct purse *p = purse_find(b, project);
    int64_t left = -1;

    for (const struct node *n = p ? p->node : NULL; n; n = n->parent) {
        int64_t here = n->capped ? MAX(INT64_C(0), cut(n->ceiling - n->used)) : -1;

        if (here >= 0 && (left < 0 || here < left))
            left = here;
    }
    return left;
}

int nodes_may_hold(const struct purse *p, int64_t milli, struct err *err)
{
    char lacks[MILLI_TEXT_MAX], has[MILLI_TEXT_MAX], needs[MILLI_TEXT_MAX];

    for (const struct node *n = p->node; n; n = n->parent) {
        int64_t left = MAX(INT64_C(0), cut(n->ceiling - n->used));

        if (n->capped && left < milli)
            return err_set(err, -EDQUOT,
                           "institution %s has %s left here for all its projects, %s "
                           "needs %s, lacks %s",
                           n->name, milli_text(left, has), p->now.project,
                           milli_text(milli, needs), milli_text(milli - left, lacks));
    }
    return 0;
}

int nodes_check(const struct book *b, struct err *err)
{
    const struct node *n, *next_n;
    const struct purse *p, *next_p;

    TABLE_FOREACH (b->nodes, n, next_n) {
        __int128 sum = 0;

        TABLE_FOREACH (b->purses, p, next_p)
            for (const struct node *up = p->node; up; up = up->parent)
                if (up == n)
                    sum += p->now.held + p->now.spent;
        if (sum != n->used)
            return err_set(err, -EINVAL,
                           "institution %s: its projects use another sum than it has",
                           n->name);
    }
    return 0;
}
