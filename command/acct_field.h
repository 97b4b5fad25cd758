/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * acct_field - the columns of facct: sacct's names, and our own
 */
#ifndef HOPLUU_COMMAND_ACCT_FIELD_H
#define HOPLUU_COMMAND_ACCT_FIELD_H

#include <jansson.h>

#include "command/field.h"
#include "command/job_row.h"

extern const struct field acct_fields[];
extern const size_t n_acct_fields;

/* sacct --json's members for one job; new, NULL = no memory. */
json_t *acct_job_json(const struct job_row *row);

#endif
