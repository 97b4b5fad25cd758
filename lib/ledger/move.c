/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * move - the one way in which a balance changes
 *
 * A move takes the same amount from one account and gives it to another, so the sum
 * over all accounts stays zero whatever is done.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "ledger/book_int.h"

#include "base/banned.h"

/* Which accounts a kind of step joins. */
static const struct way {
    enum posting_kind kind;
    enum account_kind from;
    enum account_kind to;
} ways[] = {
    {POST_GRANT,    ACCOUNT_BUDGET,    ACCOUNT_AVAIL    },
    {POST_WITHDRAW, ACCOUNT_AVAIL,     ACCOUNT_BUDGET   },
    {POST_HOLD,     ACCOUNT_AVAIL,     ACCOUNT_HOLD     },
    {POST_CAPTURE,  ACCOUNT_HOLD,      ACCOUNT_SPENT    },
    {POST_RELEASE,  ACCOUNT_HOLD,      ACCOUNT_AVAIL    },
    {POST_REFUND,   ACCOUNT_SPENT,     ACCOUNT_REFUND   },
    {POST_REFUND,   ACCOUNT_REFUND,    ACCOUNT_AVAIL    },
    {POST_OVERRUN,  ACCOUNT_AVAIL,     ACCOUNT_SPENT    }, /* covered */
    {POST_OVERRUN,  ACCOUNT_OWED,      ACCOUNT_SPENT    }, /* debt */
    {POST_OVERRUN,  ACCOUNT_AVAIL,     ACCOUNT_OWED     }, /* debt paid back */
    {POST_EARN,     ACCOUNT_BUDGET,    ACCOUNT_EARNED   },
    {POST_UNEARN,   ACCOUNT_EARNED,    ACCOUNT_BUDGET   },
    {POST_EXPIRE,   ACCOUNT_AVAIL,     ACCOUNT_EXPIRED  },
    {POST_MOVE,     ACCOUNT_AVAIL,     ACCOUNT_ELSEWHERE},
    {POST_MOVE,     ACCOUNT_ELSEWHERE, ACCOUNT_AVAIL    },
};

int move_check(const struct move *m, struct err *err)
{
    const struct balance *x = &m->purse->now;
    int64_t has = 0;
    int64_t total;
    char need[MILLI_TEXT_MAX];
    char have[MILLI_TEXT_MAX];
    size_t i = 0;

    while (
        i < ARRAY_SIZE(ways)
        && (ways[i].kind != m->kind || ways[i].from != m->from || ways[i].to != m->to))
        i++;
    if (i == ARRAY_SIZE(ways))
        return err_set(err, -EINVAL, "a %s does not join these accounts",
                       posting_kind_word(m->kind));
    if (m->milli < 0)
        return err_set(err, -EINVAL, "a %s of less than nothing: %s",
                       posting_kind_word(m->kind), milli_text(m->milli, need));
    if (m->kind == POST_EARN) {
        if (!add_ok(x->earned, m->milli, &total))
            return err_set(err, -EOVERFLOW,
                           "project %s: it has paid more than a book can hold",
                           x->project);
        return 0;
    }
    switch (m->from) {
    case ACCOUNT_ELSEWHERE:
    case ACCOUNT_BUDGET:
    case ACCOUNT_OWED: /* sources: what grows is the sum of both */
        if (!add_ok(x->granted, x->owed, &total) || !add_ok(total, m->milli, &total))
            return err_set(
                err, -EOVERFLOW, "project %s: a %s of %s is more than a book can hold",
                x->project, posting_kind_word(m->kind), milli_text(m->milli, need));
        return 0;
    case ACCOUNT_AVAIL:
        has = x->available;
        break;
    case ACCOUNT_HOLD:
        has = m->held->milli;
        break;
    case ACCOUNT_SPENT:
        has = x->spent;
        break;
    case ACCOUNT_EARNED:
        has = x->earned;
        break;
    case ACCOUNT_REFUND:
        has = m->purse->refunding;
        break;
    case ACCOUNT_EXPIRED:
    case _ACCOUNT_KIND_MAX:
        break;
    }
    if (m->kind == POST_WITHDRAW || m->kind == POST_EXPIRE || m->kind == POST_MOVE)
        has = MIN(has, x->granted);
    if (m->to == ACCOUNT_OWED)
        has = MIN(has, x->owed);
    if (has < m->milli)
        return err_set(err, -EINVAL, "project %s: a %s of %s, but there is only %s",
                       x->project, posting_kind_word(m->kind),
                       milli_text(m->milli, need), milli_text(has, have));
    return 0;
}

