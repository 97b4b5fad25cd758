/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * months - closing the months of the books
 *
 * The first one is closed by the administrator; from then on each one is closed by
 * itself at the first look after its end, before anything else is posted. All lines of
 * a closing are of one turn of the loop, so they become durable together.
 */
#include "config.h"

#include "daemon/months.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "daemon/gate.h"
#include "daemon/rolls.h"
#include "daemon/users.h"
#include "ledger/month.h"

#include "base/banned.h"

struct months {
    struct center *c;
    struct act *v; /* the last line of each closing */
    size_t n;
};

int months_open(struct center *c, struct months **ret_months)
{
    struct months *m = calloc(1, sizeof(*m));

    if (!m)
        return -ENOMEM;
    m->c = c;
    *ret_months = m;
    return 0;
}

void *months_free(struct months *m)
{
    if (m)
        free(m->v);
    free(m);
    return NULL;
}

bool months_is_act(const struct act *a)
{
    return !strcmp(act_get(a, "kind"), "month");
}

int months_take(struct months *m, const struct act *a, struct err *err)
{
    int r = month_take(m->c->book, a, err);
    struct act *v;

    if (r < 0 || act_has(a, "account"))
        return r;
    v = reallocarray(m->v, m->n + 1, sizeof(*v));
    if (!v)
        return err_set(err, -ENOMEM, "out of memory");
    m->v = v;
    m->v[m->n++] = *a;
    return 0;
}

static int write_down(const struct act *a, void *arg, struct err *err)
{
    struct months *m = arg;
    int r = months_take(m, a, err);

    if (r == 0)
        r = store_put_act(m->c->store, a, now_read().wall, NULL, 0);
    gate_touch(m->c->gate);
    return r;
}

static int close_one(struct months *m, const char *name, struct err *err)
{
    int r = month_acts(m->c->book, name, write_down, m, err);

    if (r == 0)
        log_info("month %s is closed: %s accounts", name,
                 act_get(&m->v[m->n - 1], "accounts"));
    return r;
}

void months_keep(struct months *m)
{
    struct wall now = now_read().wall;

    while (book_closed(m->c->book).us > 0 && months_next(m).us <= now.us) {
        char name[MONTH_CAP];
        struct err err = {0};
        int r = close_one(m, month_name(book_closed(m->c->book), name), &err);

        if (r < 0) {
            log_error("month %s is not closed: %s", name, err_text(&err, r));
            return;
        }
    }
}

struct wall months_next(const struct months *m)
{
    struct wall closed = book_closed(m->c->book);
    struct wall from, until = {INT64_MAX};
    char name[MONTH_CAP];

    if (closed.us > 0 && month_span(month_name(closed, name), &from, &until, NULL) < 0)
        until.us = INT64_MAX;
    return until;
}

/* May this month be closed now? */
static int judge(const struct months *m, const char *name, struct err *err)
{
    struct wall from, until, closed = book_closed(m->c->book);
    char next[MONTH_CAP];
    int r = month_span(name, &from, &until, err);

    if (r < 0)
        return r;
    if (until.us > now_read().wall.us)
        return err_set(err, -EINVAL, "month %s is not over", name);
    if (closed.us > 0 && from.us < closed.us)
        return err_set(err, -EALREADY, "month %s is closed already", name);
    if (closed.us > 0 && from.us > closed.us)
        return err_set(err, -EINVAL, "month %s is to be closed before %s",
                       month_name(closed, next), name);
    return 0;
}

int op_close(struct ask *a, struct err *err)
{
    struct months *m = a->c->months;
    const char *name = json_string_value(json_object_get(a->question, "month"));
    int r;

    if (!a->who->admin)
        return err_set(err, -EACCES,
                       "months are closed by root and the account that runs hopluud");
    if (!name)
        return err_set(err, -EINVAL, "which month?");
    if (store_failing(a->c->store))
        return err_set(err, -ENOSPC,
                       "this center cannot write its state now: try again later");
    r = judge(m, name, err);
    if (r == 0)
        r = close_one(m, name, err);
    if (r < 0)
        return r;
    rolls_keep(a->c->rolls); /* those after it, and the timer */
    users_reply_durable(a, json_pack("{s:s}", "month", name));
    return 0;
}

int op_months(struct ask *a, struct err *err)
{
    const struct months *m = a->c->months;
    json_t *list = json_array();

    (void)err;
    for (size_t i = 0; i < m->n; i++) {
        json_t *o = json_object();

        for (size_t k = 0; k < m->v[i].n; k++)
            (void)json_object_set_new(o, m->v[i].v[k].name,
                                      json_string(m->v[i].v[k].value));
        (void)json_array_append_new(list, o); /* a lack shows as a missing row */
    }
    users_reply(
        a->c->users, a->ticket,
        json_pack("{s:s,s:o}", "center", center_site(a->c)->name, "months", list));
    return 0;
}
