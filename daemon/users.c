/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* users - the user's door: who asks, what they may ask, and answers that come later */
#include "config.h"

#include "daemon/users.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"
#include "base/table.h"
#include "base/words.h"
#include "daemon/gate.h"
#include "wire/noun_json.h"

#include "base/banned.h"

struct session {
    struct users *u;
    struct conn *conn; /* NULL: a peer's question */
    struct asker who;
    unsigned n_open;
    TAILQ_ENTRY(session) all;
    TAILQ_HEAD(tickets, ticket) tickets;
};

struct ticket {
    uint64_t number;
    uint64_t id;             /* the client's own number for the question */
    struct session *session; /* NULL: a peer's question */
    void (*reply)(void *arg, json_t *answer);
    void (*gone)(void *arg);
    void *arg;
    json_t *extra;
    uint64_t waits_for; /* job; 0 = none */
    uint32_t away;      /* center that was asked; 0 = none */
    TAILQ_ENTRY(ticket) of_session;
    TAILQ_ENTRY(ticket) of_job;
    UT_hash_handle hh;
};

/* Those who wait for one job. */
struct vigil {
    uint64_t job;
    struct tickets waiting;
    UT_hash_handle hh;
};

struct users {
    struct center *c;
    struct door *unix_door;
    struct door *munge_door;
    TAILQ_HEAD(, session) sessions;
    struct ticket *by_number;
    struct vigil *vigils;
    uint64_t last_ticket;
    struct log_gate gate;
};

/* One row per question: its name, and whether a peer may ask it for its people. */
static const struct {
    const char *op;
    op_fn fn;
    bool peer;
} ops[] = {
    {"hello",        op_hello,        false},
    {"submit",       op_submit,       false},
    {"blob",         op_blob,         false},
    {"jobs",         op_jobs,         true },
    {"cancel",       op_cancel,       true },
    {"release",      op_release,      true },
    {"set_limit",    op_set_limit,    true },
    {"wait",         op_wait,         true },
    {"info",         op_info,         false},
    {"balance",      op_balance,      false},
    {"explain",      op_explain,      true },
    {"priorities",   op_priorities,   false},
    {"shares",       op_shares,       false},
    {"reservations", op_reservations, false},
    {"reserve",      op_reserve,      false},
    {"unreserve",    op_unreserve,    false},
    {"report",       op_report,       false},
    {"records",      op_records,      false},
    {"give",         op_give,         false},
    {"acts",         op_acts,         false},
    {"roll",         op_roll,         false},
    {"close",        op_close,        false},
    {"erase",        op_erase,        false},
    {"agreements",   op_agreements,   false},
    {"months",       op_months,       false},
    {"checkpoints",  op_checkpoints,  false},
    {"checkpoint",   op_checkpoint,   false},
    {"proof",        op_proof,        false},
    {"journal",      op_journal,      false},
    {"slurm_check",  op_slurm_check,  false},
    {"declare_lost", op_declare_lost, false},
    {"drain",        op_drain,        false},
    {"slurm_submit", op_slurm_submit, false},
};

/* Words that clients act upon; the text is for people. */
static const struct {
    int code;
    const char *word;
    bool temporary;
} codes[] = {
    {-EINVAL,       "usage",       false},
    {-EBADMSG,      "usage",       false},
    {-EACCES,       "denied",      false},
    {-EPERM,        "denied",      false},
    {-EISCONN,      "denied",      false},
    {-ENOENT,       "not-found",   false},
    {-EALREADY,     "ended",       false},
    {-ENETUNREACH,  "no-center",   false},
    {-EDQUOT,       "no-budget",   false},
    {-EAGAIN,       "full",        true },
    {-E2BIG,        "too-large",   false},
    {-EMSGSIZE,     "too-large",   false},
    {-EHOSTUNREACH, "unreachable", true },
    {-ETIMEDOUT,    "unreachable", true },
    {-ENOSPC,       "storage",     true },
    {-EIO,          "storage",     true },
};

