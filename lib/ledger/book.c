/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * book - hold, settle, and what the configuration grants
 *
 * An operation is a few moves on one purse. Memory is taken first; then each move is
 * checked, applied and written down; if one is not possible the purse and the list are
 * put back as they were (mark, rewind), so a failed call has changed nothing.
 *
 * A project without limit is granted what it needs when it needs it: its lines look
 * like everybody's, and replay does not have to know that there was no limit.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "ledger/book_int.h"

#include "base/banned.h"

#define NO_TARGET INT64_C(-1) /* nothing to take back down to */

void postings_release(struct postings *p)
{
    free(p->v);
    *p = (struct postings){0};
}

int postings_reserve(struct postings *p, size_t n)
{
    size_t cap = MAX(p->cap, (size_t)8);
    struct posting *v;

    if (p->cap - p->n >= n)
        return 0;
    while (cap - p->n < n)
        if (!mul_ok(cap, (size_t)2, &cap))
            return -ENOMEM;
    v = reallocarray(p->v, cap, sizeof(*v));
    if (!v)
        return -ENOMEM;
    p->v = v;
    p->cap = cap;
    return 0;
}

struct book *book_new(const char *center)
{
    struct book *b = calloc(1, sizeof(*b));

    if (b && !word_copy(b->center, sizeof(b->center), center))
        b = book_free(b);
    return b;
}

void *book_free(struct book *b)
{
    struct purse *p, *next_p;
    struct held *h, *next_h;

    if (!b)
        return NULL;
    TABLE_FOREACH (b->helds, h, next_h)
        held_remove(b, h);
    TABLE_FOREACH (b->purses, p, next_p)
        purse_remove(b, p);
    nodes_free(b->nodes);
    transfers_free(b);
    free(b);
    return NULL;
}

struct wall book_closed(const struct book *b)
{
    return b->closed;
}

/* --- one operation under way -------------------------------------------------- */

struct work {
    const struct book *book;
    struct purse *purse;
    struct held *held;
    uint64_t job;
    uint32_t epoch;
    const char *cause;  /* of a refund */
    const char *center; /* of a transfer */
    struct transfer *transfer;
    const struct usage *raw; /* told in the first line */
    uint32_t n_parts;        /* steps so far: all are one transaction */
    struct wall at;
    struct postings *out;
    struct err *err;
    int r; /* the first failure; later steps do nothing */
    struct balance old_purse;
    int64_t old_held;
    size_t old_n;
};

static void mark(struct work *w)
{
    w->old_purse = w->purse->now;
    w->old_held = w->held ? w->held->milli : 0;
    w->old_n = w->out->n;
}

static void rewind_to_mark(struct work *w)
{
    purse_restore(w->purse, &w->old_purse);
    w->purse->refunding = 0;
    if (w->held)
        w->held->milli = w->old_held;
    w->out->n = w->old_n;
}

static void name_account(const struct work *w,
                         struct account *a,
                         enum account_kind kind,
                         char text[ACCOUNT_CAP])
{
    a->kind = kind;
    (void)word_copy(a->name, sizeof(a->name),
                    kind == ACCOUNT_REFUND ? w->cause : w->purse->now.project);
    if (kind == ACCOUNT_ELSEWHERE)
        (void)word_copy(a->center, sizeof(a->center), w->center); /* a name */
    account_write(w->book, a, text);
}

static void step(struct work *w,
                 enum posting_kind kind,
                 enum account_kind from,
                 enum account_kind to,
                 int64_t milli)
{
    const struct move m = {kind, from, to, w->purse, w->held, milli, w->transfer};
    struct account a = {.job = w->job, .epoch = w->epoch};
    struct posting *line;

    if (!w->r)
        w->r = move_check(&m, w->err);
    if (w->r)
        return;
    assert(w->out->n < w->out->cap);
    move_apply(&m);
    line = &w->out->v[w->out->n++];
    *line = (struct posting){.part = w->n_parts++,
                             .kind = kind,
                             .at = {MAX(w->at.us, w->book->closed.us)},
                             .job = w->job,
                             .epoch = w->epoch,
                             .milli = milli};
    if (w->raw && line->part == 0) {
        line->has_raw = true;
        line->raw =
            (struct tres_seconds){w->raw->core_s, w->raw->mem_mib_s, w->raw->gpu_s};
    }
    name_account(w, &a, from, line->from);
    name_account(w, &a, to, line->to);
}

