/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * predict - how long a job will run, from what its user's last two did
 *
 * The mean of the last two that ended, by (user, request, cores), else by user;
 * never above the request, at least 1 s; a user with fewer than two ended jobs
 * is believed. When a prediction has run out, the expected end jumps to the
 * request (docs/scheduling.md, "prediction").
 */
#ifndef HOPLUU_SCHED_PREDICT_H
#define HOPLUU_SCHED_PREDICT_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum predict_by {
    PREDICT_REQUEST, /* what the user asked */
    PREDICT_USER,    /* last two of the user */
    PREDICT_ALIKE, /* last two of the user with this request and size, else of the user
                    */
};

struct predict;

/*
 * max   keys that are remembered; above it the oldest half is forgotten
 * NULL = no memory.
 */
struct predict *predict_new(enum predict_by by, size_t max);
void *predict_free(struct predict *p);
DEFINE_FREEP(predict, struct predict)

/* Seconds, 1 to request_s. */
uint32_t predict_run(const struct predict *p,
                     uint64_t user,
                     uint32_t request_s,
                     uint32_t cores);

/* A job of this user ended after run_s. 0 or -ENOMEM (it is not remembered then). */
int predict_ended(struct predict *p,
                  uint64_t user,
                  uint32_t request_s,
                  uint32_t cores,
                  uint32_t run_s);

#endif
