/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bundle_file - files of a bundle: made, read, hashed, listed */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/words.h"
#include "report/bundle_int.h"

#include "base/banned.h"

#define DEPTH_MAX 4

int bundle_path(const char *dir, const char *name, char *path, struct err *err)
{
    int n = snprintf(path, PATH_BYTES, "%s/%s", dir, name);

    if (n < 0 || n >= PATH_BYTES)
        return err_set(err, -ENAMETOOLONG, "%.60s/%.60s: the path is too long", dir,
                       name);
    return 0;
}

FILE *bundle_create(const char *dir, const char *name, int *ret_code, struct err *err)
{
    char path[PATH_BYTES];
    char *slash;
    FILE *f;

    *ret_code = bundle_path(dir, name, path, err);
    if (*ret_code < 0)
        return NULL;
    slash = strchr(name, '/');
    if (slash) {
        char *at = path + strlen(path) - strlen(slash);

        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            *ret_code =
                err_set(err, -errno, "cannot make %s: %s", path, strerror(errno));
            return NULL;
        }
        *at = '/';
    }
    f = fopen(path, "wxe");
    if (!f)
        *ret_code = err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    return f;
}

int bundle_close(FILE *f, const char *name, int r, struct err *err)
{
    bool failed = ferror(f) || fflush(f) != 0 || fsync(fileno(f)) != 0;
    int code = errno;

    if (fclose(f) != 0 && !failed) {
        failed = true;
        code = errno;
    }
    if (r == 0 && failed)
        return err_set(err, code ? -code : -EIO, "cannot write %s: %s", name,
                       strerror(code ? code : EIO));
    return r;
}

int bundle_read(const char *dir,
                const char *name,
                size_t max,
                struct buf *ret_bytes,
                struct err *err)
{
    char path[PATH_BYTES];
    struct stat st;
    int r = bundle_path(dir, name, path, err);

    if (r < 0)
        return r;
    *ret_bytes = BUF_INIT(max);
    if (lstat(path, &st) != 0)
        return err_set(err, errno == ENOENT ? -EBADMSG : -errno, "%s: %s", name,
                       errno == ENOENT ? "it is missing" : strerror(errno));
    if (!S_ISREG(st.st_mode) || (uintmax_t)st.st_size > max)
        return err_set(err, -EBADMSG, "%s: it is no file of at most %zu bytes", name,
                       max);
    r = path_read(path, ret_bytes, err);
    if (r < 0)
        buf_release(ret_bytes);
    return r;
}

static void hex(const unsigned char *md, size_t n, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[md[i] >> 4];
        text[2 * i + 1] = digits[md[i] & 15];
    }
    text[2 * n] = '\0';
}

struct hasher {
    EVP_MD_CTX *ctx;
    EVP_MD *md;
};

struct hasher *hasher_new(void)
{
    struct hasher *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->ctx = EVP_MD_CTX_new();
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    return h->ctx && h->md ? h : hasher_free(h);
}

void *hasher_free(struct hasher *h)
{
    if (h) {
        EVP_MD_CTX_free(h->ctx);
        EVP_MD_free(h->md);
        free(h);
    }
    return NULL;
}

int hasher_line(struct hasher *h, const char *line, size_t n, char *text)
{
    unsigned char md[EVP_MAX_MD_SIZE];

    if (EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1
        || EVP_DigestUpdate(h->ctx, line, n) != 1
        || EVP_DigestFinal_ex(h->ctx, md, NULL) != 1)
        return -ENOMEM;
    hex(md, 32, text);
    return 0;
}

int bundle_hash_file(const char *path, char *text, struct err *err)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct hasher *h = fd < 0 ? NULL : hasher_new();
    unsigned char md[EVP_MAX_MD_SIZE];
    char *bytes = malloc(1 << 18);
    ssize_t n = 1;
    int r = 0;

    if (fd < 0)
        r = err_set(err, -errno, "%s: %s", path, strerror(errno));
    else if (!h || !bytes || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1)
        r = err_set(err, -ENOMEM, "not enough memory");
    while (r == 0 && n > 0) {
        n = read(fd, bytes, 1 << 18);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        if (n < 0)
            r = err_set(err, -errno, "%s: %s", path, strerror(errno));
        else if (n > 0 && EVP_DigestUpdate(h->ctx, bytes, (size_t)n) != 1)
            r = err_set(err, -ENOMEM, "not enough memory");
    }
    if (r == 0 && EVP_DigestFinal_ex(h->ctx, md, NULL) != 1)
        r = err_set(err, -ENOMEM, "not enough memory");
    if (r == 0)
        hex(md, 32, text);
    free(bytes);
    hasher_free(h);
    return r;
}

/* --- the list -----------------------------------------------------------------------
 */

struct list {
    char **v;
    size_t n;
};

static int list_add(struct list *l, const char *path, struct err *err)
{
    char **v;

    if (l->n == BUNDLE_FILES_MAX)
        return err_set(err, -EBADMSG, "more than %d files", BUNDLE_FILES_MAX);
    if (l->n % 64 == 0) {
        v = reallocarray(l->v, l->n + 64, sizeof(*v));
        if (!v)
            return err_set(err, -ENOMEM, "not enough memory");
        l->v = v;
    }
    l->v[l->n] = strdup(path);
    return l->v[l->n++] ? 0 : err_set(err, -ENOMEM, "not enough memory");
}

static int walk(const char *dir,
                const char *below,
                unsigned depth,
                struct list *l,
                struct err *err);

static int look_at(const char *dir,
                   const char *below,
                   const char *name,
                   unsigned depth,
                   struct list *l,
                   struct err *err)
{
    char inner[BUNDLE_PATH_CAP], path[PATH_BYTES];
    struct stat st;
    int n = snprintf(inner, sizeof(inner), "%s/%s", below, name);
    int r;

    if (n < 0 || (size_t)n >= sizeof(inner) || !word_is_name(name, NAME_CAP + 20)
        || depth > DEPTH_MAX)
        return err_set(err, -EBADMSG,
                       "%.80s/%.80s: no file of a bundle has such a name", below, name);
    r = bundle_path(dir, inner, path, err);
    if (r < 0)
        return r;
    if (lstat(path, &st) != 0)
        return err_set(err, -errno, "%s: %s", inner, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return walk(dir, inner, depth + 1, l, err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, -EBADMSG, "%s: it is neither a file nor a directory",
                       inner);
    return list_add(l, inner, err);
}

static int walk(
    const char *dir, const char *below, unsigned depth, struct list *l, struct err *err)
{
    char path[PATH_BYTES];
    const struct dirent *e;
    DIR *d;
    int r = bundle_path(dir, below, path, err);

    if (r < 0)
        return r;
    d = opendir(path);
    if (!d)
        return err_set(err, -errno, "%s: %s", path, strerror(errno));
    while (r == 0 && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            r = look_at(dir, below, e->d_name, depth, l, err);
    (void)closedir(d); /* it was only read */
    return r;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int bundle_list(const char *dir, char ***ret_v, size_t *ret_n, struct err *err)
{
    struct list l = {0};
    int r = walk(dir, ".", 1, &l, err);

    if (r < 0) {
        bundle_list_free(l.v, l.n);
        return r;
    }
    if (l.n)
        qsort(l.v, l.n, sizeof(*l.v), by_bytes);
    *ret_v = l.v;
    *ret_n = l.n;
    return 0;
}

void bundle_list_free(char **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(v[i]);
    free(v);
}
