/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* door_munge - the door on TCP where a MUNGE credential says who comes */
#include "config.h"

#include "wire/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/cred.h"
#include "wire/door_int.h"

#include "base/banned.h"

/* The one frame that a guest may send: {"t":"auth","cred":CRED}. */
static void on_frame(struct conn *c, json_t *frame, void *arg)
{
    const char *t = json_string_value(json_object_get(frame, "t"));
    const char *cred = json_string_value(json_object_get(frame, "cred"));
    struct guest *g = arg;
    struct door *d = g->door;
    struct err err = {0};
    int r;

    if (!t || strcmp(t, "auth") != 0 || !cred) {
        guest_refuse(g, "the first frame must be auth with a MUNGE credential", true);
        return;
    }
    r = cred_check(d->munge_socket, cred, g->nonce, &g->who.uid, &g->who.gid, &err);
    if (r < 0)
        guest_refuse(g, err_text(&err, r), true);
    else if (conn_say(c, "welcome", "center", d->center) < 0)
        guest_refuse(g, "no memory", false);
    else
        guest_admit(g);
}

static const struct conn_ops guest_ops = {
    .on_frame = on_frame,
    .on_close = guest_on_close,
};

static int greet(struct guest *g, int fd, struct err *err)
{
    int r = cred_nonce(g->nonce);

    (void)fd, (void)err;
    if (r == 0)
        r = conn_say(g->conn, "nonce", "nonce", g->nonce);
    if (r < 0)
        guest_refuse(g, strerror(-r), false);
    return 0;
}

static const struct door_kind munge_kind = {.ops = &guest_ops, .greet = greet};

int door_open_munge(struct event_base *base,
                    const char *address,
                    const char *munge_socket,
                    enum conn_kind kind,
                    unsigned max,
                    const char *center,
                    conn_open_fn open,
                    void *arg,
                    struct door **ret_door,
                    struct err *err)
{
    char *own = munge_socket ? strdup(munge_socket) : NULL;
    struct door *d = NULL;
    int fd, r;

    if (munge_socket && !own)
        return err_set(err, -ENOMEM, "no memory for a door");
    fd = address_bind(address, err);
    r = fd < 0 ? fd : door_new(base, &munge_kind, fd, max, open, arg, &d, err);
    if (r < 0) {
        free(own);
        return r;
    }
    d->munge_socket = own;
    d->who = kind;
    word_cut(d->center, sizeof(d->center), center);
    *ret_door = d;
    return 0;
}
