/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* settings_priority - how the queue is ordered */
#include "config.h"

#include <errno.h>

#include "base/measure.h"
#include "daemon/settings_int.h"

#include "base/banned.h"

#define WEIGHT_MAX 1000000000 /* four of them stay below 2^32 */

static int read_time(cfg_t *sec, const char *option, uint32_t *ret_s, struct err *err)
{
    int r = conf_duration(sec, option, ret_s, err);

    if (r == 0 && *ret_s == DURATION_UNLIMITED)
        r = conf_fail(sec, option, err, "must be a time such as 7-0 (days-hours)");
    return r;
}

int settings_priority(cfg_t *cfg, struct priority_rule *p, struct err *err)
{
    cfg_t *sec = cfg_getsec(cfg, "priority");
    const struct {
        const char *option;
        uint32_t *to;
    } weights[] = {
        {"weight_age",       &p->weight_age      },
        {"weight_fairshare", &p->weight_fairshare},
        {"weight_job_size",  &p->weight_job_size },
        {"weight_partition", &p->weight_partition},
    };
    int r = 0;

    for (size_t i = 0; i < sizeof(weights) / sizeof(*weights) && r == 0; i++)
        r = conf_u32(sec, weights[i].option, 0, WEIGHT_MAX, weights[i].to, err);
    if (r == 0)
        r = read_time(sec, "max_age", &p->max_age_s, err);
    if (r == 0)
        r = read_time(sec, "decay_half_life", &p->decay_half_life_s, err);
    if (r == 0)
        r = read_time(sec, "calc_period", &p->calc_period_s, err);
    p->favor_small = cfg_getbool(sec, "favor_small");
    return r;
}
