/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ops_submit - submit, cancel, release, wait: questions that change a job or wait for
 * it */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "daemon/blobs.h"
#include "daemon/gate.h"
#include "daemon/peers.h"
#include "daemon/profiles.h"
#include "daemon/proxies.h"
#include "daemon/reservations.h"
#include "daemon/users.h"
#include "model/job_id.h"
#include "wire/noun_json.h"

#include "base/banned.h"

/* The project that pays: one of the person's own. */
static int find_project(const struct person *p,
                        const char *asked,
                        char dst[NAME_CAP],
                        struct err *err)
{
    const char *list = p->projects;

    while (*list) {
        size_t n = strcspn(list, ",");

        if (!asked[0] || (strlen(asked) == n && !memcmp(asked, list, n))) {
            memcpy(dst, list, n); /* a configured name: shorter than NAME_CAP */
            dst[n] = '\0';
            return 0;
        }
        list += n + (list[n] == ',');
    }
    return err_set(err, -EACCES, "project '%s' is not one of %s's: %s", asked,
                   p->person, p->projects);
}

static int join_centers(const struct words *w, char dst[TITLE_CAP], struct err *err)
{
    struct buf b = BUF_INIT(TITLE_CAP - 1);
    bool ok;

    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->v[i], "any") != 0)
            buf_printf(&b, "%s%s", b.len ? "," : "", w->v[i]);
    ok = b.err == 0 && word_copy(dst, TITLE_CAP, buf_text(&b));
    buf_release(&b);
    return ok ? 0
              : err_set(err, -E2BIG, "--center: the list is longer than %d bytes",
                        TITLE_CAP - 1);
}

/* What the federation keeps of a submission; everything else is in the spec. */
static int draft_of(struct ask *a,
                    const struct job_spec *spec,
                    struct holding *h,
                    struct err *err)
{
    const struct site *s = center_site(a->c);
    const struct person *p = site_person(s, a->who->local);
    int r;

    if (!a->who->local[0])
        return err_set(err, -EACCES, "uid %u has no account name here",
                       (unsigned)a->who->uid);
    if (!p)
        return err_set(
            err, -EACCES,
            "user %s is not known to the federation at %s: ask its administrator for a "
            "person entry",
            a->who->local, s->name);
    r = find_project(p, spec->project, h->project, err);
    if (r == 0)
        r = join_centers(&spec->centers, h->centers, err);
    if (r < 0)
        return r;
    h->uid = (uint32_t)a->who->uid;
    memcpy(h->user, a->who->local, sizeof(h->user));
    memcpy(h->person, p->person, sizeof(h->person));
    memcpy(h->institution, p->institution, sizeof(h->institution));
    word_cut(h->name, sizeof(h->name), spec->name);
    h->request = spec->request;
    h->client_token = spec->client_token;
    h->requeue = spec->requeue;
    h->at_least_once_s = spec->at_least_once_s;
    h->held = spec->hold || a->for_slurm;
    h->proxy = a->for_slurm;
    h->begin = spec->begin;
    for (size_t i = 0; i < spec->n_inputs; i++)
        h->input_bytes += spec->inputs[i].bytes;
    return 0;
}

/* Named nodes and features do not travel in an offer yet: say so, rather than ignore
 * them. */
static int check_supported(const struct job_spec *s, struct err *err)
{
    const char *option = s->nodelist.n   ? "--nodelist"
                         : s->exclude.n  ? "--exclude"
                         : s->features.n ? "--constraint"
                                         : NULL;

    if (!option)
        return 0;
    return err_set(
        err, -EINVAL,
        "%s is not yet supported: leave it out, or choose a --partition or --center",
        option);
}

static int read_spec(struct ask *a, struct job_spec **ret_spec, struct err *err)
{
    const json_t *o = json_object_get(a->question, "spec");
    int r;

    if (!json_is_object(o))
        return err_set(err, -EINVAL, "a submission needs a \"spec\"");
    r = job_spec_from_json(o, ret_spec, err);
    if (r == 0)
        r = job_spec_check(*ret_spec, err);
    if (r == 0)
        r = check_supported(*ret_spec, err);
    if (r == 0)
        r = profiles_check_comm(&(*ret_spec)->request, err);
    if (r == 0)
        r = blobs_check(a->c, a->who->uid, *ret_spec, err);
    return r;
}

/* The middle of what that center's record makes of the plan; a start at once is one. */
static int64_t expected_s(const struct route_view *v)
{
    return v->n_scored && v->wait_s > 0 ? v->p50_s : v->wait_s;
}

/* Where it would run, for people: the view that routing chose. */
static void remember_choice(struct ask *a, const struct route_view *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].chosen) {
            users_remember(a->c->users, a->ticket,
                           json_pack("{s:s,s:I,s:I,s:i}", "center",
                                     site_center_name(center_site(a->c), v[i].center),
                                     "wait_s", (json_int_t)expected_s(&v[i]), "p90_s",
                                     (json_int_t)(v[i].n_scored ? v[i].p90_s : -1),
                                     "p90_held",
                                     v[i].n_scored ? (int)v[i].held90 : -1));
            return;
        }
}

