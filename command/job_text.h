/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_text - the words of a job that fqueue and facct both print
 *
 * Each appends one cell to a buf: put functions of fields (field.h), whose row
 * is a struct job_row.
 */
#ifndef HOPLUU_COMMAND_JOB_TEXT_H
#define HOPLUU_COMMAND_JOB_TEXT_H

#include "base/buf.h"
#include "base/time.h"

void job_put_id(const void *row, struct buf *b);
void job_put_name(const void *row, struct buf *b);
void job_put_user(const void *row, struct buf *b);
void job_put_uid(const void *row, struct buf *b);
void job_put_person(const void *row, struct buf *b);
void job_put_institution(const void *row, struct buf *b);
void job_put_project(const void *row, struct buf *b);
void job_put_partition(const void *row, struct buf *b);
void job_put_center(const void *row, struct buf *b); /* host, "" while it waits */
void job_put_entry(const void *row, struct buf *b);
void job_put_state(const void *row, struct buf *b);
void job_put_state_short(const void *row, struct buf *b);
void job_put_reason(const void *row, struct buf *b);
void job_put_nodes(const void *row, struct buf *b); /* list */
void job_put_nodes_or_reason(const void *row, struct buf *b);
void job_put_n_nodes(const void *row, struct buf *b);
void job_put_n_cores(const void *row, struct buf *b);
void job_put_n_tasks(const void *row, struct buf *b);
void job_put_cpus_per_task(const void *row, struct buf *b);
void job_put_memory(const void *row, struct buf *b); /* per node, or per core + "c" */
void job_put_limit(const void *row, struct buf *b);
void job_put_submit(const void *row, struct buf *b);
void job_put_begin(const void *row, struct buf *b);
void job_put_end(const void *row, struct buf *b);
void job_put_exit(const void *row, struct buf *b); /* "rc:signal" */
void job_put_priority(const void *row, struct buf *b);
void job_put_comm(const void *row, struct buf *b);
void job_put_note(const void *row, struct buf *b);

/* Thousandths of a unit as "12.500". */
void put_milli(int64_t milli, struct buf *b);
/* Squeue's short form: M:SS, H:MM:SS, D-HH:MM:SS. */
void put_brief_duration(uint64_t seconds, struct buf *b);
/* Local zone, `missing` when not set. */
void put_time(struct wall t, const char *missing, struct buf *b);

#endif
