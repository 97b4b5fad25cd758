/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * roll_sign - whose word it takes to grant, to set prices, and to name signers
 *
 * As long as the roll names no signer, the center's administrator decides. From the
 * first one on, each act of a kind that a signer answers for needs the signature of one
 * who does, over the act's own text without the word `signature`. A serial number that
 * grows keeps an old decision from being used again.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/measure.h"
#include "ledger/base64_int.h"
#include "ledger/roll_int.h"

#include "base/banned.h"

#define SIGNATURE_BYTES 64

bool roll_sign_word(const char *name)
{
    return !strcmp(name, "signer") || !strcmp(name, "serial")
           || !strcmp(name, "signature");
}

bool roll_signs(const struct entry *e, enum roll_kind k)
{
    const char *list = act_get(&e->words, "for");

    switch (k) {
    case ROLL_GRANT:
        return strstr(list, "grants") != NULL;
    case ROLL_RATE:
        return strstr(list, "rates") != NULL;
    case ROLL_SIGNER:
        return true;
    case ROLL_INSTITUTION:
    case ROLL_PROJECT:
    case _ROLL_KIND_MAX:
        break;
    }
    return false;
}

int roll_sign_read(struct entry *e, struct err *err)
{
    static const char *const lists[] = {"grants", "rates", "grants,rates"};
    const char *key = act_get(&e->words, "key");
    const char *list = act_get(&e->words, "for");
    size_t i = 0;

    if (strlen(key) != 44 || base64_read(key, ROLL_KEY_BYTES, e->key_bytes) < 0)
        return err_set(err, -EINVAL,
                       "key: the 32 bytes of an Ed25519 public key in base64 are "
                       "expected: openssl pkey -pubin -in FILE -outform DER | tail -c "
                       "32 | base64");
    while (i < sizeof(lists) / sizeof(lists[0]) && strcmp(lists[i], list) != 0)
        i++;
    if (i == sizeof(lists) / sizeof(lists[0]))
        return err_set(err, -EINVAL,
                       "for: '%.40s' is none of grants, rates, grants,rates", list);
    return 0;
}

int roll_sign_text(const struct act *a, char *text, size_t cap)
{
    struct act w = *a;

    act_unset(&w, "signature");
    return act_write(&w, text, cap);
}

/* 0, -EACCES: it is another's, or of another text. */
static int verify(const struct entry *e, const struct act *a)
{
    char text[ACT_TEXT_CAP];
    uint8_t bytes[SIGNATURE_BYTES];
    const char *signature = act_get(a, "signature");
    EVP_PKEY *key = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int r = -EACCES;

    if (ctx && strlen(signature) == 88
        && base64_read(signature, sizeof(bytes), bytes) == 0
        && roll_sign_text(a, text, sizeof(text)) == 0)
        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, e->key_bytes,
                                          ROLL_KEY_BYTES);
    if (key && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1
        && EVP_DigestVerify(ctx, bytes, sizeof(bytes), (const unsigned char *)text,
                            strlen(text))
               == 1)
        r = 0;
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(ctx);
    return ctx ? r : -ENOMEM;
}

/* One that answers for the kind today; NULL = nobody does. */
static const struct entry *any_signer(const struct roll *r,
                                      enum roll_kind k,
                                      struct wall now)
{
    const struct entry *e;

    TAILQ_FOREACH (e, &r->kinds[ROLL_SIGNER], all)
        if (roll_active(e, now) && roll_signs(e, k))
            return e;
    return NULL;
}

int roll_sign_check(const struct roll *r,
                    const struct act *a,
                    struct wall now,
                    struct err *err)
{
    const char *name = act_get(a, "signer");
    const struct entry *any, *e;
    enum roll_kind k;
    uint64_t serial = 0;
    int ret = roll_kind_of(a, &k, err);

    if (ret < 0)
        return ret;
    any = any_signer(r, k, now);
    if (!any && !act_has(a, "signature"))
        return 0;
    if (any && (!act_has(a, "signature") || !name[0]))
        return err_set(err, -EACCES,
                       "a %s is signed here, by %s for one: give signer=, serial= and "
                       "signature=",
                       roll_kind_word(k), act_get(&any->words, "name"));
    e = roll_find(r, ROLL_SIGNER, name);
    if (!e)
        return err_set(err, -EACCES, "signer: there is no %.40s in the roll", name);
    if (!roll_active(e, now))
        return err_set(
            err, -EACCES, "signer: %s signs from %s until %s, not today", name,
            act_has(&e->words, "from") ? act_get(&e->words, "from") : "ever",
            act_has(&e->words, "until") ? act_get(&e->words, "until") : "ever");
    if (!roll_signs(e, k))
        return err_set(err, -EACCES, "signer: %s signs %s, not a %s", name,
                       act_get(&e->words, "for"), roll_kind_word(k));
    if (measure_u64(act_get(a, "serial"), 1, INT64_MAX, &serial, NULL) < 0
        || serial <= e->serial)
        return err_set(err, -EACCES,
                       "serial: %s has used %" PRIu64 " already: a larger number is "
                       "expected, not '%.30s'",
                       name, e->serial, act_get(a, "serial"));
    ret = verify(e, a);
    return ret == -EACCES
               ? err_set(err, ret, "signature: %s has not signed this decision", name)
               : ret;
}

void roll_sign_used(struct roll *r, const struct act *a)
{
    struct entry *e = roll_find(r, ROLL_SIGNER, act_get(a, "signer"));
    uint64_t serial = 0;

    if (e && measure_u64(act_get(a, "serial"), 1, INT64_MAX, &serial, NULL) == 0
        && serial > e->serial)
        e->serial = serial;
}
