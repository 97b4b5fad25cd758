/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ask - a line with a breaker */
#include "config.h"

#include "plugin/ask.h"

#include <errno.h>

#include "base/banned.h"

#define TRY_MOST_US (INT64_C(5) * US_PER_S) /* then the question is put anew */

/* Nobody there costs microseconds to find out each time, and is over at once when
 * somebody is there again: no reason to wait before the next question. */
static bool quickly_known(int r)
{
    return r == -ECONNREFUSED || r == -ENOENT || r == -EACCES || r == -E2BIG
           || r == -ENOMEM;
}

static void judge(struct ask_desk *d, int r, bool refused)
{
    if (r == 0 || refused)
        breaker_good(&d->breaker);
    else if (!quickly_known(r))
        breaker_bad(&d->breaker, now_read().mono);
}

/*
 * Does it answer again? The question that tries it out may take a moment; if its answer
 * does not come in that, later callers look for it without waiting.
 */
static int try_again(struct ask_desk *d,
                     struct mono now,
                     int64_t time_us,
                     struct err *err)
{
    json_t *answer = NULL;
    int r = 0;

    if (d->tried.us == 0) {
        line_hang_up(&d->line);
        r = line_put(&d->line, json_pack("{s:s}", "op", "hello"),
                     (struct mono){now.us + time_us}, err);
        d->tried = now;
    } else {
        time_us = 0;
    }
    if (r == 0)
        r = line_get(&d->line, (struct mono){now.us + time_us}, &answer, err);
    json_decref(answer);
    if (r == -ETIMEDOUT && now.us - d->tried.us < TRY_MOST_US)
        return r;
    d->tried.us = 0;
    if (r < 0)
        line_hang_up(&d->line);
    judge(d, r, false);
    return r;
}

int ask_hopluud(struct ask_desk *d,
                json_t *question,
                int64_t whole_us,
                json_t **ret_answer,
                bool *ret_refused,
                struct err *err)
{
    int64_t began = now_read().mono.us;
    int64_t time_us = breaker_time(&d->breaker, (struct mono){began}, whole_us);
    int r = 0;

    *ret_refused = false;
    if (time_us == 0)
        r = err_set(err, -EHOSTDOWN, "hopluud did not answer lately");
    else if (d->breaker.state == BREAKER_TRYING)
        r = try_again(d, (struct mono){began}, time_us, err);
    if (r < 0) {
        json_decref(question);
        return r;
    }
    r = line_ask(&d->line, question, (struct mono){began + whole_us}, ret_answer,
                 ret_refused, err);
    judge(d, r, *ret_refused);
    return r;
}
