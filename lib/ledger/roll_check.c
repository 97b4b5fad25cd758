/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * roll_check - what somebody asks for is judged before it is written down
 *
 * The journal is never edited, so what would be wrong must not get in: unknown
 * accounts, dates the wrong way round, a decision that grants twice, rates with a gap
 * or an overlap, prices of yesterday.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "ledger/book_int.h"
#include "ledger/roll_int.h"

#include "base/banned.h"

struct asked {
    const struct roll *roll;
    const struct book *book;
    const struct roll_base *base;
    struct wall now;
    const struct entry *old; /* of a modification */
    struct entry fresh;      /* as it would be */
    struct err *err;
};

static const struct word_rule {
    enum roll_kind kind;
    const char *word;
    bool needed;
} rules[] = {
    {ROLL_INSTITUTION, "name",        true },
    {ROLL_INSTITUTION, "vi",          false},
    {ROLL_INSTITUTION, "en",          false},
    {ROLL_INSTITUTION, "parent",      false},
    {ROLL_INSTITUTION, "from",        false},
    {ROLL_INSTITUTION, "until",       false},
    {ROLL_INSTITUTION, "successor",   false},
    {ROLL_PROJECT,     "name",        true },
    {ROLL_PROJECT,     "institution", true },
    {ROLL_PROJECT,     "from",        false},
    {ROLL_PROJECT,     "until",       false},
    {ROLL_PROJECT,     "before",      false},
    {ROLL_GRANT,       "name",        true },
    {ROLL_GRANT,       "account",     true },
    {ROLL_GRANT,       "amount",      true },
    {ROLL_GRANT,       "source",      true },
    {ROLL_GRANT,       "decision",    true },
    {ROLL_GRANT,       "decided",     true },
    {ROLL_GRANT,       "from",        true },
    {ROLL_GRANT,       "until",       true },
    {ROLL_GRANT,       "carryover",   false},
    {ROLL_GRANT,       "overdraw",    false},
    {ROLL_RATE,        "pool",        true },
    {ROLL_RATE,        "from",        true },
    {ROLL_RATE,        "until",       false},
    {ROLL_RATE,        "core_hour",   false},
    {ROLL_RATE,        "gib_hour",    false},
    {ROLL_RATE,        "gpu_hour",    false},
    {ROLL_RATE,        "decision",    false},
    {ROLL_SIGNER,      "name",        true },
    {ROLL_SIGNER,      "key",         true },
    {ROLL_SIGNER,      "for",         true },
    {ROLL_SIGNER,      "from",        false},
    {ROLL_SIGNER,      "until",       false},
};

static const char *word(const struct asked *q, const char *name)
{
    return act_get(&q->fresh.words, name);
}

static int check_words(enum roll_kind k, const struct act *words, struct err *err)
{
    for (size_t i = 0; i < words->n; i++) {
        size_t j = 0;

        while (j < ARRAY_SIZE(rules)
               && (rules[j].kind != k || strcmp(rules[j].word, words->v[i].name) != 0))
            j++;
        if (j == ARRAY_SIZE(rules))
            return err_set(err, -EINVAL, "'%s' is not a word of a %s", words->v[i].name,
                           roll_kind_word(k));
    }
    for (size_t j = 0; j < ARRAY_SIZE(rules); j++)
        if (rules[j].kind == k && rules[j].needed && !act_has(words, rules[j].word))
            return err_set(err, -EINVAL, "a %s needs %s=", roll_kind_word(k),
                           rules[j].word);
    if (k != ROLL_RATE && !word_is_name(act_get(words, "name"), NAME_CAP - 1))
        return err_set(err, -EINVAL,
                       "'%.64s' is not a name: letters, digits and . _ @ + -, at most "
                       "%d",
                       act_get(words, "name"), NAME_CAP - 1);
    return 0;
}

/* --- what refers to what -------------------------------------------------------- */

static bool in_base(const struct roll_base *b, const char *institution)
{
    for (size_t i = 0; i < b->n_institutions; i++)
        if (!strcmp(b->institutions[i].name, institution))
            return true;
    return false;
}

static bool institution_known(const struct asked *q, const char *name)
{
    return roll_find(q->roll, ROLL_INSTITUTION, name) || in_base(q->base, name);
}

