/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_row - one job as the daemon's answer shows it, and how lists of them are asked
 */
#ifndef HOPLUU_COMMAND_JOB_ROW_H
#define HOPLUU_COMMAND_JOB_ROW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"
#include "command/job_filter.h"
#include "model/holding.h"
#include "wire/client.h"

struct job_row {
    struct holding job;
    char reason[TITLE_CAP]; /* text for people */
    char center[NAME_CAP];  /* where it runs or ran; "" = nowhere yet */
    char entry[NAME_CAP];   /* where it was submitted */
    int64_t estimate_s;     /* start, from now; -1 = unknown */
    int64_t estimate_p90_s; /* nine of ten such jobs start by then; -1 = unknown */
    int32_t p90_held;       /* percent of such promises that held; -1 = unknown */
    struct wall now;
};

int job_row_from_json(const json_t *o, struct job_row *row, struct err *err);

/* What it has used of its time so far, s; 0 before it started. */
uint64_t job_row_elapsed_s(const struct job_row *row);
/* Cores and nodes: what it was given, or asked for while it waits. */
uint32_t job_row_cores(const struct job_row *row);
uint32_t job_row_nodes(const struct job_row *row);

/* Whether a row passes what the daemon does not filter by itself. */
bool job_filter_match(const struct job_filter *f, const struct job_row *row);

typedef int (*job_row_fn)(const struct job_row *row, void *arg);

/*
 * Ask for all jobs that pass, a page at a time, and call each() in order of ids;
 * a value other than 0 ends it. Returns an exit code; has spoken if not 0.
 */
int job_rows(struct client *c, const struct job_filter *f, job_row_fn each, void *arg);

#endif
