/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* bundle_say - what the files of a bundle say, behind report/bundle.h */
#ifndef HOPLUU_REPORT_BUNDLE_SAY_H
#define HOPLUU_REPORT_BUNDLE_SAY_H

#include "base/err.h"
#include "report/bundle.h"

/* -EBADMSG with the text: this file is not as it was signed; of records, which line is
   the first one. */
int say_changed(const char *dir, const char *name, struct err *err);

/* Records, tables and books of a bundle whose files are as they were signed. 0, -EILSEQ
   (which item), what check->each() said, -errno, -ENOMEM. */
int check_content(const char *dir,
                  const struct bundle_check *check,
                  struct bundle_found *f,
                  struct err *err);

/* The books of one center: jobs' sums are taken from its records. */
struct job_sums;
int check_books(const char *dir,
                const struct bundle_about *a,
                const struct bundle_center *c,
                struct job_sums *sums,
                struct bundle_found *f,
                struct err *err);

#endif