/* Whether an entry of that kind names it in that word; its name for the text. */
static const char *referred(const struct asked *q,
                            enum roll_kind k,
                            const char *in,
                            const char *name)
{
    const struct entry *e;

    TAILQ_FOREACH (e, &q->roll->kinds[k], all)
        if (!strcmp(act_get(&e->words, in), name))
            return act_get(&e->words, "name");
    return NULL;
}

static int check_institution(struct asked *q)
{
    const char *name = word(q, "name");
    const char *up = word(q, "parent");
    const char *successor = word(q, "successor");

    if (up[0] && !institution_known(q, up))
        return err_set(q->err, -ENOENT, "parent: there is no institution %s", up);
    if (successor[0] && !institution_known(q, successor))
        return err_set(q->err, -ENOENT, "successor: there is no institution %s",
                       successor);
    for (unsigned depth = 0; up[0]; depth++) {
        const struct entry *e = roll_find(q->roll, ROLL_INSTITUTION, up);

        if (!strcmp(up, name) || depth > 16)
            return err_set(q->err, -EINVAL, "parent: %s would be below itself", name);
        up = e ? act_get(&e->words, "parent") : "";
    }
    return 0;
}

static int check_project(struct asked *q, struct act *a)
{
    const char *institution = word(q, "institution");
    struct balance x;
    char text[MILLI_TEXT_MAX];

    if (!institution_known(q, institution))
        return err_set(q->err, -ENOENT, "there is no institution %s", institution);
    if (roll_find(q->roll, ROLL_INSTITUTION, word(q, "name"))
        || in_base(q->base, word(q, "name")))
        return err_set(q->err, -EEXIST, "%s is an institution already",
                       word(q, "name"));
    if (act_has(a, "before"))
        return err_set(q->err, -EINVAL,
                       "'before' is not given: it follows from the "
                       "book");
    if (!q->old && book_balance(q->book, word(q, "name"), &x) == 0
        && x.spent + x.held > 0)
        return act_set(a, "before", milli_text(x.spent + x.held, text));
    return 0;
}

static int check_source(const struct asked *q)
{
    static const char *const sources[] = {"state-central", "state-local", "enterprise",
                                          "donor", "other"};

    for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
        if (!strcmp(word(q, "source"), sources[i]))
            return 0;
    return err_set(q->err, -EINVAL,
                   "source: '%.40s' is none of state-central, state-local, enterprise, "
                   "donor, other",
                   word(q, "source"));
}

/* One decision grants one account once in a time. */
static int check_overlap(const struct asked *q)
{
    const struct entry *e;

    TAILQ_FOREACH (e, &q->roll->kinds[ROLL_GRANT], all) {
        if (e == q->old || strcmp(act_get(&e->words, "account"), word(q, "account"))
            || strcmp(act_get(&e->words, "source"), word(q, "source"))
            || strcmp(act_get(&e->words, "decision"), word(q, "decision")))
            continue;
        if (e->from.us < q->fresh.until.us && q->fresh.from.us < e->until.us)
            return err_set(
                q->err, -EINVAL, "grant %s of %s by decision %s overlaps it: %s to %s",
                act_get(&e->words, "name"), word(q, "account"), word(q, "decision"),
                act_get(&e->words, "from"), act_get(&e->words, "until"));
    }
    return 0;
}

/* What a project has left may be taken back, not what it has used. */
static int check_taken_back(const struct asked *q, int64_t more)
{
    struct balance x;
    char has[MILLI_TEXT_MAX], less[MILLI_TEXT_MAX];

    if (more >= 0
        || !roll_find(q->roll, ROLL_PROJECT, act_get(&q->old->words, "account"))
        || book_balance(q->book, act_get(&q->old->words, "account"), &x) < 0)
        return 0;
    if (x.available < -more)
        return err_set(q->err, -EDQUOT,
                       "project %s has %s left, so %s cannot be taken back", x.project,
                       milli_text(x.available, has), milli_text(-more, less));
    return 0;
}

