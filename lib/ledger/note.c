/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* note - a text and the signatures under it */
#include "config.h"

#include "ledger/note.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "ledger/base64_int.h"

#include "base/banned.h"

#define DASH "\xe2\x80\x94 " /* an em dash and a blank */
#define RAW_BYTES (4 + NOTE_SIGN_BYTES)
#define RAW_TEXT ((RAW_BYTES + 2) / 3 * 4)

int note_key(const char *name, const uint8_t key[NOTE_KEY_BYTES], uint8_t ret_key[4])
{
    char all[ORIGIN_CAP + 2 + NOTE_KEY_BYTES];
    size_t n = strlen(name);
    struct hash h;
    int r;

    if (n >= ORIGIN_CAP)
        return -EMSGSIZE;
    memcpy(all, name, n);
    all[n] = '\n';
    all[n + 1] = 1; /* Ed25519 */
    memcpy(all + n + 2, key, NOTE_KEY_BYTES);
    r = hash_line(all, n + 2 + NOTE_KEY_BYTES, &h);
    if (r == 0)
        memcpy(ret_key, h.b, 4);
    return r;
}

static int check_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n >= ORIGIN_CAP)
        return -EINVAL;
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '+' || *p == 0x7f)
            return -EINVAL;
    return 0;
}

int note_write(
    const char *text, const struct note_signature *s, size_t n, char *note, size_t cap)
{
    size_t len = strlen(text);
    size_t at;

    if (len == 0 || text[len - 1] != '\n' || n == 0 || n > NOTE_SIGNATURES_MAX)
        return -EINVAL;
    if (len + 2 > cap)
        return -EMSGSIZE;
    memcpy(note, text, len);
    note[len] = '\n';
    at = len + 1;
    for (size_t i = 0; i < n; i++) {
        uint8_t raw[RAW_BYTES];
        char encoded[RAW_TEXT + 1];
        int put;

        if (check_name(s[i].name) < 0)
            return -EINVAL;
        memcpy(raw, s[i].key, 4);
        memcpy(raw + 4, s[i].bytes, NOTE_SIGN_BYTES);
        base64_write(raw, sizeof(raw), encoded);
        put = snprintf(note + at, cap - at, DASH "%s %s\n", s[i].name, encoded);
        if (put < 0 || (size_t)put >= cap - at)
            return -EMSGSIZE;
        at += (size_t)put;
    }
    return 0;
}

/* One line [n] without its end. */
static int read_signature(const char *line, size_t n, struct note_signature *s)
{
    const char *name = line + strlen(DASH);
    const char *blank;
    uint8_t raw[RAW_BYTES];
    size_t len;

    if (n < strlen(DASH) || memcmp(line, DASH, strlen(DASH)) != 0)
        return -EBADMSG;
    blank = memchr(name, ' ', n - strlen(DASH));
    if (!blank)
        return -EBADMSG;
    len = (size_t)(blank - name);
    if (len >= sizeof(s->name) || (size_t)(line + n - blank - 1) != RAW_TEXT)
        return -EBADMSG;
    memcpy(s->name, name, len);
    s->name[len] = '\0';
    if (check_name(s->name) < 0 || base64_read(blank + 1, RAW_BYTES, raw) < 0)
        return -EBADMSG;
    memcpy(s->key, raw, 4);
    memcpy(s->bytes, raw + 4, NOTE_SIGN_BYTES);
    return 0;
}

int note_read(const char *note,
              char *text,
              size_t cap,
              struct note_signature *s,
              size_t *ret_n,
              struct err *err)
{
    const char *gap = strstr(note, "\n\n" DASH);
    const char *line;
    size_t n = 0;

    if (!gap || (size_t)(gap + 1 - note) >= cap)
        return err_set(err, -EBADMSG,
                       "a signed note is a text, an empty line, and lines that begin "
                       "with an em dash");
    for (line = gap + 2; *line; n++) {
        const char *end = strchr(line, '\n');

        if (!end || n == NOTE_SIGNATURES_MAX
            || read_signature(line, (size_t)(end - line), &s[n]) < 0)
            return err_set(err, -EBADMSG, "signature %zu of the note is damaged",
                           n + 1);
        line = end + 1;
    }
    memcpy(text, note, (size_t)(gap + 1 - note));
    text[gap + 1 - note] = '\0';
    *ret_n = n;
    return 0;
}
