/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * sorter - any number of records in the order of their settlement keys
 *
 * Lines wait in a file without a name; 40 bytes of each stay in memory. The same
 * records give the same order, wherever they came from.
 */
#ifndef HOPLUU_REPORT_SORTER_H
#define HOPLUU_REPORT_SORTER_H

#include "base/cleanup.h"
#include "base/err.h"
#include "model/run_record.h"

#define SORTER_MAX 20000000

struct sorter;

/* dir: where the nameless file lives. 0, -errno, -ENOMEM. */
int sorter_new(const char *dir, struct sorter **ret_s, struct err *err);
void *sorter_free(struct sorter *s);
DEFINE_FREEP(sorter, struct sorter)

/* 0, -ENOBUFS, -EINVAL, -errno, -ENOMEM. */
int sorter_add(struct sorter *s, const struct run_record *r, struct err *err);

/*
 * Each line in order, without its newline; valid during the call. A value below 0 ends
 * it.
 *
 * 0, what each() said, -EEXIST (two records have the same key, which), -errno.
 */
int sorter_each(struct sorter *s,
                int (*each)(const char *center,
                            const char *line,
                            size_t n,
                            void *arg,
                            struct err *err),
                void *arg,
                struct err *err);

#endif
