/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tls - TLS 1.3 between centers, both sides with certificates */
#include "config.h"

#include "wire/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/words.h"

#include "base/banned.h"

#define URI_PREFIX "hopluu:center:"
#define AUTH_LEVEL 2 /* RSA 2048, SHA-256, P-256 and better */

struct trust {
    TAILQ_ENTRY(trust) next;
    char center[NAME_CAP];
    X509_STORE *store;
};

struct tls {
    SSL_CTX *ctx;
    TAILQ_HEAD(, trust) trusted;
    char fingerprint[DIGEST_CAP];
};

DEFINE_FREEP(X509, X509)
DEFINE_FREEP(X509_STORE, X509_STORE)
DEFINE_FREEP(X509_STORE_CTX, X509_STORE_CTX)
DEFINE_FREEP(GENERAL_NAMES, GENERAL_NAMES)
DEFINE_FREEP(tls, struct tls)

/* "doing file: what OpenSSL says", and its queue of errors is empty again. */
static int ssl_fail(struct err *err, int code, const char *doing, const char *file)
{
    unsigned long e = ERR_peek_last_error();
    const char *why = e ? ERR_reason_error_string(e) : NULL;

    ERR_clear_error();
    return err_set(err, code, "cannot %s %s: %s", doing, file,
                   why ? why : "unknown reason");
}

/* The name in the one URI hopluu:center:NAME among the alternative names. */
static int cert_center(const X509 *cert, char name[NAME_CAP], struct err *err)
{
    _cleanup_(GENERAL_NAMES_freep) GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    const size_t skip = strlen(URI_PREFIX);
    unsigned found = 0;

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
        const char *uri;
        size_t len;

        if (n->type != GEN_URI)
            continue;
        uri = (const char *)ASN1_STRING_get0_data(n->d.uniformResourceIdentifier);
        len = (size_t)ASN1_STRING_length(n->d.uniformResourceIdentifier);
        if (len < skip || memcmp(uri, URI_PREFIX, skip) != 0)
            continue;
        /* Bytes after a NUL would be read by some and not by others. */
        if (len - skip >= NAME_CAP || memchr(uri, '\0', len))
            return err_set(err, -EACCES, "certificate with a malformed " URI_PREFIX);
        memcpy(name, uri + skip, len - skip);
        name[len - skip] = '\0';
        found++;
    }
    if (found != 1)
        return err_set(err, -EACCES,
                       "certificate has %u alternative names URI:" URI_PREFIX
                       "NAME, needs one",
                       found);
    if (!word_is_name(name, NAME_CAP - 1))
        return err_set(err, -EACCES, "certificate for '%s', which is no name", name);
    return 0;
}

/* During the handshake any chain will do: whose CA must have signed it is known only
   when the name is. tls_peer_center() decides, before anything else is read. */
static int accept_for_now(X509_STORE_CTX *ctx, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

/* A key with a passphrase is an error, not a question on the terminal. */
static int no_passphrase(char *buf, int size, int rw, void *arg)
{
    (void)buf, (void)size, (void)rw, (void)arg;
    return -1;
}

static int ctx_new(SSL_CTX **ret_ctx, struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_num_tickets(ctx, 0) != 1) {
        SSL_CTX_free(ctx);
        return ssl_fail(err, -ENOMEM, "set up", "TLS 1.3");
    }
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, accept_for_now, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    *ret_ctx = ctx;
    return 0;
}

static int load_own(struct tls *t,
                    const char *center,
                    const char *cert_file,
                    const char *key_file,
                    struct err *err)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    char name[NAME_CAP];
    unsigned n = 0;
    const X509 *own;
    int r = path_check_private(key_file, 077, err);

    if (r < 0)
        return r;
    if (SSL_CTX_use_certificate_chain_file(t->ctx, cert_file) != 1)
        return ssl_fail(err, -EINVAL, "use certificate", cert_file);
    if (SSL_CTX_use_PrivateKey_file(t->ctx, key_file, SSL_FILETYPE_PEM) != 1)
        return ssl_fail(err, -EINVAL, "use key", key_file);
    if (SSL_CTX_check_private_key(t->ctx) != 1)
        return ssl_fail(err, -EINVAL, "use with this certificate the key", key_file);
    own = SSL_CTX_get0_certificate(t->ctx);
    r = cert_center(own, name, err);
    if (r < 0)
        return err_prefix(err, -EINVAL, "%s", cert_file);
    if (strcmp(name, center) != 0)
        return err_set(err, -EINVAL, "%s: certificate is for center %s, this is %s",
                       cert_file, name, center);
    if (X509_digest(own, EVP_sha256(), md, &n) != 1 || 2 * n >= DIGEST_CAP)
        return ssl_fail(err, -ENOMEM, "digest", cert_file);
    for (unsigned i = 0; i < n; i++)
        (void)snprintf(t->fingerprint + 2 * (size_t)i, 3, "%02x", md[i]);
    return 0;
}

