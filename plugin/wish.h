/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * wish - what a user asked of the federation with the options of spank/hopluu
 *
 * Slurm carries the values of such options in the job's SPANK environment, as
 * _SLURM_SPANK_OPTION_hopluu_NAME=VALUE with '_' for every '-' of the name. The table
 * of names is here, for the side that writes and the side that reads.
 */
#ifndef HOPLUU_PLUGIN_WISH_H
#define HOPLUU_PLUGIN_WISH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WISH_PLUGIN "hopluu" /* name of the SPANK plugin */

enum wish_name {
    WISH_CENTER,
    WISH_DATASET,
    WISH_COMM,
    WISH_TRANSFER_IN,
    WISH_TRANSFER_OUT,
    WISH_AT_LEAST_ONCE,
    _WISH_MAX
};

/* One option as people type it. */
struct wish_option {
    const char *name;
    const char *arg; /* NULL = takes none */
    const char *text;
    const char *missing; /* why it is refused; NULL = it is there */
};
extern const struct wish_option wish_options[_WISH_MAX];

/* value[w]: NULL = not asked for, "" = given without a value. Borrowed. */
struct wish {
    const char *value[_WISH_MAX];
};

/* env [n] of "NAME=value"; entries that are not ours, or NULL, are passed over. */
struct wish wish_read(char *const *env, uint32_t n);

/*
 * May this be asked for, and is its value one?
 *
 * Returns 0, -ENOTSUP (its feature does not exist yet), -EINVAL, -E2BIG; the text names
 * the option.
 */
int wish_check(enum wish_name w, const char *value, struct err *err);

/* The time of --at-least-once in seconds: 0, -EINVAL. */
int wish_silence(const char *value, uint32_t *ret_s, struct err *err);

#endif
