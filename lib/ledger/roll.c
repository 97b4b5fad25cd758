/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* roll - entries by kind and name, and the acts that change them */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "ledger/roll_int.h"

#include "base/banned.h"

static const char *const kind_words[_ROLL_KIND_MAX] = {
    [ROLL_INSTITUTION] = "institution",
    [ROLL_PROJECT] = "project",
    [ROLL_GRANT] = "grant",
    [ROLL_RATE] = "rate",
    [ROLL_SIGNER] = "signer",
};

const char *roll_kind_word(enum roll_kind k)
{
    return kind_words[k];
}

int roll_kind_of(const struct act *a, enum roll_kind *ret_k, struct err *err)
{
    const char *word = act_get(a, "kind");

    for (int k = 0; k < _ROLL_KIND_MAX; k++)
        if (!strcmp(word, kind_words[k])) {
            *ret_k = (enum roll_kind)k;
            return 0;
        }
    return err_set(err, -EINVAL,
                   "'%.40s' is none of institution, project, grant, rate, signer",
                   word);
}

struct roll *roll_new(void)
{
    struct roll *r = calloc(1, sizeof(*r));

    for (int k = 0; r && k < _ROLL_KIND_MAX; k++)
        TAILQ_INIT(&r->kinds[k]);
    return r;
}

static void entry_remove(struct roll *r, struct entry *e)
{
    TAILQ_REMOVE(&r->kinds[e->kind], e, all);
    HASH_DEL(r->by_key, e);
    r->n--;
    free(e);
}

/* Takes e: 0, or -ENOMEM and e is freed. */
static int entry_add(struct roll *r, struct entry *e)
{
    if (TABLE_ADD(r->by_key, key, e) < 0) {
        free(e);
        return -ENOMEM;
    }
    TAILQ_INSERT_TAIL(&r->kinds[e->kind], e, all);
    r->n++;
    return 0;
}

void *roll_free(struct roll *r)
{
    struct entry *e;

    if (!r)
        return NULL;
    for (int k = 0; k < _ROLL_KIND_MAX; k++)
        while ((e = TAILQ_FIRST(&r->kinds[k])))
            entry_remove(r, e);
    free(r);
    return NULL;
}

struct roll *roll_copy(const struct roll *r)
{
    struct roll *to = roll_new();
    const struct entry *e;

    for (int k = 0; to && k < _ROLL_KIND_MAX; k++)
        TAILQ_FOREACH (e, &r->kinds[k], all) {
            struct entry *x = malloc(sizeof(*x));

            if (x)
                *x = *e;
            if (!x || entry_add(to, x) < 0)
                return roll_free(to);
        }
    return to;
}

void roll_key(enum roll_kind k, const struct act *a, char key[ROLL_KEY_CAP])
{
    memset(key, 0, ROLL_KEY_CAP);
    if (k == ROLL_RATE)
        (void)snprintf(key, ROLL_KEY_CAP, "rate/%.100s/%.20s", act_get(a, "pool"),
                       act_get(a, "from"));
    else
        (void)snprintf(key, ROLL_KEY_CAP, "%s/%.127s", kind_words[k],
                       act_get(a, "name"));
}

struct entry *roll_find_key(const struct roll *r, const char *key)
{
    struct entry *e;

    HASH_FIND(hh, r->by_key, key, ROLL_KEY_CAP, e);
    return e;
}

struct entry *roll_find(const struct roll *r, enum roll_kind k, const char *name)
{
    char key[ROLL_KEY_CAP] = "";

    (void)snprintf(key, sizeof(key), "%s/%.127s", kind_words[k], name);
    return roll_find_key(r, key);
}

int roll_day(const char *text, struct wall *ret_day, struct err *err)
{
    char full[40];
    char again[16];
    bool ok = strlen(text) == 10 && text[4] == '-' && text[7] == '-';

    (void)snprintf(full, sizeof(full), "%.10sT00:00:00Z", text);
    if (!ok || wall_parse(full, (struct wall){0}, ret_day, NULL) < 0
        || strcmp(roll_day_text(*ret_day, again), text) != 0)
        return err_set(err, -EINVAL, "'%.40s' is not a day such as 2026-01-01", text);
    return 0;
}

char *roll_day_text(struct wall day, char *text)
{
    char full[TIME_TEXT_MAX];

    (void)snprintf(text, 11, "%.10s", wall_text(day, true, full));
    return text;
}

int roll_merge(const struct entry *e,
               const struct act *a,
               struct act *ret_words,
               struct err *err)
{
    struct act w = e ? e->words : (struct act){0};

    for (size_t i = 0; i < a->n; i++) {
        const char *name = a->v[i].name;

        if (!strcmp(name, "do") || !strcmp(name, "kind") || roll_sign_word(name))
            continue;
        if (!a->v[i].value[0])
            act_unset(&w, name);
        else if (act_set(&w, name, a->v[i].value) < 0)
            return err_set(err, -EINVAL, "%s: too many words, or too long", name);
    }
    *ret_words = w;
    return 0;
}

static int read_dates(const struct act *w, struct entry *e, struct err *err)
{
    int r = 0;

    e->until.us = INT64_MAX;
    if (act_has(w, "from"))
        r = roll_day(act_get(w, "from"), &e->from, err);
    if (r < 0)
        return err_prefix(err, r, "from");
    if (act_has(w, "until"))
        r = roll_day(act_get(w, "until"), &e->until, err);
    if (r < 0)
        return err_prefix(err, r, "until");
    if (e->until.us <= e->from.us)
        return err_set(err, -EINVAL, "until (%s) must be later than from (%s)",
                       act_get(w, "until"), act_get(w, "from"));
    return 0;
}

