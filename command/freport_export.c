/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_export - records in the forms that other programs read */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "command/freport.h"
#include "command/freport_file.h"
#include "command/freport_source.h"
#include "command/say.h"
#include "report/export.h"

#include "base/banned.h"

struct task {
    const struct freport_ask *ask;
    enum export_form form;
    struct registry *registry;
};

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

static int write_all(FILE *out, void *arg, struct err *err)
{
    struct task *t = arg;
    _cleanup_(export_freep) struct export *export = NULL;
    struct sink sink = {.names = t->ask->names};
    int r = export_new(t->form, t->registry, out, &export, err);

    sink.export = export;
    if (r == 0)
        r = freport_each_record(t->ask, add, &sink, err);
    return r < 0 ? r : export_end(export, err);
}

int freport_export(const struct freport_ask *ask)
{
    _cleanup_(registry_freep) struct registry *registry = NULL;
    struct task t = {.ask = ask, .form = EXPORT_JSONL};
    struct err err = {0};
    int r = 0;

    if (ask->format && !export_form_parse(ask->format, &t.form))
        freport_refuse("--format", ask->format,
                       "apel, apel-summary, xdmod, ur2, csv or jsonl");
    if (ask->registry)
        r = registry_load(ask->registry, &registry, &err);
    t.registry = registry;
    if (r == 0)
        r = freport_into_file(ask->output, write_all, &t, &err);
    if (r == 0)
        return SAY_OK;
    say_error("%s", err_text(&err, r));
    return SAY_ERROR;
}
