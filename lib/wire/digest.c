/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* digest - SHA-256 in hex, and base64 for bytes in frames */
#include "config.h"

#include "wire/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "base/banned.h"

struct digest {
    EVP_MD_CTX *ctx;
};

struct digest *digest_new(void)
{
    struct digest *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1)
        return digest_free(d);
    return d;
}

void *digest_free(struct digest *d)
{
    if (d)
        EVP_MD_CTX_free(d->ctx);
    free(d);
    return NULL;
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
    (void)EVP_DigestUpdate(d->ctx, bytes, n); /* a failure shows at the end */
}

int digest_end(struct digest *d, char hex[DIGEST_CAP])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_DigestFinal_ex(d->ctx, md, &n) != 1 || n != 32)
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

char *base64_encode(const void *bytes, size_t n)
{
    char *text;

    if (n > INT_MAX / 2)
        return NULL;
    text = malloc((n + 2) / 3 * 4 + 1);
    if (text)
        (void)EVP_EncodeBlock((unsigned char *)text, bytes,
                              (int)n); /* its length is known */
    return text;
}

int base64_decode(const char *text, size_t len, void **ret_bytes, size_t *ret_n)
{
    unsigned char *out;
    size_t pad = 0;
    int n;

    if (len % 4 != 0 || len > INT_MAX / 2)
        return -EBADMSG;
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
        pad++;
    out = malloc(len / 4 * 3 + 1);
    if (!out)
        return -ENOMEM;
    n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
    if (n < 0 || (size_t)n < pad) {
        free(out);
        return -EBADMSG;
    }
    *ret_bytes = out;
    *ret_n = (size_t)n - pad;
    return 0;
}
