/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fold - a book out of its lines, what it says, and whether it is sound
 *
 * A hold is opened by its HOLD line and closed by the CAPTURE or RELEASE that
 * empties it (a hold of nothing: by a RELEASE of nothing).
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "ledger/book_int.h"

#include "base/banned.h"

/* Whether the account is one node's. */
static bool of_node(enum account_kind k)
{
    return k != ACCOUNT_HOLD && k != ACCOUNT_EARNED && k != ACCOUNT_REFUND;
}

/* The two accounts of a step: one node, at most one hold. */
static int read_accounts(struct book *b,
                         const struct posting *p,
                         struct account *from,
                         struct account *to,
                         struct err *err)
{
    int r = account_read(b, p->from, from, err);

    if (r == 0)
        r = account_read(b, p->to, to, err);
    if (r < 0)
        return r;
    if (from->kind == to->kind || (!of_node(from->kind) && !of_node(to->kind)))
        return err_set(err, -EINVAL, "from %s to %s", p->from, p->to);
    if (of_node(from->kind) && of_node(to->kind) && strcmp(from->name, to->name) != 0)
        return err_set(err, -EINVAL, "between two projects: from %s to %s", p->from,
                       p->to);
    return 0;
}

/* The hold that takes part; a HOLD line opens it. */
static int find_held(struct book *b,
                     const struct posting *p,
                     const struct account *hold,
                     struct move *m,
                     struct err *err)
{
    m->held = held_find(b, hold->job);
    if (p->kind == POST_HOLD) {
        if (m->held)
            return err_set(err, -EINVAL, "job %" PRIu64 " holds already", hold->job);
        m->held = held_add(b, hold->job, hold->epoch, m->purse);
        return m->held ? 0 : err_set(err, -ENOMEM, "out of memory");
    }
    if (!m->held || m->held->epoch != hold->epoch)
        return err_set(err, -EINVAL, "nothing is held for job %" PRIu64 ".%" PRIu32,
                       hold->job, hold->epoch);
    if (m->held->purse != m->purse)
        return err_set(err, -EINVAL, "job %" PRIu64 " holds for project %s, not %s",
                       hold->job, m->held->purse->now.project, m->purse->now.project);
    return 0;
}

static int fold_line(struct book *b, const struct posting *p, struct err *err)
{
    struct account from, to;
    const struct account *named;
    struct move m = {.kind = p->kind, .milli = p->milli};
    bool holds;
    int r = read_accounts(b, p, &from, &to, err);

    if (r < 0)
        return r;
    named = of_node(from.kind) ? &from : &to;
    holds = from.kind == ACCOUNT_HOLD || to.kind == ACCOUNT_HOLD;
    if (from.kind == ACCOUNT_ELSEWHERE || to.kind == ACCOUNT_ELSEWHERE) {
        const struct account *there = from.kind == ACCOUNT_ELSEWHERE ? &from : &to;

        m.transfer = transfer_get(b, there->name, there->center);
        if (!m.transfer)
            return err_set(err, -ENOMEM, "out of memory");
    }
    m.from = from.kind;
    m.to = to.kind;
    m.purse = purse_find(b, named->name);
    if (!m.purse)
        m.purse = purse_add(b, named->name);
    if (!m.purse)
        return err_set(err, -ENOMEM, "out of memory");
    if (holds)
        r = find_held(b, p, from.kind == ACCOUNT_HOLD ? &from : &to, &m, err);
    if (r == 0) {
        r = move_check(&m, err);
        if (r == 0)
            move_apply(&m);
        if (m.held && m.held->milli == 0
            && (r < 0 ? p->kind == POST_HOLD : p->kind != POST_HOLD))
            held_remove(b, m.held);
    }
    if (r < 0 && m.purse->fresh)
        purse_remove(b, m.purse);
    else
        m.purse->fresh = false;
    return r;
}

int book_fold(struct book *b, const struct posting *p, struct err *err)
{
    int r = 0;

    if ((int)p->kind < 0 || p->kind >= _POSTING_KIND_MAX)
        r = err_set(err, -EINVAL, "kind %d is not known", (int)p->kind);
    else if (p->at.us < b->closed.us)
        r = err_set(err, -EINVAL, "it is dated in a month that is closed");
    if (r == 0)
        r = fold_line(b, p, err);
    if (r < 0)
        return err_prefix(err, r == -ENOMEM ? r : -EINVAL,
                          "line %" PRIu64 " of the book", p->seq);
    return 0;
}

/* --- what it says ---------------------------------------------------------------- */

int book_balance(const struct book *b, const char *project, struct balance *ret_balance)
{
    const struct purse *p = purse_find(b, project);

    if (!p)
        return -ENOENT;
    *ret_balance = p->now;
    return 0;
}

void book_each(const struct book *b,
               void (*each)(const struct balance *x, void *arg),
               void *arg)
{
    const struct purse *p, *next;

    TABLE_FOREACH (b->purses, p, next)
        each(&p->now, arg);
}

/* --- whether it is sound --------------------------------------------------------- */

static int check_purse(const struct purse *p, struct err *err)
{
    const struct balance *x = &p->now;
    int64_t in, out;

    if (x->granted < 0 || x->available < 0 || x->held < 0 || x->spent < 0 || x->owed < 0
        || x->earned < 0 || p->refunding < 0)
        return err_set(err, -EINVAL, "project %s: a balance is negative", x->project);
    if (p->refunding > 0)
        return err_set(err, -EINVAL, "project %s: half a refund", x->project);
    if (x->earned > x->spent) /* journals of 0.1 had no earned side */
        return err_set(err, -EINVAL, "project %s: more was earned than it spent",
                       x->project);
    if (!add_ok(x->granted, x->owed, &in) || !add_ok(x->available, x->held, &out)
        || !add_ok(out, x->spent, &out) || in != out)
        return err_set(err, -EINVAL, "project %s: its accounts do not add up to zero",
                       x->project);
    if (x->owed > 0 && x->available > 0)
        return err_set(err, -EINVAL, "project %s owes and has something left",
                       x->project);
    return 0;
}

int book_check(const struct book *b, struct err *err)
{
    const struct purse *p, *next_p;
    const struct held *h, *next_h;
    unsigned n_holds = 0;

    TABLE_FOREACH (b->purses, p, next_p) {
        int64_t sum = 0;
        uint32_t n = 0;
        int r = check_purse(p, err);

        if (r < 0)
            return r;
        TABLE_FOREACH (b->helds, h, next_h) {
            if (h->purse != p)
                continue;
            n++;
            if (h->milli < 0 || !add_ok(sum, h->milli, &sum))
                return err_set(err, -EINVAL, "hold of job %" PRIu64 " is not an amount",
                               h->job);
        }
        if (sum != p->now.held || n != p->now.n_holds)
            return err_set(err, -EINVAL, "project %s: its holds do not add up",
                           p->now.project);
        n_holds += n;
    }
    if (n_holds != HASH_COUNT(b->helds))
        return err_set(err, -EINVAL, "a hold belongs to no project");
    return nodes_check(b, err);
}
