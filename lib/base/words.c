/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* words - short texts: bounded copies, and lists of words such as argv */
#include "config.h"

#include "base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

bool word_copy(char *dst, size_t cap, const char *src)
{
    size_t n = strnlen(src, cap);

    if (n >= cap) {
        dst[0] = '\0';
        return false;
    }
    memcpy(dst, src, n + 1);
    return true;
}

void word_cut(char *dst, size_t cap, const char *src)
{
    size_t n = strnlen(src, cap);

    if (n >= cap) {
        n = cap - 1;
        while (n > 0 && ((unsigned char)src[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(dst, src, n);
    dst[n] = '\0';
}

/* Not isalnum(): a locale has no say in what a name is. */
static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || c == '.' || c == '_' || c == '@' || c == '+' || c == '-';
}

bool word_is_name(const char *s, size_t max)
{
    size_t n = 0;

    if (*s == '-' || *s == '.')
        return false;
    for (; s[n]; n++)
        if (n == max || !in_name(s[n]))
            return false;
    return n > 0;
}

void words_release(struct words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->v[i]);
    free(w->v);
    w->v = NULL;
    w->n = w->bytes = 0;
}

int words_add_n(struct words *w, const char *s, size_t len)
{
    char **v;
    char *copy;

    if (w->n >= w->max || len > w->max_bytes || w->bytes > w->max_bytes - len)
        return -E2BIG;
    /* Grows in powers of two: n + 1 slots are there unless n + 1 is such a power. */
    if (((w->n + 1) & w->n) == 0) {
        v = realloc(w->v, 2 * (w->n + 1) * sizeof(*v));
        if (!v)
            return -ENOMEM;
        w->v = v;
        w->v[w->n] = NULL;
    }
    copy = strndup(s, len);
    if (!copy)
        return -ENOMEM;
    w->v[w->n++] = copy;
    w->v[w->n] = NULL;
    w->bytes += len;
    return 0;
}

int words_add(struct words *w, const char *s)
{
    return words_add_n(w, s, strlen(s));
}

int words_split(struct words *w, const char *text, const char *sep)
{
    while (*text) {
        size_t n = strcspn(text, sep);

        if (n) {
            int r = words_add_n(w, text, n);

            if (r < 0)
                return r;
        }
        text += n + (text[n] != '\0');
    }
    return 0;
}

bool words_has(const struct words *w, const char *s)
{
    for (size_t i = 0; i < w->n; i++)
        if (!strcmp(w->v[i], s))
            return true;
    return false;
}
