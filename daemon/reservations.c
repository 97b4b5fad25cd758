/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* reservations - the list of them, on disk and in force */
#include "config.h"

#include "daemon/reservations.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/users.h"
#include "engine/queue.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define LIST_TEXT_MAX (1u << 20)
#define NAMES_MAX 100 /* users, and accounts, of one */

struct reservations {
    struct center *c;
    json_t *list; /* as in the answer to "reservations" */
};

static const char *text_of(const json_t *o, const char *member)
{
    const char *s = json_string_value(json_object_get(o, member));

    return s ? s : "";
}

static int64_t at_of(const json_t *o, const char *member)
{
    return json_integer_value(json_object_get(o, member)) / US_PER_S;
}

static struct sched *sched_of(const struct reservations *r)
{
    return r->c->engine->ops->scheduler(r->c->engine)->sched;
}

static json_t *find(const struct reservations *r, const char *name, size_t *ret_i)
{
    size_t i;
    json_t *o;

    json_array_foreach(r->list, i, o)
    {
        if (!strcmp(text_of(o, "name"), name)) {
            *ret_i = i;
            return o;
        }
    }
    return NULL;
}

static int save(const struct reservations *r, struct err *err)
{
    char path[PATH_MAX];
    char *text = json_dumps(r->list, JSON_INDENT(1) | JSON_SORT_KEYS);
    int e =
        text ? path_join(path, sizeof(path), r->c->settings->state_dir, "reservations")
             : -ENOMEM;

    if (e == 0)
        e = path_write(path, text, strlen(text), 0600, err);
    free(text);
    return e < 0 && err && !err->code ? err_set(err, e, "the list cannot be written")
                                      : e;
}

/* From now on the scheduler keeps its nodes free of others. */
static int enforce(struct reservations *r, const json_t *o, bool again, struct err *err)
{
    struct sched_reservation to = {
        .start_s = at_of(o, "start"),
        .end_s = at_of(o, "end"),
        .ignore_jobs = again || json_is_true(json_object_get(o, "ignore_jobs"))};
    struct words nodes = WORDS_INIT(JOB_NODES_MAX, 4u << 20);
    int e = hostlist_expand(text_of(o, "nodes"), &nodes, err);

    if (e == 0 && !word_is_name(text_of(o, "name"), NAME_CAP - 1))
        e = err_set(err, -EINVAL, "'%.60s' is not a name", text_of(o, "name"));
    if (e == 0) {
        (void)word_copy(to.name, sizeof(to.name), text_of(o, "name")); /* it fits */
        e = sched_reserve(sched_of(r), &to, &nodes, queue_now_s(), err);
    }
    words_release(&nodes);
    if (e == 0)
        queue_kick(r->c->engine->ops->scheduler(r->c->engine));
    return e;
}

static bool names_ok(const json_t *list)
{
    size_t i;
    json_t *o;

    if (json_array_size(list) > NAMES_MAX)
        return false;
    json_array_foreach(list, i, o)
    {
        if (!json_is_string(o) || !word_is_name(json_string_value(o), NAME_CAP - 1))
            return false;
    }
    return true;
}

int reservations_open(struct center *c, struct reservations **ret_r, struct err *err)
{
    struct reservations *r = calloc(1, sizeof(*r));
    struct buf b = BUF_INIT(LIST_TEXT_MAX);
    char path[PATH_MAX];
    json_t *was = NULL;
    size_t i;
    json_t *o;
    int e = r ? 0 : -ENOMEM;

    if (e == 0) {
        r->c = c;
        r->list = json_array();
        *ret_r = r;
        e = path_join(path, sizeof(path), c->settings->state_dir, "reservations");
    }
    if (e == 0)
        e = path_read(path, &b, err);
    if (e == 0 && !(was = json_loadb(b.data, b.len, 0, NULL)))
        e = err_set(err, -EBADMSG, "%s is not JSON: put it right, or remove it", path);
    buf_release(&b);
    json_array_foreach(was, i, o)
    {
        struct err why = {0};

        if (at_of(o, "end") <= queue_now_s())
            continue;
        if (enforce(r, o, true, &why) < 0)
            log_error("reservation %s: %s", text_of(o, "name"), why.text);
        else if (json_array_append(r->list, o) < 0)
            e = -ENOMEM;
    }
    json_decref(was);
    return e == -ENOENT ? 0 : e; /* no file: none were made */
}

void *reservations_close(struct reservations *r)
{
    if (!r)
        return NULL;
    json_decref(r->list);
    free(r);
    return NULL;
}

static bool names(const json_t *o, const char *member, const char *name)
{
    size_t i;
    json_t *x;

    json_array_foreach(json_object_get(o, member), i, x)
    {
        if (!strcmp(json_string_value(x) ? json_string_value(x) : "", name))
            return true;
    }
    return false;
}

