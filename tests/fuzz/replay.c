/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * replay - runs a fuzz target over its recorded inputs, without a fuzzer
 *
 * fuzz_x reads $srcdir/tests/fuzz/corpus/x/ (every file), or the files that are
 * named on its command line. TAP on stdout: a crash ends it before the last line.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int n;

static void run(const char *path)
{
    struct buf b = BUF_INIT(64u << 20);
    int r = path_read(path, &b, NULL);

    /* A copy of exactly this size: a read past its end is seen by the sanitizer. */
    if (r == 0) {
        uint8_t *exact = malloc(b.len ? b.len : 1);

        if (exact) {
            memcpy(exact, buf_text(&b), b.len);
            (void)LLVMFuzzerTestOneInput(exact, b.len);
        }
        free(exact);
    }
    buf_release(&b);
    (void)printf("%sok %d - %s\n", r == 0 ? "" : "not ", ++n, path);
}

int main(int argc, char **argv)
{
    const char *src = getenv("srcdir");
    const char *name = strstr(program_invocation_short_name, "fuzz_");
    char dir[PATH_MAX];
    struct dirent **list = NULL;
    int found;

    for (int i = 1; i < argc; i++)
        run(argv[i]);
    if (argc == 1) {
        (void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", src ? src : ".",
                       name ? name + 5 : "");
        found = scandir(dir, &list, NULL, alphasort);
        for (int i = 0; i < found; i++) {
            char path[PATH_MAX];

            if (list[i]->d_name[0] != '.'
                && path_join(path, sizeof(path), dir, list[i]->d_name) == 0)
                run(path);
            free(list[i]);
        }
        free(list);
        if (n == 0)
            (void)printf("not ok 1 - no inputs in %s\n", dir);
    }
    (void)printf("1..%d\n", n ? n : 1);
    return 0;
}
