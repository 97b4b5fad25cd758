/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_map - the words of how a job's ranks lie, and what that should gain
 *
 * Put functions of fields (field.h), whose row is a struct job_row. All are empty
 * for a run on one node, and before the start.
 */
#ifndef HOPLUU_COMMAND_JOB_MAP_H
#define HOPLUU_COMMAND_JOB_MAP_H

#include <jansson.h>

#include "base/buf.h"

void job_put_map_source(const void *row, struct buf *b);
void job_put_map_method(const void *row, struct buf *b);
void job_put_map_gain(const void *row, struct buf *b); /* "23.4%" */
void job_put_map_cost(const void *row, struct buf *b);
void job_put_map_usual_cost(const void *row, struct buf *b);
void job_put_map_link(const void *row, struct buf *b);
void job_put_map_usual_link(const void *row, struct buf *b);
void job_put_map_cpu(const void *row, struct buf *b); /* seconds */
void job_put_map_why(const void *row, struct buf *b);
void job_put_map_text(const void *row, struct buf *b); /* all of it, one sentence */

/* The same as an object, null where there is nothing. NULL = no memory. */
json_t *job_map_json(const void *row);

#endif
