/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_net - connections and messages
 *
 * Kinder than no network is: a message is lost, doubled or held up for half a minute
 * while the connection stands, and arrives after a reconnection too. A cut is silent:
 * each side notices by itself, some seconds later, and only what both directions carry
 * is a connection again.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/faults_int.h"

#include "base/banned.h"

#define NOTICE_MIN_US (5 * US_PER_S)
#define NOTICE_SPAN_US (25 * US_PER_S)

struct parcel *parcel_new(struct world *w)
{
    struct parcel *p = w->parcels;

    if (p) {
        w->parcels = p->next;
        return p;
    }
    p = malloc(sizeof(*p));
    if (!p)
        world_fail(w);
    return p;
}

void parcel_free(struct world *w, struct parcel *p)
{
    p->next = w->parcels;
    w->parcels = p;
}

static int64_t delay(struct world *w)
{
    int64_t us = 500 + (int64_t)(world_draw(w) % (w->weather.delay_ms * 1000 + 1));

    if (world_chance(w, w->weather.late))
        us += (int64_t)(world_draw(w) % 40000) * MS;
    return us;
}

static void put(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m)
{
    struct parcel *p = parcel_new(w);

    if (!p)
        return;
    p->msg = *m;
    fqueue_add(w, (struct fevent){.at_us = w->now_us + delay(w),
                                  .kind = EVENT_MSG,
                                  .a = from,
                                  .b = to,
                                  .parcel = p});
}

void net_send(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m)
{
    w->r->messages++;
    if (m->kind == PEER_CLAIM)
        oracle_claimed(w, from, m->job, m->claim);
    if (w->r->messages % 3 == 0 || w->weather.echo)
        w->past[w->n_past++ % PAST_MAX] =
            (struct past){.from = from, .to = to, .msg = *m};
    if (!w->link[from][to].up || w->link[from][to].cut
        || world_chance(w, w->weather.drop))
        return;
    put(w, from, to, m);
    if (world_chance(w, w->weather.twice))
        put(w, from, to, m);
    if (w->weather.echo && !w->calm && world_lot(w) % 1000 < w->weather.echo)
        lies_echo(w, from, to, m);
}

struct told *told_new(struct world *w)
{
    struct told *t = w->tolds;

    if (t)
        w->tolds = t->next;
    else
        t = malloc(sizeof(*t));
    if (t)
        t->refs = 1;
    else
        world_fail(w);
    return t;
}

void told_drop(struct world *w, struct told *t)
{
    if (--t->refs > 0)
        return;
    t->next = w->tolds;
    w->tolds = t;
}

void net_supply(struct world *w, uint32_t from, uint32_t to, struct told *t)
{
    w->r->messages++;
    if (w->link[from][to].cut || world_chance(w, w->weather.drop))
        return;
    t->refs++;
    fqueue_add(w, (struct fevent){.at_us = w->now_us + delay(w),
                                  .kind = EVENT_SUPPLY,
                                  .a = from,
                                  .b = to,
                                  .told = t});
}

static void deliver_msg(struct world *w, struct fevent *e, struct fcenter *c)
{
    struct peer_msg *m = &e->parcel->msg;
    struct fed_effects fx;
    struct err err = {0};
    int r;

    if (m->kind == PEER_GO) {
        m->spec = "{}";
        m->spec_len = 2;
    }
    w->delivering = m;
    w->r->steps++;
    r = fed_peer_msg(c->fed, e->a + 1, m, fcenter_now(w, c), &fx, &err);
    if (r == 0)
        gate_take(w, c, &fx);
    else if (r == -EPROTO)
        net_lost(w, e->a, e->b);
    else
        world_fail(w);
    w->delivering = NULL;
    lies_answer(w, e->a, e->b, m);
}

