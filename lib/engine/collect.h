/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * collect - what the user wants back, copied out of the work directory
 *
 * Every process of the job is gone by then. Directories and files are opened with the
 * user's rights and without following any symlink; the copies are ours, so what
 * travels is what was there at the end. Rights are of the calling thread alone.
 */
#ifndef HOPLUU_ENGINE_COLLECT_H
#define HOPLUU_ENGINE_COLLECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define COLLECT_OUT "stdout"
#define COLLECT_ERR "stderr"

/* All borrowed. */
struct collect_from {
    const char *work;    /* where patterns are looked for; NULL = nothing travels */
    const char *streams; /* directory with stdout and stderr; NULL = they are in out */
    const char *out;     /* ours: the copies */
    const json_t *outputs; /* array of patterns; NULL = none */
    bool std_err;          /* there is one of its own */
    uid_t uid;             /* whose the files are */
    gid_t gid;
    uint64_t transfer_max;
};

/*
 * ret_files   new array of {"name","bytes","sha256","mode"}: "stdout", "stderr",
 *             "files/NAME"; NULL = no memory
 * note        one line is added for each file that cannot travel
 */
void collect_outputs(const struct collect_from *p,
                     json_t **ret_files,
                     struct buf *note);

#endif
