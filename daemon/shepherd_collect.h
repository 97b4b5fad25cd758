/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd_collect - what the user wants back, copied out of the work directory
 *
 * Every process of the job is gone by then. Directories and files are opened with the
 * user's rights and without following any symlink; the copies are ours, so what
 * travels is what was there at the end.
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_COLLECT_H
#define HOPLUU_DAEMON_SHEPHERD_COLLECT_H

#include <jansson.h>

#include "base/buf.h"
#include "daemon/shepherd_plan.h"

/*
 * ret_files   new array of {"name","bytes","sha256","mode"}: "stdout", "stderr",
 *             "files/NAME"; NULL = no memory
 * note        one line is added for each file that cannot travel
 */
void collect_outputs(const struct plan *p, json_t **ret_files, struct buf *note);

#endif
