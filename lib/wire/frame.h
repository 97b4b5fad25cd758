/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * frame - a u32 length in network order and one JSON object, in and out of buffers
 */
#ifndef HOPLUU_WIRE_FRAME_H
#define HOPLUU_WIRE_FRAME_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Take the first frame out of `in`.
 *
 * max       ceiling on its length
 * ret_need  bytes that `in` must hold for the frame to be whole, 0 = not known yet;
 *           set when 0 is returned
 *
 * Returns 1 with a frame (new reference), 0 when it is not all there, -EMSGSIZE as soon
 * as the length is there, -EBADMSG when it is not an object, -ENOMEM.
 */
int frame_take(struct evbuffer *in,
               size_t max,
               json_t **ret_frame,
               size_t *ret_need,
               struct err *err);

/*
 * Append a frame to `out`, unless that then held more than `backlog` bytes.
 * 0, -EAGAIN, -EMSGSIZE (over max), -ENOMEM; `out` is unchanged on failure.
 */
int frame_put(struct evbuffer *out, const json_t *frame, size_t max, size_t backlog);
int frame_put_text(
    struct evbuffer *out, const char *text, size_t len, size_t max, size_t backlog);

#endif
