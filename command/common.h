/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * common - options that most commands share
 */
#ifndef HOPLUU_COMMAND_COMMON_H
#define HOPLUU_COMMAND_COMMON_H

#include <argp.h>
#include <stdbool.h>

#include "base/err.h"
#include "command/sheet.h"

enum common_key {
    COMMON_SOCKET = 512,
    COMMON_JSON,
    COMMON_OWN, /* a program's own options without a letter count from here */
};

struct common {
    const char *socket; /* NULL = default */
    bool json;
    struct sheet_look look;
};

/* clang-format off */
#define COMMON_OPTION_SOCKET                                                           \
    {.name = "center-socket", .key = COMMON_SOCKET, .arg = "ADDRESS",                  \
     .doc = "Daemon to ask: a socket's path or HOST:PORT ($HOPLUU_SOCKET)"}
#define COMMON_OPTION_JSON                                                             \
    {.name = "json", .key = COMMON_JSON, .doc = "Print JSON"}
#define COMMON_OPTION_NOHEADER(letter)                                                 \
    {.name = "noheader", .key = (letter), .doc = "Print no headings"}
#define COMMON_OPTION_PARSABLE                                                         \
    {.name = "parsable", .key = 'p', .doc = "Put '|' after each cell"}
#define COMMON_OPTION_PARSABLE2                                                        \
    {.name = "parsable2", .key = 'P', .doc = "Put '|' between cells"}
/* clang-format on */

/*
 * Options shared by all that stand in the program's table. `key` of --noheader is
 * given because squeue calls it -h and sacct -n. ARGP_ERR_UNKNOWN for others.
 */
error_t common_parse(struct common *c, int key, const char *arg, int noheader);

/* End with "name: error: --option: text", exit code 1. Only from argp parsers. */
void common_refuse(const struct argp_state *state,
                   const char *option,
                   const struct err *err) __attribute__((noreturn));
/* The same when r is not 0. */
void common_checked(const struct argp_state *state,
                    const char *option,
                    int r,
                    const struct err *err);

#endif
