/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_numbers - a map, or another list of numbers: one on a line, empty lines aside */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"

#include "fmap.h"

#include "base/banned.h"

int fmap_numbers(const char *text,
                 const char *name,
                 uint32_t max,
                 uint32_t **ret_v,
                 uint32_t *ret_n,
                 struct err *err)
{
    uint32_t *v = malloc(((size_t)max + 1) * sizeof(*v));
    uint32_t n = 0;
    uint32_t number = 1;
    int r = v ? 0 : -ENOMEM;

    for (const char *at = text; r == 0 && *at; number++) {
        size_t len = strcspn(at, "\n");
        char word[16] = "";

        if (len > 0) {
            memcpy(word, at, MIN(len, sizeof(word) - 1));
            r = len >= sizeof(word)
                    ? err_set(err, -EINVAL, "'%s...' is too long for a number", word)
                : n < max ? measure_u32(word, 0, UINT32_MAX, &v[n], err)
                          : err_set(err, -E2BIG, "more than %" PRIu32 " lines", max);
            if (r < 0)
                r = err_prefix(err, r, "%.80s:%" PRIu32, name, number);
            else
                n++;
        }
        at += len + (at[len] == '\n');
    }
    if (r < 0) {
        free(v);
        return r;
    }
    *ret_v = v;
    *ret_n = n;
    return 0;
}
