/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* blobs - inputs that users have uploaded, until a job takes them */
#include "config.h"

#include "daemon/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "daemon/users.h"
#include "wire/digest.h"

#include "base/banned.h"

static bool is_digest(const char *s)
{
    return s && strlen(s) == DIGEST_CAP - 1
           && strspn(s, "0123456789abcdef") == DIGEST_CAP - 1;
}

int blob_path(const struct center *c,
              uid_t uid,
              const char *sha256,
              char path[PATH_MAX])
{
    int n;

    if (!is_digest(sha256))
        return -EINVAL;
    n = snprintf(path, PATH_MAX, "%s/blobs/%u/%s", c->settings->state_dir,
                 (unsigned)uid, sha256);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int blobs_check(struct center *c,
                uid_t uid,
                const struct job_spec *spec,
                struct err *err)
{
    for (size_t i = 0; i < spec->n_inputs; i++) {
        const struct job_file *f = &spec->inputs[i];
        char path[PATH_MAX];
        struct stat st;

        if (blob_path(c, uid, f->sha256, path) < 0)
            return err_set(err, -EINVAL, "file to transfer in '%s': no SHA-256",
                           f->name);
        if (stat(path, &st) < 0 || (uint64_t)st.st_size != f->bytes)
            return err_set(err, -ENOENT,
                           "file to transfer in '%s' has not been uploaded", f->name);
        (void)utimensat(AT_FDCWD, path, NULL,
                        0); /* used now; a failure only shortens its stay */
    }
    return 0;
}

struct upload {
    char path[PATH_MAX];
    char part[PATH_MAX];
    const char *sha256;
    uint64_t bytes;
    uint64_t offset;
};

static int read_upload(struct ask *a, struct upload *up, struct err *err)
{
    const json_t *q = a->question;
    json_int_t bytes = json_integer_value(json_object_get(q, "bytes"));
    json_int_t offset = json_integer_value(json_object_get(q, "offset"));
    char dir[PATH_MAX];
    int n;

    up->sha256 = json_string_value(json_object_get(q, "sha256"));
    if (blob_path(a->c, a->who->uid, up->sha256, up->path) < 0)
        return err_set(err, -EINVAL, "\"sha256\" must be 64 hex digits");
    if (bytes < 0 || (uint64_t)bytes > a->c->settings->transfer_max)
        return err_set(err, -E2BIG,
                       "a file of %" PRId64
                       " bytes is over this center's transfer_max of %" PRIu64,
                       (int64_t)bytes, a->c->settings->transfer_max);
    if (offset < 0 || offset > bytes)
        return err_set(err, -EINVAL, "\"offset\" lies outside the file");
    up->bytes = (uint64_t)bytes;
    up->offset = (uint64_t)offset;
    n = snprintf(up->part, sizeof(up->part), "%.*s.part", PATH_MAX - 6, up->path);
    if (n < 0
        || snprintf(dir, sizeof(dir), "%s/blobs/%u", a->c->settings->state_dir,
                    (unsigned)a->who->uid)
               >= (int)sizeof(dir))
        return err_set(err, -ENAMETOOLONG, "the state directory's name is too long");
    return path_make_dirs(dir, 0700, err);
}

/* Append one piece at its offset: out of place is refused with what is there. */
static int append(const struct upload *up,
                  const void *bytes,
                  size_t n,
                  uint64_t *have,
                  struct err *err)
{
    _cleanup_(closep) int fd =
        open(up->part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, -EIO, "cannot keep the upload: %s", strerror(errno));
    *have = (uint64_t)st.st_size;
    if (up->offset != *have || n > up->bytes - *have)
        return 0; /* the client goes on from what is there */
    if (pwrite(fd, bytes, n, (off_t)up->offset) != (ssize_t)n) {
        int e = errno;

        if (ftruncate(fd, (off_t)up->offset) < 0)
            (void)unlink(up->part); /* the client starts again */
        return err_set(err, e == ENOSPC ? -ENOSPC : -EIO, "cannot keep the upload: %s",
                       strerror(e));
    }
    *have += n;
    return 0;
}

static int finish(const struct upload *up, struct err *err)
{
    char hex[DIGEST_CAP];
    int r = digest_file(up->part, hex, NULL, err);

    if (r < 0)
        return r;
    if (strcmp(hex, up->sha256) != 0) {
        (void)unlink(up->part); /* start again */
        return err_set(err, -EINVAL, "the uploaded bytes have another SHA-256: %s",
                       hex);
    }
    if (rename(up->part, up->path) < 0)
        return err_set(err, -EIO, "cannot keep the upload: %s", strerror(errno));
    return 0;
}

int op_blob(struct ask *a, struct err *err)
{
    struct upload *up = calloc(1, sizeof(*up));
    const json_t *data = json_object_get(a->question, "data");
    void *bytes = NULL;
    size_t n = 0;
    uint64_t have = 0;
    struct stat st;
    int r = up ? read_upload(a, up, err) : -ENOMEM;

    if (r == 0 && stat(up->path, &st) == 0) {
        have = up->bytes; /* there already, by its content */
    } else if (r == 0 && !data) {
        have = stat(up->part, &st) == 0 ? (uint64_t)st.st_size : 0;
        if (up->bytes == 0)
            r = append(up, "", 0, &have, err);
    } else if (r == 0) {
        r = base64_decode(json_string_value(data) ? json_string_value(data) : "",
                          json_string_length(data), &bytes, &n);
        if (r < 0)
            err_set(err, r, "\"data\" is not base64");
        else
            r = append(up, bytes, n, &have, err);
        free(bytes);
    }
    if (r == 0 && have == up->bytes && stat(up->path, &st) < 0)
        r = finish(up, err);
    free(up);
    if (r == 0)
        users_reply(a->c->users, a->ticket,
                    json_pack("{s:I}", "have", (json_int_t)have));
    return r;
}

static void trim_dir(const char *dir)
{
    DIR *d = opendir(dir);
    time_t now = time(NULL);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        struct stat st;

        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(st.st_mode) && now - st.st_mtime > BLOB_KEEP_S)
            (void)unlinkat(dirfd(d), e->d_name, 0); /* next time, then */
    }
    if (d)
        (void)closedir(d);
}

void blobs_trim(struct center *c)
{
    char path[PATH_MAX];
    struct dirent *e;
    DIR *d;

    if (snprintf(path, sizeof(path), "%s/blobs", c->settings->state_dir)
        >= (int)sizeof(path))
        return;
    d = opendir(path);
    while (d && (e = readdir(d))) {
        char dir[PATH_MAX];

        if (e->d_name[0] != '.' && path_join(dir, sizeof(dir), path, e->d_name) == 0)
            trim_dir(dir);
    }
    if (d)
        (void)closedir(d);
}
