/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* journal_file - lines of a journal in a file, one after the other */
#include "config.h"

#include "report/journal_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/merkle.h"

#include "base/banned.h"

#define BUFFER_BYTES ((size_t)1 << 20) /* many times the longest line */

struct window {
    FILE *file;
    size_t from; /* unread bytes are bytes[from..to) */
    size_t to;
    bool at_end;
    char bytes[BUFFER_BYTES];
};

/* The next line without its end into *ret_line [*ret_n]: 1, 0 (no more), -EBADMSG. */
static int next_line(struct window *w,
                     const char **ret_line,
                     size_t *ret_n,
                     struct err *err)
{
    for (;;) {
        const char *line = w->bytes + w->from;
        size_t left = w->to - w->from;
        const char *end = memchr(line, '\n', left);

        if (end && (size_t)(end - line) <= LINE_MAX_BYTES) {
            *ret_line = line;
            *ret_n = (size_t)(end - line);
            w->from += *ret_n + 1;
            return 1;
        }
        if (end || left > LINE_MAX_BYTES || (w->at_end && left > 0))
            return err_set(err, -EBADMSG, "it is too long, or cut");
        if (w->at_end)
            return 0;
        memmove(w->bytes, line, left);
        w->from = 0;
        w->to = left + fread(w->bytes + left, 1, BUFFER_BYTES - left, w->file);
        w->at_end = w->to < BUFFER_BYTES;
    }
}

int journal_file_each(
    const char *path,
    int (*each)(const char *line, size_t n, void *arg, struct err *err),
    void *arg,
    struct err *err)
{
    struct window *w = malloc(sizeof(*w));
    uint64_t number = 0;
    int r = 1;

    if (!w)
        return err_set(err, -ENOMEM, "not enough memory to read %s", path);
    w->from = w->to = 0;
    w->at_end = false;
    w->file = fopen(path, "re");
    if (!w->file) {
        r = err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
        free(w);
        return r;
    }
    (void)setvbuf(w->file, NULL, _IONBF, 0); /* the window is the buffer */
    while (r > 0) {
        const char *line = NULL;
        size_t n = 0;

        number++;
        r = next_line(w, &line, &n, err);
        if (r > 0) {
            int bad = each(line, n, arg, err);

            r = bad ? bad : 1;
        }
    }
    if (r == 0 && ferror(w->file))
        r = err_set(err, -EIO, "cannot read on");
    (void)fclose(w->file); /* it was only read */
    free(w);
    return r < 0 ? err_prefix(err, r, "%s line %" PRIu64, path, number) : 0;
}
