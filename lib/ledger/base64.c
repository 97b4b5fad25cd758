/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* base64 - six bits a letter */
#include "config.h"

#include "ledger/base64_int.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_three(const uint8_t *bytes, size_t n, char text[4])
{
    uint32_t v = (uint32_t)bytes[0] << 16 | (n > 1 ? (uint32_t)bytes[1] << 8 : 0)
                 | (n > 2 ? bytes[2] : 0);

    text[0] = letters[v >> 18];
    text[1] = letters[v >> 12 & 63];
    text[2] = n > 1 ? letters[v >> 6 & 63] : '=';
    text[3] = n > 2 ? letters[v & 63] : '=';
}

void base64_write(const uint8_t *bytes, size_t n, char *text)
{
    for (size_t i = 0; i < n; i += 3, text += 4)
        write_three(bytes + i, n - i, text);
    *text = '\0';
}

int base64_read(const char *text, size_t n, uint8_t *bytes)
{
    for (size_t i = 0; i < n; i += 3, text += 4) {
        size_t here = n - i < 3 ? n - i : 3;
        char again[4];
        uint32_t v = 0;

        for (size_t k = 0; k < 4; k++) {
            const char *at = k > here ? letters : memchr(letters, text[k], 64);

            if (!at)
                return -EBADMSG;
            v = v << 6 | (uint32_t)(at - letters);
        }
        for (size_t k = 0; k < here; k++)
            bytes[i + k] = (uint8_t)(v >> (16 - 8 * k));
        write_three(bytes + i, here, again);
        if (memcmp(text, again, 4) != 0)
            return -EBADMSG; /* bits that nobody writes */
    }
    return 0;
}