int reservations_may(struct reservations *r, const struct holding *h, struct err *err)
{
    const char *name = h->request.reservation;
    size_t i;
    const json_t *o;

    if (!name[0])
        return 0;
    o = find(r, name, &i);
    if (!o)
        return err_set(err, -ENOENT, "there is no reservation %s at this center", name);
    if (names(o, "users", h->user) || names(o, "accounts", h->project)
        || names(o, "accounts", h->institution))
        return 0;
    return err_set(err, -EACCES, "reservation %s is not for user %s or project %s",
                   name, h->user, h->project);
}

/* --- questions --------------------------------------------------------------- */

/* Those that are over, and have no more jobs, are gone. */
static void drop_old(struct reservations *r)
{
    for (size_t i = json_array_size(r->list); i-- > 0;) {
        json_t *o = json_array_get(r->list, i);

        if (at_of(o, "end") <= queue_now_s()
            && sched_reservation_jobs(sched_of(r), text_of(o, "name")) <= 0)
            (void)json_array_remove(r->list, i);
    }
}

int op_reservations(struct ask *a, struct err *err)
{
    struct reservations *r = a->c->reservations;
    int64_t now_s = queue_now_s();
    json_t *all;
    size_t i;
    json_t *o;

    drop_old(r);
    all = json_deep_copy(r->list);
    if (!all)
        return err_set(err, -ENOMEM, "out of memory");
    json_array_foreach(all, i, o)
    {
        int jobs = sched_reservation_jobs(sched_of(r), text_of(o, "name"));
        bool active = at_of(o, "start") <= now_s && now_s < at_of(o, "end");

        /* For display: a lack of memory shows as a missing member. */
        (void)json_object_set_new(o, "jobs", json_integer(jobs > 0 ? jobs : 0));
        (void)json_object_set_new(o, "active", json_boolean(active));
    }
    users_reply(
        a->c->users, a->ticket,
        json_pack("{s:s,s:o}", "center", center_site(a->c)->name, "reservations", all));
    return 0;
}

static int may_change(const struct ask *a, struct err *err)
{
    if (!a->who->admin)
        return err_set(err, -EACCES,
                       "reservations are made by root and the account that runs "
                       "hopluud");
    if (!strcmp(a->c->settings->engine, "slurm"))
        return err_set(err, -EINVAL,
                       "this center's Slurm keeps its own reservations: use scontrol");
    return 0;
}

static int check(const json_t *o, struct err *err)
{
    const json_t *users = json_object_get(o, "users");
    const json_t *accounts = json_object_get(o, "accounts");

    if (!word_is_name(text_of(o, "name"), NAME_CAP - 1))
        return err_set(err, -EINVAL, "'%.60s' is not a name", text_of(o, "name"));
    if (!names_ok(users) || !names_ok(accounts))
        return err_set(err, -EINVAL, "users and accounts are lists of at most %d names",
                       NAMES_MAX);
    if (!json_array_size(users) && !json_array_size(accounts))
        return err_set(err, -EINVAL, "for whom? Give users or accounts");
    return 0;
}

int op_reserve(struct ask *a, struct err *err)
{
    struct reservations *r = a->c->reservations;
    const json_t *q = a->question;
    json_t *o = NULL;
    int e = may_change(a, err);

    if (e == 0)
        e = check(q, err);
    if (e == 0) {
        drop_old(r);
        o = json_pack(
            "{s:s,s:I,s:I,s:s,s:b,s:O?,s:O?}", "name", text_of(q, "name"), "start",
            json_integer_value(json_object_get(q, "start")), "end",
            json_integer_value(json_object_get(q, "end")), "nodes", text_of(q, "nodes"),
            "ignore_jobs", json_is_true(json_object_get(q, "ignore_jobs")), "users",
            json_object_get(q, "users"), "accounts", json_object_get(q, "accounts"));
        e = o ? enforce(r, o, false, err) : err_set(err, -ENOMEM, "out of memory");
    }
    if (e == 0) {
        e = json_array_append(r->list, o) < 0 ? err_set(err, -ENOMEM, "out of memory")
                                              : save(r, err);
        if (e < 0) { /* as if it had not been */
            (void)json_array_remove(r->list, json_array_size(r->list) - 1);
            (void)sched_unreserve(sched_of(r), text_of(o, "name"), NULL);
        }
    }
    if (e == 0)
        users_reply(a->c->users, a->ticket,
                    json_pack("{s:s}", "name", text_of(o, "name")));
    json_decref(o);
    return e;
}

int op_unreserve(struct ask *a, struct err *err)
{
    struct reservations *r = a->c->reservations;
    const char *name = text_of(a->question, "name");
    size_t i = 0;
    int e = may_change(a, err);

    if (e == 0 && !find(r, name, &i))
        e = err_set(err, -ENOENT, "there is no reservation %.60s", name);
    if (e == 0)
        e = sched_unreserve(sched_of(r), name, err);
    if (e < 0)
        return e;
    (void)json_array_remove(r->list, i); /* it is there */
    queue_kick(a->c->engine->ops->scheduler(a->c->engine));
    e = save(r, err);
    if (e == 0)
        users_reply(a->c->users, a->ticket, json_pack("{s:s}", "name", name));
    return e;
}
