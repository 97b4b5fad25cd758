/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * ask - a line with a breaker: what a plugin asks of hopluud never takes longer than
 *       its bound, and next to nothing once hopluud is known not to answer
 */
#ifndef HOPLUU_PLUGIN_ASK_H
#define HOPLUU_PLUGIN_ASK_H

#include "plugin/breaker.h"
#include "plugin/line.h"

struct ask_desk {
    struct line line;
    struct breaker breaker;
    struct mono
        tried; /* when the question was put that tries it out; 0 = none is out */
};

/*
 * As line_ask(); `whole_us` is all the time it may take. Besides its errors:
 * -EHOSTDOWN, at once, while the breaker is open. The question is stolen in any case.
 */
int ask_hopluud(struct ask_desk *d,
                json_t *question,
                int64_t whole_us,
                json_t **ret_answer,
                bool *ret_refused,
                struct err *err);

#endif
