/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport - what its verbs share: the options as they were given
 *
 * Each verb returns an exit code and has spoken if that is not 0.
 */
#ifndef HOPLUU_COMMAND_FREPORT_H
#define HOPLUU_COMMAND_FREPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "command/common.h"
#include "command/usage_sum.h"
#include "report/grid.h"

#define FREPORT_FILES_MAX 64
#define FREPORT_BUNDLES_MAX 1024

struct freport_ask {
    struct common common;
    const char *format; /* as typed, NULL = the verb's own */
    const char *output; /* NULL = stdout */

    /* usage */
    bool supply;
    enum usage_by by;
    struct wall since;
    struct wall until;

    /* reports of tables */
    enum lang lang;
    const char *table;
    const char *ministry;
    int year; /* 0 = --start and --end */

    /* bundles */
    const char *books;
    const char *rates;
    const char *signer;
    const char *key;
    const char *cutoff;
    const char *ca;
    const char *received;
    const char *today;
    const char *bundles[FREPORT_BUNDLES_MAX];
    size_t n_bundles;

    /* export */
    const char *from[FREPORT_FILES_MAX]; /* files of records; none = the daemon's */
    size_t n_from;
    const char *registry;
    bool names; /* job names, node lists and uids too */
};

int freport_usage(struct freport_ask *ask);
int freport_export(const struct freport_ask *ask);

enum freport_report {
    FREPORT_USAGE_OF_RECORDS, /* usage with --from, or on paper */
    FREPORT_EXCHANGE,
    FREPORT_WASTE,
    FREPORT_FAIRNESS,
    FREPORT_SPONSORS,
    FREPORT_STATEMENT,
};
int freport_bundle(const struct freport_ask *ask);
int freport_rollup(const struct freport_ask *ask);
/* 2: not all reports have come. */
int freport_annual(const struct freport_ask *ask);
int freport_tables(const struct freport_ask *ask, enum freport_report which);

/* The daemon could not say something as a record: the report is not complete. */
bool freport_incomplete(void);

/* End with what is wrong about an option's word and what would be right, code 1. */
void freport_refuse(const char *option, const char *word, const char *right)
    __attribute__((noreturn));

#endif
