/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * rolls - the roll of the books in the daemon
 *
 * An act is judged on a copy of the roll together with those before it in the same
 * question: all of them count, or none. Then each becomes a line of the journal, the
 * roll is laid over the site anew, and the book posts what that grants or takes back.
 */
#include "config.h"

#include "daemon/rolls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "daemon/gate.h"
#include "daemon/months.h"
#include "daemon/users.h"

#include "base/banned.h"

#define ACTS_MAX 10000 /* of one question */
#define LOOK_MAX_S 86400

struct rolls {
    struct center *c;
    struct roll *roll;
    struct roll_base base;
    struct event *timer;
};

const struct roll *rolls_roll(const struct rolls *r)
{
    return r->roll;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    rolls_keep(arg);
}

int rolls_open(struct center *c, struct rolls **ret_rolls, struct err *err)
{
    struct rolls *r = calloc(1, sizeof(*r));

    if (!r)
        return err_set(err, -ENOMEM, "out of memory");
    r->c = c;
    r->roll = roll_new();
    r->timer = evtimer_new(c->base, on_timer, r);
    if (!r->roll || !r->timer) {
        rolls_close(r);
        return err_set(err, -ENOMEM, "out of memory");
    }
    *ret_rolls = r;
    return 0;
}

void *rolls_close(struct rolls *r)
{
    if (!r)
        return NULL;
    if (r->timer)
        event_free(r->timer);
    roll_free(r->roll);
    roll_base_release(&r->base);
    free(r);
    return NULL;
}

int rolls_replay(struct rolls *r, const struct act *a, struct err *err)
{
    return roll_apply(r->roll, a, err);
}

static int lay(struct rolls *r, struct site *site, struct err *err)
{
    return roll_overlay(r->roll, &r->base, now_read().wall, site, err);
}

