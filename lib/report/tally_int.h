/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* tally_int - inside the tally: cells, waits, people */
#ifndef HOPLUU_REPORT_TALLY_INT_H
#define HOPLUU_REPORT_TALLY_INT_H

#include "base/table.h"
#include "base/words.h"
#include "report/names.h"
#include "report/tally.h"

struct cell_key {
    uint32_t id[_TALLY_KEY_MAX]; /* compared as bytes */
};

struct cell {
    struct cell_key key;
    struct tally_sum sum;
    UT_hash_handle hh;
};

struct pair {
    uint32_t a;
    uint32_t b;
};

struct wait_list {
    struct pair key; /* institution, center */
    uint32_t *v;
    size_t n;
    size_t cap;
    UT_hash_handle hh;
};

struct member_of {
    struct pair key; /* institution, person */
    UT_hash_handle hh;
};

struct tally {
    const struct registry *registry;
    struct period span;
    char only[NAME_CAP];
    bool persons;
    struct names names;
    const struct agency **homes; /* [n_homes] by institution: the latest found */
    size_t n_homes;
    struct cell_key last; /* numbers of the record before */
    uint32_t month;       /* of [month_from, month_until) */
    int64_t month_from;
    int64_t month_until;
    struct cell *cells;
    size_t n_cells;
    struct wait_list *waits;
    struct member_of *people;
    struct tally_sum total;
    int64_t latest;
};

int tally_person(struct tally *t, uint32_t institution, uint32_t person);
int tally_wait_add(struct tally *t,
                   uint32_t institution,
                   uint32_t center,
                   int64_t wait_s);

#endif
