/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* seal - a detached CMS signature over a file's bytes, in exactly one form */
#include "config.h"

#include "report/seal.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

/* The bytes are what OpenSSL writes for what it has read: no other spelling, and
   nothing behind. */
static int check_spelling(CMS_ContentInfo *cms, const void *seal, size_t n)
{
    unsigned char *again = NULL;
    int len = i2d_CMS_ContentInfo(cms, &again);
    int r = len >= 0 && (size_t)len == n && !memcmp(again, seal, n) ? 0 : -EBADMSG;

    OPENSSL_free(again);
    return r;
}

/* One element of DER at *p, which moves behind it; into: to its content. NULL = it is
   not there. */
static const unsigned char *element(const unsigned char **p,
                                    const unsigned char *end,
                                    int want,
                                    bool into,
                                    size_t *ret_n)
{
    const unsigned char *from = *p, *content = *p;
    long len;
    int tag, class;

    if (content >= end
        || ASN1_get_object(&content, &len, &tag, &class, end - content) & 0x81
        || len > end - content || from[0] != want)
        return NULL;
    *p = into ? content : content + len;
    *ret_n = (size_t)(content + len - from);
    return from;
}

static bool is_bytes(const unsigned char *at, size_t n, const void *want, size_t n_want)
{
    return at && n == n_want && !memcmp(at, want, n);
}

/*
 * What neither the signature nor OpenSSL's interface lets us see: versions, the list of
 * digests, the kind of content.
 */
static int check_frame(const unsigned char *seal, size_t n)
{
    static const unsigned char one[] = {2, 1, 1};
    static const unsigned char digests[] = {0x31, 13, 0x30, 11, 6, 9, 0x60, 0x86,
                                            0x48, 1,  0x65, 3,  4, 2, 1};
    static const unsigned char data[] = {0x30, 11,   6,  9, 0x2a, 0x86, 0x48,
                                         0x86, 0xf7, 13, 1, 7,    1};
    const unsigned char *p = seal, *end = seal + n, *at;
    size_t k = 0;

    if (!element(&p, end, 0x30, true, &k) || !element(&p, end, 6, false, &k)
        || !element(&p, end, 0xa0, true, &k) || !element(&p, end, 0x30, true, &k))
        return -EBADMSG;
    at = element(&p, end, 2, false, &k);
    if (!is_bytes(at, k, one, sizeof(one)))
        return -EBADMSG;
    at = element(&p, end, 0x31, false, &k);
    if (!is_bytes(at, k, digests, sizeof(digests)))
        return -EBADMSG;
    at = element(&p, end, 0x30, false, &k);
    if (!is_bytes(at, k, data, sizeof(data)) || !element(&p, end, 0xa0, false, &k)
        || !element(&p, end, 0x31, true, &k) || !element(&p, end, 0x30, true, &k))
        return -EBADMSG;
    at = element(&p, end, 2, false, &k);
    return is_bytes(at, k, one, sizeof(one)) ? 0 : -EBADMSG;
}

static bool is_sha256(const X509_ALGOR *a)
{
    const ASN1_OBJECT *oid;
    int type;

    X509_ALGOR_get0(&oid, &type, NULL, a);
    return OBJ_obj2nid(oid) == NID_sha256
           && (type == V_ASN1_UNDEF || type == V_ASN1_NULL);
}

/* RSA with PKCS #1 padding, or ECDSA with SHA-256. */
static bool is_known(const X509_ALGOR *a)
{
    const ASN1_OBJECT *oid;
    int type, nid;

    X509_ALGOR_get0(&oid, &type, NULL, a);
    nid = OBJ_obj2nid(oid);
    return (nid == NID_rsaEncryption && type == V_ASN1_NULL)
           || (nid == NID_ecdsa_with_SHA256 && type == V_ASN1_UNDEF);
}

/* The issuer's name as the certificate spells it: OpenSSL takes capitals for equal. */
static bool names_issuer(CMS_SignerInfo *si, const X509 *cert)
{
    unsigned char *a = NULL, *b = NULL;
    X509_NAME *issuer = NULL;
    int n, m;
    bool same;

    if (CMS_SignerInfo_get0_signer_id(si, NULL, &issuer, NULL) != 1 || !issuer)
        return false;
    n = i2d_X509_NAME(issuer, &a);
    m = i2d_X509_NAME(X509_get_issuer_name(cert), &b);
    same = n > 0 && n == m && !memcmp(a, b, (size_t)n);
    OPENSSL_free(a);
    OPENSSL_free(b);
    return same;
}

