/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local - the engine whose nodes run hopluu-noded
 *
 * Nodes dial in at the node door and prove by MUNGE that root or the center's own
 * account runs them; a configured node that has not come is down. The daemon adopts
 * what it knows before it runs the loop: a node that then reports a job which nobody
 * knows is told to end and forget it.
 */
#ifndef HOPLUU_ENGINE_LOCAL_H
#define HOPLUU_ENGINE_LOCAL_H

#include <event2/event.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"

struct engine_local_config {
    const char *address;      /* of the node door, host:port */
    const char *munge_socket; /* NULL = MUNGE's default */
    const char *center;       /* our name */
    const char *spool;        /* outputs gather here; made if it is not there */
    uint32_t max_nodes;       /* connections at a time; 0 = 4096 */
    uint32_t node_lost_s;     /* 0 = 300: then what ran on a silent node is lost */
    uint64_t transfer_max;    /* bytes of one file; 0 = TRANSFER_MAX */
};

/* Strings are copied, cb is borrowed for ever. 0, -errno with what failed. */
int engine_local_new(struct event_base *base,
                     const struct engine_local_config *config,
                     const struct engine_callbacks *cb,
                     void *arg,
                     struct engine **ret_engine,
                     struct err *err);

/* The address really bound. */
const char *engine_local_address(const struct engine *e);

#endif
