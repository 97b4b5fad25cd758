/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* intake - a job comes in: judged, numbered, written down, then answered */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "fed/fed_int.h"
#include "model/job_id.h"

#include "base/banned.h"

/* A rule that will not change by waiting. */
static bool permanent(enum route_rule r)
{
    return r != RULE_NONE && r != RULE_SILENT && r != RULE_REFUSED;
}

/*
 * No center at all: say of each which limit it was. Only our own budget stood in
 * the way: say that, since a smaller job may fit.
 */
static int refuse(struct fed *f, const struct route_view *v, size_t n, struct err *err)
{
    char text[ERR_TEXT_MAX];
    size_t len = 0;
    bool budget = false;

    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        int m = snprintf(text + len, sizeof(text) - len, "%s%s: %s", i ? "; " : "",
                         site_center_name(f->site, v[i].center), v[i].text);

        budget = budget || v[i].rule == RULE_BUDGET;
        if (m < 0 || (size_t)m >= sizeof(text) - len)
            break;
        len += (size_t)m;
    }
    if (budget)
        return err_set(err, -EDQUOT, "%s", text);
    return err_set(err, -ENOENT, "no center can run this job: %s", text);
}

/* --center names only centers that we know. */
static int centers_known(const struct fed *f, const char *list, struct err *err)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        char name[NAME_CAP];

        (void)snprintf(name, sizeof(name), "%.*s", (int)n,
                       list); /* cut names are unknown */
        if (strcmp(name, f->site->name) != 0 && !site_peer_named(f->site, name))
            return err_set(err, -ENOENT,
                           "center '%s' is not known here: finfo lists the centers",
                           name);
        list += n + (list[n] == ',');
    }
    return 0;
}

/* Views of all centers, or a refusal when every one is out for good. */
static int judge(struct fed *f,
                 const struct holding *draft,
                 struct route_view **ret_views,
                 size_t *ret_n,
                 struct err *err)
{
    struct route_view *v;
    size_t n;
    bool hope = false;

    int r = centers_known(f, draft->centers, err);

    if (r < 0)
        return r;
    v = route_all(f, draft, &n);
    if (!v)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        hope = hope || !permanent(v[i].rule);
    *ret_views = v;
    *ret_n = n;
    return hope ? 0 : refuse(f, v, n, err);
}

/* Ids are reserved on disk in blocks: one that was given out never comes again. */
static uint64_t next_id(struct fed *f)
{
    if (f->sequence + 1 >= JOB_ID_STRIDE)
        return 0;
    f->sequence++;
    if (f->sequence > f->sequence_saved) {
        f->sequence_saved = f->sequence + SEQUENCE_BLOCK - 1;
        fx_add(f, FX_SAVE_SEQUENCE, f->sequence_saved);
    }
    return job_id_make(f->site->number, f->sequence);
}

/* What the user left open and the partition decides. */
static void complete(const struct fed *f, struct holding *h)
{
    const struct partition *p = site_partition(f->site, h->request.partition);

    if (h->request.time_limit_s == 0)
        h->request.time_limit_s = p && p->default_time_s ? p->default_time_s : 3600;
}

int fed_submit(struct fed *f,
               const struct holding *draft,
               uint64_t ticket,
               struct now now,
               uint64_t *ret_id,
               struct fed_effects *ret_fx,
               struct err *err)
{
    struct holding h = *draft;
    struct route_view *views;
    struct fed_fx *fx;
    struct held *j;
    size_t n;
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    if (f->n_waiting >= f->site->max_pending)
        return err_set(
            err, -EAGAIN,
            "%zu jobs wait at this center, the most it takes: try again later",
            f->n_waiting);
    complete(f, &h);
    r = judge(f, &h, &views, &n, err);
    if (r < 0)
        return r;
    h.id = next_id(f);
    if (h.id == 0)
        return err_set(err, -ENOSPC, "this center has given out all its job ids");
    h.hold = HOLD_WAITING;
    h.state = JOB_PENDING;
    h.epoch = 1;
    h.submitted = now.wall;
    j = fed_held_add(f, &h);
    if (!j)
        return err_set(err, -ENOMEM, "out of memory");
    if (h.begin.us > now.wall.us)
        alarm_set(f, &j->alarm,
                  (struct mono){now.mono.us + (h.begin.us - now.wall.us)});
    else if (!h.held)
        offer_now(f, j, views, n);
    save_held(f, j, "submitted by %s", h.user);
    fx = fx_add(f, FX_ANSWER, h.id);
    fx->ticket = ticket;
    *ret_id = h.id;
    step_end(f, ret_fx);
    return 0;
}

int fed_try(struct fed *f,
            const struct holding *draft,
            struct now now,
            const struct route_view **ret_views,
            size_t *ret_n,
            struct err *err)
{
    struct holding h = *draft;
    struct route_view *views = NULL;
    int best[CANDIDATES_MAX];
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    complete(f, &h);
    *ret_n = 0;
    r = judge(f, &h, &views, ret_n, err);
    if (r == 0)
        fed_route_choose(f, views, *ret_n, best, 1);
    *ret_views = views;
    return r;
}

int fed_unhold(struct fed *f,
               uint64_t id,
               uint64_t ticket,
               struct now now,
               struct fed_effects *ret_fx,
               struct err *err)
{
    struct held *j = fed_held_find(f, id);
    struct fed_fx *fx;
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    if (!j)
        return err_set(err, -ENOENT, "job %" PRIu64 " is not known here", id);
    if (!j->h.held)
        return err_set(err, -EALREADY, "job %" PRIu64 " is not held", id);
    j->h.held = false;
    waiting_update(f, j);
    save_held(f, j, "released");
    offer_again(f, j);
    fx = fx_add(f, FX_ANSWER, id);
    fx->ticket = ticket;
    step_end(f, ret_fx);
    return 0;
}

int fed_set_limit(struct fed *f,
                  uint64_t id,
                  uint32_t limit_s,
                  uint64_t ticket,
                  struct now now,
                  struct fed_effects *ret_fx,
                  struct err *err)
{
    struct held *j = fed_held_find(f, id);
    struct route_view *views;
    struct holding h;
    size_t n;
    int r = step_begin(f, now);

    if (r < 0)
        return err_set(err, r, "out of memory");
    r = fed_held_unfinished(j, id, err);
    if (r < 0)
        return r;
    if (j->h.hold != HOLD_WAITING)
        return err_set(err, -EINVAL,
                       "job %" PRIu64 " is %s: its time limit stays the one that was "
                       "permitted and paid for",
                       id, job_state_word(j->h.state));
    h = j->h;
    h.request.time_limit_s = limit_s;
    complete(f, &h);
    r = request_check(&h.request, err);
    if (r == 0)
        r = judge(f, &h, &views, &n, err);
    if (r < 0)
        return r;
    if (h.request.time_limit_s != j->h.request.time_limit_s) {
        recall_others(f, j, 0);
        free(j->rests); /* another job to those who have refused it */
        j->rests = NULL;
        h.epoch++; /* whoever claims for the old limit hears no */
        memset(h.offers, 0, sizeof(h.offers));
        h.note[0] = '\0';
        j->h = h;
        if (!h.held && h.begin.us <= now.wall.us)
            offer_again(f, j);
        save_held(f, j, "its time limit was changed");
    }
    fx_add(f, FX_ANSWER, id)->ticket = ticket;
    step_end(f, ret_fx);
    return 0;
}