static json_t *refusal(int code, const char *text)
{
    const char *word = "internal";
    bool temporary = false;

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (codes[i].code == code) {
            word = codes[i].word;
            temporary = codes[i].temporary;
        }
    return json_pack("{s:b,s:s,s:s,s:b}", "ok", 0, "code", word, "text", text,
                     "temporary", temporary);
}

static struct ticket *ticket_find(struct users *u, uint64_t number)
{
    struct ticket *t;

    HASH_FIND(hh, u->by_number, &number, sizeof(number), t);
    return t;
}

static void stop_waiting(struct users *u, struct ticket *t)
{
    struct vigil *v;

    if (!t->waits_for)
        return;
    HASH_FIND(hh, u->vigils, &t->waits_for, sizeof(t->waits_for), v);
    t->waits_for = 0;
    if (!v)
        return;
    TAILQ_REMOVE(&v->waiting, t, of_job);
    if (TAILQ_EMPTY(&v->waiting)) {
        HASH_DEL(u->vigils, v);
        free(v);
    }
}

static void ticket_free(struct users *u, struct ticket *t)
{
    stop_waiting(u, t);
    HASH_DEL(u->by_number, t);
    if (t->session) {
        TAILQ_REMOVE(&t->session->tickets, t, of_session);
        t->session->n_open--;
    } else if (t->gone) {
        t->gone(t->arg);
    }
    json_decref(t->extra);
    free(t);
}

static struct ticket *ticket_new(struct users *u, struct session *s, uint64_t id)
{
    struct ticket *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->number = ++u->last_ticket;
    t->id = id;
    t->session = s;
    if (TABLE_ADD(u->by_number, number, t) < 0) {
        free(t);
        return NULL;
    }
    if (s) {
        TAILQ_INSERT_TAIL(&s->tickets, t, of_session);
        s->n_open++;
        if (s->n_open == QUESTIONS_MAX)
            conn_pause(s->conn);
    }
    return t;
}

static void deliver(struct users *u, struct ticket *t, json_t *answer)
{
    struct session *s = t->session;

    if (!answer)
        answer = json_pack("{s:b,s:s,s:s}", "ok", 0, "code", "internal", "text",
                           "out of memory");
    if (!s) {
        t->gone = NULL;
        t->reply(t->arg, answer);
        ticket_free(u, t);
        return;
    }
    (void)json_object_set_new(
        answer, "id",
        json_integer((json_int_t)t->id)); /* or no id: the client times out */
    if (s->n_open == QUESTIONS_MAX)
        conn_resume(s->conn);
    ticket_free(u, t);
    if (conn_send(s->conn, answer) < 0)
        log_limited(&u->gate, 5, LOG_WARN,
                    "a client does not read its answers: one was dropped");
    json_decref(answer);
}

void users_reply(struct users *u, uint64_t ticket, json_t *answer)
{
    struct ticket *t = ticket_find(u, ticket);

    if (!t) {
        json_decref(answer); /* whoever asked has gone */
        return;
    }
    if (answer && t->extra)
        (void)json_object_update_missing(answer,
                                         t->extra); /* what lacks is only for display */
    if (answer)
        (void)json_object_set_new(answer, "ok", json_true());
    deliver(u, t, answer);
}

void users_refuse(struct users *u, uint64_t ticket, int code, const char *text)
{
    struct ticket *t = ticket_find(u, ticket);

    if (t)
        deliver(u, t, refusal(code, text));
}

struct later {
    struct users *users;
    uint64_t ticket;
    json_t *answer;
};

static void later_free(void *arg)
{
    struct later *l = arg;

    json_decref(l->answer);
    free(l);
}

static void later_say(void *arg)
{
    struct later *l = arg;

    users_reply(l->users, l->ticket, TAKE_PTR(l->answer));
    later_free(l);
}

