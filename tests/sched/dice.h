/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* dice - numbers for property tests: seeded, the same everywhere */
#ifndef HOPLUU_TESTS_SCHED_DICE_H
#define HOPLUU_TESTS_SCHED_DICE_H

#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *d)
{
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* lo to hi, both possible. */
static inline uint32_t dice_roll(struct dice *d, uint32_t lo, uint32_t hi)
{
    return lo + (uint32_t)(dice_next(d) % ((uint64_t)hi - lo + 1));
}

#endif
