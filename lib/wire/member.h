/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * member - the members of a noun as a table: one row serves both directions
 *
 * A row names a field by offset and says what it is; member_encode() writes the
 * fields that are not zero, member_decode() fills a zeroed struct and refuses what
 * does not fit. Encoding and decoding cannot disagree, since both read this table.
 */
#ifndef HOPLUU_WIRE_MEMBER_H
#define HOPLUU_WIRE_MEMBER_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

enum member_type {
    MEMBER_TEXT, /* char[cap] */
    MEMBER_U16,
    MEMBER_U32,
    MEMBER_I32,
    MEMBER_U64, /* at most 2^63 - 1 on the wire */
    MEMBER_I64,
    MEMBER_BOOL,
    MEMBER_WALL, /* struct wall: microseconds */
    MEMBER_WORD, /* an enum, by its word */
    MEMBER_NOUN, /* a struct with a table of its own */
    MEMBER_LIST, /* an array of such structs with a count beside it */
};

struct member_words {
    const char *(*word)(int v);
    int (*parse)(const char *word, int *ret_v); /* 1 = known */
};

struct member {
    const char *name;
    enum member_type type;
    size_t at;
    size_t cap;                       /* TEXT: bytes; LIST: elements */
    const struct member_words *words; /* WORD */
    const struct member *noun;        /* NOUN, LIST: its table */
    size_t size;                      /* LIST: of one element */
    size_t n_at;                      /* LIST: offset of the uint32_t count */
};

#define MEMBER(s, field, kind)                                                         \
    {                                                                                  \
        .name = #field, .type = (kind), .at = offsetof(s, field)                       \
    }
#define MEMBER_STR(s, field)                                                           \
    {                                                                                  \
        .name = #field, .type = MEMBER_TEXT, .at = offsetof(s, field),                 \
        .cap = sizeof(((s *)0)->field)                                                 \
    }
#define MEMBER_ENUM(s, field, table)                                                   \
    {                                                                                  \
        .name = #field, .type = MEMBER_WORD, .at = offsetof(s, field),                 \
        .words = (table)                                                               \
    }
#define MEMBER_SUB(s, field, table)                                                    \
    {                                                                                  \
        .name = #field, .type = MEMBER_NOUN, .at = offsetof(s, field), .noun = (table) \
    }
#define MEMBER_ARRAY(s, field, count, table)                                           \
    {                                                                                  \
        .name = #field, .type = MEMBER_LIST, .at = offsetof(s, field),                 \
        .cap = sizeof(((s *)0)->field) / sizeof(((s *)0)->field[0]), .noun = (table),  \
        .size = sizeof(((s *)0)->field[0]), .n_at = offsetof(s, count)                 \
    }
#define MEMBER_END                                                                     \
    {                                                                                  \
        .name = NULL                                                                   \
    }

/* Adapters for an enum's own word and parse functions (model/enum_words.h). */
#define MEMBER_WORDS(table, type, word_fn, parse_fn)                                   \
    static const char *table##_word(int v)                                             \
    {                                                                                  \
        return word_fn((type)v);                                                       \
    }                                                                                  \
    static int table##_parse(const char *word, int *ret_v)                             \
    {                                                                                  \
        type v;                                                                        \
        if (!parse_fn(word, &v))                                                       \
            return 0;                                                                  \
        *ret_v = (int)v;                                                               \
        return 1;                                                                      \
    }                                                                                  \
    static const struct member_words table = {table##_word, table##_parse}

/* Adds to o: 0 or -ENOMEM. */
int member_encode(json_t *o, const struct member *m, const void *noun);
/* A new object, NULL = no memory. */
json_t *member_object(const struct member *m, const void *noun);
/* noun is zeroed by the caller: 0, -EBADMSG (text names the member). */
int member_decode(const json_t *o, const struct member *m, void *noun, struct err *err);

#endif
