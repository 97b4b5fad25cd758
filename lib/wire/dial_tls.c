/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* dial_tls - going to another center's door, and making sure that it is theirs */
#include "config.h"

#include "wire/dial.h"

#include <errno.h>
#include <string.h>

#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/dial_int.h"

#include "base/banned.h"

/* Frames come after the handshake, and with it the conn has gone to its owner. */
static void on_frame(struct conn *c, json_t *frame, void *arg)
{
    (void)c, (void)frame, (void)arg;
}

static const struct conn_ops dial_ops = {
    .on_frame = on_frame,
    .on_close = dial_on_close,
};

static void on_ready(struct conn *c, void *arg)
{
    struct dial *d = arg;
    struct err err = {0};
    int r = tls_peer_center(d->tls, conn_ssl(c), d->who.center, &err);

    if (r == 0 && strcmp(d->who.center, d->center) != 0)
        r = err_set(&err, -EACCES, "center %s answers there", d->who.center);
    if (r < 0)
        dial_fail(d, err_text(&err, r));
    else
        dial_admit(d);
}

static SSL *session(struct dial *d)
{
    return tls_session(d->tls, false);
}

static const struct dial_kind tls_kind = {
    .ops = &dial_ops,
    .session = session,
    .ready = on_ready,
};

int dial_tls(struct event_base *base,
             const char *address,
             struct tls *tls,
             const char *center,
             conn_open_fn open,
             void *arg,
             struct dial **ret_dial,
             struct err *err)
{
    struct dial *d = NULL;
    int r = dial_new(base, &tls_kind, address, open, arg, &d, err);

    if (r < 0)
        return r;
    d->tls = tls;
    d->who.kind = CONN_PEER;
    word_cut(d->center, sizeof(d->center), center);
    *ret_dial = d;
    return 0;
}