void users_reply_durable(struct ask *a, json_t *answer)
{
    struct later *l = calloc(1, sizeof(*l));

    if (!l) {
        users_reply(a->c->users, a->ticket, answer);
        return;
    }
    *l = (struct later){a->c->users, a->ticket, answer};
    gate_after(a->c->gate, later_say, later_free, l);
}

void users_answer(
    struct users *u, uint64_t ticket, uint64_t id, int code, const char *text)
{
    if (code < 0)
        users_refuse(u, ticket, code, text ? text : strerror(-code));
    else
        users_reply(u, ticket, json_pack("{s:I}", "job", (json_int_t)id));
}

void users_remember(struct users *u, uint64_t ticket, json_t *extra)
{
    struct ticket *t = ticket_find(u, ticket);

    if (t && !t->extra) {
        t->extra = extra;
        return;
    }
    if (t && extra)
        (void)json_object_update(t->extra, extra); /* a lack is a missing member */
    json_decref(extra);
}

int users_wait(struct users *u, uint64_t ticket, uint64_t id)
{
    struct ticket *t = ticket_find(u, ticket);
    struct vigil *v;

    if (!t)
        return 0;
    HASH_FIND(hh, u->vigils, &id, sizeof(id), v);
    if (!v) {
        v = calloc(1, sizeof(*v));
        if (!v)
            return -ENOMEM;
        v->job = id;
        TAILQ_INIT(&v->waiting);
        if (TABLE_ADD(u->vigils, job, v) < 0) {
            free(v);
            return -ENOMEM;
        }
    }
    t->waits_for = id;
    TAILQ_INSERT_TAIL(&v->waiting, t, of_job);
    return 0;
}

void users_final(struct users *u, uint64_t id)
{
    const struct holding *h = fed_holding(u->c->fed, id);
    struct vigil *v;

    HASH_FIND(hh, u->vigils, &id, sizeof(id), v);
    while (v) {
        struct ticket *t = TAILQ_FIRST(&v->waiting);
        bool last = TAILQ_NEXT(t, of_job) == NULL;

        users_reply(u, t->number,
                    json_pack("{s:o}", "job", h ? holding_to_json(h) : json_null()));
        if (last)
            break; /* the vigil went with its last ticket */
    }
}

bool users_may_touch(const struct asker *who, const struct holding *h)
{
    if (who->admin)
        return true;
    if (who->via == 0 && who->uid == h->uid)
        return true;
    return who->person[0] && !strcmp(who->person, h->person);
}

static void ask(struct users *u,
                struct ticket *t,
                const struct asker *who,
                bool peer,
                const json_t *q)
{
    const char *op = json_string_value(json_object_get(q, "op"));
    struct ask a = {.c = u->c, .who = who, .question = q, .ticket = t->number};
    struct err err = {0};

    for (size_t i = 0; op && i < ARRAY_SIZE(ops); i++) {
        int r;

        if (strcmp(op, ops[i].op) != 0 || (peer && !ops[i].peer))
            continue;
        r = ops[i].fn(&a, &err);
        if (r < 0)
            users_refuse(u, a.ticket, r, err_text(&err, r));
        return;
    }
    err_set(&err, -EINVAL, "'%.40s' is not a question that this door answers",
            op ? op : "");
    users_refuse(u, a.ticket, -EINVAL, err.text);
}

static void on_frame(struct conn *conn, json_t *q, void *arg)
{
    struct session *s = arg;
    const json_t *id = json_object_get(q, "id");
    struct ticket *t;

    if (!json_is_integer(id) || json_integer_value(id) < 0) {
        json_t *answer = refusal(-EINVAL, "a question needs an \"id\"");

        (void)conn_send(conn, answer); /* a client that does not read loses it */
        json_decref(answer);
        return;
    }
    t = ticket_new(s->u, s, (uint64_t)json_integer_value(id));
    if (t)
        ask(s->u, t, &s->who, false, q);
}