static int check_grant(struct asked *q)
{
    const char *account = word(q, "account");
    const char *carry = word(q, "carryover");
    struct wall decided;
    uint32_t percent;
    int64_t before = q->old ? roll_counts(q->old, q->now) : 0;
    int r = check_source(q);

    if (r == 0 && !roll_find(q->roll, ROLL_PROJECT, account)
        && !roll_find(q->roll, ROLL_INSTITUTION, account))
        r = err_set(q->err, -ENOENT,
                    "account: there is no project or institution %s in the roll (add "
                    "it first)",
                    account);
    if (r == 0 && q->old && strcmp(account, act_get(&q->old->words, "account")) != 0)
        r = err_set(q->err, -EINVAL,
                    "a grant stays with its account: delete it, and "
                    "add another");
    if (r == 0 && q->old && q->old->closed)
        r = err_set(q->err, -EINVAL, "grant %s has ended and is closed",
                    word(q, "name"));
    if (r == 0 && q->fresh.milli == 0)
        r = err_set(q->err, -EINVAL, "amount: a grant of nothing");
    if (r == 0 && roll_day(word(q, "decided"), &decided, q->err) < 0)
        r = err_prefix(q->err, -EINVAL, "decided");
    if (r == 0 && decided.us > q->now.us)
        r = err_set(q->err, -EINVAL, "decided: %s is in the future",
                    word(q, "decided"));
    if (r == 0 && q->fresh.until.us <= q->now.us)
        r = err_set(q->err, -EINVAL, "until: %s is past", word(q, "until"));
    if (r == 0 && carry[0] && measure_u32(carry, 0, 100, &percent, q->err) < 0)
        r = err_prefix(q->err, -EINVAL, "carryover");
    if (r == 0)
        r = check_overlap(q);
    if (r == 0 && q->old)
        r = check_taken_back(q, roll_counts(&q->fresh, q->now) - before);
    return r;
}

static int check_price(const struct asked *q, const char *name)
{
    int64_t milli;

    if (word(q, name)[0] && measure_milli(word(q, name), INT64_MAX, &milli, q->err) < 0)
        return err_prefix(q->err, -EINVAL, "%s", name);
    return 0;
}

/* The rates of a pool follow each other: no gap, no overlap; an open one ends where the
 * next begins. */
static int check_sequence(const struct asked *q)
{
    const struct entry *e;

    TAILQ_FOREACH (e, &q->roll->kinds[ROLL_RATE], all) {
        const struct entry *first, *then;

        if (e == q->old || strcmp(act_get(&e->words, "pool"), word(q, "pool")) != 0)
            continue;
        first = e->from.us < q->fresh.from.us ? e : &q->fresh;
        then = first == e ? &q->fresh : e;
        if (first->until.us != INT64_MAX && first->until.us > then->from.us)
            return err_set(q->err, -EINVAL,
                           "rates of %s overlap: one from %s holds until %s, the next "
                           "begins on %s",
                           word(q, "pool"), act_get(&first->words, "from"),
                           act_get(&first->words, "until"),
                           act_get(&then->words, "from"));
    }
    return 0;
}

static int check_gap(const struct asked *q)
{
    const struct entry *e, *before = NULL;

    TAILQ_FOREACH (e, &q->roll->kinds[ROLL_RATE], all)
        if (e != q->old && !strcmp(act_get(&e->words, "pool"), word(q, "pool"))
            && e->from.us < q->fresh.from.us
            && (!before || before->from.us < e->from.us))
            before = e;
    if (before && before->until.us != INT64_MAX && before->until.us != q->fresh.from.us)
        return err_set(q->err, -EINVAL,
                       "rates of %s would have a gap: one ends on %s, the next begins "
                       "on %s",
                       word(q, "pool"), act_get(&before->words, "until"),
                       word(q, "from"));
    TAILQ_FOREACH (e, &q->roll->kinds[ROLL_RATE], all)
        if (e != q->old && !strcmp(act_get(&e->words, "pool"), word(q, "pool"))
            && e->from.us > q->fresh.from.us && q->fresh.until.us != INT64_MAX
            && e->from.us > q->fresh.until.us && !before)
            return err_set(q->err, -EINVAL,
                           "rates of %s would have a gap: this one ends on %s, the "
                           "next begins on %s",
                           word(q, "pool"), word(q, "until"),
                           act_get(&e->words, "from"));
    return 0;
}

/* The pool has none: what the configuration says counts until now. */
static bool first_rate(const struct asked *q)
{
    const struct entry *e;

    TAILQ_FOREACH (e, &q->roll->kinds[ROLL_RATE], all)
        if (!strcmp(act_get(&e->words, "pool"), word(q, "pool")))
            return false;
    return true;
}

