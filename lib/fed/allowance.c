/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * allowance - parts of a project's budget go from one center's book to another's
 *
 *   candidate                              the center that keeps the budget
 *     offer refused: 40 are missing
 *     ALLOWANCE_ASK wanted 95, least 40 →
 *                                          book_give: avail here → avail there
 *                                        ← ALLOWANCE, all that was ever given: 95
 *     book_receive: what is new of it
 *
 * Invariants:
 *  1. The giver's book has given before the receiver hears of it; what was received is
 *     never more than what was given. So over all centers the sum of what may be spent
 *     never grows, whatever is lost, doubled or cut off in between.
 *  2. The message tells a total: one that was lost is made good by the next, one that
 *     comes twice or late changes nothing.
 *  3. A center gives only what is available and what its own queue does not need.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "fed/fed_int.h"

#include "base/banned.h"

#define ASK_REST_US (1 * US_PER_S) /* a center is asked so often at most */
#define FORECAST_COPIES 1000       /* … of the queue are looked at */

/* The other center that keeps this project's budget; 0 = none, or we do. */
static uint32_t home_of(const struct fed *f, const char *project)
{
    const struct project *p = site_project(f->site, project);
    const struct institution *i = p ? site_institution(f->site, p->institution) : NULL;
    const struct peer *home =
        i && i->home[0] ? site_peer_named(f->site, i->home) : NULL;

    return home && home->allowances ? home->number : 0;
}

/* What the copies that queue here for the project would hold. */
static int64_t queued_for(const struct fed *f, const char *project)
{
    const struct copied *j;
    int64_t sum = 0;
    int n = 0;

    TAILQ_FOREACH (j, &f->copies, all) {
        int64_t milli;

        if (++n > FORECAST_COPIES)
            break;
        if (j->c.copy != COPY_QUEUED || strcmp(j->c.project, project) != 0)
            continue;
        milli = request_price(f, &j->c.request);
        if (milli > 0 && !add_ok(sum, milli, &sum))
            return INT64_MAX / 4;
    }
    return sum;
}

void allowance_want(struct fed *f, const char *project, int64_t milli)
{
    uint32_t home = home_of(f, project);
    struct peer_state *p = home ? peer_find(f, home) : NULL;
    struct peer_msg m = {.kind = PEER_ALLOWANCE_ASK};
    struct balance x;
    int64_t least, wanted;

    if (!p || !p->up || milli <= 0 || book_balance(f->book, project, &x) < 0
        || !x.limited || x.owed > 0
        || (p->asked.us && f->now.mono.us < p->asked.us + ASK_REST_US))
        return;
    least = milli - x.available;
    if (least <= 0 || !add_ok(least, queued_for(f, project), &wanted))
        return; /* something above it refuses, or it is absurd */
    p->asked = f->now.mono;
    m.claim = (uint64_t)least;
    m.usage.milli = wanted;
    memcpy(m.project, x.project, sizeof(m.project));
    say(f, home, &m);
}

static void say_total(struct fed *f,
                      uint32_t center,
                      const char *project,
                      int64_t total)
{
    struct peer_msg m = {.kind = PEER_ALLOWANCE, .usage = {.milli = total}};

    (void)word_copy(m.project, sizeof(m.project), project); /* of our book */
    say(f, center, &m);
}

static int give(
    struct fed *f, const char *project, uint32_t center, int64_t milli, struct err *err)
{
    const char *to = site_center_name(f->site, center);
    struct postings p = {0};
    int r = book_give(f->book, project, to, milli, f->now.wall, &p, err);

    fed_save_lines(f, &p);
    if (r == 0)
        say_total(f, center, project, book_given(f->book, project, to));
    return r;
}

static void on_ask(struct fed *f, uint32_t from, const struct peer_msg *m)
{
    const struct project *p = site_project(f->site, m->project);
    const char *to = site_center_name(f->site, from);
    int64_t wanted = m->usage.milli;
    int64_t spare;
    struct balance x;

    if (!p || p->budget_milli < 0 || book_balance(f->book, m->project, &x) < 0)
        return;
    spare = x.available - queued_for(f, m->project);
    if (wanted > 0 && m->claim <= INT64_MAX && spare >= (int64_t)m->claim && spare > 0)
        (void)give(f, m->project, from, MIN(wanted, spare), NULL); /* or nothing */
    else
        say_total(f, from, m->project, book_given(f->book, m->project, to));
}

static void on_total(struct fed *f, uint32_t from, const struct peer_msg *m)
{
    struct postings p = {0};

    (void)book_receive(f->book, m->project, site_center_name(f->site, from),
                       m->usage.milli, f->now.wall, &p,
                       NULL); /* not known here: it stays with the giver */
    fed_save_lines(f, &p);
}

int allowance_msg(struct fed *f,
                  uint32_t from,
                  const struct peer_msg *m,
                  struct err *err)
{
    const struct peer *p = site_peer(f->site, from);

    if (!p || !p->allowances)
        return err_set(err, -EPROTO, "center %u and we move no allowances", from);
    if (m->kind == PEER_ALLOWANCE_ASK)
        on_ask(f, from, m);
    else
        on_total(f, from, m);
    return 0;
}

struct telling {
    struct fed *f;
    uint32_t center;
};

static void tell(const char *project, int64_t total, void *arg)
{
    struct telling *t = arg;

    if (!step_full(t->f))
        say_total(t->f, t->center, project, total);
}

void allowance_peer_up(struct fed *f, uint32_t center)
{
    const struct peer *p = site_peer(f->site, center);
    struct telling t = {f, center};

    if (p && p->allowances)
        book_each_given(f->book, p->name, tell, &t);
}

int fed_give(struct fed *f,
             const char *project,
             const char *center,
             int64_t milli,
             struct now now,
             struct fed_effects *ret_fx,
             struct err *err)
{
    const struct peer *p = site_peer_named(f->site, center);
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    if (!p || !p->allowances)
        r = err_set(err, -ENOENT,
                    "'%.60s' is no center that allowances go to: its peer section "
                    "needs allowances = true on both sides",
                    center);
    if (r == 0)
        r = give(f, project, p->number, milli, err);
    step_end(f, ret_fx);
    return r;
}
