/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* dial - what both diallers share: resolving, connecting, backing off */
#include "config.h"

#include "wire/dial.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/time.h"
#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/dial_int.h"

#include "base/banned.h"

#define BACKOFF_FIRST_US (US_PER_S / 10)
#define BACKOFF_LAST_US (30 * US_PER_S)

/* Outlives its dial when that goes first: evdns answers a cancelled question too. */
struct lookup {
    struct dial *dial;
    struct evdns_getaddrinfo_request *request;
};

static void connect_next(struct dial *d, int why);

static void arm(struct dial *d, int64_t us)
{
    struct timeval tv = {.tv_sec = us / US_PER_S, .tv_usec = us % US_PER_S};

    (void)event_add(&d->timer, &tv);
}

/* Full jitter: anything from nothing to the whole step, so that centers that lost the
   same peer at the same time do not come back at the same time. */
static void try_later(struct dial *d)
{
    int64_t step = BACKOFF_FIRST_US << MIN(d->tries, 12u);
    uint32_t dice;

    d->tries++;
    evutil_secure_rng_get_bytes(&dice, sizeof(dice));
    arm(d, MIN(step, BACKOFF_LAST_US) * (int64_t)(dice >> 1) / INT32_MAX);
}

/* Let go of everything that belongs to one attempt. */
static void drop_attempt(struct dial *d)
{
    struct lookup *l = TAKE_PTR(d->lookup);

    (void)event_del(&d->timer);
    if (d->fd >= 0) {
        (void)event_del(&d->writing);
        (void)close(TAKE_FD(d->fd));
    }
    if (l) {
        l->dial = NULL;
        evdns_getaddrinfo_cancel(l->request);
    }
    if (d->found)
        evutil_freeaddrinfo(d->found);
    d->found = d->next = NULL;
    conn_close(TAKE_PTR(d->conn));
}

void dial_fail(struct dial *d, const char *text)
{
    log_limited(&d->failed, 1, LOG_WARN, "cannot reach %s%s%s: %s", d->center,
                d->center[0] ? " at " : "", d->address, text);
    drop_attempt(d);
    try_later(d);
}

void dial_on_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct dial *d = arg;

    (void)c, (void)reason;
    dial_fail(d, text);
}

void dial_admit(struct dial *d)
{
    struct conn *c = TAKE_PTR(d->conn);

    drop_attempt(d);
    conn_admit(c, &d->who);
    d->open(c, d->arg); /* may free the dial */
}

/* The socket is connected: from here on both ends prove who they are. Takes fd. */
static void handshake(struct dial *d, int fd)
{
    SSL *ssl = d->kind->session ? d->kind->session(d) : NULL;

    if (d->kind->session && !ssl) {
        (void)close(fd);
        dial_fail(d, strerror(ENOMEM));
        return;
    }
    address_tune(fd);
    d->conn = conn_new(d->base, fd, ssl, &d->who);
    if (!d->conn) {
        dial_fail(d, strerror(ENOMEM));
        return;
    }
    d->answered = false;
    (void)event_del(&d->timer);
    conn_listen(d->conn, d->kind->ops, d);
    conn_on_ready(d->conn, d->kind->ready);
    conn_deadline(d->conn, HANDSHAKE_S);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct dial *d = arg;
    int code = 0;
    socklen_t len = sizeof(code);

    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
        code = errno;
    if (code == 0) {
        handshake(d, TAKE_FD(d->fd));
    } else {
        (void)close(TAKE_FD(d->fd));
        connect_next(d, code);
    }
}

/* Try the addresses in turn; `why` is what became of the one before. */
static void connect_next(struct dial *d, int why)
{
    while (d->next) {
        const struct evutil_addrinfo *a = d->next;
        int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        d->next = a->ai_next;
        address_text(a->ai_addr, a->ai_addrlen, d->who.address, sizeof(d->who.address));
        if (fd >= 0
            && (connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS)) {
            d->fd = fd;
            (void)event_assign(&d->writing, d->base, fd, EV_WRITE, on_writable, d);
            (void)event_add(&d->writing, NULL);
            return;
        }
        why = errno;
        if (fd >= 0)
            (void)close(fd);
    }
    dial_fail(d, strerror(why));
}

static void on_found(int result, struct evutil_addrinfo *found, void *arg)
{
    struct lookup *l = arg;
    struct dial *d = l->dial;

    free(l);
    if (!d) {
        if (found)
            evutil_freeaddrinfo(found);
        return;
    }
    d->lookup = NULL;
    if (result != 0) {
        dial_fail(d, evutil_gai_strerror(result));
        return;
    }
    d->found = d->next = found;
    connect_next(d, EADDRNOTAVAIL);
}

/* Names are looked up anew for every attempt, with the configuration of then. */
static void look_up(struct dial *d, const struct evutil_addrinfo *hints)
{
    struct lookup *l = calloc(1, sizeof(*l));
    struct evdns_getaddrinfo_request *request;

    if (d->dns)
        evdns_base_free(d->dns, 1);
    d->dns = evdns_base_new(d->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!l || !d->dns) {
        free(l);
        dial_fail(d, strerror(ENOMEM));
        return;
    }
    (void)evdns_base_resolv_conf_parse(d->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    l->dial = d;
    d->lookup = l;
    request = evdns_getaddrinfo(d->dns, d->host, d->port, hints, on_found, l);
    if (request) /* else on_found has been called already, and l is gone */
        l->request = request;
}

static void attempt(struct dial *d)
{
    struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_protocol = IPPROTO_TCP,
        .ai_flags = EVUTIL_AI_NUMERICHOST | EVUTIL_AI_NUMERICSERV,
    };

    arm(d, HANDSHAKE_S * US_PER_S);
    if (evutil_getaddrinfo(d->host, d->port, &hints, &d->found) == 0) {
        d->next = d->found;
        connect_next(d, EADDRNOTAVAIL);
    } else {
        d->found = NULL;
        hints.ai_flags = EVUTIL_AI_NUMERICSERV;
        look_up(d, &hints);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct dial *d = arg;

    (void)fd, (void)what;
    if (d->lookup || d->fd >= 0)
        dial_fail(d, d->lookup ? "no answer from the name servers" : "no answer");
    else
        attempt(d);
}

int dial_new(struct event_base *base,
             const struct dial_kind *kind,
             const char *address,
             conn_open_fn open,
             void *arg,
             struct dial **ret_dial,
             struct err *err)
{
    struct dial *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return err_set(err, -ENOMEM, "no memory to dial");
    r = address_split(address, d->host, d->port, err);
    if (r == 0 && !d->host[0])
        r = err_set(err, -EINVAL, "'%s' names no host", address);
    if (r < 0) {
        free(d);
        return r;
    }
    d->kind = kind;
    d->base = base;
    d->fd = -1;
    d->open = open;
    d->arg = arg;
    d->who.dialled = true;
    word_cut(d->address, sizeof(d->address), address);
    (void)evtimer_assign(&d->timer, base, on_timer, d);
    arm(d, 0);
    *ret_dial = d;
    return 0;
}

void dial_ended(struct dial *d)
{
    if (!d->conn && !event_pending(&d->timer, EV_TIMEOUT, NULL))
        try_later(d);
}

void dial_useful(struct dial *d)
{
    d->tries = 0;
}

void *dial_free(struct dial *d)
{
    if (!d)
        return NULL;
    drop_attempt(d);
    if (d->dns)
        evdns_base_free(d->dns, 1);
    free(d->munge_socket);
    free(d);
    return NULL;
}
