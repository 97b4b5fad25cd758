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
#include "model/name.h"

#include "base/banned.h"

#define ORIGIN "hopluu/"
#define DASH "\xe2\x80\x94 " /* an em dash and a blank */
#define NOTE_SIGNATURES_MAX 64
#define NOTE_KEY_BYTES 32
#define NOTE_SIGN_BYTES 64
#define RAW_BYTES (4 + NOTE_SIGN_BYTES)
#define RAW_TEXT ((RAW_BYTES + 2) / 3 * 4)

/* One line under the text (c2sp.org/signed-note). */
struct note_signature {
    char name[ORIGIN_CAP];
    uint8_t key[4]; /* which key: the first of SHA-256(NAME, 0x0a, 0x01, key) */
    uint8_t bytes[NOTE_SIGN_BYTES];
};

/* "— NAME BASE64" [n], without its end. */
static bool read_signature(const char *line, size_t n, struct note_signature *s)
{
    const char *name = line + strlen(DASH);
    const char *blank = n > strlen(DASH) ? memchr(name, ' ', n - strlen(DASH)) : NULL;
    unsigned char raw[RAW_TEXT];
    char again[RAW_TEXT + 1];

    if (!blank || memcmp(line, DASH, strlen(DASH)) != 0
        || (size_t)(blank - name) >= sizeof(s->name)
        || (size_t)(line + n - blank - 1) != RAW_TEXT
        || EVP_DecodeBlock(raw, (const unsigned char *)blank + 1, RAW_TEXT) < RAW_BYTES)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)again, raw, RAW_BYTES);
    if (strncmp(again, blank + 1, RAW_TEXT) != 0)
        return false; /* there is one way to write it */
    memcpy(s->name, name, (size_t)(blank - name));
    s->name[blank - name] = '\0';
    memcpy(s->key, raw, sizeof(s->key));
    memcpy(s->bytes, raw + 4, NOTE_SIGN_BYTES);
    return true;
}

static int note_read(const char *note,
                     char *text,
                     size_t cap,
                     struct note_signature *s,
                     size_t *ret_n,
                     struct err *err)
{
    const char *gap = strstr(note, "\n\n" DASH);
    size_t n = 0;

    if (!gap || (size_t)(gap + 1 - note) >= cap)
        return err_set(err, -EBADMSG,
                       "a signed note is a text, an empty line, and lines that begin "
                       "with an em dash");
    for (const char *line = gap + 2; *line; n++) {
        const char *end = strchr(line, '\n');

        if (!end || n == NOTE_SIGNATURES_MAX
            || !read_signature(line, (size_t)(end - line), &s[n]))
            return err_set(err, -EBADMSG, "signature %zu of the note is damaged",
                           n + 1);
        line = end + 1;
    }
    memcpy(text, note, (size_t)(gap + 1 - note));
    text[gap + 1 - note] = '\0';
    *ret_n = n;
    return 0;
}

static int note_key(const char *name, const uint8_t key[NOTE_KEY_BYTES], uint8_t id[4])
{
    char all[ORIGIN_CAP + 2 + NOTE_KEY_BYTES];
    size_t n = strlen(name);
    struct hash h;
    int r;

    memcpy(all, name, n);
    all[n] = '\n';
    all[n + 1] = 1; /* Ed25519 */
    memcpy(all + n + 2, key, NOTE_KEY_BYTES);
    r = hash_line(all, n + 2 + NOTE_KEY_BYTES, &h);
    if (r == 0)
        memcpy(id, h.b, 4);
    return r;
}

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
