/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_source - where a report's records come from: files, or the daemon */
#include "config.h"

#include "command/freport_source.h"

#include <errno.h>
#include <inttypes.h>

#include "command/desk.h"
#include "command/progress.h"
#include "command/say.h"
#include "report/record_file.h"
#include "report/record_line.h"

#include "base/banned.h"

static bool incomplete;
static uint64_t told; /* records so far */

bool freport_incomplete(void)
{
    return incomplete;
}

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
        progress_count(++told, "records");
        if (inside(ask, &rec))
            r = each(&rec, arg, err);
    }
    return f ? err_prefix(err, r, "%s:%" PRIu64, path, record_file_number(f)) : r;
}

/* A page of the daemon's. ret_mark: where the next begins (new reference), NULL = that
   was the last. */
static int each_of_page(const json_t *answer,
                        freport_record_fn each,
                        void *arg,
                        json_t **ret_mark,
                        struct err *err)
{
    size_t i;
    json_t *v;
    int r = 0;

    json_array_foreach(json_object_get(answer, "lines"), i, v)
    {
        struct run_record rec;

        r = record_line_parse(json_string_value(v) ? json_string_value(v) : "",
                              json_string_length(v), &rec, err);
        if (r < 0)
            return err_prefix(err, r, "a record of center %s",
                              desk_text(answer, "center"));
        progress_count(++told, "records");
        r = each(&rec, arg, err);
        if (r < 0)
            return r;
    }
    json_array_foreach(json_object_get(answer, "skipped"), i, v)
    {
        incomplete = true;
        say_error("job %lld of center %s is left out: %s",
                  (long long)desk_int(v, "job", 0), desk_text(answer, "center"),
                  desk_text(v, "why"));
    }
    if (json_is_true(json_object_get(answer, "more")))
        *ret_mark = json_incref(json_object_get(answer, "mark"));
    return 0;
}

/* The daemon holds a page in memory, we hold a page: any number of records. */
static int each_of_daemon(const struct freport_ask *ask,
                          freport_record_fn each,
                          void *arg,
                          struct err *err)
{
    _cleanup_(client_freep) struct client *c = NULL;
    json_t *mark = NULL;
    int r = client_open(ask->common.socket, DESK_WAIT_S, &c, err);

    if (r < 0)
        return r;
    do {
        json_t *question = json_pack("{s:s, s:I, s:I, s:o*}", "op", "records", "since",
                                     (json_int_t)ask->since.us, "until",
                                     (json_int_t)ask->until.us, "mark", mark);
        json_t *answer = NULL;

        mark = NULL;
        if (!question)
            return err_set(err, -ENOMEM, "not enough memory for the question");
        r = client_ask(c, question, &answer, err);
        if (r == 0)
            r = each_of_page(answer, each, arg, &mark, err);
        json_decref(answer);
    } while (r == 0 && mark);
    json_decref(mark);
    return r;
}

int freport_each_record(const struct freport_ask *ask,
                        freport_record_fn each,
                        void *arg,
                        struct err *err)
{
    int r = 0;

    if (ask->n_from == 0)
        r = each_of_daemon(ask, each, arg, err);
    for (size_t i = 0; r == 0 && i < ask->n_from; i++)
        r = each_of_file(ask, ask->from[i], each, arg, err);
    progress_end();
    return r;
}
