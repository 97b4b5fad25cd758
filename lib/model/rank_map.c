/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* rank_map - how the ranks of one run were put on its cores */
#include "config.h"

#include "model/rank_map.h"

#include "model/enum_words.h"

#include "base/banned.h"

static const char *const source_words[] = {
    [RANK_MAP_NONE] = "none",
    [RANK_MAP_NAMED] = "named",
    [RANK_MAP_PROFILE] = "profile",
};
ENUM_WORDS(rank_map_source, enum rank_map_source, _RANK_MAP_SOURCE_MAX, source_words)

bool rank_map_is_set(const struct rank_map *m)
{
    return m->method[0] != '\0';
}

uint32_t rank_map_gain(const struct rank_map *m)
{
    if (m->usual_cost == 0 || m->cost >= m->usual_cost)
        return 0;
    /* Display only: a double is exact enough, and does not overflow. */
    return (uint32_t)(1000.0 * (double)(m->usual_cost - m->cost) / (double)m->usual_cost
                      + 0.5);
}