static int try_it(struct ask *a, const struct holding *draft, struct err *err)
{
    const struct route_view *v = NULL;
    json_t *views = json_array();
    size_t n = 0;
    int r = fed_try(a->c->fed, draft, now_read(), &v, &n, err);

    for (size_t i = 0; v && i < n; i++) {
        json_t *o = route_view_to_json(&v[i]);

        (void)json_object_set_new(
            o, "name", json_string(site_center_name(center_site(a->c), v[i].center)));
        (void)json_array_append_new(views, o); /* a lack shows as a missing row */
    }
    if (r < 0) {
        json_decref(views);
        return r == -ENOENT ? -ENETUNREACH : r;
    }
    remember_choice(a, v, n);
    users_reply(a->c->users, a->ticket, json_pack("{s:o}", "views", views));
    return 0;
}

/* The same token from the same user is the same job, even after a lost answer. */
static bool seen_before(struct ask *a, const struct holding *draft)
{
    uint64_t id;

    if (!draft->client_token
        || store_find_token(a->c->store, draft->uid, draft->client_token, &id) < 0)
        return false;
    users_answer(a->c->users, a->ticket, id, 0, NULL);
    return true;
}

int op_submit(struct ask *a, struct err *err)
{
    _cleanup_(job_spec_freep) struct job_spec *spec = NULL;
    struct center *c = a->c;
    struct holding draft = {0};
    struct fed_effects fx;
    char *text;
    uint64_t id;
    int r;

    if (store_failing(c->store))
        return err_set(
            err, -ENOSPC,
            "this center cannot write its state now (disk full?): nothing was "
            "submitted, try again later");
    r = read_spec(a, &spec, err);
    if (r == 0)
        r = draft_of(a, spec, &draft, err);
    if (r == 0)
        r = reservations_may(c->reservations, &draft, err);
    if (r < 0)
        return r;
    if (json_is_true(json_object_get(a->question, "test")))
        return try_it(a, &draft, err);
    if (seen_before(a, &draft))
        return 0;
    text = json_dumps(json_object_get(a->question, "spec"), JSON_COMPACT);
    if (!text)
        return err_set(err, -ENOMEM, "out of memory");
    r = fed_submit(c->fed, &draft, a->ticket, now_read(), &id, &fx, err);
    if (r == 0)
        r = store_put_spec(c->store, id, text, strlen(text));
    free(text);
    if (r < 0)
        return r == -ENOENT ? -ENETUNREACH : r;
    if (a->for_slurm)
        proxies_expect(c->proxies, id);
    for (size_t i = 0; i < fx.n; i++)
        if (fx.v[i].kind == FX_SAVE_VIEWS)
            remember_choice(a, fx.v[i].views, fx.v[i].n_views);
    center_apply(c, &fx);
    return 0;
}

/* The job that is asked about, and that the asker may touch it. 1 = passed on to its
 * entry. */
static int find_own(struct ask *a,
                    const struct holding **ret_h,
                    uint64_t *ret_id,
                    struct err *err)
{
    json_int_t n = json_integer_value(json_object_get(a->question, "job"));
    uint64_t id = n > 0 ? (uint64_t)n : 0;
    uint32_t entry = job_id_center(id);

    if (job_id_make(entry, job_id_sequence(id)) == 0)
        return err_set(err, -EINVAL, "\"job\" must be a job id");
    *ret_id = id;
    if (entry != center_site(a->c)->number)
        return a->who->via
                   ? err_set(err, -ENOENT, "job %" PRIu64 " is not of this center", id)
                   : peers_pass_on(a, entry, err);
    *ret_h = fed_holding(a->c->fed, id);
    if (*ret_h && !users_may_touch(a->who, *ret_h))
        return err_set(err, -EACCES, "job %" PRIu64 " belongs to %s", id,
                       (*ret_h)->person);
    return 0;
}

int op_cancel(struct ask *a, struct err *err)
{
    const struct holding *h = NULL;
    json_int_t signal = json_integer_value(json_object_get(a->question, "signal"));
    struct fed_effects fx;
    struct holding old;
    uint64_t id;
    int r = find_own(a, &h, &id, err);

    if (r != 0)
        return r < 0 ? r : 0;
    if (!h && store_get_holding(a->c->store, id, &old) == 0)
        return err_set(err, -EALREADY, "job %" PRIu64 " is already %s", id,
                       job_state_word(old.state));
    if (signal < 0 || signal > 64)
        return err_set(err, -EINVAL, "signal must be 0 to 64");
    if (store_failing(a->c->store))
        return err_set(err, -ENOSPC,
                       "this center cannot write its state now: try again later");
    r = fed_cancel(a->c->fed, id, a->who->person[0] ? a->who->person : a->who->local,
                   (int)signal, a->ticket, now_read(), &fx, err);
    if (r < 0)
        return r;
    users_remember(
        a->c->users, a->ticket,
        json_pack("{s:s}", "state", job_state_word(fed_holding(a->c->fed, id)->state)));
    center_apply(a->c, &fx);
    return 0;
}