int tls_new(const char *center,
            const char *cert_file,
            const char *key_file,
            struct tls **ret_tls,
            struct err *err)
{
    _cleanup_(tls_freep) struct tls *t = calloc(1, sizeof(*t));
    int r;

    if (!t)
        return err_set(err, -ENOMEM, "no memory for TLS");
    TAILQ_INIT(&t->trusted);
    r = ctx_new(&t->ctx, err);
    if (r == 0)
        r = load_own(t, center, cert_file, key_file, err);
    if (r < 0)
        return r;
    *ret_tls = TAKE_PTR(t);
    return 0;
}

static struct trust *find(struct tls *t, const char *center)
{
    struct trust *e;

    TAILQ_FOREACH (e, &t->trusted, next)
        if (strcmp(e->center, center) == 0)
            return e;
    return NULL;
}

static void trust_free(struct tls *t, struct trust *e)
{
    TAILQ_REMOVE(&t->trusted, e, next);
    X509_STORE_free(e->store);
    free(e);
}

void *tls_free(struct tls *t)
{
    if (!t)
        return NULL;
    while (!TAILQ_EMPTY(&t->trusted))
        trust_free(t, TAILQ_FIRST(&t->trusted));
    SSL_CTX_free(t->ctx);
    free(t);
    return NULL;
}

int tls_trust(struct tls *t, const char *center, const char *ca_file, struct err *err)
{
    _cleanup_(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
    struct trust *e;

    if (!word_is_name(center, NAME_CAP - 1))
        return err_set(err, -EINVAL, "'%s' is no name for a center", center);
    if (!store)
        return ssl_fail(err, -ENOMEM, "make a store for", ca_file);
    if (X509_STORE_load_file(store, ca_file) != 1)
        return ssl_fail(err, -EINVAL, "use CA", ca_file);
    e = find(t, center);
    if (!e) {
        e = calloc(1, sizeof(*e));
        if (!e)
            return err_set(err, -ENOMEM, "no memory for TLS");
        (void)word_copy(e->center, sizeof(e->center), center);
        TAILQ_INSERT_TAIL(&t->trusted, e, next);
    }
    X509_STORE_free(e->store);
    e->store = TAKE_PTR(store);
    return 0;
}

void tls_distrust(struct tls *t, const char *center)
{
    struct trust *e = find(t, center);

    if (e)
        trust_free(t, e);
}

const char *tls_fingerprint(const struct tls *t)
{
    return t->fingerprint;
}

SSL *tls_session(struct tls *t, bool server)
{
    SSL *ssl = SSL_new(t->ctx);

    if (ssl && server)
        SSL_set_accept_state(ssl);
    else if (ssl)
        SSL_set_connect_state(ssl);
    return ssl;
}

/* The chain must end at this center's own CA; no other store is asked. */
static int verify(X509_STORE *store,
                  X509 *leaf,
                  STACK_OF(X509) * chain,
                  const char *center,
                  struct err *err)
{
    _cleanup_(X509_STORE_CTX_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    int r;

    if (!ctx || X509_STORE_CTX_init(ctx, store, leaf, chain) != 1)
        return ssl_fail(err, -ENOMEM, "verify certificate of", center);
    param = X509_STORE_CTX_get0_param(ctx);
    /* The CA of a center may itself be signed by a national one. */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    (void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
    r = X509_verify_cert(ctx);
    ERR_clear_error();
    if (r == 1)
        return 0;
    return err_set(err, -EACCES,
                   "certificate for %s, against the CA trusted for it: %s", center,
                   X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
}

int tls_peer_center(struct tls *t, SSL *ssl, char name[NAME_CAP], struct err *err)
{
    _cleanup_(X509_freep) X509 *leaf = SSL_get1_peer_certificate(ssl);
    char claimed[NAME_CAP];
    struct trust *e;
    int r;

    name[0] = '\0';
    if (!leaf)
        return err_set(err, -EACCES, "no certificate");
    r = cert_center(leaf, claimed, err);
    if (r < 0)
        return r;
    e = find(t, claimed);
    if (!e)
        return err_set(err, -EACCES, "center %s is not known here", claimed);
    r = verify(e->store, leaf, SSL_get_peer_cert_chain(ssl), claimed, err);
    if (r == 0)
        (void)word_copy(name, NAME_CAP, claimed);
    return r;
}
