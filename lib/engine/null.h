/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * null - an engine whose jobs do nothing: benches, and the contract's own test
 *
 * Every configured node has the same cores and answers at once. A started job ends
 * after delay_ms as COMPLETED. It forgets everything when it is freed: an adopted
 * job ends as NODE_FAIL.
 */
#ifndef HOPLUU_ENGINE_NULL_H
#define HOPLUU_ENGINE_NULL_H

#include <event2/event.h>

#include "base/err.h"
#include "engine/engine.h"

struct engine_null_config {
    uint32_t node_cores; /* 0 = 8 */
    uint64_t node_bytes; /* 0 = 16 GiB */
    uint32_t delay_ms;   /* from start to end */
};

/* cb is borrowed for ever. 0 or -ENOMEM; free with ops->free. */
int engine_null_new(struct event_base *base,
                    const struct engine_null_config *config,
                    const struct engine_callbacks *cb,
                    void *arg,
                    struct engine **ret_engine,
                    struct err *err);

#endif