/* What has come in pays the debt first; what is beyond the granted amount goes back. */
static void step_tidy(struct work *w)
{
    const struct purse *p = w->purse;
    int64_t n = MIN(p->now.available, p->now.owed);

    if (n > 0)
        step(w, POST_OVERRUN, ACCOUNT_AVAIL, ACCOUNT_OWED, n);
    if (p->target == NO_TARGET || p->now.granted <= p->target)
        return;
    n = MIN(p->now.available, p->now.granted - p->target);
    if (n > 0)
        step(w, POST_WITHDRAW, ACCOUNT_AVAIL, ACCOUNT_BUDGET, n);
}

/* A project without limit is granted what it lacks. */
static void step_cover(struct work *w, int64_t milli)
{
    const struct balance *x = &w->purse->now;

    if (!x->limited && x->available < milli)
        step(w, POST_GRANT, ACCOUNT_BUDGET, ACCOUNT_AVAIL, milli - x->available);
}

/* --- the configuration --------------------------------------------------------- */

static int judge_project(const struct project *p, struct err *err)
{
    if (p->budget_milli < -1)
        return err_set(err, -EINVAL,
                       "project %s: a budget is 0 or more, or -1 for no limit, not "
                       "%" PRId64,
                       p->name, p->budget_milli);
    if (!p->name[0])
        return err_set(err, -EINVAL, "a project without a name");
    return 0;
}

/* Purses for all projects of the site, the new ones marked fresh. */
static int add_purses(struct book *b, const struct site *s, struct err *err)
{
    for (size_t i = 0; i < s->n_projects; i++) {
        const struct project *want = &s->projects[i];
        const struct purse *p = purse_find(b, want->name);
        int64_t total;
        int r = judge_project(want, err);

        if (r < 0)
            return r;
        if (!p)
            p = purse_add(b, want->name);
        if (!p)
            return err_set(err, -ENOMEM, "out of memory");
        if (!add_ok(want->budget_milli < 0 ? p->now.granted + p->now.owed
                                           : want->budget_milli,
                    p->now.owed, &total)
            || (p->now.moved > 0 && !add_ok(total, p->now.moved, &total)))
            return err_set(err, -EOVERFLOW,
                           "project %s: budget and debt together are too large",
                           want->name);
    }
    return 0;
}

static void apply_project(struct work *w, const struct project *want)
{
    struct purse *p = w->purse;

    p->in_site = want != NULL;
    p->target = want ? want->budget_milli : 0; /* -1 is NO_TARGET */
    if (want && p->target >= 0)
        p->target = MAX(INT64_C(0), p->target + p->now.moved);
    p->now.limited = !want || want->budget_milli >= 0;
    if (want)
        (void)word_copy(p->now.institution, sizeof(p->now.institution),
                        want->institution); /* same capacity */
    if (!p->now.limited && p->now.owed > 0)
        step(w, POST_GRANT, ACCOUNT_BUDGET, ACCOUNT_AVAIL, p->now.owed);
    if (p->now.granted < p->target)
        step(w, POST_GRANT, ACCOUNT_BUDGET, ACCOUNT_AVAIL, p->target - p->now.granted);
    step_tidy(w);
}

int book_apply_site(struct book *b,
                    const struct site *s,
                    struct wall at,
                    struct postings *out,
                    struct err *err)
{
    struct purse *p, *next;
    int r = add_purses(b, s, err);

