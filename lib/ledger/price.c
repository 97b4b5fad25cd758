/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * price - what so much for so long costs
 *
 * Core-hours, GiB-hours or GPU-hours by the partition's three rates: what costs most is
 * charged, the others are not, and only that is rounded, up to the next thousandth. 128
 * bits carry it: in units of 1/(3600·1024) of a thousandth nothing is lost before the
 * one division. Why not the sum: docs/accounting.md, "Price".
 */
#include "config.h"

#include <errno.h>

#include "base/number.h"
#include "ledger/book.h"

#include "base/banned.h"

#define MIB_PER_GIB 1024
#define S_PER_H 3600

static bool product(uint64_t n, int64_t rate, unsigned unit, unsigned __int128 *max)
{
    unsigned __int128 x;

    if (!mul_ok((unsigned __int128)n, (uint64_t)rate, &x) || !mul_ok(x, unit, &x))
        return false;
    *max = MAX(*max, x);
    return true;
}

int book_price(const struct partition *p,
               uint64_t core_s,
               uint64_t mem_mib_s,
               uint64_t gpu_s,
               int64_t *ret_milli)
{
    const unsigned unit = MIB_PER_GIB * S_PER_H;
    unsigned __int128 most = 0;

    if (p->core_hour_milli < 0 || p->gib_hour_milli < 0 || p->gpu_hour_milli < 0)
        return -EINVAL;
    if (!product(core_s, p->core_hour_milli, MIB_PER_GIB, &most)
        || !product(mem_mib_s, p->gib_hour_milli, 1, &most)
        || !product(gpu_s, p->gpu_hour_milli, MIB_PER_GIB, &most))
        return -EOVERFLOW;
    most = most / unit + (most % unit != 0);
    if (most > INT64_MAX)
        return -EOVERFLOW;
    *ret_milli = (int64_t)most;
    return 0;
}
