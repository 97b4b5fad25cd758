/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * digest - SHA-256 in hex, and base64 for bytes in frames
 *
 * libcrypto is opened at the first digest: most runs of fbatch make none, and loading
 * it takes longer than all the rest of their start.
 */
#include "config.h"

#include "wire/digest.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "base/banned.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

struct digest {
    EVP_MD_CTX *ctx;
};

static struct {
    __typeof__(EVP_MD_CTX_new) *ctx_new;
    __typeof__(EVP_MD_CTX_free) *ctx_free;
    __typeof__(EVP_sha256) *sha256;
    __typeof__(EVP_DigestInit_ex) *init;
    __typeof__(EVP_DigestUpdate) *update;
    __typeof__(EVP_DigestFinal_ex) *final;
} crypto;

static bool crypto_open(void)
{
    void *lib;

    if (crypto.final)
        return true;
    lib = dlopen("libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION), RTLD_LAZY);
    if (!lib)
        return false;
    *(void **)&crypto.ctx_new = dlsym(lib, "EVP_MD_CTX_new");
    *(void **)&crypto.ctx_free = dlsym(lib, "EVP_MD_CTX_free");
    *(void **)&crypto.sha256 = dlsym(lib, "EVP_sha256");
    *(void **)&crypto.init = dlsym(lib, "EVP_DigestInit_ex");
    *(void **)&crypto.update = dlsym(lib, "EVP_DigestUpdate");
    if (!crypto.ctx_new || !crypto.ctx_free || !crypto.sha256 || !crypto.init
        || !crypto.update)
        return false;
    *(void **)&crypto.final = dlsym(lib, "EVP_DigestFinal_ex");
    return crypto.final != NULL;
}

struct digest *digest_new(void)
{
    struct digest *d = crypto_open() ? calloc(1, sizeof(*d)) : NULL;

    if (!d)
        return NULL;
    d->ctx = crypto.ctx_new();
    if (!d->ctx || crypto.init(d->ctx, crypto.sha256(), NULL) != 1)
        return digest_free(d);
    return d;
}

void *digest_free(struct digest *d)
{
    if (d)
        crypto.ctx_free(d->ctx);
    free(d);
    return NULL;
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
    (void)crypto.update(d->ctx, bytes, n); /* a failure shows at the end */
}

int digest_end(struct digest *d, char hex[DIGEST_CAP])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (crypto.final(d->ctx, md, &n) != 1 || n != 32)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        hex[2 * i] = digits[md[i] >> 4];
        hex[2 * i + 1] = digits[md[i] & 15];
    }
    hex[64] = '\0';
    return 0;
}

int digest_bytes(const void *bytes, size_t n, char hex[DIGEST_CAP])
{
    struct digest *d = digest_new();
    int r = -ENOMEM;

    if (d) {
        digest_add(d, bytes, n);
        r = digest_end(d, hex);
    }
    digest_free(d);
    return r;
}

int digest_file(const char *path,
                char hex[DIGEST_CAP],
                uint64_t *ret_bytes,
                struct err *err)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct digest *d = fd < 0 ? NULL : digest_new();
    char buf[65536];
    uint64_t bytes = 0;
    ssize_t n = 0;
    int r;

    if (fd < 0)
        return err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
    if (!d)
        return err_set(err, -ENOMEM, "out of memory");
    while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) {
            digest_add(d, buf, (size_t)n);
            bytes += (uint64_t)n;
        }
    r = n < 0 ? err_set(err, -errno, "cannot read %s: %s", path, strerror(errno))
              : digest_end(d, hex);
    digest_free(d);
    if (r == 0 && ret_bytes)
        *ret_bytes = bytes;
    return r;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    char *text;
    char *to;

    if (n > INT_MAX / 2)
        return NULL;
    text = to = malloc((n + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)from[i] << 16;

        if (i + 1 < n)
            v |= (uint32_t)from[i + 1] << 8;
        if (i + 2 < n)
            v |= from[i + 2];
        *to++ = base64_digits[v >> 18];
        *to++ = base64_digits[v >> 12 & 63];
        *to++ = i + 1 < n ? base64_digits[v >> 6 & 63] : '=';
        *to++ = i + 2 < n ? base64_digits[v & 63] : '=';
    }
    *to = '\0';
    return text;
}

/* Six bits, or 64 for what is no digit. */
static uint32_t base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int base64_decode(const char *text, size_t len, void **ret_bytes, size_t *ret_n)
{
    unsigned char *out;
    size_t pad = 0;
    size_t n = 0;

    if (len % 4 != 0 || len > INT_MAX / 2)
        return -EBADMSG;
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
        pad++;
    out = malloc(len / 4 * 3 + 1);
    if (!out)
        return -ENOMEM;
    for (size_t i = 0; i < len; i += 4) {
        uint32_t v = 0;

        for (size_t k = 0; k < 4; k++) {
            uint32_t x = i + k >= len - pad ? 0 : base64_value(text[i + k]);

            if (x > 63) {
                free(out);
                return -EBADMSG;
            }
            v = v << 6 | x;
        }
        out[n++] = (unsigned char)(v >> 16);
        out[n++] = (unsigned char)(v >> 8);
        out[n++] = (unsigned char)v;
    }
    /* One text for the same bytes: bits that nobody reads are none. */
    for (size_t k = 0; k < pad; k++)
        if (out[n - 1 - k] != 0) {
            free(out);
            return -EBADMSG;
        }
    *ret_bytes = out;
    *ret_n = n - pad;
    return 0;
}
