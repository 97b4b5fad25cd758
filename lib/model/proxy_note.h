/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * proxy_note - what a proxy remembers in its AdminComment
 *
 *     hopluu-proxy JOB STATE CODE:SIGNAL WHERE
 *
 * JOB: id in the federation; STATE: Slurm's word for it there; CODE:SIGNAL of its end;
 * WHERE: center, or "-".
 */
#ifndef HOPLUU_MODEL_PROXY_NOTE_H
#define HOPLUU_MODEL_PROXY_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/job_state.h"
#include "model/name.h"

#define PROXY_WORD "hopluu-proxy"
#define PROXY_TEXT_MAX 160

struct proxy_note {
    uint64_t job;
    enum job_state state;
    int32_t exit_code;
    int32_t exit_signal;
    char center[NAME_CAP]; /* "" = nowhere yet */
};

/* text [PROXY_TEXT_MAX] */
void proxy_note_write(const struct proxy_note *n, char *text);
/* False: this is no proxy's AdminComment. */
bool proxy_note_read(const char *text, struct proxy_note *ret_note);

#endif
