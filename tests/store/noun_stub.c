/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noun_stub - nouns as hexadecimal memory, until lib/wire has its codecs */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/noun_json.h"

static json_t *pack(const void *p, size_t n, const char *note)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = malloc(2 * n + 1);
    const unsigned char *b = p;
    json_t *o;

    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[b[i] >> 4];
        hex[2 * i + 1] = digits[b[i] & 15];
    }
    hex[2 * n] = '\0';
    o = json_pack("{s:s,s:s}", "x", hex, "note", note);
    free(hex);
    return o;
}

static int unpack(const json_t *o, void *p, size_t n)
{
    const char *hex = json_string_value(json_object_get(o, "x"));
    unsigned char *b = p;

    if (!hex || strlen(hex) != 2 * n)
        return -EBADMSG;
    for (size_t i = 0; i < n; i++)
        b[i] =
            (unsigned char)((hex[2 * i] - (hex[2 * i] > '9' ? 'a' - 10 : '0')) * 16
                            + hex[2 * i + 1] - (hex[2 * i + 1] > '9' ? 'a' - 10 : '0'));
    return 0;
}

json_t *holding_to_json(const struct holding *h)
{
    return pack(h, sizeof(*h), h->note);
}

int holding_from_json(const json_t *o, struct holding *h, struct err *err)
{
    (void)err;
    return unpack(o, h, sizeof(*h));
}

json_t *copy_to_json(const struct copy *c)
{
    return pack(c, sizeof(*c), c->note);
}

int copy_from_json(const json_t *o, struct copy *c, struct err *err)
{
    (void)err;
    return unpack(o, c, sizeof(*c));
}
