/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * job_filter - which jobs a person wants to see or to cancel
 */
#ifndef HOPLUU_COMMAND_JOB_FILTER_H
#define HOPLUU_COMMAND_JOB_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "base/words.h"

/* A filter as people type it; empty lists let everything through. */
struct job_filter {
    struct words ids; /* each checked by job_id_parse */
    struct words users;
    struct words projects;
    struct words names;
    struct words partitions;
    struct words centers;
    struct words institutions;
    uint32_t states; /* bit per enum job_state; 0 = all */
    bool me;
    bool all;   /* final ones from the store too */
    bool entry; /* the names of entries will be printed: ask for them */
    struct wall since;
    struct wall until;
};

void job_filter_init(struct job_filter *f);
void job_filter_release(struct job_filter *f);

/* Split at commas and add; for ids each is checked: 0, -EINVAL with the text. */
int job_filter_words(struct words *to, const char *list, struct err *err);
int job_filter_ids(struct job_filter *f, const char *list, struct err *err);
/* "PD,running", "all". */
int job_filter_states(struct job_filter *f, const char *list, struct err *err);

#endif
