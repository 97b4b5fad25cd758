/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * act - what was decided, as a line of the journal keeps it: words with values
 *
 *     {"do":"add","institution":"ioit","kind":"project","name":"ioit.climate"}
 *
 * Canonical as the line is: names in alphabetical order, all values strings. What the
 * words mean is the register's business (ledger/register.h).
 */
#ifndef HOPLUU_LEDGER_ACT_H
#define HOPLUU_LEDGER_ACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define ACT_WORDS_MAX 20
#define ACT_NAME_CAP 24
#define ACT_VALUE_CAP 128
#define ACT_TEXT_CAP 4096

struct act_word {
    char name[ACT_NAME_CAP];
    char value[ACT_VALUE_CAP];
};

struct act {
    size_t n;
    struct act_word v[ACT_WORDS_MAX]; /* sorted by name, each once */
};

/* "" if it is not there. */
const char *act_get(const struct act *a, const char *name);
bool act_has(const struct act *a, const char *name);

/* Replaces. 0, -EINVAL (a name is a-z and _, a value has no control bytes),
 * -EMSGSIZE (too long, or too many). */
int act_set(struct act *a, const char *name, const char *value);
void act_unset(struct act *a, const char *name);

/* text [cap], NUL-terminated: 0, -EMSGSIZE. */
int act_write(const struct act *a, char *text, size_t cap);

/* Only what act_write writes passes; *ret_used bytes were read. 0, -EBADMSG. */
int act_read(const char *text, size_t len, struct act *ret_act, size_t *ret_used);

#endif
