/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * bundle - a ministry's year as a directory that anybody can check
 *
 *   bundle.json          what it is about (one line, in exactly one way)
 *   registry.json        who is who, as it was given
 *   rates.json           prices, as they were given (if they were)
 *   records/CENTER.jsonl the runs of the ministry's institutions, by settlement key
 *   records/CENTER.lines of each line the first 16 digits of its SHA-256: to name the
 *                        one that was changed
 *   tables/NAME.csv      made of those records and nothing else
 *   journal/ proofs/ checkpoints/ keys/  CENTER's lines of those runs, that they are in
 *                        its journal, what it and its peers signed, with which keys
 *   report*.pdf .xlsx    the tables for people
 *   VERIFY.txt           how to check it without us
 *   MANIFEST.sha256      every other file and its SHA-256, as sha256sum writes it
 *   MANIFEST.p7s         the signature of that (report/seal.h)
 *
 * The same records, registry and books give the same bytes. docs/reports.md, "Bundle".
 */
#ifndef HOPLUU_REPORT_BUNDLE_H
#define HOPLUU_REPORT_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/name.h"
#include "model/run_record.h"
#include "report/registry.h"
#include "report/seal.h"
#include "report/tally.h"

#define BUNDLE_CENTERS_MAX 1000
#define BUNDLE_FILES_MAX 10000
#define BUNDLE_PATH_CAP 256 /* inside the bundle */

struct bundle_center {
    char id[NAME_CAP];
    uint64_t records;
    bool proven; /* its journal, checkpoint and key are in the bundle */
};

/* bundle.json: {"centers":[{"id":…,"proven":…,"records":N}],"ministry":…,
   "until":"2026-12-01","v":1,"year":N}, `until` if there is one */
struct bundle_about {
    char ministry[NAME_CAP];
    int year;
    int64_t
        until; /* runs that ended before it (s, the start of a day); 0 = all of them */
    struct bundle_center *centers; /* [n_centers], sorted by id */
    size_t n_centers;
};
void bundle_about_release(struct bundle_about *a);
struct period bundle_about_span(const struct bundle_about *a);
struct bundle_center *bundle_about_center(struct bundle_about *a, const char *id);

/* --- making: the directory must exist and be empty; each call adds files ---------- */

struct sorter;

/* records/: all lines of the sorter; a's centers are made of them. */
int bundle_write_records(const char *dir,
                         struct sorter *s,
                         struct bundle_about *a,
                         struct err *err);
/* tables/, and what their columns are. */
int bundle_write_tables(const char *dir,
                        struct tally *t,
                        const struct registry *registry,
                        struct err *err);
/* journal/, proofs/, checkpoints/, keys/ of the centers whose CENTER.journal,
   CENTER.note and CENTER.pub are in `books`. Sets `proven`. */
int bundle_write_books(const char *dir,
                       const char *books,
                       struct bundle_about *a,
                       struct err *err);
/* bundle.json, registry.json, rates.json (rates NULL = none), VERIFY.txt. */
int bundle_write_about(const char *dir,
                       const struct bundle_about *a,
                       const struct registry *registry,
                       const char *rates,
                       struct err *err);
/* MANIFEST.sha256: everything that is in the directory now. */
int bundle_write_manifest(const char *dir, struct err *err);

/* --- checking ------------------------------------------------------------------ */

struct bundle_check {
    const char *ca;     /* PEM, trusted certificates */
    const char *signer; /* NULL, or SHA-256 of the only certificate that may sign */
    int64_t at;         /* time at which the certificate must be valid; 0 = now */
    /* Each record, in order; may be NULL. Below 0 ends the check. */
    int (*each)(const struct run_record *r, void *arg, struct err *err);
    /* Each file before it is read; may be NULL. */
    void (*file)(const char *name, void *arg);
    void *arg;
};

struct bundle_found {
    struct bundle_about about;
    struct seal_signer signer;
    uint64_t files;
    uint64_t records;
    uint64_t lines; /* of journals, proven */
    uint64_t
        countersigned; /* centers whose checkpoint a peer of the bundle signed too */
};
void bundle_found_release(struct bundle_found *f);

/*
 * The whole check. The text names the first bad item: "records/hue.jsonl line 17: …".
 *
 * 0; -EBADMSG (a file is changed, missing, added, or not in its form); -EKEYREJECTED
 * (the signature, its certificate or its signer); -EILSEQ (every file is as it was
 * signed, and they contradict each other); -errno, -ENOMEM.
 */
int bundle_verify(const char *dir,
                  const struct bundle_check *check,
                  struct bundle_found *ret_found,
                  struct err *err);

#endif
