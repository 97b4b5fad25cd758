/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* text - bytes of a stranger that shall stand in a report */
#include "config.h"

#include "report/text.h"

#include <stdint.h>

#include "base/banned.h"

/* Bytes of the sequence that starts at s, 0 = it is none. */
static size_t sequence(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char mask, lead;
        size_t n;
        uint32_t least;
    } forms[] = {
        {0xe0, 0xc0, 2, 0x80   },
        {0xf0, 0xe0, 3, 0x800  },
        {0xf8, 0xf0, 4, 0x10000},
    };

    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        uint32_t v;

        if ((s[0] & forms[f].mask) != forms[f].lead)
            continue;
        if (left < forms[f].n)
            return 0;
        v = s[0] & (unsigned char)~forms[f].mask;
        for (size_t i = 1; i < forms[f].n; i++) {
            if ((s[i] & 0xc0) != 0x80)
                return 0;
            v = v << 6 | (s[i] & 0x3f);
        }
        if (v < forms[f].least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff)
            || (v >= 0x80 && v < 0xa0))
            return 0;
        return forms[f].n;
    }
    return 0;
}

bool text_is_clean(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;

    for (size_t i = 0; i < n;) {
        size_t len = 1;

        if (p[i] < 0x20 || p[i] == 0x7f)
            return false;
        if (p[i] >= 0x80)
            len = sequence(p + i, n - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}
