/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* record_file - a file of record lines, read from front to end */
#include "config.h"

#include "report/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "report/record_line.h"

#include "base/banned.h"

#define BUFFER_BYTES ((size_t)1 << 20)

struct record_file {
    const char *path;
    int fd;
    uint64_t number;
    bool at_end;
    size_t from; /* unread bytes are buffer[from..to) */
    size_t to;
    char buffer[BUFFER_BYTES];
};

int record_file_open(const char *path, struct record_file **ret_f, struct err *err)
{
    bool std = !strcmp(path, "-");
    int fd = std ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct record_file *f;

    if (fd < 0)
        return err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
    f = malloc(sizeof(*f));
    if (!f) {
        (void)close(fd); /* nothing was written to it */
        return err_set(err, -ENOMEM, "not enough memory to read %s", path);
    }
    f->path = std ? "standard input" : path;
    f->fd = fd;
    f->number = 0;
    f->at_end = false;
    f->from = f->to = 0;
    *ret_f = f;
    return 0;
}

void *record_file_free(struct record_file *f)
{
    if (f) {
        (void)close(f->fd); /* it was only read */
        free(f);
    }
    return NULL;
}

/* Room is made by moving the unread bytes to the front. */
static int fill(struct record_file *f, struct err *err)
{
    ssize_t n;

    memmove(f->buffer, f->buffer + f->from, f->to - f->from);
    f->to -= f->from;
    f->from = 0;
    do
        n = read(f->fd, f->buffer + f->to, sizeof(f->buffer) - f->to);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_set(err, -errno, "cannot read %s: %s", f->path, strerror(errno));
    f->at_end = n == 0;
    f->to += (size_t)n;
    return 0;
}

int record_file_line(struct record_file *f,
                     const char **ret_line,
                     size_t *ret_n,
                     struct err *err)
{
    for (;;) {
        const char *line = f->buffer + f->from;
        size_t left = f->to - f->from;
        const char *end = memchr(line, '\n', left);
        int r;

        if (end && end - line < RECORD_LINE_CAP) {
            f->number++;
            f->from += (size_t)(end - line) + 1;
            if (end == line)
                return err_set(err, -EBADMSG, "%s:%" PRIu64 ": the line is empty",
                               f->path, f->number);
            *ret_line = line;
            *ret_n = (size_t)(end - line);
            return 1;
        }
        if (end || left >= RECORD_LINE_CAP)
            return err_set(err, -EBADMSG,
                           "%s:%" PRIu64 ": a record has at most %d bytes", f->path,
                           f->number + 1, RECORD_LINE_CAP - 1);
        if (f->at_end && left == 0)
            return 0;
        if (f->at_end)
            return err_set(err, -EBADMSG,
                           "%s:%" PRIu64 ": the last line has no newline: was the file "
                           "cut?",
                           f->path, f->number + 1);
        r = fill(f, err);
        if (r < 0)
            return r;
    }
}

int record_file_next(struct record_file *f, struct run_record *ret_r, struct err *err)
{
    const char *line;
    size_t n;
    int r = record_file_line(f, &line, &n, err);

    if (r <= 0)
        return r;
    r = record_line_parse(line, n, ret_r, err);
    if (r < 0)
        return err_prefix(err, r, "%s:%" PRIu64, f->path, f->number);
    return 1;
}

uint64_t record_file_number(const struct record_file *f)
{
    return f->number;
}
