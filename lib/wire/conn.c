/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* conn - one authenticated connection that carries frames */
#include "config.h"

#include "wire/conn.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event_struct.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/frame.h"

#include "base/banned.h"

#define FRAMES_PER_TURN 256
#define LINGER_S 2

enum stage {
    STAGE_OPEN,
    STAGE_CLOSING, /* conn_close(): what is queued goes out, nobody listens */
    STAGE_GONE,    /* memory goes at the end of this turn */
};

struct conn {
    struct bufferevent *bev;
    struct conn_who who;
    const struct conn_ops *ops;
    void *arg;
    void (*ready)(struct conn *c, void *arg);
    void (*gone)(void *arg), *gone_arg;
    struct event turn;  /* go on with frames, or free: in the next turn of the loop */
    struct event alarm; /* deadline of a handshake, or of the last bytes */
    enum stage stage;
    size_t max_in;
    size_t need; /* low watermark: bytes of the frame that is coming in */
    bool paused;
    bool drain;  /* somebody got -EAGAIN and waits */
    bool inside; /* frames are being dispatched further up the stack */
    bool ended;  /* nothing more will be read; after what is buffered: */
    int end_reason;
    char end_text[ERR_TEXT_MAX];
};

static void soon(struct conn *c)
{
    static const struct timeval now = {0, 0};

    (void)event_add(&c->turn, &now);
}

/* No callbacks from here on; on_turn() frees. */
static void bury(struct conn *c)
{
    c->stage = STAGE_GONE;
    c->ops = NULL;
    (void)event_del(&c->alarm);
    bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
    (void)bufferevent_disable(c->bev, EV_READ | EV_WRITE);
    soon(c);
}

static void end(struct conn *c, int reason, const char *text)
{
    const struct conn_ops *ops = c->ops;

    if (c->stage != STAGE_OPEN)
        return;
    bury(c);
    if (ops)
        ops->on_close(c, reason, text, c->arg);
}

static void conn_free(struct conn *c)
{
    SSL *ssl = bufferevent_openssl_get_ssl(c->bev);

    if (ssl && SSL_is_init_finished(ssl)) {
        (void)SSL_shutdown(ssl); /* best effort: frames carry their length anyway */
        ERR_clear_error();
    }
    (void)event_del(&c->turn);
    (void)event_del(&c->alarm);
    bufferevent_free(c->bev);
    if (c->gone)
        c->gone(c->gone_arg);
    free(c);
}

static void expect(struct conn *c, size_t need)
{
    if (c->need == need)
        return;
    c->need = need;
    bufferevent_setwatermark(c->bev, EV_READ, need, 0);
}

/* The other end has closed and all whole frames have been handed on. */
static void last_words(struct conn *c)
{
    if (c->end_reason == 0 && evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
        end(c, -EPROTO, "closed in the middle of a frame");
    else
        end(c, c->end_reason, c->end_text);
}

static void pump(struct conn *c)
{
    unsigned n;

    if (c->inside)
        return;
    c->inside = true;
    for (n = 0; c->stage == STAGE_OPEN && !c->paused && n < FRAMES_PER_TURN; n++) {
        struct err err = {0};
        json_t *frame = NULL;
        size_t need;
        int r =
            frame_take(bufferevent_get_input(c->bev), c->max_in, &frame, &need, &err);

        expect(c, need);
        if (r < 0)
            end(c, r, err_text(&err, r));
        else if (r == 0 && c->ended)
            last_words(c);
        if (r <= 0)
            break;
        if (c->ops)
            c->ops->on_frame(c, frame, c->arg);
        else
            conn_close(c); /* admitted, and nobody wanted it */
        json_decref(frame);
    }
    c->inside = false;
    if (n == FRAMES_PER_TURN && c->stage == STAGE_OPEN && !c->paused) {
        (void)bufferevent_disable(c->bev, EV_READ);
        soon(c);
    }
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;

    if (c->stage == STAGE_OPEN)
        pump(c);
    else /* closing: unread bytes would reset what is on its way out */
        (void)evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
}

static void on_write(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;
    size_t waiting = evbuffer_get_length(bufferevent_get_output(bev));

    if (c->stage == STAGE_CLOSING && waiting == 0) {
        bury(c);
    } else if (c->stage == STAGE_OPEN && c->drain && waiting < CONN_SEND_MAX / 2) {
        c->drain = false;
        if (c->ops && c->ops->on_drain)
            c->ops->on_drain(c, c->arg);
    }
}

static void note_error(struct conn *c, int code)
{
    unsigned long e = bufferevent_get_openssl_error(c->bev);
    const char *text = e ? ERR_reason_error_string(e) : NULL;

    if (text)
        code = EPROTO;
    else if (code == 0)
        code = ECONNRESET;
    c->end_reason = -code;
    word_cut(c->end_text, sizeof(c->end_text), text ? text : strerror(code));
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    int code = EVUTIL_SOCKET_ERROR();
    struct conn *c = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        void (*ready)(struct conn *, void *) = c->ready;

        c->ready = NULL;
        if (ready && c->stage == STAGE_OPEN)
            ready(c, c->arg);
        return;
    }
    if (c->stage == STAGE_CLOSING) {
        if (!(what & BEV_EVENT_EOF))
            bury(c);
        return;
    }
    if (c->ended)
        return;
    c->ended = true;
    if (what & BEV_EVENT_EOF)
        word_cut(c->end_text, sizeof(c->end_text), "closed by the other end");
    else
        note_error(c, code);
    pump(c);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;

    (void)fd, (void)what;
    if (c->stage == STAGE_GONE) {
        conn_free(c);
    } else if (c->stage == STAGE_OPEN && !c->paused) {
        if (!c->ended)
            (void)bufferevent_enable(c->bev, EV_READ);
        pump(c);
    }
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;

    (void)fd, (void)what;
    if (c->stage == STAGE_CLOSING)
        bury(c);
    else
        end(c, -ETIMEDOUT, "no proof of identity in time");
}

