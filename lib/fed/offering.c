/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* offering - candidates for a waiting job, chosen and chosen again */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "fed/fed_int.h"

#include "base/banned.h"

struct offer *offer_of(struct holding *h, uint32_t center)
{
    for (int i = 0; i < CANDIDATES_MAX; i++)
        if (h->offers[i].state != OFFER_NONE && h->offers[i].center == center)
            return &h->offers[i];
    return NULL;
}

/* A slot for one more: an empty one, or one whose center said no. */
static struct offer *free_slot(struct holding *h)
{
    for (int i = 0; i < CANDIDATES_MAX; i++)
        if (h->offers[i].state == OFFER_NONE)
            return &h->offers[i];
    for (int i = 0; i < CANDIDATES_MAX; i++)
        if (h->offers[i].state == OFFER_REFUSED)
            return &h->offers[i];
    return NULL;
}

void send_offer(struct fed *f, struct held *j, struct offer *o)
{
    struct peer_msg m = {.kind = PEER_OFFER, .job = j->h.id, .epoch = j->h.epoch};

    o->epoch = j->h.epoch;
    m.request = j->h.request;
    m.priority = j->h.priority;
    memcpy(m.institution, j->h.institution, sizeof(m.institution));
    memcpy(m.project, j->h.project, sizeof(m.project));
    say(f, o->center, &m);
}

static void offer_to(struct fed *f, struct held *j, const struct route_view *v)
{
    struct offer *o = offer_of(&j->h, v->center);
    struct peer_state *p;

    if (o && (o->state == OFFER_SENT || o->state == OFFER_QUEUED))
        return;
    if (!o)
        o = free_slot(&j->h);
    if (!o)
        return;
    *o = (struct offer){.center = v->center,
                        .state = OFFER_SENT,
                        .p90_s = v->n_scored ? (uint32_t)v->p90_s : 0,
                        .wait_s = v->n_scored ? v->p50_s : v->wait_s};
    p = v->own ? NULL : peer_find(f, v->center);
    if (p)
        view_book(p->view, &j->h.request, v->wait_s, f->now.mono);
    send_offer(f, j, o);
}

static void recall(struct fed *f, struct held *j, struct offer *o)
{
    struct peer_msg m = {.kind = PEER_RECALL, .job = j->h.id, .epoch = j->h.epoch};

    o->state = OFFER_RECALLED;
    say(f, o->center, &m);
}

void recall_others(struct fed *f, struct held *j, uint32_t but)
{
    for (int i = 0; i < CANDIDATES_MAX; i++) {
        struct offer *o = &j->h.offers[i];

        if (o->center != but && (o->state == OFFER_SENT || o->state == OFFER_QUEUED))
            recall(f, j, o);
    }
}

static uint32_t open_offers(const struct holding *h, const struct fed *f)
{
    uint32_t n = 0;

    for (int i = 0; i < CANDIDATES_MAX; i++)
        n += (h->offers[i].state == OFFER_SENT || h->offers[i].state == OFFER_QUEUED)
             && reachable(f, h->offers[i].center);
    return n;
}

/*
 * One candidate is enough when it can start at once; otherwise as many as the site
 * wants, and the first that claims gets it.
 */
void offer_now(struct fed *f, struct held *j, struct route_view *views, size_t n)
{
    int best[CANDIDATES_MAX];
    size_t want = MIN(f->site->candidates, (uint32_t)CANDIDATES_MAX);
    size_t k = fed_route_choose(f, views, n, best, want);
    struct fed_fx *fx;

    if (k > 0 && route_cost(&views[best[0]]) == 0)
        k = 1;
    j->looked = f->now.mono;
    j->h.reason = k ? REASON_NONE : REASON_NO_CENTER;
    for (size_t i = 0; i < n; i++) {
        views[i].chosen = false;
        if (views[i].own && views[i].rule == RULE_BUDGET)
            allowance_want(f, j->h.project, request_price(f, &j->h.request));
        if (k == 0 && views[i].rule == RULE_BUDGET)
            j->h.reason = REASON_BUDGET;
    }
    for (size_t i = 0; i < k; i++) {
        views[best[i]].chosen = true;
        offer_to(f, j, &views[best[i]]);
    }
    fx = fx_add(f, FX_SAVE_VIEWS, j->h.id);
    fx->epoch = j->h.epoch;
    fx->views = views;
    fx->n_views = n;
    alarm_set(f, &j->alarm, (struct mono){f->now.mono.us + retry_delay(j->tries)});
}

