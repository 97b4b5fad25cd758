/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bundle_check - is a bundle what was signed, and does it agree with itself?
 *
 * In this order, so that the first bad item is the one to be named: the signature of
 * the manifest; the manifest's form; the files against it; then what the files say.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "report/bundle_int.h"
#include "report/bundle_say.h"

#include "base/banned.h"

#define HASH_DIGITS 64
#define ENTRY_HEAD (HASH_DIGITS + 2) /* "HASH  " */

/* One line of the manifest, its NUL where the newline was. */
struct entry {
    const char *hash; /* 64 digits, not ended */
    const char *path; /* "./…" */
};

struct manifest {
    struct buf bytes;
    struct entry *v;
    size_t n;
};

static void manifest_release(struct manifest *m)
{
    free(m->v);
    buf_release(&m->bytes);
}

static bool is_entry(const char *line, size_t n)
{
    if (n < ENTRY_HEAD + 3 || n >= ENTRY_HEAD + BUNDLE_PATH_CAP
        || strspn(line, "0123456789abcdef") != HASH_DIGITS
        || strncmp(line + HASH_DIGITS, "  ./", 4) != 0)
        return false;
    for (size_t i = ENTRY_HEAD + 2; i < n; i++)
        if (line[i] == '/'
                ? line[i - 1] == '/' || line[i - 1] == '.'
                : !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "0123456789._@+-",
                          line[i]))
            return false;
    return true;
}

static int read_manifest(const char *dir, struct manifest *m, struct err *err)
{
    char *at;
    size_t left;
    int r = bundle_read(dir, "MANIFEST.sha256", MANIFEST_BYTES, &m->bytes, err);

    if (r < 0)
        return r;
    m->v = calloc(BUNDLE_FILES_MAX, sizeof(*m->v));
    if (!m->v)
        return err_set(err, -ENOMEM, "not enough memory");
    at = m->bytes.data;
    for (left = m->bytes.len; left;) {
        char *end = memchr(at, '\n', left);
        size_t n = end ? (size_t)(end - at) : left;

        if (end)
            *end = '\0';
        if (!end || m->n == BUNDLE_FILES_MAX || !is_entry(at, n) || strlen(at) != n)
            return err_set(
                err, -EBADMSG,
                "MANIFEST.sha256 line %zu: it is not a hash and a file's name",
                m->n + 1);
        m->v[m->n] = (struct entry){at, at + ENTRY_HEAD};
        if (m->n && strcmp(m->v[m->n - 1].path, m->v[m->n].path) >= 0)
            return err_set(err, -EBADMSG,
                           "MANIFEST.sha256 line %zu: %s is out of order or twice",
                           m->n + 1, at + ENTRY_HEAD);
        m->n++;
        at += n + 1;
        left -= n + 1;
    }
    return 0;
}

static int check_seal(const char *dir,
                      const struct bundle_check *check,
                      struct bundle_found *f,
                      struct err *err)
{
    struct buf seal = BUF_INIT(0), content = BUF_INIT(0);
    int r = bundle_read(dir, "MANIFEST.p7s", SEAL_BYTES, &seal, err);

    if (r == 0)
        r = bundle_read(dir, "MANIFEST.sha256", MANIFEST_BYTES, &content, err);
    if (r == 0) {
        r = seal_check(seal.data, seal.len, content.data, content.len, check->ca,
                       check->at, &f->signer, err);
        if (r == -EBADMSG || r == -EKEYREJECTED)
            r = err_prefix(err, -EKEYREJECTED, "MANIFEST.p7s");
    }
    buf_release(&seal);
    buf_release(&content);
    if (r == 0 && check->signer && strcmp(check->signer, f->signer.sha256) != 0)
        return err_set(err, -EKEYREJECTED,
                       "MANIFEST.p7s: signed by %.60s (certificate %.16s…), not by the "
                       "expected %.16s…",
                       f->signer.subject, f->signer.sha256, check->signer);
    return r;
}

/* The first difference between the list of files and the manifest. */
static int check_list(const char *dir, const struct manifest *m, struct err *err)
{
    char **v = NULL;
    size_t n = 0, at = 0;
    int r = bundle_list(dir, &v, &n, err);

    for (size_t i = 0; r == 0 && i < n; i++) {
        int c;

        if (!strcmp(v[i], "./MANIFEST.sha256") || !strcmp(v[i], "./MANIFEST.p7s"))
            continue;
        c = at < m->n ? strcmp(m->v[at].path, v[i]) : 1;
        if (c < 0)
            r = err_set(err, -EBADMSG, "%s: it is missing", m->v[at].path + 2);
        else if (c > 0)
            r = err_set(err, -EBADMSG, "%s: it was not there when this was signed",
                        v[i] + 2);
        at++;
    }
    if (r == 0 && at < m->n)
        r = err_set(err, -EBADMSG, "%s: it is missing", m->v[at].path + 2);
    bundle_list_free(v, n);
    return r;
}

/* Every file against its hash; of records, which line. */
static int check_files(const char *dir,
                       const struct bundle_check *check,
                       const struct manifest *m,
                       struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < m->n; i++) {
        char path[PATH_BYTES], text[HASH_TEXT_CAP];

        if (check->file)
            check->file(m->v[i].path + 2, check->arg);
        r = bundle_path(dir, m->v[i].path + 2, path, err);
        if (r == 0)
            r = bundle_hash_file(path, text, err);
        if (r == 0 && strncmp(text, m->v[i].hash, HASH_DIGITS) != 0)
            r = say_changed(dir, m->v[i].path + 2, err);
    }
    return r;
}

int bundle_verify(const char *dir,
                  const struct bundle_check *check,
                  struct bundle_found *ret_found,
                  struct err *err)
{
    struct manifest m = {.bytes = BUF_INIT(MANIFEST_BYTES)};
    struct bundle_found f = {0};
    int r = check_seal(dir, check, &f, err);

    if (r == 0)
        r = read_manifest(dir, &m, err);
    if (r == 0)
        r = check_list(dir, &m, err);
    if (r == 0)
        r = check_files(dir, check, &m, err);
    f.files = m.n;
    if (r == 0)
        r = check_content(dir, check, &f, err);
    manifest_release(&m);
    if (r < 0)
        bundle_found_release(&f);
    else
        *ret_found = f;
    return r;
}

void bundle_found_release(struct bundle_found *f)
{
    bundle_about_release(&f->about);
    *f = (struct bundle_found){0};
}
