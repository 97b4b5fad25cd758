/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* member - the members of a noun as a table: one row serves both directions */
#include "config.h"

#include "wire/member.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/time.h"

#include "base/banned.h"

/* A text as JSON: bytes that are not UTF-8 become '?', rather than nothing at all. */
static json_t *text_json(const char *s)
{
    json_t *o = json_string(s);
    char clean[1024];
    size_t n;

    if (o)
        return o;
    n = strnlen(s, sizeof(clean) - 1);
    for (size_t i = 0; i < n; i++)
        clean[i] = (unsigned char)s[i] < 0x80 ? s[i] : '?';
    clean[n] = '\0';
    return json_string(clean);
}

static json_t *list_json(const struct member *m, const char *base)
{
    uint32_t n = *(const uint32_t *)(const void *)(base + m->n_at);
    json_t *list = json_array();

    for (uint32_t i = 0; list && i < n && i < m->cap; i++)
        if (json_array_append_new(list,
                                  member_object(m->noun, base + m->at + i * m->size))
            < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* The member as JSON; *skip when it is zero, which needs no words. */
static json_t *value_json(const struct member *m, const char *base, bool *skip)
{
    const void *p = base + m->at;
    int64_t n = 0;

    switch (m->type) {
    case MEMBER_TEXT:
        *skip = *(const char *)p == '\0';
        return *skip ? NULL : text_json(p);
    case MEMBER_BOOL:
        *skip = !*(const bool *)p;
        return *skip ? NULL : json_true();
    case MEMBER_WORD: {
        int v;

        memcpy(&v, p, sizeof(v));
        return json_string_nocheck(m->words->word(v));
    }
    case MEMBER_NOUN:
        return member_object(m->noun, p);
    case MEMBER_LIST:
        *skip = *(const uint32_t *)(const void *)(base + m->n_at) == 0;
        return *skip ? NULL : list_json(m, base);
    case MEMBER_U16:
        n = *(const uint16_t *)p;
        break;
    case MEMBER_U32:
        n = *(const uint32_t *)p;
        break;
    case MEMBER_I32:
        n = *(const int32_t *)p;
        break;
    case MEMBER_U64:
        n = (int64_t)(*(const uint64_t *)p & INT64_MAX);
        break;
    case MEMBER_I64:
        n = *(const int64_t *)p;
        break;
    case MEMBER_WALL:
        n = ((const struct wall *)p)->us;
        break;
    }
    *skip = n == 0;
    return *skip ? NULL : json_integer(n);
}

int member_encode(json_t *o, const struct member *m, const void *noun)
{
    for (; m->name; m++) {
        bool skip = false;
        json_t *v = value_json(m, noun, &skip);

        if (!skip && json_object_set_new_nocheck(o, m->name, v) < 0)
            return -ENOMEM;
    }
    return 0;
}

json_t *member_object(const struct member *m, const void *noun)
{
    json_t *o = json_object();

    if (o && member_encode(o, m, noun) < 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static int bad(const struct member *m, const char *should, struct err *err)
{
    return err_set(err, -EBADMSG, "\"%s\" must be %s", m->name, should);
}

static int take_text(const struct member *m,
                     const json_t *v,
                     char *dst,
                     struct err *err)
{
    size_t n = json_string_length(v);

    if (!json_is_string(v))
        return bad(m, "a text", err);
    if (n >= m->cap)
        return err_set(err, -EBADMSG, "\"%s\" has %zu bytes, the most is %zu", m->name,
                       n, m->cap - 1);
    if (memchr(json_string_value(v), '\0', n))
        return bad(m, "a text without NUL", err);
    memcpy(dst, json_string_value(v), n + 1);
    return 0;
}

static int take_number(const struct member *m,
                       const json_t *v,
                       int64_t min,
                       int64_t max,
                       int64_t *n,
                       struct err *err)
{
    if (!json_is_integer(v))
        return bad(m, "a whole number", err);
    *n = json_integer_value(v);
    if (*n < min || *n > max)
        return err_set(err, -EBADMSG, "\"%s\" is %lld, outside %lld to %lld", m->name,
                       (long long)*n, (long long)min, (long long)max);
    return 0;
}

static int take_list(const struct member *m,
                     const json_t *v,
                     char *base,
                     struct err *err)
{
    size_t n = json_array_size(v);
    uint32_t count = (uint32_t)n;
    int r;

    if (!json_is_array(v))
        return bad(m, "a list", err);
    if (n > m->cap)
        return err_set(err, -EBADMSG, "\"%s\" has %zu entries, the most is %zu",
                       m->name, n, m->cap);
    for (size_t i = 0; i < n; i++) {
        r = member_decode(json_array_get(v, i), m->noun, base + m->at + i * m->size,
                          err);
        if (r < 0)
            return err_prefix(err, r, "\"%s\"", m->name);
    }
    memcpy(base + m->n_at, &count, sizeof(count));
    return 0;
}

static int take_word(const struct member *m,
                     const json_t *v,
                     void *dst,
                     struct err *err)
{
    const char *word = json_string_value(v);
    int n;

    if (!word || !m->words->parse(word, &n))
        return err_set(err, -EBADMSG,
                       "\"%s\" is '%.40s', a word that is not known here", m->name,
                       word ? word : "");
    memcpy(dst, &n, sizeof(n));
    return 0;
}

static int take(const struct member *m, const json_t *v, char *base, struct err *err)
{
    void *p = base + m->at;
    int64_t n = 0;
    int r;

    switch (m->type) {
    case MEMBER_TEXT:
        return take_text(m, v, p, err);
    case MEMBER_BOOL:
        if (!json_is_boolean(v))
            return bad(m, "true or false", err);
        *(bool *)p = json_is_true(v);
        return 0;
    case MEMBER_WORD:
        return take_word(m, v, p, err);
    case MEMBER_NOUN:
        r = member_decode(v, m->noun, p, err);
        return r < 0 ? err_prefix(err, r, "\"%s\"", m->name) : 0;
    case MEMBER_LIST:
        return take_list(m, v, base, err);
    case MEMBER_U16:
        r = take_number(m, v, 0, UINT16_MAX, &n, err);
        if (r == 0)
            *(uint16_t *)p = (uint16_t)n;
        return r;
    case MEMBER_U32:
        r = take_number(m, v, 0, UINT32_MAX, &n, err);
        if (r == 0)
            *(uint32_t *)p = (uint32_t)n;
        return r;
    case MEMBER_I32:
        r = take_number(m, v, INT32_MIN, INT32_MAX, &n, err);
        if (r == 0)
            *(int32_t *)p = (int32_t)n;
        return r;
    case MEMBER_U64:
        r = take_number(m, v, 0, INT64_MAX, &n, err);
        if (r == 0)
            *(uint64_t *)p = (uint64_t)n;
        return r;
    case MEMBER_I64:
        r = take_number(m, v, INT64_MIN, INT64_MAX, &n, err);
        if (r == 0)
            *(int64_t *)p = n;
        return r;
    case MEMBER_WALL:
        r = take_number(m, v, 0, INT64_MAX / 4, &n, err);
        if (r == 0)
            ((struct wall *)p)->us = n;
        return r;
    }
    return bad(m, "known", err);
}

int member_decode(const json_t *o, const struct member *m, void *noun, struct err *err)
{
    if (!json_is_object(o))
        return err_set(err, -EBADMSG, "an object was expected");
    for (; m->name; m++) {
        const json_t *v = json_object_get(o, m->name);
        int r = v && !json_is_null(v) ? take(m, v, noun, err) : 0;

        if (r < 0)
            return r;
    }
    return 0;
}
