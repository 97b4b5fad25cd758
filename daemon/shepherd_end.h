/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_end - what a shepherd leaves behind: started.json and end.json
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_END_H
#define HOPLUU_DAEMON_SHEPHERD_END_H

#include "base/err.h"
#include "daemon/shepherd.h"

/* Not synced: if the machine goes down, the job goes with it. */
int shepherd_write_started(const struct shepherd *s, struct err *err);

/*
 * end.json, synced and renamed into place.
 *
 * r   0, or the -Exxx for which nothing was started, with its text in err
 */
int shepherd_write_end(const struct shepherd *s,
                       const char *dir,
                       int r,
                       const struct err *err);

#endif
