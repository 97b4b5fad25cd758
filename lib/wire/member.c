/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * member - one table per noun: which member of the JSON object is which field
 *
 * Texts of ours may have been cut in the middle of a character; what is sent is
 * always UTF-8 without control bytes, so that the other end never has to refuse it.
 */
#include "config.h"

#include "wire/member_int.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/words.h"
#include "wire/digest.h"

#include "base/banned.h"

#define NOUN_BYTES_MAX 16384 /* the largest struct that members_from_json() fills */

static const void *field(const void *noun, const struct member *m)
{
    return (const char *)noun + m->at;
}

static uint32_t count_of(const void *noun, const struct member *m)
{
    uint32_t n;

    memcpy(&n, (const char *)noun + m->count_at, sizeof(n));
    assert(n <= m->cap);
    return n;
}

/* The text without what a terminal or a decoder would choke on. */
static json_t *clean_text(const char *s, size_t n)
{
    char *copy = malloc(n + 1);
    json_t *v;

    if (!copy)
        return NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = (char)((unsigned char)s[i] < ' ' || s[i] == 0x7f ? '?' : s[i]);
    v = json_stringn(copy, n);
    if (!v) {
        /* Not UTF-8: cut characters stand at the end, so spare the rest if possible. */
        for (size_t cut = 1; cut < 4 && cut <= n && (copy[n - cut] & 0x80) && !v; cut++)
            v = json_stringn(copy, n - cut);
    }
    if (!v) {
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)copy[i] >= 0x80)
                copy[i] = '?';
        v = json_stringn_nocheck(copy, n);
    }
    free(copy);
    return v;
}

static json_t *text_to_json(const char *s, size_t cap)
{
    size_t n = strnlen(s, cap);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || (unsigned char)s[i] >= 0x7f)
            return clean_text(s, n);
    return json_stringn_nocheck(s, n);
}

json_t *bytes_to_json(const char *bytes, size_t n)
{
    _cleanup_(freep) char *text = NULL;
    json_t *v = json_stringn(bytes, n);

    if (v)
        return v;
    text = base64_encode(bytes, n);
    return text ? json_pack("{s:s}", "base64", text) : NULL;
}

static json_t *id_to_json(uint64_t v)
{
    char digits[24];
    size_t at = sizeof(digits);

    if (v <= INT64_MAX)
        return json_integer((json_int_t)v);
    for (; v; v /= 10)
        digits[--at] = (char)('0' + v % 10);
    return json_stringn_nocheck(digits + at, sizeof(digits) - at);
}

static json_t *nouns_to_json(const struct member *m, const void *noun)
{
    const char *at = field(noun, m);
    size_t n = m->cap;
    json_t *list;

    if (m->count_at)
        n = count_of(noun, m);
    else /* free slots at the end are not told */
        for (size_t i = m->cap; i > 0; i--, n--) {
            const char *p = at + (i - 1) * m->size;

            if (p[0] || memcmp(p, p + 1, m->size - 1) != 0)
                break;
        }
    list = json_array();
    for (size_t i = 0; list && i < n; i++)
        if (json_array_append_new(list, members_to_json(m->of, at + i * m->size)) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *words_to_json(const struct words *w)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < w->n; i++)
        if (json_array_append_new(list, bytes_to_json(w->v[i], strlen(w->v[i]))) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* *ret_v NULL = zero or empty: nothing to write. 0 or -ENOMEM. */
static int value_of(const struct member *m, const void *noun, json_t **ret_v)
{
    const void *p = field(noun, m);
    bool always = m->flags != 0;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;

    *ret_v = NULL;
    switch (m->kind) {
    case MEMBER_BOOL:
        if (!*(const bool *)p && !always)
            return 0;
        *ret_v = json_boolean(*(const bool *)p);
        break;
    case MEMBER_U32:
    case MEMBER_I32:
        memcpy(&u32, p, sizeof(u32));
        if (!u32 && !always)
            return 0;
        *ret_v = json_integer(m->kind == MEMBER_U32 ? (json_int_t)u32 : (int32_t)u32);
        break;
    case MEMBER_WORD:
        memcpy(&u32, p, sizeof(u32));
        if (!u32 && !always)
            return 0;
        assert(u32 < m->words->n);
        *ret_v = json_string_nocheck(m->words->word(u32));
        break;
    case MEMBER_U64:
    case MEMBER_ID:
        memcpy(&u64, p, sizeof(u64));
        if (!u64 && !always)
            return 0;
        if (m->kind == MEMBER_U64 && u64 > INT64_MAX)
            u64 = INT64_MAX;
        *ret_v = id_to_json(u64);
        break;
    case MEMBER_I64:
        memcpy(&i64, p, sizeof(i64));
        if (!i64 && !always)
            return 0;
        *ret_v = json_integer(i64);
        break;
    case MEMBER_TEXT:
        if (!*(const char *)p && !always)
            return 0;
        *ret_v = text_to_json(p, m->cap);
        break;
    case MEMBER_STRING: {
        const char *s = *(char *const *)p;

        if (!s)
            return 0;
        *ret_v = bytes_to_json(s, strlen(s));
        break;
    }
    case MEMBER_NOUN:
        *ret_v = members_to_json(m->of, p);
        break;
    case MEMBER_NOUNS:
        *ret_v = nouns_to_json(m, noun);
        break;
    case MEMBER_WORDS:
        *ret_v = words_to_json(p);
        break;
    }
    if (!*ret_v)
        return -ENOMEM;
    if (!always
        && ((json_is_object(*ret_v) && m->kind == MEMBER_NOUN
             && json_object_size(*ret_v) == 0)
            || (json_is_array(*ret_v) && json_array_size(*ret_v) == 0))) {
        json_decref(*ret_v);
        *ret_v = NULL;
    }
    return 0;
}

int members_put(const struct member_list *l, const void *noun, json_t *o)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct member *m = &l->v[i];
        json_t *v;

        if (value_of(m, noun, &v) < 0)
            return -ENOMEM;
        if (v && json_object_setn_new_nocheck(o, m->name, m->name_len, v) < 0)
            return -ENOMEM;
    }
    return 0;
}

