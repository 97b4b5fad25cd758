/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * freport_source - where a report's records come from: files, or the daemon
 */
#ifndef HOPLUU_COMMAND_FREPORT_SOURCE_H
#define HOPLUU_COMMAND_FREPORT_SOURCE_H

#include "base/err.h"
#include "command/freport.h"
#include "model/run_record.h"

typedef int (*freport_record_fn)(const struct run_record *r,
                                 void *arg,
                                 struct err *err);

/*
 * Each record that ended within --start and --end, in the order of its source: the
 * files, or the daemon when there are none. What the daemon cannot tell is said on
 * stderr. A value below 0 of each() ends it, with the file and line put before its
 * text.
 *
 * 0, -errno, -EBADMSG, what each() said.
 */
int freport_each_record(const struct freport_ask *ask,
                        freport_record_fn each,
                        void *arg,
                        struct err *err);

#endif
