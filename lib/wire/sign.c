/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* sign - Ed25519 by libcrypto */
#include "config.h"

#include "wire/sign.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "wire/digest.h"

#include "base/banned.h"

#define KEY_FILE_MAX 16384

struct sign_key {
    EVP_PKEY *pkey;
    bool private;
    uint8_t bytes[SIGN_KEY_BYTES];
    char text[2 * SIGN_KEY_BYTES + 1];
};

/* A key with a passphrase is an error, not a question on the terminal. */
static int no_passphrase(char *buf, int size, int rw, void *arg)
{
    (void)buf, (void)size, (void)rw, (void)arg;
    return -1;
}

/* Takes pkey. */
static int key_new(EVP_PKEY *pkey, bool private, struct sign_key **ret_key)
{
    static const char digits[] = "0123456789abcdef";
    struct sign_key *k = calloc(1, sizeof(*k));
    size_t n = sizeof(k->bytes);

    if (!k) {
        EVP_PKEY_free(pkey);
        return -ENOMEM;
    }
    k->pkey = pkey;
    k->private = private;
    if (EVP_PKEY_get_raw_public_key(pkey, k->bytes, &n) != 1 || n != sizeof(k->bytes)) {
        sign_key_free(k);
        ERR_clear_error();
        return -EINVAL;
    }
    for (size_t i = 0; i < sizeof(k->bytes); i++) {
        k->text[2 * i] = digits[k->bytes[i] >> 4];
        k->text[2 * i + 1] = digits[k->bytes[i] & 15];
    }
    *ret_key = k;
    return 0;
}

static int read_key(const char *path,
                    bool private,
                    struct sign_key **ret_key,
                    struct err *err)
{
    struct buf text = BUF_INIT(KEY_FILE_MAX);
    EVP_PKEY *pkey = NULL;
    BIO *bio = NULL;
    int r = path_read(path, &text, err);

    if (r == 0)
        bio = BIO_new_mem_buf(buf_text(&text), (int)text.len);
    if (bio)
        pkey = private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                       : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    (void)BIO_free(bio); /* from memory */
    if (private && text.data)
        OPENSSL_cleanse(text.data, text.cap);
    buf_release(&text);
    ERR_clear_error();
    if (r < 0)
        return r;
    if (!pkey || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pkey);
        return err_set(err, -EINVAL,
                       "%s has no %s Ed25519 key in PEM ('hopluu-keys ledger' makes "
                       "both halves)",
                       path, private ? "private" : "public");
    }
    r = key_new(pkey, private, ret_key);
    return r < 0 ? err_set(err, r, "%s: the key cannot be used", path) : 0;
}

int sign_key_read(const char *path, struct sign_key **ret_key, struct err *err)
{
    int r = path_check_private(path, 077, err);

    return r < 0 ? r : read_key(path, true, ret_key, err);
}

int sign_key_read_public(const char *path, struct sign_key **ret_key, struct err *err)
{
    return read_key(path, false, ret_key, err);
}

int sign_key_public(const uint8_t bytes[SIGN_KEY_BYTES], struct sign_key **ret_key)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, SIGN_KEY_BYTES);

    ERR_clear_error();
    return pkey ? key_new(pkey, false, ret_key) : -ENOMEM;
}

void *sign_key_free(struct sign_key *k)
{
    if (k)
        EVP_PKEY_free(k->pkey);
    free(k);
    return NULL;
}

const uint8_t *sign_key_bytes(const struct sign_key *k)
{
    return k->bytes;
}

const char *sign_key_text(const struct sign_key *k)
{
    return k->text;
}

int sign_text(const struct sign_key *k,
              const void *bytes,
              size_t n,
              char signature[SIGN_TEXT_CAP])
{
    _cleanup_(freep) char *text = NULL;
    unsigned char raw[SIGN_BYTES];
    EVP_MD_CTX *ctx = k->private ? EVP_MD_CTX_new() : NULL;
    size_t len = sizeof(raw);
    bool ok;

    if (!ctx)
        return k->private ? -ENOMEM : -EINVAL;
    ok = EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1
         && EVP_DigestSign(ctx, raw, &len, bytes, n) == 1 && len == sizeof(raw);
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (ok)
        text = base64_encode(raw, sizeof(raw));
    if (!text)
        return -ENOMEM;
    memcpy(signature, text, strlen(text) + 1); /* 88 letters */
    return 0;
}

int sign_check(const struct sign_key *k,
               const void *bytes,
               size_t n,
               const char *signature)
{
    _cleanup_(freep) void *raw = NULL;
    EVP_MD_CTX *ctx;
    size_t len = 0;
    bool ok;
    int r = base64_decode(signature, strlen(signature), &raw, &len);

    if (r < 0)
        return r;
    if (len != SIGN_BYTES)
        return -EBADMSG;
    ctx = EVP_MD_CTX_new();
    if (!ctx)
        return -ENOMEM;
    ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k->pkey) == 1
         && EVP_DigestVerify(ctx, raw, len, bytes, n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok ? 0 : -EBADMSG;
}
