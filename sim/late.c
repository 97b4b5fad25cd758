/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* late - offers that are taken while the job waits at home */
#include "config.h"

#include <errno.h>

#include "sim/sim_int.h"

#include "base/banned.h"

int late_init(struct sim *s)
{
    return s->config.route == SIM_LATE ? -ENOSYS : 0;
}

void late_release(struct sim *s)
{
    (void)s;
}

int late_submit(struct sim *s, uint32_t x)
{
    (void)s;
    (void)x;
    return -ENOSYS;
}

int late_finish(struct sim *s, struct sim_center *c, uint32_t x)
{
    (void)s;
    (void)c;
    (void)x;
    return -ENOSYS;
}

int late_settle(struct sim *s)
{
    (void)s;
    return -ENOSYS;
}

void late_clock(struct sim *s, int64_t now_s)
{
    (void)s;
    (void)now_s;
}

int64_t late_next_s(const struct sim *s)
{
    (void)s;
    return INT64_MAX;
}
