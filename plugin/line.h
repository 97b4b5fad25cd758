/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * line - a question to hopluud, answered within its time or not at all
 *
 * For code that is a guest in another process: one non-blocking connection over the
 * Unix socket (close-on-exec, no signal), kept open between questions, no thread, no
 * handler, no change of the environment. wire/client is the same conversation for
 * programs that may wait; this one may not: connecting, sending and receiving share one
 * deadline, an answer has at most LINE_ANSWER_MAX bytes, and after any failure the
 * connection is closed, so that a late answer is never taken for another one's.
 *
 * Not for several threads at a time.
 */
#ifndef HOPLUU_PLUGIN_LINE_H
#define HOPLUU_PLUGIN_LINE_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"

#define LINE_PATH_MAX 108 /* of a Unix socket, as the kernel has it */
#define LINE_ANSWER_MAX 16384
#define LINE_FRAMES_MAX 4 /* frames that are read for one answer: welcome, answer */

struct line {
    char path[LINE_PATH_MAX];
    int fd; /* -1 = not connected */
    uint64_t last_id;
    struct buf in;
};

/* Nothing is opened yet. -ENAMETOOLONG. */
int line_init(struct line *l, const char *path, struct err *err);
void line_release(struct line *l);

/*
 * Ask, and have the answer by `until`: line_put() and line_get(), once more on a new
 * connection if the kept one turns out dead; a failure hangs up.
 *
 * question     stolen; gets its "id" here
 * ret_answer   new reference; its "ok" is true
 *
 * Returns 0, or what the daemon said no with (its "code" as -Exxx, the text in err;
 * *ret_refused is true), or, with *ret_refused false: -ETIMEDOUT; -ECONNREFUSED,
 * -ENOENT (nobody is there), -EAGAIN (its queue of connections is full), -ECONNRESET
 * (it hung up), -EMSGSIZE, -EBADMSG (this is no hopluud), -E2BIG (the question),
 * -ENOMEM.
 */
int line_ask(struct line *l,
             json_t *question,
             struct mono until,
             json_t **ret_answer,
             bool *ret_refused,
             struct err *err);

/* The two halves; after -ETIMEDOUT line_get() may be called again. */
int line_put(struct line *l, json_t *question, struct mono until, struct err *err);
int line_get(struct line *l, struct mono until, json_t **ret_answer, struct err *err);

void line_hang_up(struct line *l);

#endif
