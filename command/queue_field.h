/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * queue_field - the columns of fqueue: squeue's letters and long names
 */
#ifndef HOPLUU_COMMAND_QUEUE_FIELD_H
#define HOPLUU_COMMAND_QUEUE_FIELD_H

#include <jansson.h>

#include "command/field.h"
#include "command/job_row.h"

extern const struct field queue_fields[];
extern const size_t n_queue_fields;

/* squeue --json's members for one job; new, NULL = no memory. */
json_t *queue_job_json(const struct job_row *row);

#endif