/* What the signature does not cover and OpenSSL does not look at. */
static int check_form(CMS_ContentInfo *cms, X509 **ret_cert, struct err *err)
{
    STACK_OF(CMS_SignerInfo) * signers;
    STACK_OF(X509) *certs = NULL;
    STACK_OF(X509_CRL) *crls = NULL;
    CMS_SignerInfo *si;
    X509_ALGOR *digest, *algorithm;
    int r = 0;

    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed
        || OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data
        || !CMS_is_detached(cms))
        return err_set(err, -EBADMSG, "it is not a detached signature");
    signers = CMS_get0_SignerInfos(cms);
    certs = CMS_get1_certs(cms);
    crls = CMS_get1_crls(cms);
    if (sk_CMS_SignerInfo_num(signers) != 1 || sk_X509_num(certs) != 1 || crls) {
        r = err_set(err, -EBADMSG,
                    "it must have one signer, its certificate and nothing else");
    } else {
        si = sk_CMS_SignerInfo_value(signers, 0);
        *ret_cert = sk_X509_value(certs, 0);
        CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &algorithm);
        if (CMS_signed_get_attr_count(si) > 0 || CMS_unsigned_get_attr_count(si) > 0)
            r = err_set(err, -EBADMSG, "it has attributes: it was made without any");
        else if (CMS_SignerInfo_cert_cmp(si, *ret_cert) != 0
                 || !names_issuer(si, *ret_cert))
            r = err_set(err, -EBADMSG, "its certificate is not the signer's");
        else if (!is_sha256(digest) || !is_known(algorithm))
            r = err_set(err, -EBADMSG,
                        "its algorithms are not SHA-256 with RSA or ECDSA");
    }
    if (r < 0)
        *ret_cert = NULL;
    else
        (void)X509_up_ref(*ret_cert); /* cannot fail on a live object */
    sk_X509_pop_free(certs, X509_free);
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    return r;
}

static int64_t seconds_of(const ASN1_TIME *t)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void tell(X509 *cert, struct seal_signer *s)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    *s = (struct seal_signer){0};
    if (out
        && X509_NAME_print_ex(out, X509_get_subject_name(cert), 0,
                              XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)
               >= 0)
        len = BIO_get_mem_data(out, &text);
    if (len > 0)
        (void)snprintf(s->subject, sizeof(s->subject), "%.*s", (int)len, text);
    BIO_free(out);
    if (X509_digest(cert, EVP_sha256(), md, &n) == 1 && n == 32)
        for (unsigned i = 0; i < n; i++)
            (void)snprintf(s->sha256 + 2 * i, 3, "%02x", md[i]);
    s->from = seconds_of(X509_get0_notBefore(cert));
    s->until = seconds_of(X509_get0_notAfter(cert));
}

/* Is the certificate trusted, for any purpose, at that time? */
static int check_trust(X509 *cert, const char *ca_path, int64_t at, struct err *err)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int r = 0;

    if (!store || !ctx) {
        r = err_set(err, -ENOMEM, "not enough memory");
    } else if (X509_STORE_load_file(store, ca_path) != 1) {
        r = err_set(err, -ENOENT, "%s: no certificates (PEM) can be read from it",
                    ca_path);
    } else if (X509_STORE_CTX_init(ctx, store, cert, NULL) != 1) {
        r = err_set(err, -ENOMEM, "not enough memory");
    } else {
        X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

        (void)X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_ANY); /* a known one */
        if (at)
            X509_VERIFY_PARAM_set_time(p, (time_t)at);
        if (X509_verify_cert(ctx) != 1)
            r = err_set(err, -EKEYREJECTED, "its certificate is not trusted: %s",
                        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return r;
}

static int check_signature(CMS_ContentInfo *cms,
                           const void *content,
                           size_t n,
                           struct err *err)
{
    BIO *in = n <= INT32_MAX ? BIO_new_mem_buf(n ? content : "", (int)n) : NULL;
    int ok;

    if (!in)
        return err_set(err, -ENOMEM, "not enough memory");
    ok = CMS_verify(cms, NULL, NULL, in, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY);
    BIO_free(in);
    return ok == 1 ? 0
                   : err_set(err, -EBADMSG, "it is not the signature of this content");
}

int seal_check(const void *seal,
               size_t n,
               const void *content,
               size_t n_content,
               const char *ca_path,
               int64_t at,
               struct seal_signer *ret_signer,
               struct err *err)
{
    const unsigned char *p = seal;
    CMS_ContentInfo *cms =
        n && n <= SEAL_BYTES ? d2i_CMS_ContentInfo(NULL, &p, (long)n) : NULL;
    X509 *cert = NULL;
    int r;

    if (!cms || check_spelling(cms, seal, n) < 0 || check_frame(seal, n) < 0)
        r = err_set(err, -EBADMSG, "it is not a CMS signature in DER");
    else
        r = check_form(cms, &cert, err);
    if (cert)
        tell(cert, ret_signer);
    if (r == 0)
        r = check_signature(cms, content, n_content, err);
    if (r == 0)
        r = check_trust(cert, ca_path, at, err);
    X509_free(cert);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return r;
}
