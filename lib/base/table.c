/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* table - the seeded hash behind every table */
#include "config.h"

#include "base/table.h"

#include <string.h>

#include "base/banned.h"

static uint64_t seed_now = UINT64_C(0x9e3779b97f4a7c15);

void table_seed(uint64_t seed)
{
    seed_now = seed | 1;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    return h;
}

unsigned table_hash(const void *key, size_t len)
{
    const unsigned char *p = key;
    uint64_t h = seed_now ^ len;

    while (len > 0) {
        uint64_t word = 0;
        size_t n = len < sizeof(word) ? len : sizeof(word);

        memcpy(&word, p, n);
        h = mix(h ^ word) + seed_now;
        p += n;
        len -= n;
    }
    return (unsigned)mix(h);
}
