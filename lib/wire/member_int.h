/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * member - one table per noun: which member of the JSON object is which field
 *
 * Both directions read the same table, so what is written is what is read. A
 * field that is zero or empty is left out unless its line says ALWAYS: a
 * missing member counts as zero. Names of members are the names of the fields.
 */
#ifndef HOPLUU_WIRE_MEMBER_INT_H
#define HOPLUU_WIRE_MEMBER_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum member_kind {
    MEMBER_BOOL,
    MEMBER_U32,
    MEMBER_I32,
    MEMBER_U64,    /* a quantity: at most INT64_MAX, larger ones are written as that */
    MEMBER_ID,     /* all 64 bits: above INT64_MAX as a string of digits */
    MEMBER_I64,    /* also the microseconds of a struct wall */
    MEMBER_TEXT,   /* char[cap], no control bytes */
    MEMBER_WORD,   /* an enum, as its word */
    MEMBER_NOUN,   /* a struct inside */
    MEMBER_NOUNS,  /* an array of cap structs, with a count or (count_at 0) without */
    MEMBER_STRING, /* char *, owned; any bytes but NUL */
    MEMBER_WORDS,  /* struct words; any bytes but NUL */
};

enum member_flags {
    MEMBER_ALWAYS = 1, /* written even if zero */
    MEMBER_NEEDED = 2, /* refused if missing; written always */
};

/* The words of one enum. */
struct member_words {
    unsigned n;
    const char *(*word)(unsigned v);
    bool (*parse)(const char *word, unsigned *ret_v);
};

struct member_list;

struct member {
    const char *name;
    size_t name_len;
    enum member_kind kind;
    unsigned flags;
    size_t at;       /* offset of the field */
    size_t cap;      /* bytes of a text or string, elements of an array */
    size_t size;     /* of an element */
    size_t count_at; /* offset of the u32 that counts the elements */
    int64_t min;     /* of a number */
    int64_t max;
    const struct member_list *of;
    const struct member_words *words;
};

struct member_list {
    const struct member *v;
    size_t n;
};

#define MEMBER_LIST(table)                                                             \
    {                                                                                  \
        .v = (table), .n = sizeof(table) / sizeof((table)[0])                          \
    }

#define MEMBER_(type, field, text, k)                                                  \
    .name = (text), .name_len = sizeof(text) - 1, .kind = (k),                         \
    .at = offsetof(type, field)

#define M_BOOL(type, field)                                                            \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_BOOL)                                      \
    }
#define M_U32_TO(type, field, most)                                                    \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_U32), .max = (most)                        \
    }
#define M_U32(type, field) M_U32_TO(type, field, UINT32_MAX)
#define M_I32(type, field)                                                             \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_I32), .min = INT32_MIN, .max = INT32_MAX   \
    }
#define M_U64(type, field)                                                             \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_U64), .max = INT64_MAX                     \
    }
#define M_ID(type, field)                                                              \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_ID)                                        \
    }
#define M_I64(type, field)                                                             \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_I64), .min = INT64_MIN, .max = INT64_MAX   \
    }
/* Microseconds since 1970, up to the end of the year 9999. */
#define WALL_MAX_US INT64_C(253402300799999999)
#define M_WALL(type, field)                                                            \
    {                                                                                  \
        MEMBER_(type, field.us, #field, MEMBER_I64), .max = WALL_MAX_US                \
    }
#define M_TEXT(type, field)                                                            \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_TEXT), .cap = sizeof(((type *)0)->field)   \
    }
#define M_WORD(type, field, table, when)                                               \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_WORD), .flags = (when), .words = &(table)  \
    }
#define M_NOUN(type, field, list)                                                      \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_NOUN), .of = &(list)                       \
    }

/* Writes a noun's members into an object: 0 or -ENOMEM. */
int members_put(const struct member_list *l, const void *noun, json_t *o);

/* A new object with them, NULL = no memory. */
json_t *members_to_json(const struct member_list *l, const void *noun);

/*
 * Reads an object into a noun whose fields hold their defaults: 0, -EBADMSG (text
 * names the member), -ENOMEM. After a failure some fields are filled.
 */
int members_get(const struct member_list *l,
                const json_t *o,
                void *noun,
                struct err *err);

/*
 * The same for a noun that owns nothing: fields start from zero, and *noun
 * changes on success only.
 */
int members_from_json(const struct member_list *l,
                      const json_t *o,
                      void *noun,
                      size_t size,
                      struct err *err);

/* Bytes without NUL: a string, or {"base64":TEXT} if they are not UTF-8. NULL = no
 * memory. */
json_t *bytes_to_json(const char *bytes, size_t n);

/* base64_decode() with a NUL behind the bytes. 0, -EBADMSG, -ENOMEM. */
int bytes_from_base64(const char *text, size_t len, char **ret_bytes, size_t *ret_n);

/*
 * ret_bytes: NUL-terminated, caller frees. name is for the text of the error.
 * 0, -EBADMSG, -ENOMEM.
 */
int bytes_from_json(const json_t *v,
                    const char *name,
                    size_t max,
                    char **ret_bytes,
                    size_t *ret_n,
                    struct err *err);

#endif
