/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* trace_int - one line of a log to one job, per kind of log */
#ifndef HOPLUU_SIM_TRACE_INT_H
#define HOPLUU_SIM_TRACE_INT_H

#include "sim/trace.h"

enum row { ROW_JOB = 1, ROW_NONE = 0 }; /* or -EINVAL */

/* Where sacct put what; -1 = no such column. */
struct sacct_columns {
    int id, submit, start, elapsed, elapsed_raw, limit, limit_raw, alloc, req, user,
        partition, state, n;
};

/* submit_s is as the log says. err names the field only. */
int swf_row(const struct trace_spec *spec,
            const char *line,
            struct trace_job *ret_job,
            struct err *err);

/* 0 or -EINVAL: a column that is needed is missing. */
int sacct_header(const char *line, struct sacct_columns *ret_c, struct err *err);
int sacct_row(const struct trace_spec *spec,
              const struct sacct_columns *c,
              char *line,
              struct trace_job *ret_job,
              struct err *err);

#endif
