/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* checkpoint - the three lines that stand for a journal up to some size */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "ledger/chain.h"

#include "base/banned.h"

static void base64(const struct hash *h, char text[45])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0, at = 0; i < sizeof(h->b); i += 3, at += 4) {
        uint32_t b1 = i + 1 < sizeof(h->b) ? h->b[i + 1] : 0;
        uint32_t b2 = i + 2 < sizeof(h->b) ? h->b[i + 2] : 0;
        uint32_t v = (uint32_t)h->b[i] << 16 | b1 << 8 | b2;

        text[at] = letters[v >> 18];
        text[at + 1] = letters[v >> 12 & 63];
        text[at + 2] = letters[v >> 6 & 63];
        text[at + 3] = letters[v & 63];
    }
    text[43] = '='; /* 32 bytes are ten threes and two */
    text[44] = '\0';
}

int checkpoint_write(const struct merkle *m, const char *origin, char *text, size_t cap)
{
    struct hash root;
    char root_text[45];
    int r = merkle_root(m, &root);
    int n;

    if (r < 0)
        return r;
    base64(&root, root_text);
    n = snprintf(text, cap, "%s\n%" PRIu64 "\n%s\n", origin, m->n, root_text);
    return n < 0 || (size_t)n >= cap ? -EMSGSIZE : 0;
}

static int unbase64(const char *text, struct hash *h)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char again[CHECKPOINT_ROOT_TEXT + 1];

    for (size_t i = 0; i < sizeof(h->b); i++) {
        uint32_t bits = 0;

        for (size_t k = i * 8 / 6; k <= (i * 8 + 7) / 6; k++) {
            const char *at = text[k] ? strchr(letters, text[k]) : NULL;

            if (!at)
                return -EBADMSG;
            bits = bits << 6 | (uint32_t)(at - letters);
        }
        /* Two letters are 12 bits; this byte begins i * 8 % 6 bits after the first. */
        h->b[i] = (uint8_t)(bits >> (4 - i * 8 % 6));
    }
    base64(h, again);
    return strncmp(text, again, CHECKPOINT_ROOT_TEXT) == 0 ? 0 : -EBADMSG;
}

int checkpoint_read(const char *text, struct checkpoint *ret_point, struct err *err)
{
    struct checkpoint p = {0};
    const char *size = strchr(text, '\n');
    const char *root = size ? strchr(size + 1, '\n') : NULL;
    char number[24] = "";

    if (!root || (size_t)(size - text) >= sizeof(p.origin)
        || (size_t)(root - size - 1) >= sizeof(number)
        || strlen(root + 1) != CHECKPOINT_ROOT_TEXT + 1
        || root[1 + CHECKPOINT_ROOT_TEXT] != '\n')
        return err_set(err, -EBADMSG,
                       "a checkpoint has three lines: origin, size, root in base64");
    memcpy(p.origin, text, (size_t)(size - text));
    memcpy(number, size + 1, (size_t)(root - size - 1));
    if (measure_u64(number, 0, INT64_MAX, &p.size, err) < 0)
        return err_prefix(err, -EBADMSG, "the checkpoint's size");
    if (unbase64(root + 1, &p.root) < 0)
        return err_set(err, -EBADMSG,
                       "the checkpoint's root is not 32 bytes in base64");
    *ret_point = p;
    return 0;
}