/* Add to an account's balance: negative amounts take from it. */
static void add(const struct move *m, enum account_kind kind, int64_t milli)
{
    struct balance *x = &m->purse->now;

    switch (kind) {
    case ACCOUNT_BUDGET:
        if (m->kind == POST_EARN || m->kind == POST_UNEARN)
            break; /* the earned side counts it */
        x->granted -= milli;
        break;
    case ACCOUNT_AVAIL:
        x->available += milli;
        break;
    case ACCOUNT_HOLD:
        m->held->milli += milli;
        x->held += milli;
        break;
    case ACCOUNT_SPENT:
        x->spent += milli;
        break;
    case ACCOUNT_OWED:
        x->owed -= milli;
        break;
    case ACCOUNT_EARNED:
        x->earned += milli;
        break;
    case ACCOUNT_REFUND:
        m->purse->refunding += milli;
        break;
    case ACCOUNT_ELSEWHERE: /* what is configured goes with it */
        x->granted -= milli;
        x->moved -= milli;
        if (milli > 0)
            m->transfer->given += milli;
        else
            m->transfer->received -= milli;
        if (m->purse->target >= 0)
            m->purse->target = MAX(INT64_C(0), m->purse->target - milli);
        break;
    case ACCOUNT_EXPIRED:
        x->granted -= milli;
        x->expired += milli;
        break;
    case _ACCOUNT_KIND_MAX:
        break;
    }
}

/* Held or spent by so much more: by everybody above as well. */
static void tell_above(const struct purse *p, int64_t more)
{
    for (struct node *n = p->node; n; n = n->parent)
        n->used += more;
}

void move_apply(const struct move *m)
{
    const struct balance *x = &m->purse->now;
    int64_t before = x->held + x->spent;

    add(m, m->from, -m->milli);
    add(m, m->to, m->milli);
    tell_above(m->purse, x->held + x->spent - before);
}

void purse_restore(struct purse *p, const struct balance *old)
{
    tell_above(p, old->held + old->spent - (p->now.held + p->now.spent));
    p->now = *old;
}

/* --- the two tables ----------------------------------------------------------- */

struct purse *purse_find(const struct book *b, const char *project)
{
    char key[NAME_CAP] = "";
    struct purse *p;

    if (!word_copy(key, sizeof(key), project))
        return NULL;
    HASH_FIND(hh, b->purses, key, sizeof(key), p);
    return p;
}

struct purse *purse_add(struct book *b, const char *project)
{
    struct purse *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    (void)word_copy(p->now.project, sizeof(p->now.project), project); /* checked */
    p->now.limited = true;
    p->fresh = true;
    HASH_ADD(hh, b->purses, now.project, sizeof(p->now.project), p);
    if (!p->hh.tbl) {
        free(p);
        return NULL;
    }
    return p;
}

void purse_remove(struct book *b, struct purse *p)
{
    HASH_DEL(b->purses, p);
    free(p);
}

struct held *held_find(const struct book *b, uint64_t job)
{
    struct held *h;

    TABLE_FIND(b->helds, &job, h);
    return h;
}

struct held *held_add(struct book *b, uint64_t job, uint32_t epoch, struct purse *p)
{
    struct held *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->job = job;
    h->epoch = epoch;
    h->purse = p;
    if (TABLE_ADD(b->helds, job, h) < 0) {
        free(h);
        return NULL;
    }
    p->now.n_holds++;
    return h;
}

void held_remove(struct book *b, struct held *h)
{
    h->purse->now.n_holds--;
    HASH_DEL(b->helds, h);
    free(h);
}
