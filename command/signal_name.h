/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * signal_name - signals as people write them: 15, TERM, SIGTERM, any case
 */
#ifndef HOPLUU_COMMAND_SIGNAL_NAME_H
#define HOPLUU_COMMAND_SIGNAL_NAME_H

#include <stdint.h>

#include "base/err.h"

/* 0, or -EINVAL with the text. */
int signal_name_parse(const char *text, uint32_t *ret_signal, struct err *err);

#endif
