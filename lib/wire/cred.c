/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* cred - MUNGE credentials: who on this federation's machines has said a text */
#include "config.h"

#include "wire/cred.h"

#include <errno.h>
#include <munge.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"

#include "base/banned.h"

static void ctxp(munge_ctx_t *ctx)
{
    munge_ctx_destroy(*ctx);
}

/* NULL = no memory, or a path that libmunge does not take. */
static munge_ctx_t ctx_new(const char *munge_socket)
{
    munge_ctx_t ctx = munge_ctx_create();

    if (ctx && munge_socket
        && munge_ctx_set(ctx, MUNGE_OPT_SOCKET, munge_socket) != EMUNGE_SUCCESS) {
        munge_ctx_destroy(ctx);
        return NULL;
    }
    return ctx;
}

int cred_nonce(char nonce[NONCE_CAP])
{
    unsigned char bytes[(NONCE_CAP - 1) / 2];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return -EIO;
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int cred_make(const char *munge_socket,
              const char *text,
              char **ret_cred,
              struct err *err)
{
    _cleanup_(ctxp) munge_ctx_t ctx = ctx_new(munge_socket);
    char *cred = NULL;
    munge_err_t e;

    if (!ctx)
        return err_set(err, -ENOMEM, "no memory for MUNGE");
    e = munge_encode(&cred, ctx, text, (int)strlen(text));
    if (e != EMUNGE_SUCCESS) {
        free(cred);
        return err_set(err, -EACCES, "cannot make a MUNGE credential: %s",
                       munge_ctx_strerror(ctx));
    }
    *ret_cred = cred;
    return 0;
}

static int refuse(munge_ctx_t ctx, munge_err_t e, struct err *err)
{
    const char *text;

    if (e == EMUNGE_CRED_EXPIRED)
        text = "MUNGE credential has expired: do the clocks of both machines agree?";
    else if (e == EMUNGE_CRED_REWOUND)
        text = "MUNGE credential is from the future: do the clocks of both machines "
               "agree?";
    else if (e == EMUNGE_CRED_REPLAYED)
        text = "MUNGE credential was replayed: it has been used before";
    else if (e == EMUNGE_CRED_INVALID)
        text =
            "MUNGE credential is not valid: do both machines have the same MUNGE key?";
    else
        return err_set(err, -EACCES, "MUNGE credential cannot be checked: %s",
                       munge_ctx_strerror(ctx));
    return err_set(err, -EACCES, "%s", text);
}

int cred_check(const char *munge_socket,
               const char *cred,
               const char *text,
               uid_t *ret_uid,
               gid_t *ret_gid,
               struct err *err)
{
    _cleanup_(ctxp) munge_ctx_t ctx = ctx_new(munge_socket);
    _cleanup_(freep) void *said = NULL;
    int len = 0;
    munge_err_t e;

    if (!ctx)
        return err_set(err, -ENOMEM, "no memory for MUNGE");
    e = munge_decode(cred, ctx, &said, &len, ret_uid, ret_gid);
    if (e != EMUNGE_SUCCESS)
        return refuse(ctx, e, err);
    if (!said || len < 0 || (size_t)len != strlen(text)
        || memcmp(said, text, (size_t)len) != 0)
        return err_set(err, -EACCES,
                       "MUNGE credential is not about the nonce that was sent");
    return 0;
}
