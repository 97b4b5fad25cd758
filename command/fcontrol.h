/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fcontrol - one verb each: look at jobs, let them go, lists of hosts, who answers
 *
 * A verb gets its words, without itself, speaks when it fails and returns the exit
 * code.
 */
#ifndef HOPLUU_COMMAND_FCONTROL_H
#define HOPLUU_COMMAND_FCONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "command/common.h"

struct control {
    struct common common;
    bool one_line; /* a job on one line */
    char **words;  /* [n_words] borrowed from argv */
    size_t n_words;
};

int control_create_reservation(const struct control *a);
int control_delete_reservation(const struct control *a);
int control_show_reservation(const struct control *a);
int control_show_job(const struct control *a);
int control_show_hostnames(const struct control *a);
int control_show_hostlist(const struct control *a);

#endif
