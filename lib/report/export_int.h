/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* export_int - one form each, behind report/export.h */
#ifndef HOPLUU_REPORT_EXPORT_INT_H
#define HOPLUU_REPORT_EXPORT_INT_H

#include "report/export.h"

struct apel_sums;

struct export
{
    enum export_form form;
    const struct registry *registry;
    FILE *out;
    struct apel_sums *sums; /* apel-summary */
};

typedef int (*export_add_fn)(struct export *e,
                             const struct run_record *r,
                             struct err *err);

int apel_add(struct export *e, const struct run_record *r, struct err *err);

int apel_sum_new(struct apel_sums **ret_s);
int apel_sum_add(struct export *e, const struct run_record *r, struct err *err);
int apel_sum_print(struct export *e);
void *apel_sum_free(struct apel_sums *s);

int xdmod_add(struct export *e, const struct run_record *r, struct err *err);
int ur2_add(struct export *e, const struct run_record *r, struct err *err);
int csv_add(struct export *e, const struct run_record *r, struct err *err);
void csv_head(FILE *out);

/* Its benchmark as APEL writes it, "{hepscore23: 12.5}". 0, -EINVAL (there is none, and
   where it belongs). */
int apel_service_level(const struct registry *registry,
                       const struct run_record *r,
                       char *text,
                       size_t cap,
                       struct err *err);
/* Its name for others, or the id. */
const char *export_site(const struct registry *registry, const char *center);
const char *export_submit_host(const struct registry *registry, const char *center);

/* A start for forms that need one: an attempt that never started has its end. */
int64_t export_start(const struct run_record *r);

#endif
