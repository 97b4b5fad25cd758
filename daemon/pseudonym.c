/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* pseudonym - the name under which a person stands in what leaves the center */
#include "config.h"

#include "daemon/pseudonym.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "base/banned.h"

#define KEY_BYTES 32
#define DIGITS 16

struct pseudonym {
    unsigned char key[KEY_BYTES];
};

static int write_key(const char *path, unsigned char key[KEY_BYTES], struct err *err)
{
    char part[4096];
    int fd, r = 0;

    if (RAND_bytes(key, KEY_BYTES) != 1)
        return err_set(err, -EIO, "no random bytes for %s", path);
    (void)snprintf(part, sizeof(part), "%s.part", path);
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(err, -errno, "cannot write %s: %s", part, strerror(errno));
    if (write(fd, key, KEY_BYTES) != KEY_BYTES || fsync(fd) != 0)
        r = err_set(err, -EIO, "cannot write %s", part);
    if (close(fd) != 0 && r == 0)
        r = err_set(err, -errno, "cannot write %s: %s", part, strerror(errno));
    if (r == 0 && rename(part, path) != 0)
        r = err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    if (r < 0)
        (void)unlink(part); /* what went wrong is said already */
    return r;
}

static int read_key(const char *path, unsigned char key[KEY_BYTES], struct err *err)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char more;

    if (fd < 0)
        return errno == ENOENT
                   ? -ENOENT
                   : err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
    if (read(fd, key, KEY_BYTES) != KEY_BYTES || read(fd, &more, 1) != 0)
        return err_set(err, -EBADMSG, "%s: the key has %d bytes", path, KEY_BYTES);
    return 0;
}

int pseudonym_open(const char *state_dir, struct pseudonym **ret_p, struct err *err)
{
    char path[4000];
    struct pseudonym *p = calloc(1, sizeof(*p));
    int r;

    if (!p)
        return err_set(err, -ENOMEM, "not enough memory");
    r = snprintf(path, sizeof(path), "%s/pseudonym.key", state_dir);
    if (r < 0 || (size_t)r >= sizeof(path))
        r = err_set(err, -ENAMETOOLONG, "%s is too long", state_dir);
    else
        r = read_key(path, p->key, err);
    if (r == -ENOENT)
        r = write_key(path, p->key, err);
    if (r < 0)
        pseudonym_free(p);
    else
        *ret_p = p;
    return r;
}

void *pseudonym_free(struct pseudonym *p)
{
    if (p)
        OPENSSL_cleanse(p->key, sizeof(p->key));
    free(p);
    return NULL;
}

int pseudonym_of(const struct pseudonym *p, const char *person, char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = strlen(person);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    /* Who was erased stands in the store as that already. */
    if (len == 2 + DIGITS && !strncmp(person, "p-", 2)
        && strspn(person + 2, digits) == DIGITS) {
        memcpy(text, person, len + 1);
        return 0;
    }
    if (!HMAC(EVP_sha256(), p->key, KEY_BYTES, (const unsigned char *)person, len, mac,
              &n)
        || n < DIGITS / 2)
        return -ENOMEM;
    text[0] = 'p';
    text[1] = '-';
    for (unsigned i = 0; i < DIGITS / 2; i++) {
        text[2 + 2 * i] = digits[mac[i] >> 4];
        text[3 + 2 * i] = digits[mac[i] & 15];
    }
    text[2 + DIGITS] = '\0';
    return 0;
}