static void session_free(struct session *s)
{
    struct ticket *t;

    while ((t = TAILQ_FIRST(&s->tickets)))
        ticket_free(s->u, t);
    TAILQ_REMOVE(&s->u->sessions, s, all);
    free(s);
}

static void on_close(struct conn *conn, int reason, const char *text, void *arg)
{
    (void)conn;
    if (reason < 0)
        log_debug("a client's connection ended: %s", text);
    session_free(arg);
}

static const struct conn_ops session_ops = {.on_frame = on_frame, .on_close = on_close};

void users_identify(struct center *c, struct asker *who, uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);
    const struct person *p;

    who->uid = uid;
    who->admin = uid == 0 || uid == geteuid();
    if (!pw || !word_copy(who->local, sizeof(who->local), pw->pw_name))
        return;
    p = site_person(center_site(c), who->local);
    if (p)
        memcpy(who->person, p->person, sizeof(who->person));
}

static void on_open(struct conn *conn, void *arg)
{
    struct users *u = arg;
    struct session *s = calloc(1, sizeof(*s));

    if (!s) {
        conn_close(conn);
        return;
    }
    s->u = u;
    s->conn = conn;
    TAILQ_INIT(&s->tickets);
    users_identify(u->c, &s->who, conn_who(conn)->uid);
    TAILQ_INSERT_TAIL(&u->sessions, s, all);
    conn_listen(conn, &session_ops, s);
}

int users_open(struct center *c, struct users **ret_users, struct err *err)
{
    const struct settings *s = c->settings;
    struct users *u = calloc(1, sizeof(*u));
    int r;

    if (!u)
        return err_set(err, -ENOMEM, "out of memory");
    u->c = c;
    TAILQ_INIT(&u->sessions);
    r = door_open_unix(c->base, s->socket, s->socket_mode, s->max_clients,
                       s->site->name, on_open, u, &u->unix_door, err);
    if (r == 0 && s->listen_users)
        r = door_open_munge(c->base, s->listen_users, s->munge_socket, CONN_USER,
                            s->max_clients, s->site->name, on_open, u, &u->munge_door,
                            err);
    if (r < 0) {
        users_close(u);
        return r;
    }
    *ret_users = u;
    return 0;
}

void *users_close(struct users *u)
{
    struct session *s;
    struct ticket *t;
    struct ticket *next;

    if (!u)
        return NULL;
    door_close(u->unix_door);
    door_close(u->munge_door);
    while ((s = TAILQ_FIRST(&u->sessions))) {
        conn_close(s->conn);
        session_free(s);
    }
    TABLE_FOREACH (u->by_number, t, next) {
        ticket_free(u, t);
    }
    free(u);
    return NULL;
}

void users_away(struct users *u, uint64_t ticket, uint32_t center)
{
    struct ticket *t = ticket_find(u, ticket);

    if (t)
        t->away = center;
}

void users_from_away(struct users *u, uint64_t ticket, uint32_t center, json_t *answer)
{
    struct ticket *t = ticket_find(u, ticket);

    if (t && t->away == center)
        deliver(u, t, answer);
    else
        json_decref(
            answer); /* whoever asked has gone, or it was not asked of this center */
}

void users_away_lost(struct users *u, uint32_t center)
{
    struct ticket *t;
    struct ticket *next;

    if (!u)
        return;
    TABLE_FOREACH (u->by_number, t, next) {
        if (t->away == center)
            deliver(
                u, t,
                refusal(-EHOSTUNREACH, "the connection to the job's center was lost"));
    }
}

void users_peer_ask(struct users *u,
                    const struct asker *who,
                    const json_t *question,
                    void (*reply)(void *arg, json_t *answer),
                    void (*gone)(void *arg),
                    void *arg)
{
    struct ticket *t = ticket_new(u, NULL, 0);

    if (!t) {
        gone(arg);
        return;
    }
    t->reply = reply;
    t->gone = gone;
    t->arg = arg;
    ask(u, t, who, true, question);
}
