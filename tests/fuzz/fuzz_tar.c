/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_tar - a tar file from a stick that somebody else had in hand
 *
 * It is unpacked into a directory inside an otherwise empty one: nothing may appear
 * beside it, and what is accepted must give the same bytes when it is packed again.
 */
#include "config.h"

#include <dirent.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int remove_one(const char *path,
                      const struct stat *st,
                      int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void must_be_alone(const char *outer)
{
    DIR *d = opendir(outer);
    struct dirent *e;
    unsigned n = 0;

    while (d && (e = readdir(d)))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        (void)closedir(d); /* it was only read */
    if (n != 1)
        abort();
}

static void must_be_same(const char *inner, const uint8_t *data, size_t size)
{
    char *again = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&again, &n);

    if (!out)
        return;
    if (tar_write(inner, out, NULL) < 0 || fclose(out) != 0 || n != size
        || memcmp(again, data, size) != 0)
        abort();
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char outer[] = "/tmp/hopluu-fuzz-tar.XXXXXX";
    char inner[sizeof(outer) + 8];
    FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

    if (!in)
        return 0;
    if (mkdtemp(outer)) {
        (void)snprintf(inner, sizeof(inner), "%s/in", outer);
        if (mkdir(inner, 0700) == 0) {
            if (tar_read(in, inner, NULL) == 0)
                must_be_same(inner, data, size);
            must_be_alone(outer);
        }
        (void)nftw(outer, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* our own scratch */
    }
    (void)fclose(in); /* it was only read */
    return 0;
}