int rolls_lay(struct rolls *r, struct site *site, struct err *err)
{
    if (roll_base_take(&r->base, site) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return lay(r, site, err);
}

/* The roll has changed: the site, the book, everybody who asks. */
static void spread(struct rolls *r)
{
    struct center *c = r->c;
    struct fed_effects fx;
    struct err err = {0};

    if (lay(r, c->settings->site, &err) < 0) {
        log_error("the roll cannot be laid over the configuration: %s", err.text);
        return;
    }
    if (fed_reconfigure(c->fed, c->settings->site, now_read(), &fx) == 0)
        center_apply(c, &fx);
}

/* One act with its steps into the journal and the roll. */
static int write_down(struct rolls *r,
                      const struct act *a,
                      const struct postings *steps,
                      struct err *err)
{
    int ret = roll_apply(r->roll, a, err);

    if (ret == 0)
        ret = store_put_act(r->c->store, a, now_read().wall, steps->v, steps->n);
    gate_touch(r->c->gate);
    return ret;
}

static void set_timer(struct rolls *r)
{
    struct wall now = now_read().wall;
    int64_t us = MIN(roll_next(r->roll, now).us, months_next(r->c->months).us);
    struct timeval tv = {.tv_sec = LOOK_MAX_S};

    if (us < INT64_MAX)
        tv.tv_sec = MIN((int64_t)LOOK_MAX_S, (us - now.us) / US_PER_S + 1);
    if (evtimer_add(r->timer, &tv) < 0)
        log_error("no timer for the roll: out of memory");
}

void rolls_keep(struct rolls *r)
{
    struct wall now = now_read().wall;
    struct err err = {0};
    struct act a;
    int64_t lost = 0;
    int ret = 0;

    months_keep(r->c->months);
    while (ret == 0 && roll_due(r->roll, r->c->book, now, &a, &lost)) {
        struct postings steps = {0};

        if (lost > 0)
            ret = book_expire(r->c->book, roll_account(r->roll, act_get(&a, "name")),
                              lost, now, &steps, &err);
        if (ret == 0)
            ret = write_down(r, &a, &steps, &err);
        if (ret == 0)
            log_info("grant %s has ended: %s used", act_get(&a, "name"),
                     act_get(&a, "used"));
        postings_release(&steps);
    }
    if (ret < 0)
        log_error("a grant that has ended is not closed: %s", err_text(&err, ret));
    spread(r);
    set_timer(r);
}

/* --- questions ----------------------------------------------------------------------
 */

static int act_of(json_t *o, struct act *a, struct err *err)
{
    const char *name;
    json_t *value;

    *a = (struct act){0};
    if (!json_is_object(o))
        return err_set(err, -EINVAL, "an act is an object of words and values");
    json_object_foreach(o, name, value)
    {
        if (!json_is_string(value) || act_set(a, name, json_string_value(value)) < 0)
            return err_set(err, -EINVAL,
                           "%.40s: a value of at most %d bytes, no control bytes", name,
                           ACT_VALUE_CAP - 1);
    }
    if (!strcmp(act_get(a, "do"), "expire"))
        return err_set(err, -EINVAL, "a grant is closed by its date");
    return 0;
}

static json_t *act_json(const struct act *a)
{
    json_t *o = json_object();

    for (size_t i = 0; o && i < a->n; i++)
        (void)json_object_set_new(o, a->v[i].name, json_string(a->v[i].value));
    return o;
}

/* All of them, judged one after the other as if those before had happened. A trial may
 * lack the signature: its text is what will be signed. */
static int judge_all(
    struct rolls *r, const json_t *list, bool dry, struct act *acts, struct err *err)
{
    _cleanup_(roll_freep) struct roll *copy = roll_copy(r->roll);
    size_t n = json_array_size(list);
    int ret = copy ? 0 : err_set(err, -ENOMEM, "out of memory");

    for (size_t i = 0; ret == 0 && i < n; i++) {
        ret = act_of(json_array_get(list, i), &acts[i], err);
        if (ret == 0 && (!dry || act_has(&acts[i], "signature")))
            ret = roll_sign_check(copy, &acts[i], now_read().wall, err);
        if (ret == 0)
            ret =
                roll_check(copy, r->c->book, &r->base, &acts[i], now_read().wall, err);
        if (ret == 0)
            ret = roll_apply(copy, &acts[i], err);
        if (ret < 0 && n > 1)
            (void)err_prefix(err, ret, "change %zu", i + 1);
    }
    return ret;
}

int op_acts(struct ask *a, struct err *err)
{
    struct rolls *r = a->c->rolls;
    const json_t *list = json_object_get(a->question, "acts");
    bool dry = json_is_true(json_object_get(a->question, "dry"));
    size_t n = json_array_size(list);
    struct postings none = {0};
    struct act *acts;
    json_t *answer, *texts;
    int ret;

    if (!a->who->admin)
        return err_set(err, -EACCES,
                       "the roll is kept by root and the account that runs hopluud, "
                       "not by %s",
                       a->who->local[0] ? a->who->local : a->who->person);
    if (n == 0 || n > ACTS_MAX)
        return err_set(err, -EINVAL, "1 to %d changes at a time, not %zu", ACTS_MAX, n);
    acts = calloc(n, sizeof(*acts));
    if (!acts)
        return err_set(err, -ENOMEM, "out of memory");
    ret = judge_all(r, list, dry, acts, err);
    for (size_t i = 0; ret == 0 && !dry && i < n; i++)
        ret = write_down(r, &acts[i], &none, err);
    if (ret == 0 && !dry) {
        spread(r);
        set_timer(r);
    }
    answer = json_array();
    texts = json_array();
    for (size_t i = 0; ret == 0 && i < n; i++) {
        char text[ACT_TEXT_CAP];

        (void)json_array_append_new(answer, act_json(&acts[i]));
        ret = roll_sign_text(&acts[i], text, sizeof(text));
        (void)json_array_append_new(texts, json_string(text));
    }
    free(acts);
    if (ret < 0) {
        json_decref(answer);
        json_decref(texts);
        return ret;
    }
    users_reply_durable(
        a, json_pack("{s:o,s:o,s:b}", "acts", answer, "texts", texts, "dry", dry));
    return 0;
}

struct rows {
    json_t *list;
    const char *kind;
    const char *name;
};

static int add_row(enum roll_kind k,
                   const struct act *words,
                   const char *state,
                   void *arg)
{
    struct rows *x = arg;
    const char *name = act_get(words, k == ROLL_RATE ? "pool" : "name");
    json_t *o;

    if ((x->kind && strcmp(x->kind, roll_kind_word(k)) != 0)
        || (x->name && strcmp(x->name, name) != 0))
        return 0;
    o = json_pack("{s:s,s:s,s:o}", "kind", roll_kind_word(k), "state", state, "words",
                  act_json(words));
    return json_array_append_new(x->list, o) ? -ENOMEM : 0;
}

int op_roll(struct ask *a, struct err *err)
{
    struct rows x = {
        .list = json_array(),
        .kind = json_string_value(json_object_get(a->question, "kind")),
        .name = json_string_value(json_object_get(a->question, "name")),
    };

    if (roll_each(a->c->rolls->roll, now_read().wall, add_row, &x) < 0) {
        json_decref(x.list);
        return err_set(err, -ENOMEM, "out of memory");
    }
    users_reply(
        a->c->users, a->ticket,
        json_pack("{s:s,s:o}", "center", center_site(a->c)->name, "roll", x.list));
    return 0;
}
