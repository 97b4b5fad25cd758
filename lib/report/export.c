/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* export - run records in the forms that other programs read, one after the other */
#include "config.h"

#include "report/export.h"

#include <errno.h>
#include <string.h>

#include "model/enum_words.h"
#include "report/export_int.h"
#include "report/record_line.h"

#include "base/banned.h"

static const char *const form_words[] = {
    [EXPORT_APEL] = "apel",   [EXPORT_APEL_SUMMARY] = "apel-summary",
    [EXPORT_XDMOD] = "xdmod", [EXPORT_UR2] = "ur2",
    [EXPORT_CSV] = "csv",     [EXPORT_JSONL] = "jsonl",
};
ENUM_WORDS(export_form, enum export_form, _EXPORT_FORM_MAX, form_words)

static int jsonl_add(struct export *e, const struct run_record *r, struct err *err)
{
    char line[RECORD_LINE_CAP];
    size_t n;
    int ret = record_line_write(r, line, sizeof(line), &n);

    if (ret < 0)
        return err_set(err, ret, "job %llu cannot be written as a line",
                       (unsigned long long)r->job);
    line[n] = '\n';
    (void)fwrite(line, 1, n + 1, e->out); /* export_end() asks */
    return 0;
}

static const export_add_fn add_fns[] = {
    [EXPORT_APEL] = apel_add,   [EXPORT_APEL_SUMMARY] = apel_sum_add,
    [EXPORT_XDMOD] = xdmod_add, [EXPORT_UR2] = ur2_add,
    [EXPORT_CSV] = csv_add,     [EXPORT_JSONL] = jsonl_add,
};

static void put_head(const struct export *e)
{
    switch (e->form) {
    case EXPORT_APEL:
        (void)fputs("APEL-individual-job-message: v0.4\n", e->out);
        return;
    case EXPORT_APEL_SUMMARY:
        (void)fputs("APEL-summary-job-message: v0.4\n", e->out);
        return;
    case EXPORT_UR2:
        (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<urf:UsageRecords xmlns:urf="
                    "\"http://schema.ogf.org/urf/2013/04/urf\">\n",
                    e->out);
        return;
    case EXPORT_CSV:
        csv_head(e->out);
        return;
    case EXPORT_XDMOD:
    case EXPORT_JSONL:
    case _EXPORT_FORM_MAX:
        return;
    }
}

int export_new(enum export_form form,
               const struct registry *registry,
               FILE *out,
               struct export **ret_e,
               struct err *err)
{
    _cleanup_(export_freep) struct export *e = calloc(1, sizeof(*e));

    if (!e)
        return err_set(err, -ENOMEM, "not enough memory");
    if (!registry && (form == EXPORT_APEL || form == EXPORT_APEL_SUMMARY))
        return err_set(err, -EINVAL,
                       "%s needs a registry: its pools have the benchmark that APEL's "
                       "ServiceLevel must name",
                       export_form_word(form));
    e->form = form;
    e->registry = registry;
    e->out = out;
    if (form == EXPORT_APEL_SUMMARY && apel_sum_new(&e->sums) < 0)
        return err_set(err, -ENOMEM, "not enough memory");
    put_head(e);
    *ret_e = TAKE_PTR(e);
    return 0;
}

int export_add(struct export *e, const struct run_record *r, struct err *err)
{
    return add_fns[e->form](e, r, err);
}

int export_end(struct export *e, struct err *err)
{
    int r = 0;

    if (e->form == EXPORT_APEL_SUMMARY)
        r = apel_sum_print(e);
    if (e->form == EXPORT_UR2)
        (void)fputs("</urf:UsageRecords>\n", e->out);
    if (r < 0)
        return err_set(err, r, "not enough memory to sort the sums");
    errno = 0;
    if (fflush(e->out) != 0 || ferror(e->out))
        return err_set(err, errno ? -errno : -EIO, "the output was not written: %s",
                       strerror(errno ? errno : EIO));
    return 0;
}

void *export_free(struct export *e)
{
    if (e) {
        apel_sum_free(e->sums);
        free(e);
    }
    return NULL;
}

const char *export_site(const struct registry *registry, const char *center)
{
    const struct registered_center *c =
        registry ? registry_center(registry, center) : NULL;

    return c && c->site[0] ? c->site : center;
}

const char *export_submit_host(const struct registry *registry, const char *center)
{
    const struct registered_center *c =
        registry ? registry_center(registry, center) : NULL;

    return c && c->submit_host[0] ? c->submit_host : center;
}

int64_t export_start(const struct run_record *r)
{
    return r->start ? r->start : r->end;
}
