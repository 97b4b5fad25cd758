/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* journal_file - lines of a journal in a file, one after the other */
#include "config.h"

#include "report/journal_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/merkle.h"

#include "base/banned.h"

#define LINE_CAP (LINE_MAX_BYTES + 2) /* its newline, and a NUL */

int journal_file_each(
    const char *path,
    int (*each)(const char *line, size_t n, void *arg, struct err *err),
    void *arg,
    struct err *err)
{
    char line[LINE_CAP];
    uint64_t number = 0;
    FILE *f = fopen(path, "re");
    int r = 0;

    if (!f)
        return err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
    while (r == 0 && fgets(line, sizeof(line), f)) {
        size_t n = strlen(line); /* a NUL inside ends it early: no newline */

        number++;
        if (n == 0 || line[n - 1] != '\n')
            r = err_set(err, -EBADMSG, "it is too long, or cut");
        else
            r = each(line, n - 1, arg, err);
    }
    if (r == 0 && ferror(f))
        r = err_set(err, -EIO, "cannot read on");
    (void)fclose(f); /* it was only read */
    return r < 0 ? err_prefix(err, r, "%s line %" PRIu64, path, number) : 0;
}
