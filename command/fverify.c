/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fverify - is a ministry's bundle what was signed, and does it agree with itself? */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/time.h"
#include "command/progress.h"
#include "command/say.h"
#include "report/bundle.h"
#include "report/calendar.h"

#include "base/banned.h"

#define BUNDLES_MAX 1024

enum { EXIT_ALTERED = 2, EXIT_SIGNATURE = 3, EXIT_FIGURES = 4 };

enum { KEY_CA = 1000, KEY_SIGNER, KEY_AT };

struct line {
    struct bundle_check check;
    const char *bundles[BUNDLES_MAX];
    size_t n;
    bool quiet;
};

static const struct argp_option options[] = {
    {.name = "ca",
     .key = KEY_CA,
     .arg = "FILE",
     .doc = "Certificates (PEM) that are trusted; needed"},
    {.name = "signer",
     .key = KEY_SIGNER,
     .arg = "SHA256",
     .doc = "Only the certificate with this SHA-256 (hexadecimal) may have signed"},
    {.name = "at",
     .key = KEY_AT,
     .arg = "TIME",
     .doc = "The certificate must have been valid then (now)"},
    {.name = "quiet",                                                             .key = 'q', .doc = "Say nothing about what is good"},
    {0},
};

static void refuse(const char *text)
{
    say_error("%s", text);
    exit(SAY_ERROR);
}

static void set_signer(struct line *l, char *arg)
{
    size_t n = 0;

    /* As openssl prints it, or plain. */
    for (const char *p = arg; *p; p++)
        if (*p != ':')
            arg[n++] = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
    arg[n] = '\0';
    if (n != 64 || strspn(arg, "0123456789abcdef") != 64)
        refuse("--signer: 64 hexadecimal digits are expected, as "
               "'openssl x509 -noout -fingerprint -sha256' prints them");
    l->check.signer = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *l = state->input;
    struct err err = {0};
    struct wall at;

    switch (key) {
    case KEY_CA:
        l->check.ca = arg;
        return 0;
    case KEY_SIGNER:
        set_signer(l, arg);
        return 0;
    case KEY_AT:
        if (wall_parse(arg, now_read().wall, &at, &err) < 0) {
            say_error("--at: %s", err.text);
            exit(SAY_ERROR);
        }
        l->check.at = at.us / US_PER_S;
        return 0;
    case 'q':
        l->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (l->n == BUNDLES_MAX)
            refuse("at most 1024 bundles at once");
        l->bundles[l->n++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (l->n == 0)
            refuse("which bundle? fverify --ca FILE BUNDLE...");
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
    .args_doc = "BUNDLE...",
    .doc =
        "Check bundles that freport made, without any center: signature, every file, "
        "every record, every table, and that the records are in the centers' signed "
        "books. The first item that is wrong is named."
        "\vExit codes: 0 good, 1 a wrong option or an unreadable file, 2 a file was "
        "altered, is missing or was added, 3 the signature or its certificate, 4 the "
        "files are as they were signed but contradict each other.",
};

static int code_of(int r)
{
    switch (r) {
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

static void tell_good(const char *dir, const struct bundle_found *f)
{
    char until[DAY_TEXT_CAP];
    size_t proven = 0;

    for (size_t i = 0; i < f->about.n_centers; i++)
        proven += f->about.centers[i].proven;
    (void)printf("good: %s: %s %d, %" PRIu64 " records of %zu centers, %" PRIu64
                 " files; %zu of the centers proven by their signed books (%" PRIu64
                 " lines, %" PRIu64 " of them countersigned)\n",
                 dir, f->about.ministry, f->about.year, f->records, f->about.n_centers,
                 f->files, proven, f->lines, f->countersigned);
    (void)printf("signed by %s, certificate %s, valid to %s\n", f->signer.subject,
                 f->signer.sha256,
                 day_iso(day_of(f->signer.until, ZONE_VIETNAM), until));
}

static void show_file(const char *name, void *arg)
{
    (void)arg;
    progress_at(name);
}

static int show_record(const struct run_record *r, void *arg, struct err *err)
{
    uint64_t *n = arg;

    (void)r;
    (void)err;
    progress_count(++*n, "records");
    return 0;
}

int main(int argc, char **argv)
{
    static struct line line;
    uint64_t n = 0;
    int code = SAY_OK;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
        return SAY_ERROR;
    line.check.file = show_file;
    line.check.each = show_record;
    line.check.arg = &n;
    for (size_t i = 0; i < line.n; i++) {
        struct bundle_found f = {0};
        struct err err = {0};
        int r = bundle_verify(line.bundles[i], &line.check, &f, &err);

        progress_end();
        if (r < 0) {
            (void)printf("bad: %s: %s\n", line.bundles[i], err_text(&err, r));
            code = code ? code : code_of(r);
        } else if (!line.quiet) {
            tell_good(line.bundles[i], &f);
        }
        bundle_found_release(&f);
    }
    return say_end(code);
}
