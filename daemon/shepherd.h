/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * shepherd - what one shepherd knows while its job runs (header: shepherd.c)
 */
#ifndef HOPLUU_DAEMON_SHEPHERD_H
#define HOPLUU_DAEMON_SHEPHERD_H

#include "base/time.h"
#include "daemon/shepherd_cgroup.h"
#include "daemon/shepherd_plan.h"

#define SHEPHERD_CLIENTS_MAX 8

enum shepherd_why { WHY_NONE, WHY_CANCEL, WHY_TIME, WHY_MEMORY, _SHEPHERD_WHY_MAX };

struct shepherd {
    struct plan plan;
    struct cgroup group; /* of the script and all below it, where we may make one */
    int ctl;             /* listens */
    int sig;
    int clients[SHEPHERD_CLIENTS_MAX];
    size_t n_clients;
    int from[2]; /* a step's stdout and stderr; -1 = closed */
    int to[2];
    pid_t script; /* 0 = not started, or reaped */
    int status;   /* its wait status */
    bool empty;   /* no descendant is left */
    enum shepherd_why why;
    struct wall started;
    struct wall ended;
    int64_t limit_at; /* moments in mono us; 0 = none */
    int64_t warn_at;
    int64_t kill_at;
    int64_t poll_at;
};

#endif