int roll_read(enum roll_kind k,
              const struct act *words,
              struct entry *ret_e,
              struct err *err)
{
    struct entry e = {.kind = k, .words = *words};
    int r = read_dates(words, &e, err);

    if (r == 0 && k == ROLL_GRANT
        && measure_milli(act_get(words, "amount"), INT64_MAX / 4, &e.milli, err) < 0)
        r = err_prefix(err, -EINVAL, "amount");
    if (r == 0 && k == ROLL_GRANT && act_has(words, "overdraw")
        && measure_milli(act_get(words, "overdraw"), INT64_MAX / 4, &e.over, err) < 0)
        r = err_prefix(err, -EINVAL, "overdraw");
    if (r == 0 && k == ROLL_SIGNER)
        r = roll_sign_read(&e, err);
    if (r < 0)
        return r;
    roll_key(k, words, e.key);
    *ret_e = e;
    return 0;
}

static int apply_expire(struct roll *r,
                        struct entry *e,
                        const struct act *a,
                        struct err *err)
{
    int64_t used = 0, carried = 0;
    struct entry *next;
    char day[16];
    char name[ACT_VALUE_CAP];
    int ret;

    if (e->closed
        || measure_milli(act_get(a, "used"), e->milli + e->over, &used, err) < 0
        || (act_has(a, "carried")
            && measure_milli(act_get(a, "carried"), e->milli + e->over - used, &carried,
                             err)
                   < 0))
        return err_set(err, -EINVAL, "grant %s cannot be closed so",
                       act_get(a, "name"));
    if (carried > 0) {
        struct act w = e->words;

        next = calloc(1, sizeof(*next));
        if (!next)
            return err_set(err, -ENOMEM, "out of memory");
        (void)snprintf(name, sizeof(name), "%.110s.carried", act_get(a, "name"));
        ret = act_set(&w, "name", name);
        if (ret == 0)
            ret = act_set(&w, "amount", act_get(a, "carried"));
        if (ret == 0)
            ret = act_set(&w, "from", roll_day_text(e->until, day));
        if (ret == 0)
            ret = act_set(
                &w, "until",
                roll_day_text((struct wall){2 * e->until.us - e->from.us}, day));
        act_unset(&w, "carryover");
        act_unset(&w, "overdraw");
        if (ret == 0)
            ret = roll_read(ROLL_GRANT, &w, next, err);
        if (ret == 0 && roll_find_key(r, next->key))
            ret = err_set(err, -EEXIST, "grant %s is there already", name);
        if (ret < 0) {
            free(next);
            return ret;
        }
        ret = entry_add(r, next);
        if (ret < 0)
            return ret;
    }
    e->closed = true;
    e->used = used;
    return 0;
}

static int apply_words(struct roll *r,
                       struct entry *e,
                       enum roll_kind k,
                       const struct act *a,
                       struct err *err)
{
    struct entry fresh;
    struct entry *x;
    struct act words;
    int ret = roll_merge(e, a, &words, err);

    if (ret == 0)
        ret = roll_read(k, &words, &fresh, err);
    if (ret < 0)
        return ret;
    if (e) {
        e->words = fresh.words;
        e->from = fresh.from;
        e->until = fresh.until;
        e->milli = fresh.milli;
        e->over = fresh.over;
        memcpy(e->key_bytes, fresh.key_bytes, sizeof(e->key_bytes));
        return 0;
    }
    if (r->n >= ROLL_ENTRIES_MAX)
        return err_set(err, -EINVAL, "the roll is full (%d entries)", ROLL_ENTRIES_MAX);
    x = malloc(sizeof(*x));
    if (!x)
        return -ENOMEM;
    *x = fresh;
    return entry_add(r, x);
}

int roll_apply(struct roll *r, const struct act *a, struct err *err)
{
    const char *verb = act_get(a, "do");
    enum roll_kind k;
    struct entry *e;
    char key[ROLL_KEY_CAP];
    int ret = roll_kind_of(a, &k, err);

    if (ret < 0)
        return ret;
    roll_key(k, a, key);
    e = roll_find_key(r, key);
    if (!strcmp(verb, "add") ? e != NULL : !e)
        return err_set(err, -EINVAL, "'%s': %s is%s in the roll", verb, key,
                       e ? " already" : " not");
    if (!strcmp(verb, "expire") && k == ROLL_GRANT)
        return apply_expire(r, e, a, err);
    if (!strcmp(verb, "delete"))
        entry_remove(r, e);
    else if (strcmp(verb, "add") != 0 && strcmp(verb, "modify") != 0)
        return err_set(err, -EINVAL, "'%.40s' is none of add, modify, delete", verb);
    else
        ret = apply_words(r, e, k, a, err);
    if (ret == 0)
        roll_sign_used(r, a);
    return ret;
}

int roll_each(const struct roll *r,
              struct wall now,
              int (*each)(enum roll_kind k,
                          const struct act *words,
                          const char *state,
                          void *arg),
              void *arg)
{
    const struct entry *e;
    int ret = 0;

    for (int k = 0; k < _ROLL_KIND_MAX; k++)
        TAILQ_FOREACH (e, &r->kinds[k], all) {
            const char *state = roll_active(e, now)   ? "active"
                                : now.us < e->from.us ? "planned"
                                                      : "ended";

            ret = each(e->kind, &e->words, state, arg);
            if (ret)
                return ret;
        }
    return 0;
}
