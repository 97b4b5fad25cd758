/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* note_check - who has signed a checkpoint? */
#include "config.h"

#include "report/note_check.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "ledger/note.h"
#include "model/name.h"

#include "base/banned.h"

#define ORIGIN "hopluu/"

/* NULL and *ret_code: -ENOENT, or -EBADMSG (not an Ed25519 key). */
static EVP_PKEY *read_key(const char *keys, const char *name, int *ret_code)
{
    char path[4096];
    EVP_PKEY *key;
    FILE *f;

    *ret_code = -ENOENT;
    if (!word_is_name(name, NAME_CAP - 1)
        || snprintf(path, sizeof(path), "%s/%s.pub", keys, name) >= (int)sizeof(path))
        return NULL;
    f = fopen(path, "re");
    if (!f)
        return NULL;
    key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
    (void)fclose(f); /* it was only read */
    if (key && EVP_PKEY_is_a(key, "ED25519"))
        return key;
    EVP_PKEY_free(key);
    *ret_code = -EBADMSG;
    return NULL;
}

/* 0; -EBADMSG: it is another's. */
static int check_one(EVP_PKEY *key, const char *text, const struct note_signature *s)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t bytes[NOTE_KEY_BYTES], id[4];
    size_t n = sizeof(bytes);
    int r = ctx ? 0 : -ENOMEM;

    if (r == 0
        && (EVP_PKEY_get_raw_public_key(key, bytes, &n) != 1
            || note_key(s->name, bytes, id) < 0 || memcmp(id, s->key, sizeof(id)) != 0
            || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1
            || EVP_DigestVerify(ctx, s->bytes, NOTE_SIGN_BYTES,
                                (const unsigned char *)text, strlen(text))
                   != 1))
        r = -EBADMSG;
    EVP_MD_CTX_free(ctx);
    return r;
}

static int check_name(const char *keys,
                      const char *text,
                      const struct note_signature *s,
                      struct err *err)
{
    const char *name =
        strncmp(s->name, ORIGIN, strlen(ORIGIN)) ? "" : s->name + strlen(ORIGIN);
    int r;
    EVP_PKEY *key = read_key(keys, name, &r);

    if (!key)
        return r == -ENOENT ? r : err_set(err, r, "the key of %s is not Ed25519", name);
    r = check_one(key, text, s);
    EVP_PKEY_free(key);
    return r == -EBADMSG ? err_set(err, r, "%s has not signed this", name) : r;
}

int note_check(const char *note,
               const char *keys,
               const char *center,
               struct checkpoint *ret_point,
               unsigned *ret_others,
               struct err *err)
{
    struct note_signature s[NOTE_SIGNATURES_MAX];
    char text[CHECKPOINT_TEXT_CAP], origin[ORIGIN_CAP];
    bool own = false;
    size_t n = 0;
    int r = note_read(note, text, sizeof(text), s, &n, err);

    if (r == 0)
        r = checkpoint_read(text, ret_point, err);
    if (r < 0)
        return r;
    (void)snprintf(origin, sizeof(origin), ORIGIN "%s", center);
    if (strcmp(ret_point->origin, origin) != 0)
        return err_set(err, -EBADMSG, "it is of %s, not of %s", ret_point->origin,
                       origin);
    *ret_others = 0;
    for (size_t i = 0; i < n; i++) {
        bool mine = !strcmp(s[i].name, origin);

        r = check_name(keys, text, &s[i], err);
        if (r == -ENOENT && !mine)
            continue; /* whose key is not here cannot be judged */
        if (r < 0)
            return r == -ENOENT ? err_set(err, r, "the key of %s is missing", center)
                                : r;
        own = own || mine;
        *ret_others += !mine;
    }
    return own ? 0 : err_set(err, -ENOENT, "%s has not signed it", center);
}
