/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* dial_munge - going to a door on TCP and saying with MUNGE who we are */
#include "config.h"

#include "wire/dial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "wire/conn_int.h"
#include "wire/cred.h"
#include "wire/dial_int.h"

#include "base/banned.h"

static void answer_nonce(struct dial *d, struct conn *c, const char *nonce)
{
    _cleanup_(freep) char *cred = NULL;
    struct err err = {0};
    int r;

    /* We sign one nonce and nothing else that a stranger might want signed. */
    if (d->answered || !nonce || strlen(nonce) != NONCE_CAP - 1
        || strspn(nonce, "0123456789abcdef") != NONCE_CAP - 1) {
        dial_fail(d, "it sent a nonce that is none");
        return;
    }
    d->answered = true;
    r = cred_make(d->munge_socket, nonce, &cred, &err);
    if (r == 0)
        r = conn_say(c, "auth", "cred", cred);
    if (r < 0)
        dial_fail(d, err_text(&err, r));
}

static void on_frame(struct conn *c, json_t *frame, void *arg)
{
    const char *t = json_string_value(json_object_get(frame, "t"));
    const char *center = json_string_value(json_object_get(frame, "center"));
    const char *text = json_string_value(json_object_get(frame, "text"));
    struct dial *d = arg;

    if (t && strcmp(t, "nonce") == 0) {
        answer_nonce(d, c, json_string_value(json_object_get(frame, "nonce")));
    } else if (t && strcmp(t, "refused") == 0) {
        dial_fail(d, text ? text : "refused");
    } else if (t && strcmp(t, "welcome") == 0 && d->answered) {
        if (center && word_is_name(center, NAME_CAP - 1)) {
            (void)word_copy(d->who.center, sizeof(d->who.center), center);
            dial_admit(d);
        } else {
            dial_fail(d, "its welcome names no center");
        }
    } else {
        dial_fail(d, "it does not speak this protocol");
    }
}

static const struct conn_ops dial_ops = {
    .on_frame = on_frame,
    .on_close = dial_on_close,
};

static const struct dial_kind munge_kind = {.ops = &dial_ops};

int dial_munge(struct event_base *base,
               const char *address,
               const char *munge_socket,
               enum conn_kind kind,
               conn_open_fn open,
               void *arg,
               struct dial **ret_dial,
               struct err *err)
{
    struct dial *d = NULL;
    int r = dial_new(base, &munge_kind, address, open, arg, &d, err);

    if (r < 0)
        return r;
    d->who.kind = kind;
    d->who.uid = (uid_t)-1; /* MUNGE proves only who we are */
    d->who.gid = (gid_t)-1;
    if (munge_socket) {
        d->munge_socket = strdup(munge_socket);
        if (!d->munge_socket) {
            dial_free(d);
            return err_set(err, -ENOMEM, "no memory to dial");
        }
    }
    *ret_dial = d;
    return 0;
}
