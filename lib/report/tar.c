/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tar - a bundle as one file that goes on a stick or a disc, and back */
#include "config.h"

#include "report/tar.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "report/bundle_int.h"

#include "base/banned.h"

#define BLOCK 512
#define SIZE_MAX_TAR ((UINT64_C(1) << 33) - 1) /* eleven octal digits */
#define NAME_AT 0
#define NAME_BYTES 100
#define MODE_AT 100
#define SIZE_AT 124
#define TIME_AT 136
#define SUM_AT 148
#define TYPE_AT 156
#define MAGIC_AT 257

static void octal(char *at, size_t digits, uint64_t v)
{
    at[digits] = '\0';
    while (digits--) {
        at[digits] = (char)('0' + (v & 7));
        v >>= 3;
    }
}

/* The sum of a header's bytes with blanks where the sum stands. */
static uint32_t sum_of(const char *h)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + 8 ? ' ' : (unsigned char)h[i];
    return sum;
}

static void header(char h[BLOCK], const char *name, uint64_t size)
{
    memset(h, 0, BLOCK);
    memcpy(h + NAME_AT, name, strlen(name)); /* shorter than NAME_BYTES */
    octal(h + MODE_AT, 7, 0644);
    octal(h + 108, 7, 0); /* owner and group: nobody's */
    octal(h + 116, 7, 0);
    octal(h + SIZE_AT, 11, size);
    octal(h + TIME_AT, 11, 0);
    h[TYPE_AT] = '0';
    memcpy(h + MAGIC_AT, "ustar\00000", 8);
    octal(h + SUM_AT, 6, sum_of(h));
    h[SUM_AT + 7] = ' ';
}

static int put_file(const char *dir, const char *name, FILE *out, struct err *err)
{
    char path[PATH_BYTES], h[BLOCK], bytes[64 * BLOCK];
    uint64_t size, left;
    struct stat st;
    FILE *in;
    int r = bundle_path(dir, name, path, err);

    if (r < 0)
        return r;
    in = fopen(path, "re");
    if (!in || fstat(fileno(in), &st) != 0) {
        r = err_set(err, -errno, "%s: %s", path, strerror(errno));
        if (in)
            (void)fclose(in); /* it was only read */
        return r;
    }
    size = left = (uint64_t)st.st_size;
    if (size > SIZE_MAX_TAR || strlen(name) >= NAME_BYTES)
        r = err_set(err, -E2BIG, "%s: its size or name is too large for a tar file",
                    name);
    header(h, name, size);
    if (r == 0)
        (void)fwrite(h, 1, BLOCK, out); /* the end asks */
    while (r == 0 && left) {
        size_t want = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

        if (fread(bytes, 1, want, in) != want)
            r = err_set(err, -EIO, "%s: it became shorter while it was read", name);
        else
            (void)fwrite(bytes, 1, want, out);
        left -= want;
    }
    memset(bytes, 0, BLOCK);
    if (r == 0 && size % BLOCK)
        (void)fwrite(bytes, 1, BLOCK - size % BLOCK, out);
    (void)fclose(in); /* it was only read */
    return r;
}

int tar_write(const char *dir, FILE *out, struct err *err)
{
    static const char zeros[2 * BLOCK];
    char **v = NULL;
    size_t n = 0;
    int r = bundle_list(dir, &v, &n, err);

    for (size_t i = 0; r == 0 && i < n; i++)
        r = put_file(dir, v[i] + 2, out, err);
    bundle_list_free(v, n);
    if (r < 0)
        return r;
    (void)fwrite(zeros, 1, sizeof(zeros), out);
    if (fflush(out) != 0 || ferror(out))
        return err_set(err, errno ? -errno : -EIO, "cannot write the tar file: %s",
                       strerror(errno ? errno : EIO));
    return 0;
}

/* --- reading ------------------------------------------------------------------------
 */

static bool read_size(const char *h, uint64_t *ret_size)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 11; i++) {
        if (h[SIZE_AT + i] < '0' || h[SIZE_AT + i] > '7')
            return false;
        v = v * 8 + (uint64_t)(h[SIZE_AT + i] - '0');
    }
    *ret_size = v;
    return true;
}

/* "a/b.c": no way out of the directory, no odd letters. */
static bool is_inner(const char *name)
{
    size_t n = strnlen(name, NAME_BYTES);
    char before = '/';

    if (n == 0 || n == NAME_BYTES)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];

        if ((c == '/' || c == '.' || c == '-') && before == '/')
            return false;
        if (c != '/'
            && !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                       "._@+-",
                       c))
            return false;
        before = c;
    }
    return before != '/';
}

static bool is_zero(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i])
            return false;
    return true;
}

static int take_file(
    FILE *in, const char *dir, const char *name, uint64_t size, struct err *err)
{
    char bytes[64 * BLOCK];
    uint64_t left = (size + BLOCK - 1) / BLOCK * BLOCK;
    int r = 0;
    FILE *out = bundle_create(dir, name, &r, err);

    if (!out)
        return r;
    while (r == 0 && left) {
        size_t want = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
        size_t mine = size < want ? (size_t)size : want;

        if (fread(bytes, 1, want, in) != want)
            r = err_set(err, -EBADMSG, "it is cut inside %s", name);
        else if (!is_zero(bytes + mine, want - mine))
            r = err_set(err, -EBADMSG, "there is something behind %s", name);
        else
            (void)fwrite(bytes, 1, mine, out); /* bundle_close() asks */
        left -= want;
        size -= mine;
    }
    return bundle_close(out, name, r, err);
}

int tar_read(FILE *in, const char *dir, struct err *err)
{
    char last[NAME_BYTES + 1] = "";
    char h[BLOCK];

    for (unsigned n = 0;; n++) {
        char name[NAME_BYTES + 1], again[BLOCK];
        uint64_t size;
        int r;

        if (fread(h, 1, BLOCK, in) != BLOCK)
            return err_set(err, -EBADMSG, "it is cut after %s",
                           *last ? last : "nothing");
        if (h[0] == '\0')
            break;
        memcpy(name, h + NAME_AT, NAME_BYTES);
        name[NAME_BYTES] = '\0';
        if (n == BUNDLE_FILES_MAX || !is_inner(name) || !read_size(h, &size))
            return err_set(err, -EBADMSG,
                           "after %s: it is not the tar file of a bundle",
                           *last ? last : "nothing");
        header(again, name, size);
        if (memcmp(h, again, BLOCK) != 0 || strcmp(last, name) >= 0)
            return err_set(err, -EBADMSG,
                           "%s: its entry is damaged, out of order, or not made by "
                           "fbundle",
                           name);
        r = take_file(in, dir, name, size, err);
        if (r < 0)
            return r;
        memcpy(last, name, sizeof(last));
    }
    if (!is_zero(h, BLOCK))
        return err_set(err, -EBADMSG, "its end is damaged");
    if (fread(h, 1, BLOCK, in) != BLOCK || !is_zero(h, BLOCK) || fgetc(in) != EOF)
        return err_set(err, -EBADMSG, "its end is cut, or something is behind it");
    return 0;
}