json_t *members_to_json(const struct member_list *l, const void *noun)
{
    json_t *o = json_object();

    if (o && members_put(l, noun, o) < 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static int refuse(struct err *err, const struct member *m, const char *what)
{
    return err_set(err, -EBADMSG, "%s must be %s", m->name, what);
}

static int get_number(const struct member *m, const json_t *v, void *p, struct err *err)
{
    json_int_t n = json_integer_value(v);

    if (!json_is_integer(v))
        return refuse(err, m, "a whole number");
    if (n < m->min || n > m->max)
        return err_set(err, -EBADMSG,
                       "%s must be %" PRId64 " to %" PRId64
                       ", not %" JSON_INTEGER_FORMAT,
                       m->name, m->min, m->max, n);
    if (m->kind == MEMBER_U32 || m->kind == MEMBER_I32) {
        uint32_t u32 = (uint32_t)n;

        memcpy(p, &u32, sizeof(u32));
    } else {
        int64_t i64 = n;

        memcpy(p, &i64, sizeof(i64));
    }
    return 0;
}

static int get_id(const struct member *m, const json_t *v, void *p, struct err *err)
{
    uint64_t u64;

    if (json_is_string(v)) {
        int r = measure_u64(json_string_value(v), 0, UINT64_MAX, &u64, NULL);

        if (r < 0)
            return err_set(err, -EBADMSG, "%s must be a 64-bit number, not '%.40s'",
                           m->name, json_string_value(v));
    } else if (json_is_integer(v) && json_integer_value(v) >= 0) {
        u64 = (uint64_t)json_integer_value(v);
    } else {
        return refuse(err, m, "a number, 0 or more");
    }
    memcpy(p, &u64, sizeof(u64));
    return 0;
}

static int get_text(const struct member *m, const json_t *v, char *p, struct err *err)
{
    const char *s = json_string_value(v);
    size_t n = json_string_length(v);

    if (!s)
        return refuse(err, m, "a text");
    if (n >= m->cap)
        return err_set(err, -EBADMSG, "%s has %zu bytes, the most is %zu", m->name, n,
                       m->cap - 1);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return err_set(err, -EBADMSG, "%s has a control byte (%u) at %zu", m->name,
                           (unsigned char)s[i], i);
    memcpy(p, s, n + 1);
    return 0;
}

static int get_word(const struct member *m, const json_t *v, void *p, struct err *err)
{
    const char *s = json_string_value(v);
    unsigned n;

    if (!s)
        return refuse(err, m, "a word");
    if (!m->words->parse(s, &n))
        return err_set(err, -EBADMSG, "%s: unknown word '%.40s'", m->name, s);
    memcpy(p, &n, sizeof(n));
    return 0;
}

int bytes_from_base64(const char *text, size_t len, char **ret_bytes, size_t *ret_n)
{
    void *bytes = NULL;
    char *longer;
    size_t n;
    int r = base64_decode(text, len, &bytes, &n);

    if (r < 0)
        return r;
    longer = realloc(bytes, n + 1);
    if (!longer) {
        free(bytes);
        return -ENOMEM;
    }
    longer[n] = '\0';
    *ret_bytes = longer;
    *ret_n = n;
    return 0;
}

int bytes_from_json(const json_t *v,
                    const char *name,
                    size_t max,
                    char **ret_bytes,
                    size_t *ret_n,
                    struct err *err)
{
    const json_t *packed = json_object_get(v, "base64");
    const char *s = json_string_value(packed ? packed : v);
    size_t n = json_string_length(packed ? packed : v);
    char *bytes = NULL;

    if (!s)
        return err_set(err, -EBADMSG, "%s must be a text or {\"base64\":text}", name);
    if (n > (packed ? max / 3 * 4 + 4 : max))
        return err_set(err, -EBADMSG, "%s has more than %zu bytes", name, max);
    if (packed) {
        int r = bytes_from_base64(s, n, &bytes, &n);

        if (r < 0)
            return err_set(err, r, r == -ENOMEM ? "%s: no memory" : "%s is not base64",
                           name);
    } else {
        bytes = malloc(n + 1);
        if (!bytes)
            return err_set(err, -ENOMEM, "%s: no memory", name);
        memcpy(bytes, s, n + 1);
    }
    if (n > max || memchr(bytes, '\0', n)) {
        free(bytes);
        return err_set(err, -EBADMSG,
                       n > max ? "%s has too many bytes" : "%s has a NUL byte", name);
    }
    *ret_bytes = bytes;
    *ret_n = n;
    return 0;
}

static int get_words(const struct member *m,
                     const json_t *v,
                     struct words *w,
                     struct err *err)
{
    size_t i;
    json_t *one;

    if (!json_is_array(v))
        return refuse(err, m, "a list of texts");
    if (json_array_size(v) > w->max)
        return err_set(err, -EBADMSG, "%s has %zu entries, the most is %zu", m->name,
                       json_array_size(v), w->max);
    json_array_foreach(v, i, one)
    {
        _cleanup_(freep) char *s = NULL;
        size_t n;
        int r = bytes_from_json(one, m->name, w->max_bytes, &s, &n, err);

        if (r == 0) {
            r = words_add_n(w, s, n);
            if (r == -E2BIG)
                return err_set(err, -EBADMSG, "%s has more than %zu bytes", m->name,
                               w->max_bytes);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int get_array(const struct member *m,
                     const json_t *v,
                     char *noun,
                     struct err *err)
{
    size_t n = json_array_size(v);
    uint32_t count = (uint32_t)n;

    if (!json_is_array(v))
        return refuse(err, m, "a list");
    if (n > m->cap)
        return err_set(err, -EBADMSG, "%s has %zu entries, the most is %zu", m->name, n,
                       m->cap);
    for (size_t i = 0; i < n; i++) {
        int r =
            members_get(m->of, json_array_get(v, i), noun + m->at + i * m->size, err);

        if (r < 0)
            return err_prefix(err, r, "%s[%zu]", m->name, i);
    }
    if (m->count_at)
        memcpy(noun + m->count_at, &count, sizeof(count));
    return 0;
}

static int get_member(const struct member *m,
                      const json_t *v,
                      void *noun,
                      struct err *err)
{
    void *p = (char *)noun + m->at;

    switch (m->kind) {
    case MEMBER_BOOL:
        if (!json_is_boolean(v))
            return refuse(err, m, "true or false");
        *(bool *)p = json_is_true(v);
        return 0;
    case MEMBER_U32:
    case MEMBER_I32:
    case MEMBER_U64:
    case MEMBER_I64:
        return get_number(m, v, p, err);
    case MEMBER_ID:
        return get_id(m, v, p, err);
    case MEMBER_TEXT:
        return get_text(m, v, p, err);
    case MEMBER_WORD:
        return get_word(m, v, p, err);
    case MEMBER_STRING: {
        char *s = NULL;
        size_t n;
        int r = bytes_from_json(v, m->name, m->cap, &s, &n, err);

        if (r == 0) {
            free(*(char **)p);
            *(char **)p = s;
        }
        return r;
    }
    case MEMBER_NOUN: {
        int r = members_get(m->of, v, p, err);

        return r < 0 ? err_prefix(err, r, "%s", m->name) : 0;
    }
    case MEMBER_NOUNS:
        return get_array(m, v, noun, err);
    case MEMBER_WORDS:
        return get_words(m, v, p, err);
    }
    return 0;
}

int members_get(const struct member_list *l,
                const json_t *o,
                void *noun,
                struct err *err)
{
    if (!json_is_object(o))
        return err_set(err, -EBADMSG, "must be an object");
    for (size_t i = 0; i < l->n; i++) {
        const struct member *m = &l->v[i];
        const json_t *v = json_object_getn(o, m->name, m->name_len);
        int r;

        if (!v || json_is_null(v)) {
            if (m->flags & MEMBER_NEEDED)
                return err_set(err, -EBADMSG, "%s is missing", m->name);
            continue;
        }
        r = get_member(m, v, noun, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int members_from_json(const struct member_list *l,
                      const json_t *o,
                      void *noun,
                      size_t size,
                      struct err *err)
{
    _Alignas(max_align_t) char copy[NOUN_BYTES_MAX];
    int r;

    assert(size <= sizeof(copy));
    memset(copy, 0, size);
    r = members_get(l, o, copy, err);
    if (r == 0)
        memcpy(noun, copy, size);
    return r;
}
