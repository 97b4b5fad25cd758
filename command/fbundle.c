/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fbundle - bundles on removable media: out as one file, in again and checked
 *
 * An island takes part with this alone: what it gives is a bundle, what it gets are
 * bundles, and neither needs a network.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/say.h"
#include "report/bundle.h"
#include "report/tar.h"

#include "base/banned.h"

#define PATH_BYTES 4096

enum { EXIT_ALTERED = 2, EXIT_SIGNATURE = 3, EXIT_FIGURES = 4 };
enum { KEY_CA = 1000 };

struct line {
    const char *words[3]; /* verb, from, to */
    int n;
    struct bundle_check check;
};

static const struct argp_option options[] = {
    {.name = "ca",
     .key = KEY_CA,
     .arg = "FILE",
     .doc = "Certificates (PEM) that are trusted; needed"},
    {0},
};

static void refuse(const char *text)
{
    say_error("%s", text);
    exit(SAY_ERROR);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *l = state->input;

    switch (key) {
    case KEY_CA:
        l->check.ca = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (l->n == 3)
            refuse("too many words: fbundle export BUNDLE FILE, or fbundle import FILE "
                   "DIRECTORY");
        l->words[l->n++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (l->n != 3
            || (strcmp(l->words[0], "export") != 0
                && strcmp(l->words[0], "import") != 0))
            refuse("use fbundle export BUNDLE FILE, or fbundle import FILE DIRECTORY");
        if (!l->check.ca)
            refuse("--ca FILE is missing: whose signatures are trusted?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "export BUNDLE FILE\nimport FILE DIRECTORY",
    .doc =
        "Carry bundles on removable media. export checks a bundle and writes it as one "
        "tar file, the same bytes each time; import unpacks it into "
        "DIRECTORY/MINISTRY-YEAR if it is whole and good, and leaves nothing if not."
        "\vExit codes are those of fverify: 0 good, 1 a wrong option or a file that "
        "cannot be read or written, 2 altered or cut, 3 the signature or its "
        "certificate, 4 contradictions.",
};

static int code_of(int r)
{
    switch (r) {
    case 0:
        return SAY_OK;
    case -EBADMSG:
        return EXIT_ALTERED;
    case -EKEYREJECTED:
        return EXIT_SIGNATURE;
    case -EILSEQ:
        return EXIT_FIGURES;
    default:
        return SAY_ERROR;
    }
}

static int remove_one(const char *path,
                      const struct stat *st,
                      int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path); /* what stays is seen by the next try */
    return 0;
}

/* --- out ----------------------------------------------------------------------------
 */

static int write_part(const char *bundle, const char *part, struct err *err)
{
    FILE *out = fopen(part, "wxe");
    int r;

    if (!out)
        return err_set(err, -errno, "cannot write %s: %s", part, strerror(errno));
    r = tar_write(bundle, out, err);
    if (r == 0 && fsync(fileno(out)) != 0)
        r = err_set(err, -errno, "%s: %s", part, strerror(errno));
    if (fclose(out) != 0 && r == 0)
        r = err_set(err, -errno, "%s: %s", part, strerror(errno));
    return r;
}

static int bundle_export(const struct line *l, struct err *err)
{
    const char *bundle = l->words[1], *file = l->words[2];
    struct bundle_found found = {0};
    char part[PATH_BYTES];
    int r;

    if (snprintf(part, sizeof(part), "%s.part", file) >= (int)sizeof(part))
        return err_set(err, -ENAMETOOLONG, "%.60s…: the path is too long", file);
    r = bundle_verify(bundle, &l->check, &found, err);
    if (r < 0)
        return err_prefix(err, r, "%s", bundle);
    bundle_found_release(&found);
    r = write_part(bundle, part, err);
    if (r == 0 && rename(part, file) != 0)
        r = err_set(err, -errno, "cannot write %s: %s", file, strerror(errno));
    if (r < 0 && r != -EEXIST)
        (void)unlink(part); /* what went wrong is said already */
    return r;
}

/* --- in -----------------------------------------------------------------------------
 */

static int unpack(const char *file, const char *part, struct err *err)
{
    FILE *in = fopen(file, "re");
    int r;

    if (!in)
        return err_set(err, -errno, "cannot read %s: %s", file, strerror(errno));
    r = tar_read(in, part, err);
    (void)fclose(in); /* it was only read */
    return err_prefix(err, r, "%s", file);
}

static int settle(const struct line *l, const char *part, struct err *err)
{
    struct bundle_found found = {0};
    char place[2 * PATH_BYTES];
    struct stat st;
    int r = bundle_verify(part, &l->check, &found, err);

    if (r < 0)
        return err_prefix(err, r, "%s", l->words[1]);
    (void)snprintf(place, sizeof(place), "%s/%s-%d", l->words[2], found.about.ministry,
                   found.about.year);
    bundle_found_release(&found);
    if (lstat(place, &st) == 0)
        return err_set(err, -EEXIST,
                       "%s is there already: remove it first if this one "
                       "shall count",
                       place);
    if (rename(part, place) != 0)
        return err_set(err, -errno, "cannot make %s: %s", place, strerror(errno));
    (void)printf("%s\n", place);
    return 0;
}

static int bundle_import(const struct line *l, struct err *err)
{
    char part[PATH_BYTES];
    int r;

    if (snprintf(part, sizeof(part), "%s/import.XXXXXX", l->words[2])
        >= (int)sizeof(part))
        return err_set(err, -ENAMETOOLONG, "%.60s…: the path is too long", l->words[2]);
    if (!mkdtemp(part))
        return err_set(err, -errno, "cannot make a directory in %s: %s", l->words[2],
                       strerror(errno));
    r = unpack(l->words[1], part, err);
    if (r == 0 && chmod(part, 0755) != 0)
        r = err_set(err, -errno, "%s: %s", part, strerror(errno));
    if (r == 0)
        r = settle(l, part, err);
    if (r < 0)
        (void)nftw(part, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* as far as it goes */
    return r;
}

int main(int argc, char **argv)
{
    static struct line line;
    struct err err = {0};
    int r;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
        return SAY_ERROR;
    r = strcmp(line.words[0], "export") != 0 ? bundle_import(&line, &err)
                                             : bundle_export(&line, &err);
    if (r < 0)
        say_error("%s", err_text(&err, r));
    return say_end(code_of(r));
}