/* A center that refused for a reason of its own is out for a while. */
static void mark_refused(const struct fed *f,
                         const struct held *j,
                         struct route_view *views,
                         size_t n)
{
    for (size_t i = 0; j->rests && i < n; i++) {
        enum route_rule rule = rest_rule(f, j, views[i].center);

        if (views[i].rule != RULE_NONE || rule == RULE_NONE)
            continue;
        views[i].rule = rule;
        memcpy(views[i].text, j->h.note, MIN(sizeof(views[i].text), sizeof(j->h.note)));
    }
}

void offer_again(struct fed *f, struct held *j)
{
    size_t n;
    struct route_view *views = route_all(f, &j->h, &n);

    if (!views)
        return; /* the arena of this step is used up: the next look will do it */
    mark_refused(f, j, views, n);
    offer_now(f, j, views, n);
}

/* Does another center look better than those that have it now? */
static bool worth_a_look(struct fed *f,
                         struct held *j,
                         struct route_view *views,
                         size_t n)
{
    int best[CANDIDATES_MAX];
    size_t k = fed_route_choose(f, views, n, best, 1);
    int64_t now_best = INT64_MAX;
    const struct offer *o;

    if (k == 0)
        return false;
    o = offer_of(&j->h, views[best[0]].center);
    if (o && (o->state == OFFER_SENT || o->state == OFFER_QUEUED))
        return false;
    for (size_t i = 0; i < n; i++) {
        o = offer_of(&j->h, views[i].center);
        if (o && (o->state == OFFER_SENT || o->state == OFFER_QUEUED)
            && reachable(f, views[i].center) && views[i].wait_s >= 0)
            now_best = MIN(now_best, route_cost(&views[i]));
    }
    return open_offers(&j->h, f) == 0
           || route_cost(&views[best[0]]) + f->site->margin_s < now_best;
}

/* When every slot is taken, the center that looks worst gives its slot up. */
static void make_room(struct fed *f,
                      struct held *j,
                      const struct route_view *views,
                      size_t n)
{
    struct offer *worst = NULL;
    int64_t worst_wait = -1;

    if (open_offers(&j->h, f) < f->site->candidates && free_slot(&j->h))
        return;
    for (size_t i = 0; i < n; i++) {
        struct offer *o = offer_of(&j->h, views[i].center);
        int64_t wait = route_cost(&views[i]);

        if (o && !views[i].own && (o->state == OFFER_SENT || o->state == OFFER_QUEUED)
            && wait > worst_wait) {
            worst = o;
            worst_wait = wait;
        }
    }
    if (worst) {
        recall(f, j, worst);
        worst->state =
            OFFER_NONE; /* its copy goes by the recall, or asks and hears no */
    }
}

/* A candidate's last word may have been lost: whoever has it only says so again. */
static void ask_again(struct fed *f, struct held *j)
{
    if (f->now.mono.us - j->asked.us < ASK_AGAIN_US)
        return;
    for (int i = 0; i < CANDIDATES_MAX && j->asked.us; i++)
        if (j->h.offers[i].state == OFFER_QUEUED)
            send_offer(f, j, &j->h.offers[i]);
    j->asked = f->now.mono;
}

void reoffer_some(struct fed *f)
{
    for (int i = 0; i < REOFFER_BATCH && !step_full(f); i++) {
        struct held *j = TAILQ_FIRST(&f->waiting);
        struct route_view *views;
        size_t n;

        if (!j || f->now.mono.us - j->looked.us < REOFFER_REST_US)
            return;
        TAILQ_REMOVE(&f->waiting, j, waiting);
        TAILQ_INSERT_TAIL(&f->waiting, j, waiting);
        j->looked = f->now.mono;
        if (j->h.begin.us > f->now.wall.us)
            continue;
        if (f->drained) {
            struct offer *own = offer_of(&j->h, f->site->number);

            if (drain_entrust(f, j))
                continue;
            if (own && own->state != OFFER_RECALLED)
                recall(f, j, own);
            notes_read(f);
        }
        ask_again(f, j);
        views = route_all(f, &j->h, &n);
        if (!views)
            return;
        mark_refused(f, j, views, n);
        if (!worth_a_look(f, j, views, n))
            continue;
        make_room(f, j, views, n);
        offer_now(f, j, views, n);
        save_held(f, j, "offered again");
        notes_read(f);
    }
}
