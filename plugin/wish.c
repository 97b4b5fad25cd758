/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* wish - what a user asked of the federation with the options of spank/hopluu */
#include "config.h"

#include "plugin/wish.h"

#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

#define PREFIX "_SLURM_SPANK_OPTION_" WISH_PLUGIN "_"

const struct wish_option wish_options[_WISH_MAX] = {
    [WISH_CENTER] = {"center",        "any|NAME[,NAME...]",
                     "hand the job to the federation: it runs at any center, or at "
                     "one of these"                                    },
    [WISH_COMM] = {"comm",          "PATTERN",
                     "how the ranks talk, such as stencil3d:4x4x2: they are placed for "
                   "that"                                              },
    [WISH_TRANSFER_IN] = {"transfer-in",   "FILE[,FILE...]",
                     "files that travel with a job that is handed over"},
    [WISH_TRANSFER_OUT] = {"transfer-out",  "PATTERN[,PATTERN...]",
                     "files of it that are brought back"               },
    [WISH_AT_LEAST_ONCE] = {"at-least-once", NULL,
                     "run it again if the center that ran it is lost"  },
};

/* Is `entry` PREFIX NAME '=' VALUE? */
static const char *value_of(const char *entry, const char *name)
{
    if (strncmp(entry, PREFIX, sizeof(PREFIX) - 1) != 0)
        return NULL;
    entry += sizeof(PREFIX) - 1;
    for (; *name; name++, entry++)
        if (*entry != (*name == '-' ? '_' : *name) && *entry != *name)
            return NULL;
    return *entry == '=' ? entry + 1 : NULL;
}

struct wish wish_read(char *const *env, uint32_t n)
{
    struct wish w = {0};

    for (uint32_t i = 0; env && i < n; i++)
        for (size_t k = 0; env[i] && k < _WISH_MAX; k++) {
            const char *v = value_of(env[i], wish_options[k].name);

            if (v)
                w.value[k] = v;
        }
    return w;
}
