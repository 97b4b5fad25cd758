/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * export - run records in the forms that other programs read, one after the other
 *
 * apel           APEL-individual-job-message v0.4
 * apel-summary   APEL-summary-job-message v0.4; what it sums is kept in memory
 * xdmod          lines of sacct as XDMoD's Slurm shredder takes them, 26 fields
 * ur2            OGF Usage Record 2.0 (GFD.204), XML
 * csv            a table of records: the members of a record line, in that order
 * jsonl          record lines
 *
 * Every record that goes in comes out, in every state. Which member becomes what, and
 * what a form cannot say: docs/reports.md.
 */
#ifndef HOPLUU_REPORT_EXPORT_H
#define HOPLUU_REPORT_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "model/run_record.h"
#include "report/registry.h"

enum export_form {
    EXPORT_APEL,
    EXPORT_APEL_SUMMARY,
    EXPORT_XDMOD,
    EXPORT_UR2,
    EXPORT_CSV,
    EXPORT_JSONL,
    _EXPORT_FORM_MAX
};

const char *export_form_word(enum export_form f);
bool export_form_parse(const char *word, enum export_form *ret_f);

struct export;

/*
 * registry   names of sites, ministries and benchmarks; NULL = none, which apel and
 *            apel-summary refuse. Borrowed until the end, as out.
 *
 * 0, -EINVAL, -ENOMEM.
 */
int export_new(enum export_form form,
               const struct registry *registry,
               FILE *out,
               struct export **ret_e,
               struct err *err);
/* 0, -EINVAL (this record cannot be said in this form, and why), -ENOBUFS (more sums
   than the ceiling), -ENOMEM. Write errors are found at the end. */
int export_add(struct export *e, const struct run_record *r, struct err *err);
/* 0, or -errno when `out` has not taken everything. */
int export_end(struct export *e, struct err *err);
void *export_free(struct export *e);
DEFINE_FREEP(export, struct export)

#endif
