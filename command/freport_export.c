/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_export - records in the forms that other programs read */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/freport.h"
#include "command/freport_source.h"
#include "command/say.h"
#include "report/export.h"

#include "base/banned.h"

struct sink {
    struct export *export;
    bool names;
};

static int add(const struct run_record *r, void *arg, struct err *err)
{
    struct sink *s = arg;
    struct run_record own = *r;

    if (!s->names)
        run_record_redact(&own);
    return export_add(s->export, &own, err);
}

/* The export into `out`. 0 or -E… with the text. */
static int write_all(const struct freport_ask *ask,
                     enum export_form form,
                     const struct registry *registry,
                     FILE *out,
                     struct err *err)
{
    _cleanup_(export_freep) struct export *export = NULL;
    struct sink sink = {.names = ask->names};
    int r = export_new(form, registry, out, &export, err);

    sink.export = export;
    if (r == 0)
        r = freport_each_record(ask, add, &sink, err);
    return r < 0 ? r : export_end(export, err);
}

/* Beside its place first: a reader finds the old file or the whole new one. */
static int write_file(const struct freport_ask *ask,
                      enum export_form form,
                      const struct registry *registry,
                      struct err *err)
{
    char *part = NULL;
    FILE *out;
    int r;

    if (asprintf(&part, "%s.part", ask->output) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    out = fopen(part, "we");
    if (!out) {
        r = err_set(err, -errno, "cannot write %s: %s", part, strerror(errno));
        free(part);
        return r;
    }
    r = write_all(ask, form, registry, out, err);
    if (r == 0 && fsync(fileno(out)) != 0)
        r = err_set(err, -errno, "%s: %s", part, strerror(errno));
    if (fclose(out) != 0 && r == 0)
        r = err_set(err, -errno, "%s: %s", part, strerror(errno));
    if (r == 0 && rename(part, ask->output) != 0)
        r = err_set(err, -errno, "cannot write %s: %s", ask->output, strerror(errno));
    if (r < 0)
        (void)unlink(part); /* what went wrong is said already */
    free(part);
    return r;
}

int freport_export(const struct freport_ask *ask)
{
    _cleanup_(registry_freep) struct registry *registry = NULL;
    enum export_form form = EXPORT_JSONL;
    struct err err = {0};
    int r = 0;

    if (ask->format && !export_form_parse(ask->format, &form))
        freport_refuse("--format", ask->format,
                       "apel, apel-summary, xdmod, ur2, csv or jsonl");
    if (ask->registry)
        r = registry_load(ask->registry, &registry, &err);
    if (r == 0 && ask->output)
        r = write_file(ask, form, registry, &err);
    else if (r == 0)
        r = write_all(ask, form, registry, stdout, &err);
    if (r == 0)
        return SAY_OK;
    say_error("%s", err_text(&err, r));
    return SAY_ERROR;
}
