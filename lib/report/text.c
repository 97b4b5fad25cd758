/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* text - bytes of a stranger that shall stand in a report */
#include "config.h"

#include "report/text.h"

#include <stdint.h>
#include <string.h>

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

/* The capital of a letter of two or three bytes, as a code point. */
static uint32_t capital(uint32_t c)
{
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7))
        return c - 0x20;
    if (c == 0x103 || c == 0x111 || c == 0x129 || c == 0x169 || c == 0x1a1)
        return c - 1; /* a with breve, d with stroke, i and u with tilde, o with horn */
    if (c == 0x1b0)
        return 0x1af; /* u with horn */
    if (c >= 0x1ea0 && c <= 0x1ef9)
        return c & ~UINT32_C(1); /* pairs: the capital is even */
    return c;
}

static size_t letter_bytes(unsigned char c)
{
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static void put_letter(const char *s, size_t n, char *dst)
{
    const unsigned char *b = (const unsigned char *)s;
    uint32_t c;

    memcpy(dst, s, n);
    if (n == 1 && *s >= 'a' && *s <= 'z')
        dst[0] = (char)(*s - 'a' + 'A');
    if (n == 2) {
        c = capital(((b[0] & 0x1fu) << 6) | (b[1] & 0x3fu));
        dst[0] = (char)(0xc0 | c >> 6);
        dst[1] = (char)(0x80 | (c & 0x3f));
    } else if (n == 3) {
        c = capital(((b[0] & 0x0fu) << 12) | ((b[1] & 0x3fu) << 6) | (b[2] & 0x3fu));
        dst[0] = (char)(0xe0 | c >> 12);
        dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
        dst[2] = (char)(0x80 | (c & 0x3f));
    }
}

char *text_upper(const char *s, char *dst, size_t cap)
{
    size_t left = strlen(s), at = 0;

    while (left) {
        size_t n = letter_bytes((unsigned char)*s);

        if (n > left || at + n >= cap)
            break;
        put_letter(s, n, dst + at);
        at += n;
        s += n;
        left -= n;
    }
    dst[at] = '\0';
    return dst;
}