    if (r == 0 && postings_reserve(out, 3 * (size_t)HASH_COUNT(b->purses)) < 0)
        r = err_set(err, -ENOMEM, "out of memory");
    if (r == 0 && nodes_apply(b, s) < 0)
        r = err_set(err, -ENOMEM, "out of memory");
    TABLE_FOREACH (b->purses, p, next) {
        struct work w = {.book = b, .purse = p, .at = at, .out = out};

        if (r < 0 && p->fresh) {
            purse_remove(b, p);
            continue;
        }
        p->fresh = false;
        if (r == 0)
            apply_project(&w, site_project(s, p->now.project));
        assert(w.r == 0); /* judged by add_purses */
    }
    return r;
}

/* --- hold and settle ----------------------------------------------------------- */

static int may_hold(const struct purse *p, int64_t milli, struct err *err)
{
    const struct balance *x = &p->now;
    char lacks[MILLI_TEXT_MAX], has[MILLI_TEXT_MAX], needs[MILLI_TEXT_MAX];

    if (x->owed > 0)
        return err_set(err, -EDQUOT,
                       "project %s owes %s here, and %s are needed: nothing is held "
                       "before that is covered",
                       x->project, milli_text(x->owed, lacks),
                       milli_text(milli, needs));
    if (x->limited && x->available < milli)
        return err_set(err, -EDQUOT, "project %s has %s left here, needs %s, lacks %s",
                       x->project, milli_text(x->available, has),
                       milli_text(milli, needs),
                       milli_text(milli - x->available, lacks));
    return nodes_may_hold(p, milli, err);
}

static int find_project(const struct book *b,
                        const char *project,
                        int64_t milli,
                        struct purse **ret_purse,
                        struct err *err)
{
    struct purse *p = purse_find(b, project);

    if (milli < 0)
        return err_set(err, -EINVAL, "less than nothing cannot be held: %" PRId64,
                       milli);
    if (!p || !p->in_site)
        return err_set(err, -ENOENT, "project %s has no budget at %s", project,
                       b->center);
    *ret_purse = p;
    return 0;
}

int book_may_hold(const struct book *b,
                  const char *project,
                  int64_t milli,
                  struct err *err)
{
    struct purse *p = NULL;
    int r = find_project(b, project, milli, &p, err);

    return r < 0 ? r : may_hold(p, milli, err);
}

/* The steps of a hold; `old_epoch` is given back first if the job holds already. */
static void hold_steps(struct work *w, bool again, uint32_t old_epoch, int64_t milli)
{
    uint32_t epoch = w->epoch;

    if (again) {
        w->epoch = old_epoch;
        step(w, POST_RELEASE, ACCOUNT_HOLD, ACCOUNT_AVAIL, w->held->milli);
        step_tidy(w);
        w->epoch = epoch;
        w->n_parts = 0; /* the new hold is a transaction of its own */
    }
    if (!w->r)
        w->r = may_hold(w->purse, milli, w->err);
    step_cover(w, milli);
    step(w, POST_HOLD, ACCOUNT_AVAIL, ACCOUNT_HOLD, milli);
}

int book_hold(struct book *b,
              uint64_t job,
              uint32_t epoch,
              const char *project,
              int64_t milli,
              struct wall at,
              struct postings *out,
              struct err *err)
{
    struct held *h = held_find(b, job);
    bool again = h != NULL;
    struct purse *p = NULL;
    int r;

