/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* refusal - what a daemon says no with, as an error of ours */
#ifndef HOPLUU_WIRE_REFUSAL_H
#define HOPLUU_WIRE_REFUSAL_H

#include <jansson.h>

#include "base/err.h"

/* -Exxx of a refusal's "code"; -EIO for words that are not known. */
int refusal_errno(const char *word);

/* 0 if the answer says "ok", else the code's -Exxx with the daemon's text. */
int refusal_read(const json_t *answer, struct err *err);

#endif