static struct bufferevent *bev_new(struct event_base *base,
                                   int fd,
                                   SSL *ssl,
                                   bool dialled)
{
    int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;

    if (!ssl)
        return bufferevent_socket_new(base, fd, options);
    return bufferevent_openssl_socket_new(
        base, fd, ssl, dialled ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
        options);
}

struct conn *conn_new(struct event_base *base,
                      int fd,
                      SSL *ssl,
                      const struct conn_who *who)
{
    struct conn *c = calloc(1, sizeof(*c));

    if (c)
        c->bev = bev_new(base, fd, ssl, who->dialled);
    else
        SSL_free(ssl);
    if (!c || !c->bev) {
        (void)close(fd);
        free(c);
        return NULL;
    }
    c->who = *who;
    c->max_in = FRAME_MAX_HELLO;
    (void)evtimer_assign(&c->turn, base, on_turn, c);
    (void)evtimer_assign(&c->alarm, base, on_alarm, c);
    bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
    bufferevent_setwatermark(c->bev, EV_WRITE, CONN_SEND_MAX / 2 - 1, 0);
    (void)bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    return c;
}

void conn_on_gone(struct conn *c, void (*gone)(void *arg), void *arg)
{
    c->gone = gone;
    c->gone_arg = arg;
}

void conn_on_ready(struct conn *c, void (*ready)(struct conn *c, void *arg))
{
    c->ready = ready;
}

void conn_deadline(struct conn *c, unsigned seconds)
{
    struct timeval tv = {.tv_sec = (time_t)seconds};

    (void)event_add(&c->alarm, &tv);
}

void conn_admit(struct conn *c, const struct conn_who *who)
{
    _Static_assert(FRAME_MAX_CLIENT == FRAME_MAX_PEER, "one ceiling for all");
    _Static_assert(FRAME_MAX_CLIENT == FRAME_MAX_NODE, "one ceiling for all");

    c->who = *who;
    c->ops = NULL;
    c->max_in = FRAME_MAX_PEER;
    (void)event_del(&c->alarm);
}

SSL *conn_ssl(const struct conn *c)
{
    return bufferevent_openssl_get_ssl(c->bev);
}

void conn_listen(struct conn *c, const struct conn_ops *ops, void *arg)
{
    if (c->stage != STAGE_OPEN)
        return;
    c->ops = ops;
    c->arg = arg;
    soon(c); /* frames may have come before their listener */
}

const struct conn_who *conn_who(const struct conn *c)
{
    return &c->who;
}

size_t conn_backlog(const struct conn *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* Whoever is told -EAGAIN waits for on_drain. */
static int sent(struct conn *c, int r)
{
    if (r == -EAGAIN)
        c->drain = true;
    return r;
}

int conn_send(struct conn *c, const json_t *frame)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);

    if (c->stage != STAGE_OPEN)
        return -ENOTCONN;
    return sent(c, frame_put(out, frame, FRAME_MAX_PEER, CONN_SEND_MAX));
}

int conn_send_text(struct conn *c, const char *text, size_t len)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);

    if (c->stage != STAGE_OPEN)
        return -ENOTCONN;
    return sent(c, frame_put_text(out, text, len, FRAME_MAX_PEER, CONN_SEND_MAX));
}

int conn_say(struct conn *c, const char *t, const char *name, const char *value)
{
    json_t *o = json_pack("{s:s,s:s}", "t", t, name, value);
    int r = o ? conn_send(c, o) : -ENOMEM;

    json_decref(o);
    return r;
}

void conn_pause(struct conn *c)
{
    if (c->stage != STAGE_OPEN)
        return;
    c->paused = true;
    (void)bufferevent_disable(c->bev, EV_READ);
}

void conn_resume(struct conn *c)
{
    if (c->stage != STAGE_OPEN || !c->paused)
        return;
    c->paused = false;
    soon(c);
}

void conn_close(struct conn *c)
{
    struct timeval tv = {.tv_sec = LINGER_S};

    if (!c || c->stage != STAGE_OPEN)
        return;
    c->ops = NULL;
    if (conn_backlog(c) == 0 || c->end_reason < 0) {
        bury(c);
        return;
    }
    c->stage = STAGE_CLOSING;
    expect(c, 0);
    if (!c->ended)
        (void)bufferevent_enable(c->bev, EV_READ);
    (void)event_add(&c->alarm, &tv);
}
