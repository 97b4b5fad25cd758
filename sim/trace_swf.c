/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* trace_swf - a line of the Standard Workload Format (facts: docs/scheduling.md) */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "sim/trace_int.h"

#include "base/banned.h"

#define FIELDS 18
#define FIELD_MAX INT64_C(1000000000000000)

/* Fields by their number in the format, less one. */
enum {
    F_ID = 0,
    F_SUBMIT = 1,
    F_RUN = 3,
    F_ALLOC = 4,
    F_REQ = 7,
    F_TIME = 8,
    F_USER = 11,
    F_QUEUE = 14,
    F_PARTITION = 15
};

/* A number that may be real, truncated towards zero: where it ends, NULL = none. */
static const char *number(const char *p, int64_t *ret_v)
{
    bool minus = *p == '-';
    int64_t v = 0;
    const char *from = p;

    if (*p == '-' || *p == '+')
        p++;
    if (!isdigit((unsigned char)*p) && *p != '.')
        return NULL;
    for (; isdigit((unsigned char)*p); p++) {
        if (v > FIELD_MAX)
            return NULL;
        v = v * 10 + (*p - '0');
    }
    if (*p == '.')
        for (p++; isdigit((unsigned char)*p); p++)
            ;
    if (*p == 'e' || *p == 'E') {
        char *end;
        double x = strtod(from, &end);

        if (!(x > -(double)FIELD_MAX && x < (double)FIELD_MAX))
            return NULL;
        *ret_v = (int64_t)x;
        return end;
    }
    *ret_v = minus ? -v : v;
    return p;
}

static int fields(const char *line, int64_t *v, struct err *err)
{
    int n = 0;

    for (const char *p = line; n < FIELDS; n++) {
        while (*p == ' ' || *p == '\t')
            p++;
        if (!*p || *p == '\r')
            break;
        p = number(p, &v[n]);
        if (!p || (*p && !isspace((unsigned char)*p)))
            return err_set(err, -EINVAL, "field %d is not a number", n + 1);
    }
    if (n < 5)
        return err_set(err, -EINVAL, "%d fields, at least 5 are needed", n);
    for (; n < FIELDS; n++)
        v[n] = -1;
    return 0;
}

static int64_t queue_est(const struct trace_qest *q, int64_t queue, int64_t otherwise)
{
    int64_t any = otherwise;

    for (unsigned i = 0; q && i < q->n; i++) {
        if (q->queue[i] == queue)
            return q->est_s[i];
        if (q->queue[i] < 0)
            any = q->est_s[i];
    }
    return any;
}

static bool in_partition(const char *want, int64_t partition)
{
    int64_t v;
    const char *end;

    if (!want)
        return true;
    end = number(want, &v);
    return end && !*end && v == partition;
}

int swf_row(const struct trace_spec *spec,
            const char *line,
            struct trace_job *ret_job,
            struct err *err)
{
    int64_t v[FIELDS];
    int64_t procs;
    int64_t run;
    int64_t est;
    int r = fields(line, v, err);

    if (r < 0)
        return r;
    if (!in_partition(spec->partition, v[F_PARTITION]))
        return ROW_NONE;
    procs = v[F_REQ] > 0 ? v[F_REQ] : v[F_ALLOC];
    run = v[F_RUN];
    est = v[F_TIME];
    if (spec->filter == TRACE_SC15) {
        if (v[F_ALLOC] > spec->procs || v[F_REQ] > spec->procs || procs <= 0 || run <= 0
            || est <= 0 || v[F_SUBMIT] < 0)
            return ROW_NONE;
    } else {
        if (procs <= 0 || procs > spec->procs || run < 0 || v[F_SUBMIT] < 0)
            return ROW_NONE;
        if (est <= 0 && spec->qest)
            est = MAX(run, queue_est(spec->qest, v[F_QUEUE], run));
        if (est <= 0)
            est = run;
        est = MAX(est, (int64_t)1);
    }
    est = MIN(est, (int64_t)UINT32_MAX - 1);
    *ret_job = (struct trace_job){.id = v[F_ID],
                                  .submit_s = v[F_SUBMIT],
                                  .user = (uint32_t)v[F_USER],
                                  .run_s = (uint32_t)MIN(run, est),
                                  .est_s = (uint32_t)est,
                                  .procs = (uint32_t)procs};
    return ROW_JOB;
}
