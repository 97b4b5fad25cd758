/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* rng_int - random numbers that a seed decides (splitmix64); not for secrets */
#ifndef HOPLUU_PLACE_RNG_INT_H
#define HOPLUU_PLACE_RNG_INT_H

#include <stdint.h>

struct rng {
    uint64_t s;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->s += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 32 random bits onto 0 to n - 1. */
static inline uint32_t rng_scale(uint32_t bits, uint32_t n)
{
    return (uint32_t)(((uint64_t)bits * n) >> 32);
}

static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
    return rng_scale((uint32_t)(rng_next(r) >> 32), n);
}

static inline void rng_shuffle(struct rng *r, uint32_t *v, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = rng_below(r, i);
        uint32_t x = v[i - 1];

        v[i - 1] = v[j];
        v[j] = x;
    }
}

#endif
