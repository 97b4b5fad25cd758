/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* breaker - whoever does not answer is not waited for again and again */
#include "config.h"

#include "plugin/breaker.h"

#include "base/banned.h"

int64_t breaker_time(struct breaker *b, struct mono now, int64_t whole_us)
{
    if (b->state == BREAKER_SHUT)
        return whole_us;
    if (now.us < b->again.us)
        return 0;
    b->state = BREAKER_TRYING;
    return BREAKER_TRY_US < whole_us ? BREAKER_TRY_US : whole_us;
}

void breaker_good(struct breaker *b)
{
    *b = (struct breaker){0};
}

void breaker_bad(struct breaker *b, struct mono now)
{
    b->state = BREAKER_OPEN;
    b->pause_us = b->pause_us == 0 ? BREAKER_FIRST_US : b->pause_us * 2;
    if (b->pause_us > BREAKER_MOST_US)
        b->pause_us = BREAKER_MOST_US;
    b->again.us = now.us + b->pause_us;
}
