/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_money - the books of all centers, added up by somebody who has not read the
 *                ledger's code
 *
 * Every line that becomes durable is added to a second, dumb book: names of accounts
 * and amounts, nothing else. So at every prefix of every journal, for each project:
 *
 *   granted + owed = available + held + spent, and none of them is negative
 *   captured + held <= granted, but for over-runs that are owed
 *   over all centers: captured + held - owed <= what was configured in all, whatever
 *     part of a budget is on its way, doubled or cut off
 *   a center has received no more than the other's disk says was given
 *   a center that comes back has the balances of its disk
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "sim/faults_int.h"

#include "base/banned.h"

static const char *const projects[MONEY_PROJECTS] = {"proj", "other"};

static const char *behind(const char *account, const char *kind)
{
    size_t n = strlen(kind);

    return !strncmp(account, kind, n) ? account + n : NULL;
}

/* The node of an account: up to its '@'. -1 = of none (hold, earned, refund). */
static int project_of(const char *account)
{
    const char *name = strchr(account, ':');

    for (int i = 0; name && i < MONEY_PROJECTS; i++) {
        size_t n = strlen(projects[i]);

        if (!strncmp(name + 1, projects[i], n)
            && (name[1 + n] == '\0' || name[1 + n] == '@'))
            return i;
    }
    return -1;
}

/* Index of the center behind the '@'; -1 = there is none. */
static int center_of(const struct world *w, const char *account)
{
    const char *at = strrchr(account, '@');

    for (uint32_t k = 0; at && k < w->n; k++)
        if (!strcmp(at + 1, w->c[k].site->name))
            return (int)k;
    return -1;
}

/* So much more on one side of a step. */
static void add(struct world *w,
                struct fcenter *c,
                struct money *m,
                const struct posting *p,
                const char *account,
                int64_t milli)
{
    int other = center_of(w, account);

    if (behind(account, "avail:") && other == (int)c->i) {
        m->available += milli;
    } else if (behind(account, "avail:") && other >= 0) {
        m->granted -= milli;
        if (milli > 0)
            m->given[other] += milli;
        else
            m->received[other] -= milli;
    } else if (behind(account, "hold:")) {
        m->held += milli;
    } else if (behind(account, "spent:")) {
        m->spent += milli;
    } else if (behind(account, "owed:")) {
        m->owed -= milli;
    } else if (behind(account, "refund:")) {
        m->refunding += milli;
    } else if (behind(account, "expired:")
               || (behind(account, "budget:") && p->kind != POST_EARN
                   && p->kind != POST_UNEARN)) {
        m->granted -= milli;
    }
}

static int64_t configured(const struct world *w, int project)
{
    int64_t sum = 0;

    for (uint32_t k = 0; k < w->n; k++) {
        const struct project *p = site_project(w->c[k].site, projects[project]);

        if (p && p->budget_milli < 0)
            return -1;
        sum += p ? p->budget_milli : 0;
    }
    return sum;
}

static void check_sum(struct world *w, int project)
{
    int64_t used = 0, all = configured(w, project);

    for (uint32_t k = 0; k < w->n; k++) {
        const struct money *m = &w->c[k].money[project];

        used += m->held + m->spent - m->owed;
    }
    if (all >= 0 && used > all)
        violation(w,
                  "%s: %" PRId64 " are held and spent at all centers, %" PRId64
                  " were granted",
                  projects[project], used, all);
}

static void check(struct world *w, const struct fcenter *c, int project)
{
    const struct money *m = &c->money[project];

    if (m->refunding)
        return; /* half a refund: the other step follows in its line */
    if (m->granted < 0 || m->available < 0 || m->held < 0 || m->spent < 0 || m->owed < 0
        || m->granted + m->owed != m->available + m->held + m->spent)
        violation(w,
                  "%s on c%u's disk: granted %" PRId64 ", available %" PRId64
                  ", held %" PRId64 ", spent %" PRId64 ", owed %" PRId64,
                  projects[project], c->i + 1, m->granted, m->available, m->held,
                  m->spent, m->owed);
    for (uint32_t k = 0; k < w->n; k++)
        if (m->received[k] > w->c[k].money[project].given[c->i])
            violation(
                w, "%s: c%u has received %" PRId64 " of c%u, whose disk says %" PRId64,
                projects[project], c->i + 1, m->received[k], k + 1,
                w->c[k].money[project].given[c->i]);
}

void money_booked(struct world *w, struct fcenter *c, const struct posting *p)
{
    int project = project_of(p->from);

    if (project < 0)
        project = project_of(p->to);
    if (project < 0) {
        violation(w, "c%u: a step between %s and %s is of no project", c->i + 1,
                  p->from, p->to);
        return;
    }
    add(w, c, &c->money[project], p, p->from, -p->milli);
    add(w, c, &c->money[project], p, p->to, p->milli);
    check(w, c, project);
    check_sum(w, project);
}

void money_back(struct world *w, const struct fcenter *c)
{
    for (int i = 0; i < MONEY_PROJECTS; i++) {
        const struct money *m = &c->money[i];
        struct balance b = {0};

        if (book_balance(c->book, projects[i], &b) == 0
            && (b.granted != m->granted || b.available != m->available
                || b.held != m->held || b.spent != m->spent || b.owed != m->owed))
            violation(w, "c%u: the book of %s is not what its disk adds up to",
                      c->i + 1, projects[i]);
    }
}
