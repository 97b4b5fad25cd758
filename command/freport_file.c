/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_file - an output that is there whole or not at all */
#include "config.h"

#include "command/freport_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "base/banned.h"

struct stream {
    int (*write)(FILE *out, void *arg, struct err *err);
    void *arg;
};

static int stream_part(const char *part, void *arg, struct err *err)
{
    const struct stream *s = arg;
    FILE *out = fopen(part, "we");
    int r;

    if (!out)
        return err_set(err, -errno, "cannot write %s: %s", part, strerror(errno));
    r = s->write(out, s->arg, err);
    if (fclose(out) != 0 && r == 0)
        r = err_set(err, -errno, "%s: %s", part, strerror(errno));
    return r;
}

static int sync_path(const char *path, struct err *err)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return err_set(err, -errno, "%s: %s", path, strerror(errno));
    return 0;
}

int freport_into_path(const char *path,
                      int (*write)(const char *part, void *arg, struct err *err),
                      void *arg,
                      struct err *err)
{
    char *part = NULL;
    int r;

    if (asprintf(&part, "%s.part", path) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    r = write(part, arg, err);
    if (r == 0)
        r = sync_path(part, err);
    if (r == 0 && rename(part, path) != 0)
        r = err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    if (r < 0)
        (void)unlink(part); /* what went wrong is said already */
    free(part);
    return r;
}

int freport_into_file(const char *path,
                      int (*write)(FILE *out, void *arg, struct err *err),
                      void *arg,
                      struct err *err)
{
    struct stream s = {write, arg};

    return path ? freport_into_path(path, stream_part, &s, err)
                : write(stdout, arg, err);
}
