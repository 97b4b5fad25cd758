/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_source - where a report's records come from: files, or the daemon */
#include "config.h"

#include "command/freport_source.h"

#include <errno.h>
#include <inttypes.h>

#include "report/record_file.h"

#include "base/banned.h"

static bool inside(const struct freport_ask *ask, const struct run_record *r)
{
    int64_t us = r->end * US_PER_S;

    return (ask->since.us == 0 || us >= ask->since.us)
           && (ask->until.us == 0 || us < ask->until.us);
}

static int each_of_file(const struct freport_ask *ask,
                        const char *path,
                        freport_record_fn each,
                        void *arg,
                        struct err *err)
{
    _cleanup_(record_file_freep) struct record_file *f = NULL;
    int r = record_file_open(path, &f, err);

    while (r == 0) {
        struct run_record rec;
        int more = record_file_next(f, &rec, err);

        if (more <= 0)
            return more;
        if (inside(ask, &rec))
            r = each(&rec, arg, err);
    }
    return f ? err_prefix(err, r, "%s:%" PRIu64, path, record_file_number(f)) : r;
}

int freport_each_record(const struct freport_ask *ask,
                        freport_record_fn each,
                        void *arg,
                        struct err *err)
{
    int r = 0;

    if (ask->n_from == 0)
        return err_set(err, -EINVAL, "--from is missing: which file has the records?");
    for (size_t i = 0; r == 0 && i < ask->n_from; i++)
        r = each_of_file(ask, ask->from[i], each, arg, err);
    return r;
}
