/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_conf - noded.conf, checked completely before use (noded.conf(5))
 */
#ifndef HOPLUU_DAEMON_NODED_CONF_H
#define HOPLUU_DAEMON_NODED_CONF_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/name.h"
#include "model/request.h"

struct noded_conf {
    char name[NAME_CAP];
    char center[TITLE_CAP];      /* node door of the center's daemon, host:port */
    char munge_socket[PATH_MAX]; /* "" = MUNGE's default */
    char listen[TITLE_CAP];      /* launches of MPI come in here */
    char spool[PATH_MAX];
    char machine[TITLE_CAP]; /* "live", "synthetic:8", an hwloc string or XML file */
    uint64_t mem_bytes;      /* 0 = what the machine has */
    char features[TITLE_CAP];
    uint32_t gpus;
    char gpu_type[GPU_TYPE_CAP]; /* of all of them; "" = not said */
    uint32_t kill_wait_s;        /* between TERM and KILL */
    bool beside_slurmd;          /* the node is Slurm's: only looked at */
    uint32_t min_uid;            /* accounts below it are refused; root always */
};

/* 0, -errno, -EINVAL with file:line or the value and what would be right. */
int noded_conf_read(const char *path, struct noded_conf *ret_conf, struct err *err);

#endif