void net_deliver(struct world *w, struct fevent *e)
{
    struct fcenter *c = &w->c[e->b];
    bool open = c->up && w->link[e->b][e->a].up && !w->link[e->a][e->b].cut;
    struct fed_effects fx;

    if (e->kind == EVENT_MSG) {
        if (open)
            deliver_msg(w, e, c);
        parcel_free(w, e->parcel);
        return;
    }
    if (open) {
        w->r->steps++;
        if (fed_peer_supply(c->fed, &e->told->supply, fcenter_now(w, c), &fx) == 0)
            gate_take(w, c, &fx);
    }
    told_drop(w, e->told);
}

/* One side sees that the connection is gone. */
static void down(struct world *w, uint32_t a, uint32_t b)
{
    struct fed_effects fx;

    if (!w->link[a][b].up)
        return;
    w->link[a][b].up = false;
    if (!w->c[a].up)
        return;
    w->r->steps++;
    if (fed_peer_down(w->c[a].fed, b + 1, fcenter_now(w, &w->c[a]), &fx) == 0)
        gate_take(w, &w->c[a], &fx);
}

void net_lost(struct world *w, uint32_t a, uint32_t b)
{
    down(w, a, b);
    down(w, b, a);
}

static bool whole(const struct world *w, uint32_t a, uint32_t b)
{
    return !w->link[a][b].cut && !w->link[b][a].cut;
}

void net_notice(struct world *w, uint32_t a, uint32_t b)
{
    if (!whole(w, a, b)) /* silence in either direction ends both */
        down(w, a, b);
}

void net_cut(struct world *w, uint32_t a, uint32_t b)
{
    if (a == b)
        return;
    w->link[a][b].cut = true;
    for (int k = 0; k < 2; k++)
        fqueue_add(w, (struct fevent){.at_us = w->now_us + NOTICE_MIN_US
                                               + (int64_t)(world_draw(w)
                                                           % (uint64_t)NOTICE_SPAN_US),
                                      .kind = EVENT_NOTICE,
                                      .a = k ? b : a,
                                      .b = k ? a : b});
}

void net_heal(struct world *w, uint32_t a, uint32_t b)
{
    if (a == b)
        return;
    w->link[a][b].cut = w->link[b][a].cut = false;
    net_connect_soon(w, a, b);
}

void net_connect_soon(struct world *w, uint32_t a, uint32_t b)
{
    fqueue_add(w, (struct fevent){.at_us = w->now_us + 50 * MS
                                           + (int64_t)(world_draw(w) % 3000000),
                                  .kind = EVENT_CONNECT,
                                  .a = a,
                                  .b = b});
}

static void up(struct world *w, uint32_t a, uint32_t b)
{
    struct fed_effects fx;

    w->link[a][b].up = true;
    w->r->steps++;
    if (fed_peer_up(w->c[a].fed, b + 1, fcenter_now(w, &w->c[a]), &fx) == 0)
        gate_take(w, &w->c[a], &fx);
    else
        world_fail(w);
}

/* A dial that succeeds is a new connection: what was there before is over. */
void net_connect(struct world *w, uint32_t a, uint32_t b)
{
    if (!whole(w, a, b) || !w->c[a].up || !w->c[b].up)
        return;
    if (!fcenter_runs(w, &w->c[a]) || !fcenter_runs(w, &w->c[b])) {
        net_connect_soon(w, a, b);
        return;
    }
    if (w->link[a][b].up && w->link[b][a].up)
        return;
    net_lost(w, a, b);
    up(w, a, b);
    up(w, b, a);
    w->c[a].supplied_us = w->c[b].supplied_us = 0;
    fcenter_supply_soon(w, &w->c[a], 0);
    fcenter_supply_soon(w, &w->c[b], 0);
}

void net_forge(struct world *w, uint32_t from, uint32_t to, const struct peer_msg *m)
{
    if (!w->link[to][from].up || w->link[from][to].cut)
        return;
    w->r->messages++;
    put(w, from, to, m);
}
