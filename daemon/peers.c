/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* peers - the other centers: connections, hello, what may be said when */
#include "config.h"

#include "daemon/peers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/number.h"
#include "base/words.h"
#include "daemon/peer_ask.h"
#include "daemon/receiving.h"
#include "daemon/returning.h"
#include "daemon/seals.h"
#include "daemon/staging.h"
#include "wire/dial.h"
#include "wire/noun_json.h"
#include "wire/sign.h"

#include "base/banned.h"

#define SUPPLY_MIN_US (US_PER_S / 5) /* not more often */
#define SUPPLY_IDLE_S 5              /* not less often: peers judge our age by it */

struct link {
    struct peers *peers;
    uint32_t number;
    char name[NAME_CAP];
    char digest[DIGEST_CAP];
    struct dial *dial;                       /* NULL: it dials us */
    struct conn *conn;                       /* NULL: not connected */
    bool open;                               /* greeted, agreements agree */
    int protocol;                            /* the newest version that both speak */
    char ledger_key[2 * SIGN_KEY_BYTES + 1]; /* that it said hello with */
    char text[ERR_TEXT_MAX];
    TAILQ_ENTRY(link) all;
};

/* A connection that has not said hello; it goes when its link goes. */
struct greeting {
    struct peers *peers;
    struct conn *conn;
    struct link *link;
    TAILQ_ENTRY(greeting) all;
};

struct peers {
    struct center *c;
    struct door *door;
    TAILQ_HEAD(, link) links;
    TAILQ_HEAD(, greeting) greetings;
    struct event *supply_timer;
    int64_t supply_sent_us;
    struct log_gate gate;
    FILE *record; /* what is said, for tests of later versions; NULL = not wanted */
};

/* One line: who says it to whom, and the frame as it is. */
static void record(struct link *l, bool sent, const json_t *frame)
{
    const char *own = center_site(l->peers->c)->name;
    char *text = l->peers->record ? json_dumps(frame, JSON_COMPACT) : NULL;

    if (text)
        (void)fprintf(l->peers->record, "%s %s %s\n", sent ? own : l->name,
                      sent ? l->name : own, text); /* a gap in a recording */
    free(text);
}

static struct link *link_find(struct peers *p, uint32_t number)
{
    struct link *l;

    TAILQ_FOREACH (l, &p->links, all) {
        if (l->number == number)
            return l;
    }
    return NULL;
}

static struct link *link_named(struct peers *p, const char *name)
{
    struct link *l;

    TAILQ_FOREACH (l, &p->links, all) {
        if (!strcmp(l->name, name))
            return l;
    }
    return NULL;
}

int peers_send(struct peers *p, uint32_t center, json_t *frame)
{
    struct link *l = link_find(p, center);
    int r = l && l->open ? conn_send(l->conn, frame) : -ENOTCONN;

    if (r == 0)
        record(l, true, frame);
    if (r == -EAGAIN)
        log_limited(&p->gate, 5, LOG_WARN,
                    "%s reads too slowly: a message waits for the retry", l->name);
    return r;
}

const char *peers_text(const struct peers *p, uint32_t center)
{
    struct link *l;

    TAILQ_FOREACH (l, &p->links, all) {
        if (l->number == center)
            return l->open ? "" : l->text[0] ? l->text : "not connected";
    }
    return "not configured";
}

const char *peers_ledger_key(const struct peers *p, uint32_t center)
{
    struct link *l;

    TAILQ_FOREACH (l, &p->links, all) {
        if (l->number == center && l->open)
            return l->ledger_key;
    }
    return "";
}

static json_t *supply_frame(struct peers *p)
{
    struct supply s = {.center = center_site(p->c)->number, .at = now_read().wall};

    p->c->engine->ops->supply(p->c->engine, &s);
    s.center = center_site(p->c)->number;
    return json_pack("{s:s,s:o}", "t", "supply", "supply", supply_to_json(&s));
}

static void send_supply(struct peers *p)
{
    json_t *frame = supply_frame(p);
    struct link *l;

    if (!frame)
        return; /* the next one will do */
    p->supply_sent_us = now_read().mono.us;
    TAILQ_FOREACH (l, &p->links, all) {
        if (l->open)
            (void)conn_send(l->conn, frame); /* a slow peer gets the next one */
    }
    json_decref(frame);
}

static void set_timer(struct event *ev, int64_t us)
{
    const struct timeval tv = {.tv_sec = us / US_PER_S, .tv_usec = us % US_PER_S};

    (void)evtimer_add(ev,
                      &tv); /* fails only for want of memory: the next change sets it */
}

static void on_supply_timer(evutil_socket_t fd, short what, void *arg)
{
    struct peers *p = arg;

    (void)fd;
    (void)what;
    send_supply(p);
    set_timer(p->supply_timer, SUPPLY_IDLE_S * US_PER_S);
}