int op_release(struct ask *a, struct err *err)
{
    const struct holding *h = NULL;
    struct fed_effects fx;
    uint64_t id;
    int r = find_own(a, &h, &id, err);

    if (r != 0)
        return r < 0 ? r : 0;
    if (store_failing(a->c->store))
        return err_set(err, -ENOSPC,
                       "this center cannot write its state now: try again later");
    r = fed_unhold(a->c->fed, id, a->ticket, now_read(), &fx, err);
    if (r == 0)
        center_apply(a->c, &fx);
    return r;
}

int op_set_limit(struct ask *a, struct err *err)
{
    json_int_t limit_s = json_integer_value(json_object_get(a->question, "limit_s"));
    const struct holding *h = NULL;
    struct fed_effects fx;
    uint64_t id;
    int r = find_own(a, &h, &id, err);

    if (r != 0)
        return r < 0 ? r : 0;
    if (limit_s < 1 || limit_s > UINT32_MAX)
        return err_set(err, -EINVAL, "\"limit_s\" must be 1 to %" PRIu32, UINT32_MAX);
    if (store_failing(a->c->store))
        return err_set(err, -ENOSPC,
                       "this center cannot write its state now: try again later");
    r = fed_set_limit(a->c->fed, id, (uint32_t)limit_s, a->ticket, now_read(), &fx,
                      err);
    if (r == 0)
        center_apply(a->c, &fx);
    return r;
}

/* What nobody can know is decided by somebody who answers for it: this center's
 * operator. */
int op_declare_lost(struct ask *a, struct err *err)
{
    json_int_t n = json_integer_value(json_object_get(a->question, "job"));
    uint64_t id = n > 0 ? (uint64_t)n : 0;
    const struct site *s = center_site(a->c);
    struct fed_effects fx;
    int r;

    if (!a->who->admin)
        return err_set(
            err, -EACCES,
            "only root and the account that runs hopluud may declare a run lost");
    if (job_id_make(job_id_center(id), job_id_sequence(id)) == 0)
        return err_set(err, -EINVAL, "\"job\" must be a job id");
    if (job_id_center(id) != s->number)
        return err_set(err, -EACCES,
                       "job %" PRIu64 " was submitted at %s: its operator decides", id,
                       site_center_name(s, job_id_center(id)));
    if (store_failing(a->c->store))
        return err_set(err, -ENOSPC,
                       "this center cannot write its state now: try again later");
    r = fed_declare_lost(a->c->fed, id, a->who->local, a->ticket, now_read(), &fx, err);
    if (r < 0)
        return r;
    log_warn("job %" PRIu64 ": its run was declared lost by %s", id, a->who->local);
    center_apply(a->c, &fx);
    return 0;
}

static int count_entrusted(const struct holding *h, void *arg)
{
    *(json_int_t *)arg += h->hold == HOLD_GRANTED && h->state == JOB_PENDING;
    return 0;
}

/* Before a maintenance: what waits here is entrusted to others. */
int op_drain(struct ask *a, struct err *err)
{
    bool on = json_is_true(json_object_get(a->question, "on"));
    struct fed *f = a->c->fed;
    json_int_t entrusted = 0;
    struct fed_effects fx;

    if (!a->who->admin)
        return err_set(err, -EACCES,
                       "only root and the account that runs hopluud may drain it");
    if (fed_drained(f) != on) {
        if (fed_drain(f, on, now_read(), &fx) < 0)
            return err_set(err, -ENOMEM, "out of memory");
        log_warn("%s by %s: what waits here %s", on ? "drained" : "resumed",
                 a->who->local, on ? "is entrusted to others" : "starts here again");
        center_apply(a->c, &fx);
    }
    fed_each_holding(f, 0, count_entrusted, &entrusted);
    users_reply(a->c->users, a->ticket,
                json_pack("{s:s,s:b,s:I,s:I}", "center", center_site(a->c)->name, "on",
                          on, "waiting", (json_int_t)fed_count(f).waiting, "entrusted",
                          entrusted));
    return 0;
}

int op_wait(struct ask *a, struct err *err)
{
    const struct holding *h = NULL;
    struct holding old;
    uint64_t id;
    int r = find_own(a, &h, &id, err);

    if (r != 0)
        return r < 0 ? r : 0;
    if (h && h->hold != HOLD_FINAL)
        return users_wait(a->c->users, a->ticket, id);
    if (!h) {
        r = store_get_holding(a->c->store, id, &old);
        if (r < 0)
            return err_set(err, r, "job %" PRIu64 " is not known here", id);
        if (!users_may_touch(a->who, &old))
            return err_set(err, -EACCES, "job %" PRIu64 " belongs to %s", id,
                           old.person);
        h = &old;
    }
    users_reply(a->c->users, a->ticket, json_pack("{s:o}", "job", holding_to_json(h)));
    return 0;
}
