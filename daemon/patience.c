/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* patience - a daemon that was killed lets go of its files a moment later */
#include "config.h"

#include "daemon/patience.h"

#include <time.h>

#include "base/log.h"
#include "base/time.h"

#include "base/banned.h"

bool patience_wait(struct patience *p, const char *why)
{
    const struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};
    int64_t now_us = now_read().mono.us;

    if (p->until_us == 0) {
        p->until_us = now_us + PATIENCE_S * US_PER_S;
        log_warn("%s: waiting up to %d s for it to end", why, PATIENCE_S);
    }
    if (now_us >= p->until_us)
        return false;
    return nanosleep(&moment, NULL) == 0; /* a signal: whoever sent it means the end */
}
