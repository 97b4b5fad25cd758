/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* act - words with values, in one canonical form */
#include "config.h"

#include "ledger/act.h"

#include <errno.h>
#include <string.h>

#include "base/words.h"

#include "base/banned.h"

/* Where a name is, or would be. */
static size_t place_of(const struct act *a, const char *name, bool *ret_there)
{
    size_t i = 0;

    while (i < a->n && strcmp(a->v[i].name, name) < 0)
        i++;
    *ret_there = i < a->n && !strcmp(a->v[i].name, name);
    return i;
}

const char *act_get(const struct act *a, const char *name)
{
    bool there;
    size_t i = place_of(a, name, &there);

    return there ? a->v[i].value : "";
}

bool act_has(const struct act *a, const char *name)
{
    bool there;

    (void)place_of(a, name, &there);
    return there;
}

static bool is_name(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if ((*name < 'a' || *name > 'z') && *name != '_')
            return false;
    return true;
}

static bool is_value(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return false;
    return true;
}

int act_set(struct act *a, const char *name, const char *value)
{
    bool there;
    size_t i = place_of(a, name, &there);

    if (!is_name(name) || !is_value(value))
        return -EINVAL;
    if (strlen(name) >= ACT_NAME_CAP || strlen(value) >= ACT_VALUE_CAP
        || (!there && a->n == ACT_WORDS_MAX))
        return -EMSGSIZE;
    if (!there) {
        memmove(&a->v[i + 1], &a->v[i], (a->n - i) * sizeof(a->v[0]));
        a->n++;
        a->v[i] = (struct act_word){0};
        (void)word_copy(a->v[i].name, ACT_NAME_CAP, name); /* fits */
    }
    memset(a->v[i].value, 0, ACT_VALUE_CAP);
    (void)word_copy(a->v[i].value, ACT_VALUE_CAP, value); /* fits */
    return 0;
}

void act_unset(struct act *a, const char *name)
{
    bool there;
    size_t i = place_of(a, name, &there);

    if (!there)
        return;
    memmove(&a->v[i], &a->v[i + 1], (a->n - i - 1) * sizeof(a->v[0]));
    a->n--;
    memset(&a->v[a->n], 0, sizeof(a->v[0]));
}

struct out {
    char *p;
    size_t left;
    bool full;
};

static void put(struct out *o, const char *bytes, size_t n)
{
    if (n >= o->left) {
        o->full = true;
        return;
    }
    memcpy(o->p, bytes, n);
    o->p += n;
    o->left -= n;
}

static void put_value(struct out *o, const char *value)
{
    for (; *value; value++) {
        if (*value == '"')
            put(o, "\\u0022", 6);
        else if (*value == '\\')
            put(o, "\\u005c", 6);
        else
            put(o, value, 1);
    }
}

int act_write(const struct act *a, char *text, size_t cap)
{
    struct out o = {.p = text, .left = cap};

    put(&o, "{", 1);
    for (size_t i = 0; i < a->n; i++) {
        put(&o, i ? ",\"" : "\"", i ? 2 : 1);
        put(&o, a->v[i].name, strlen(a->v[i].name));
        put(&o, "\":\"", 3);
        put_value(&o, a->v[i].value);
        put(&o, "\"", 1);
    }
    put(&o, "}", 1);
    if (o.full)
        return -EMSGSIZE;
    *o.p = '\0';
    return 0;
}

/* Up to the closing quote, which is taken. */
static const char *read_value(const char *p, const char *end, char *dst, size_t cap)
{
    size_t n = 0;

    while (p < end && *p != '"') {
        char c = *p;
        size_t step = 1;

        if (c == '\\') {
            if (end - p < 6)
                return NULL;
            c = !memcmp(p, "\\u0022", 6) ? '"' : !memcmp(p, "\\u005c", 6) ? '\\' : '\0';
            step = 6;
        }
        if (n + 1 >= cap || (unsigned char)c < 0x20 || c == 0x7f)
            return NULL;
        dst[n++] = c;
        p += step;
    }
    dst[n] = '\0';
    return p < end ? p + 1 : NULL;
}

int act_read(const char *text, size_t len, struct act *ret_act, size_t *ret_used)
{
    const char *p = text, *end = text + len;
    struct act a = {0};

    if (len < 2 || *p++ != '{')
        return -EBADMSG;
    while (*p != '}') {
        struct act_word w = {0};

        if (a.n > 0 && (p >= end || *p++ != ','))
            return -EBADMSG;
        if (p >= end || *p++ != '"')
            return -EBADMSG;
        p = read_value(p, end, w.name, sizeof(w.name));
        if (!p || end - p < 2 || memcmp(p, ":\"", 2) != 0 || !is_name(w.name))
            return -EBADMSG;
        p = read_value(p + 2, end, w.value, sizeof(w.value));
        if (!p || p >= end || a.n == ACT_WORDS_MAX
            || (a.n > 0 && strcmp(a.v[a.n - 1].name, w.name) >= 0))
            return -EBADMSG;
        a.v[a.n++] = w;
    }
    *ret_act = a;
    *ret_used = (size_t)(p + 1 - text);
    return 0;
}