void peers_supply_changed(struct peers *p)
{
    int64_t wait;

    if (!p || TAILQ_EMPTY(&p->links))
        return;
    wait = p->supply_sent_us + SUPPLY_MIN_US - now_read().mono.us;
    set_timer(p->supply_timer, wait > 0 ? wait : 0);
}

static void link_down(struct link *l, const char *why)
{
    struct center *c = l->peers->c;
    bool was_open = l->open;
    struct fed_effects fx;

    l->conn = NULL;
    l->open = false;
    word_cut(l->text, sizeof(l->text), why);
    if (!was_open)
        return;
    log_warn("%s: connection ended: %s", l->name, why);
    peer_ask_down(c, l->number);
    if (fed_peer_down(c->fed, l->number, now_read(), &fx) == 0)
        center_apply(c, &fx);
}

/* Close for a reason that the peer hears too. */
static void part(struct link *l, struct conn *conn, const char *why)
{
    json_t *bye = json_pack("{s:s,s:s}", "t", "bye", "text", why);

    if (bye)
        (void)conn_send(conn, bye); /* only for its log */
    json_decref(bye);
    conn_close(conn);
    log_limited(&l->peers->gate, 10, LOG_WARN, "%s: %s", l->name, why);
    if (l->conn == conn)
        link_down(l, why);
    else if (!l->open)
        word_cut(l->text, sizeof(l->text), why);
    if (l->dial)
        dial_ended(l->dial);
}

static void on_job(struct link *l, const json_t *frame)
{
    struct center *c = l->peers->c;
    struct peer_msg m = {0};
    struct fed_effects fx;
    struct err err = {0};
    char *spec = NULL;
    int r = peer_msg_from_json(frame, &m, &spec, &err);

    if (r == 0 && m.kind == PEER_GO && !spec)
        r = err_set(&err, -EBADMSG, "a go without its spec");
    if (r == 0)
        r = fed_peer_msg(c->fed, l->number, &m, now_read(), &fx, &err);
    if (r == 0)
        center_apply(c, &fx);
    free(spec);
    if (r < 0)
        part(l, l->conn, err_text(&err, r));
}

static void on_supply(struct link *l, const json_t *frame)
{
    struct center *c = l->peers->c;
    struct supply s;
    struct fed_effects fx;
    struct err err = {0};
    int r = supply_from_json(json_object_get(frame, "supply"), &s, &err);

    if (r == 0 && s.center != l->number)
        r = err_set(&err, -EPROTO, "supply of center %u", s.center);
    if (r == 0)
        r = fed_peer_supply(c->fed, &s, now_read(), &fx);
    if (r == 0)
        center_apply(c, &fx);
    else
        part(l, l->conn, err_text(&err, r));
}

/* The message table: what an open connection may receive. */
static const struct {
    const char *t;
    void (*fn)(struct center *c, uint32_t from, const json_t *frame);
} messages[] = {
    {"ask",             peer_ask_question  },
    {"answer",          peer_ask_answer    },
    {"checkpoint",      seals_on_checkpoint},
    {"checkpoint_seen", seals_on_seen      },
    {"witness",         seals_on_witness   },
    {"get",             staging_on_get     },
    {"data",            staging_on_data    },
    {"put",             receiving_on_put   },
    {"put_ack",         returning_on_ack   },
};