static int check_rate(struct asked *q)
{
    const int64_t day_us = 86400 * US_PER_S;
    bool pool = false;
    int r;

    for (size_t i = 0; i < q->base->n_partitions; i++)
        pool = pool || !strcmp(q->base->partitions[i].name, word(q, "pool"));
    if (!pool)
        return err_set(q->err, -ENOENT, "there is no pool %s at this center",
                       word(q, "pool"));
    if ((!first_rate(q) && q->fresh.from.us <= q->now.us - day_us)
        || (q->old && q->old->from.us <= q->now.us))
        return err_set(q->err, -EINVAL,
                       "a rate that counts already is not changed: add one from "
                       "tomorrow on");
    r = check_price(q, "core_hour");
    if (r == 0)
        r = check_price(q, "gib_hour");
    if (r == 0)
        r = check_price(q, "gpu_hour");
    if (r == 0)
        r = check_sequence(q);
    return r < 0 ? r : check_gap(q);
}

static int check_delete(struct asked *q, enum roll_kind k)
{
    const char *name = act_get(&q->old->words, "name");
    const char *by = NULL;
    struct balance x;

    if (k == ROLL_INSTITUTION) {
        by = referred(q, ROLL_INSTITUTION, "parent", name);
        by = by ? by : referred(q, ROLL_INSTITUTION, "successor", name);
        by = by ? by : referred(q, ROLL_PROJECT, "institution", name);
    }
    by = by || k == ROLL_GRANT || k == ROLL_RATE || k == ROLL_SIGNER
             ? by
             : referred(q, ROLL_GRANT, "account", name);
    if (by)
        return err_set(q->err, -EBUSY, "%s %s is named by %s", roll_kind_word(k), name,
                       by);
    if (k == ROLL_PROJECT && book_balance(q->book, name, &x) == 0 && x.held > 0)
        return err_set(q->err, -EBUSY, "project %s holds for %u jobs", name,
                       (unsigned)x.n_holds);
    if (k == ROLL_GRANT && q->old->closed)
        return err_set(q->err, -EINVAL, "grant %s has ended: it stays in the book",
                       name);
    if (k == ROLL_GRANT)
        return check_taken_back(q, -roll_counts(q->old, q->now));
    if (k == ROLL_RATE && q->old->from.us <= q->now.us)
        return err_set(q->err, -EINVAL, "a rate that counts already is not deleted");
    return 0;
}

static int check_kind(struct asked *q, enum roll_kind k, struct act *a)
{
    switch (k) {
    case ROLL_INSTITUTION:
        return check_institution(q);
    case ROLL_PROJECT:
        return check_project(q, a);
    case ROLL_GRANT:
        return check_grant(q);
    case ROLL_RATE:
        return check_rate(q);
    case ROLL_SIGNER:
        return 0; /* read already */
    case _ROLL_KIND_MAX:
        break;
    }
    return -EINVAL;
}

int roll_check(const struct roll *r,
               const struct book *book,
               const struct roll_base *base,
               struct act *a,
               struct wall now,
               struct err *err)
{
    struct asked q = {.roll = r, .book = book, .base = base, .now = now, .err = err};
    const char *verb = act_get(a, "do");
    enum roll_kind k;
    char key[ROLL_KEY_CAP];
    struct act words;
    int ret = roll_kind_of(a, &k, err);

    if (ret < 0)
        return ret;
    roll_key(k, a, key);
    q.old = roll_find_key(r, key);
    if (!strcmp(verb, "add") && q.old)
        return err_set(err, -EEXIST, "%s is in the roll already: modify it", key);
    if ((!strcmp(verb, "modify") || !strcmp(verb, "delete")) && !q.old)
        return err_set(err, -ENOENT, "%s is not in the roll", key);
    if (!strcmp(verb, "delete"))
        return check_delete(&q, k);
    if (strcmp(verb, "add") != 0 && strcmp(verb, "modify") != 0)
        return err_set(err, -EINVAL, "'%.40s' is none of add, modify, delete", verb);
    ret = roll_merge(q.old, a, &words, err);
    if (ret == 0)
        ret = check_words(k, &words, err);
    if (ret == 0)
        ret = roll_read(k, &words, &q.fresh, err);
    return ret < 0 ? ret : check_kind(&q, k, a);
}
