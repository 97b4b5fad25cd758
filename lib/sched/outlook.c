/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* outlook - running jobs, then the queue, each job at its earliest place */
#include "config.h"

#include "sched/outlook.h"

#include <errno.h>

#include "base/number.h"

#include "base/banned.h"

#define SHORT 64 /* jobs: as cheap as asking whether it is needed */

void outlook_release(struct outlook *p)
{
    profile_release(&p->free);
    *p = (struct outlook){0};
}

int outlook_begin(struct outlook *p, int64_t now_s, int64_t cores)
{
    if (!p->free.n) {
        if (profile_init(&p->free, now_s, cores) < 0)
            return -ENOMEM;
    } else {
        profile_reset(&p->free, now_s, cores);
    }
    p->valid = false;
    p->jobs = 0;
    p->work = 0;
    p->end_s = now_s;
    p->built_s = now_s;
    return 0;
}

int outlook_back(struct outlook *p, int64_t at_s, int64_t cores)
{
    return profile_append(&p->free, at_s, cores);
}

int outlook_put(struct outlook *p,
                int64_t now_s,
                uint32_t pred_s,
                uint32_t cores,
                int64_t *ret_at_s)
{
    int64_t at_s = -1;
    int r;

    if (p->jobs >= OUTLOOK_JOBS)
        return -EAGAIN;
    r = profile_reserve(&p->free, now_s, pred_s, cores, &at_s);
    if (r == -ENOMEM)
        return r;
    *ret_at_s = r < 0 ? -1 : at_s;
    p->jobs++;
    p->work += (uint64_t)pred_s * cores;
    if (r == 0)
        p->end_s = MAX(p->end_s, at_s + pred_s);
    return 0;
}

bool outlook_stands(const struct outlook *p, int64_t now_s, int64_t rest_s)
{
    return p->valid
           || (p->free.n > 0 && p->jobs > SHORT && now_s - p->built_s < rest_s
               && now_s >= p->built_s);
}

int64_t outlook_expected(const struct outlook *p,
                         int64_t from_s,
                         uint32_t pred_s,
                         uint32_t cores,
                         uint64_t rest,
                         uint64_t machine)
{
    int64_t t = profile_find(&p->free, from_s, pred_s, cores);

    if (t == PROFILE_NEVER)
        return t;
    /* It goes behind the jobs that the plan does not hold, unless it fills a hole. */
    if (machine && rest && t + pred_s > p->end_s)
        t += (int64_t)(rest / machine);
    return t;
}