static void on_open_frame(struct link *l, const json_t *frame, const char *t)
{
    char why[ERR_TEXT_MAX];

    if (l->dial)
        dial_useful(l->dial);
    if (!strcmp(t, "job")) {
        on_job(l, frame);
        return;
    }
    if (!strcmp(t, "supply")) {
        on_supply(l, frame);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
        if (!strcmp(t, messages[i].t)) {
            messages[i].fn(l->peers->c, l->number, frame);
            return;
        }
    (void)snprintf(why, sizeof(why), "'%.20s' is not a message of an open connection",
                   t);
    part(l, l->conn, why);
}

static void send_hello(struct link *l, struct conn *conn)
{
    const struct site *s = center_site(l->peers->c);
    json_t *hello =
        json_pack("{s:s,s:i,s:i,s:i,s:s,s:s,s:s,s:s}", "t", "hello", "protocol",
                  PEER_PROTOCOL, "oldest", PEER_PROTOCOL_OLDEST, "number",
                  (int)s->number, "center", s->name, "version", PACKAGE_VERSION,
                  "agreement", l->digest, "ledger", seals_key(l->peers->c->seals));

    if (!hello || conn_send(conn, hello) < 0)
        part(l, conn, "cannot say hello");
    else
        record(l, true, hello);
    json_decref(hello);
}

/* The newest version that both speak; 0 = there is none. */
static int common_protocol(const json_t *hello)
{
    json_int_t newest = json_integer_value(json_object_get(hello, "protocol"));
    const json_t *said = json_object_get(hello, "oldest");
    json_int_t oldest = said ? json_integer_value(said) : 1; /* before it was said */
    json_int_t both = MIN(newest, (json_int_t)PEER_PROTOCOL);

    return both >= MAX(oldest, (json_int_t)PEER_PROTOCOL_OLDEST) ? (int)both : 0;
}

/* What hello must show: NULL, or what is wrong. */
static const char *judge_hello(const struct link *l, const json_t *hello)
{
    const char *digest = json_string_value(json_object_get(hello, "agreement"));

    if (!common_protocol(hello))
        return json_integer_value(json_object_get(hello, "protocol")) < PEER_PROTOCOL
                   ? "its protocol is too old for this center"
                   : "its protocol is too new for this center";
    if (json_integer_value(json_object_get(hello, "number")) != (json_int_t)l->number)
        return "its center number is not the one configured here";
    if (!digest || strcmp(digest, l->digest) != 0)
        return "the two copies of the agreement differ: both centers must hold the "
               "same file";
    return NULL;
}

/* Of two connections the one dialled by the lower number stays: both sides decide
 * alike. */
static bool keep_new(const struct link *l, const struct conn *fresh)
{
    bool lower_dials = center_site(l->peers->c)->number < l->number;

    return !l->conn || conn_who(fresh)->dialled == lower_dials;
}

static const struct conn_ops link_ops;

static void greeting_free(struct greeting *g)
{
    TAILQ_REMOVE(&g->peers->greetings, g, all);
    free(g);
}

static void on_hello(struct greeting *g, const json_t *hello)
{
    struct link *l = g->link;
    struct center *c = l->peers->c;
    struct conn *conn = g->conn;
    const char *why = judge_hello(l, hello);
    const char *key = json_string_value(json_object_get(hello, "ledger"));
    int protocol = common_protocol(hello);
    struct fed_effects fx;
    json_t *supply;

    greeting_free(g);
    if (why) {
        part(l, conn, why);
        return;
    }
    if (!keep_new(l, conn)) {
        conn_close(conn);
        return;
    }
    if (l->conn) {
        struct conn *old = l->conn;

        link_down(l, "replaced by another connection");
        conn_close(old);
    }
    l->conn = conn;
    l->open = true;
    l->text[0] = '\0';
    (void)word_copy(l->ledger_key, sizeof(l->ledger_key),
                    key ? key : ""); /* one of another length is none */
    conn_listen(conn, &link_ops, l);
    l->protocol = protocol;
    log_info("%s: connected (%s), protocol %d", l->name, conn_who(conn)->address,
             protocol);
    supply = supply_frame(l->peers);
    if (supply)
        (void)conn_send(conn, supply); /* another one follows within seconds */
    json_decref(supply);
    if (fed_peer_up(c->fed, l->number, now_read(), &fx) == 0)
        center_apply(c, &fx);
    staging_peer_up(c->staging, l->number);
    returning_peer_up(c->returning, l->number);
    seals_peer_up(c, l->number);
}

static void on_greeting_frame(struct conn *conn, json_t *frame, void *arg)
{
    struct greeting *g = arg;
    const char *t = json_string_value(json_object_get(frame, "t"));

    if (t && !strcmp(t, "hello")) {
        on_hello(g, frame);
        return;
    }
    if (t && !strcmp(t, "bye")) {
        const char *text = json_string_value(json_object_get(frame, "text"));

        part(g->link, conn, text ? text : "it said good-bye");
    } else {
        part(g->link, conn, "it did not say hello first");
    }
    greeting_free(g);
}

static void on_greeting_close(struct conn *conn,
                              int reason,
                              const char *text,
                              void *arg)
{
    struct greeting *g = arg;

    (void)conn;
    (void)reason;
    if (!g->link->open)
        word_cut(g->link->text, sizeof(g->link->text), text ? text : "closed");
    if (g->link->dial)
        dial_ended(g->link->dial);
    greeting_free(g);
}

static const struct conn_ops greeting_ops = {
    .on_frame = on_greeting_frame,
    .on_close = on_greeting_close,
};

static void on_link_frame(struct conn *conn, json_t *frame, void *arg)
{
    struct link *l = arg;
    const char *t = json_string_value(json_object_get(frame, "t"));
    const char *text;

    record(l, false, frame);
    if (!t) {
        part(l, conn, "a frame without \"t\"");
        return;
    }
    if (!strcmp(t, "bye")) {
        text = json_string_value(json_object_get(frame, "text"));
        part(l, conn, text ? text : "it said good-bye");
        return;
    }
    on_open_frame(l, frame, t);
}

static void on_link_close(struct conn *conn, int reason, const char *text, void *arg)
{
    struct link *l = arg;

    (void)conn;
    (void)reason;
    link_down(l, text && text[0] ? text : "closed by the other end");
    if (l->dial)
        dial_ended(l->dial);
}

static const struct conn_ops link_ops = {.on_frame = on_link_frame,
                                         .on_close = on_link_close};

static void greet(struct peers *p, struct conn *conn, struct link *l)
{
    struct greeting *g = calloc(1, sizeof(*g));

    if (!g) {
        conn_close(conn);
        return;
    }
    *g = (struct greeting){.peers = p, .conn = conn, .link = l};
    TAILQ_INSERT_TAIL(&p->greetings, g, all);
    conn_listen(conn, &greeting_ops, g);
    send_hello(l, conn);
}

/* A peer came to our door; its certificate says who it is. */
static void on_accept(struct conn *conn, void *arg)
{
    struct peers *p = arg;
    struct link *l = link_named(p, conn_who(conn)->center);

    if (!l) {
        conn_close(conn); /* trusted a moment ago, removed by a reload */
        return;
    }
    greet(p, conn, l);
}

static void on_dialled(struct conn *conn, void *arg)
{
    struct link *l = arg;

    greet(l->peers, conn, l);
}

static int link_add(struct peers *p, const struct peer *x, struct err *err)
{
    struct link *l = calloc(1, sizeof(*l));
    int r;

    if (!l)
        return err_set(err, -ENOMEM, "out of memory");
    l->peers = p;
    l->number = x->number;
    memcpy(l->name, x->name, sizeof(l->name));
    memcpy(l->digest, x->agreement.digest, sizeof(l->digest));
    TAILQ_INSERT_TAIL(&p->links, l, all);
    r = tls_trust(p->c->tls, x->name, x->ca_file, err);
    if (r == 0 && x->address[0])
        r = dial_tls(p->c->base, x->address, p->c->tls, x->name, on_dialled, l,
                     &l->dial, err);
    return r;
}

static void link_remove(struct peers *p, struct link *l)
{
    struct conn *conn = l->conn;
    struct greeting *g;
    struct greeting *next;

    for (g = TAILQ_FIRST(&p->greetings); g; g = next) {
        next = TAILQ_NEXT(g, all);
        if (g->link == l) {
            conn_close(g->conn);
            greeting_free(g);
        }
    }
    if (conn) {
        link_down(l, "the connection was closed here");
        conn_close(conn);
    }
    dial_free(l->dial);
    tls_distrust(p->c->tls, l->name);
    TAILQ_REMOVE(&p->links, l, all);
    free(l);
}

int peers_open(struct center *c, struct peers **ret_peers, struct err *err)
{
    const struct site *s = center_site(c);
    struct peers *p = calloc(1, sizeof(*p));
    int r = 0;

    if (!p)
        return err_set(err, -ENOMEM, "out of memory");
    p->c = c;
    TAILQ_INIT(&p->links);
    TAILQ_INIT(&p->greetings);
    if (getenv("HOPLUU_RECORD"))
        p->record = fopen(getenv("HOPLUU_RECORD"), "ae");
    p->supply_timer = evtimer_new(c->base, on_supply_timer, p);
    if (!p->supply_timer)
        r = err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < s->n_peers; i++)
        r = link_add(p, &s->peers[i], err);
    if (r == 0 && c->settings->listen_peers)
        r = door_open_tls(c->base, c->settings->listen_peers, c->tls,
                          c->settings->max_clients, on_accept, p, &p->door, err);
    if (r < 0) {
        peers_close(p);
        return r;
    }
    set_timer(p->supply_timer, SUPPLY_IDLE_S * US_PER_S);
    *ret_peers = p;
    return 0;
}

void *peers_close(struct peers *p)
{
    struct link *l;

    if (!p)
        return NULL;
    door_close(p->door);
    while ((l = TAILQ_FIRST(&p->links)))
        link_remove(p, l);
    if (p->supply_timer)
        event_free(p->supply_timer);
    if (p->record)
        (void)fclose(p->record); /* what is missing at the end is missing */
    free(p);
    return NULL;
}

int peers_reload(struct peers *p, struct err *err)
{
    const struct site *s = center_site(p->c);
    struct link *l;
    struct link *next;
    int r = 0;

    for (l = TAILQ_FIRST(&p->links); l; l = next) {
        const struct peer *x = site_peer(s, l->number);

        next = TAILQ_NEXT(l, all);
        if (!x || strcmp(x->name, l->name) != 0
            || strcmp(x->agreement.digest, l->digest) != 0)
            link_remove(p, l);
    }
    for (size_t i = 0; i < s->n_peers && r == 0; i++)
        if (!link_find(p, s->peers[i].number))
            r = link_add(p, &s->peers[i], err);
    return r;
}
