/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* supply - finding a partition in what a peer told */
#include "config.h"

#include "model/supply.h"

#include <string.h>

#include "base/banned.h"

const struct supply_part *supply_part(const struct supply *s, const char *name)
{
    for (uint32_t i = 0; i < s->n_parts; i++)
        if (name[0] ? !strcmp(s->parts[i].name, name) : s->parts[i].is_default)
            return &s->parts[i];
    return NULL;
}