    if (h && h->epoch == epoch)
        return 0;
    if (h && h->epoch > epoch)
        return err_set(err, -ESTALE,
                       "job %" PRIu64 " holds for epoch %u, later than %u", job,
                       (unsigned)h->epoch, (unsigned)epoch);
    r = find_project(b, project, milli, &p, err);
    if (r < 0)
        return r;
    if (h && h->purse != p)
        return err_set(err, -EEXIST, "job %" PRIu64 " holds for project %s already",
                       job, h->purse->now.project);
    r = again ? 0 : may_hold(p, milli, err); /* a refusal takes no memory */
    if (r < 0)
        return r;
    if (postings_reserve(out, 5) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    if (!h)
        h = held_add(b, job, epoch, p);
    if (!h)
        return err_set(err, -ENOMEM, "out of memory");

    struct work w = {.book = b,
                     .purse = p,
                     .held = h,
                     .job = job,
                     .epoch = epoch,
                     .at = at,
                     .out = out,
                     .err = err};
    mark(&w);
    hold_steps(&w, again, h->epoch, milli);
    if (w.r < 0)
        rewind_to_mark(&w);
    else
        h->epoch = epoch;
    if (w.r < 0 && !again)
        held_remove(b, h);
    return w.r;
}

/* Used beyond the hold: from what is there, the rest as debt. */
static void overrun_steps(struct work *w, int64_t over)
{
    int64_t covered;

    step_cover(w, over);
    covered = MIN(w->purse->now.available, over);
    if (covered > 0)
        step(w, POST_OVERRUN, ACCOUNT_AVAIL, ACCOUNT_SPENT, covered);
    if (over > covered)
        step(w, POST_OVERRUN, ACCOUNT_OWED, ACCOUNT_SPENT, over - covered);
}

static int settle(struct book *b,
                  uint64_t job,
                  int64_t used_milli,
                  const struct usage *raw,
                  struct wall at,
                  struct postings *out,
                  struct err *err)
{
    struct held *h = held_find(b, job);
    int64_t captured;

    if (used_milli < 0)
        return err_set(err, -EINVAL, "less than nothing cannot be used: %" PRId64,
                       used_milli);
    if (!h)
        return err_set(err, -ENOENT, "nothing is held for job %" PRIu64, job);
    if (postings_reserve(out, 8) < 0)
        return err_set(err, -ENOMEM, "out of memory");

    struct work w = {.book = b,
                     .purse = h->purse,
                     .held = h,
                     .job = job,
                     .epoch = h->epoch,
                     .raw = raw,
                     .at = at,
                     .out = out,
                     .err = err};
    mark(&w);
    captured = MIN(used_milli, h->milli);
    if (captured > 0)
        step(&w, POST_CAPTURE, ACCOUNT_HOLD, ACCOUNT_SPENT, captured);
    if (captured == 0 || h->milli > 0) /* the step that empties a hold closes it */
        step(&w, POST_RELEASE, ACCOUNT_HOLD, ACCOUNT_AVAIL, h->milli);
    if (used_milli > captured)
        overrun_steps(&w, used_milli - captured);
    if (used_milli > 0)
        step(&w, POST_EARN, ACCOUNT_BUDGET, ACCOUNT_EARNED, used_milli);
    step_tidy(&w);
    if (w.r < 0)
        rewind_to_mark(&w);
    else
        held_remove(b, h);
    return w.r;
}

int book_settle(struct book *b,
                uint64_t job,
                int64_t used_milli,
                struct wall at,
                struct postings *out,
                struct err *err)
{
    return settle(b, job, used_milli, NULL, at, out, err);
}

int book_settle_run(struct book *b,
                    uint64_t job,
                    const struct usage *usage,
                    struct wall at,
                    struct postings *out,
                    struct err *err)
{
    return settle(b, job, usage->milli, usage, at, out, err);
}

int book_refund(struct book *b,
                const char *project,
                uint64_t job,
                uint32_t epoch,
                int64_t milli,
                const char *cause,
                struct wall at,
                struct postings *out,
                struct err *err)
{
    struct purse *p = purse_find(b, project);

    if (!p)
        return err_set(err, -ENOENT, "project %s has no budget at %s", project,
                       b->center);
    if (!word_is_name(cause, NAME_CAP - 1))
        return err_set(err, -EINVAL, "\"%s\" is not the name of a cause or ticket",
                       cause);
    if (postings_reserve(out, 5) < 0)
        return err_set(err, -ENOMEM, "out of memory");

    struct work w = {.book = b,
                     .purse = p,
                     .job = job,
                     .epoch = epoch,
                     .cause = cause,
                     .at = at,
                     .out = out,
                     .err = err};
    mark(&w);
    step(&w, POST_REFUND, ACCOUNT_SPENT, ACCOUNT_REFUND, milli);
    step(&w, POST_REFUND, ACCOUNT_REFUND, ACCOUNT_AVAIL, milli);
    step(&w, POST_UNEARN, ACCOUNT_EARNED, ACCOUNT_BUDGET, milli);
    step_tidy(&w);
    if (w.r < 0)
        rewind_to_mark(&w);
    return w.r;
}

int book_expire(struct book *b,
                const char *project,
                int64_t milli,
                struct wall at,
                struct postings *out,
                struct err *err)
{
    struct purse *p = purse_find(b, project);

    if (!p)
        return err_set(err, -ENOENT, "project %s has no budget at %s", project,
                       b->center);
    if (postings_reserve(out, 1) < 0)
        return err_set(err, -ENOMEM, "out of memory");

    struct work w = {.book = b, .purse = p, .at = at, .out = out, .err = err};
    mark(&w);
    step(&w, POST_EXPIRE, ACCOUNT_AVAIL, ACCOUNT_EXPIRED, milli);
    if (w.r < 0)
        rewind_to_mark(&w);
    return w.r;
}

/* The purse of a project that may move, and the totals with that center. */
static int find_transfer(struct book *b,
                         const char *project,
                         const char *center,
                         struct work *w)
{
    w->purse = purse_find(b, project);
    if (!w->purse || !w->purse->in_site)
        return err_set(w->err, -ENOENT, "project %s has no budget at %s", project,
                       b->center);
    if (!word_is_name(center, NAME_CAP - 1) || !strcmp(center, b->center))
        return err_set(w->err, -EINVAL, "'%s' is not another center", center);
    if (!w->purse->now.limited)
        return err_set(w->err, -EINVAL, "project %s has no limit here", project);
    w->center = center;
    w->transfer = transfer_get(b, project, center);
    if (!w->transfer || postings_reserve(w->out, 4) < 0)
        return err_set(w->err, -ENOMEM, "out of memory");
    return 0;
}

int book_give(struct book *b,
              const char *project,
              const char *center,
              int64_t milli,
              struct wall at,
              struct postings *out,
              struct err *err)
{
    struct work w = {.book = b, .at = at, .out = out, .err = err};
    char has[MILLI_TEXT_MAX], needs[MILLI_TEXT_MAX];
    int64_t total;
    int r;

    if (milli <= 0)
        return err_set(err, -EINVAL, "nothing, or less, cannot be given");
    r = find_transfer(b, project, center, &w);
    if (r == 0 && MIN(w.purse->now.available, w.purse->now.granted) < milli)
        r = err_set(err, -EDQUOT, "project %s has %s left here, not %s", project,
                    milli_text(w.purse->now.available, has), milli_text(milli, needs));
    if (r == 0 && !add_ok(w.transfer->given, milli, &total))
        r = err_set(err, -EINVAL, "more than a book can hold");
    if (r < 0)
        return r;
    mark(&w);
    step(&w, POST_MOVE, ACCOUNT_AVAIL, ACCOUNT_ELSEWHERE, milli);
    return w.r;
}

int book_receive(struct book *b,
                 const char *project,
                 const char *center,
                 int64_t total_milli,
                 struct wall at,
                 struct postings *out,
                 struct err *err)
{
    struct work w = {.book = b, .at = at, .out = out, .err = err};
    int64_t fresh = total_milli - book_received(b, project, center);
    int r;

    if (total_milli < 0)
        return err_set(err, -EINVAL, "less than nothing was never given");
    if (fresh <= 0)
        return 0;
    r = find_transfer(b, project, center, &w);
    if (r < 0)
        return r;
    mark(&w);
    step(&w, POST_MOVE, ACCOUNT_ELSEWHERE, ACCOUNT_AVAIL, fresh);
    step_tidy(&w);
    return w.r;
}
