/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noun - tables that more than one noun is made of
 */
#ifndef HOPLUU_WIRE_NOUN_INT_H
#define HOPLUU_WIRE_NOUN_INT_H

#include "wire/member_int.h"

extern const struct member_list request_members;
extern const struct member_list usage_members;
extern const struct member_list rank_map_members;

extern const struct member_words job_state_words;
extern const struct member_words job_reason_words;
extern const struct member_words route_rule_words;

/* x_words out of x_word() and x_parse(); scope is static or nothing. */
#define MEMBER_WORDS_OF(scope, fn, type, max)                                          \
    static const char *fn##_word_of(unsigned v)                                        \
    {                                                                                  \
        return fn##_word((type)v);                                                     \
    }                                                                                  \
    static bool fn##_parse_to(const char *word, unsigned *ret_v)                       \
    {                                                                                  \
        type v;                                                                        \
                                                                                       \
        if (!fn##_parse(word, &v))                                                     \
            return false;                                                              \
        *ret_v = (unsigned)v;                                                          \
        return true;                                                                   \
    }                                                                                  \
    scope const struct member_words fn##_words = {                                     \
        .n = (max), .word = fn##_word_of, .parse = fn##_parse_to}

/* x_to_json() and x_from_json() out of x_members, for nouns that own nothing. */
#define NOUN_JSON(noun)                                                                \
    json_t *noun##_to_json(const struct noun *n)                                       \
    {                                                                                  \
        return members_to_json(&noun##_members, n);                                    \
    }                                                                                  \
    int noun##_from_json(const json_t *o, struct noun *n, struct err *err)             \
    {                                                                                  \
        return members_from_json(&noun##_members, o, n, sizeof(*n), err);              \
    }                                                                                  \
    _Static_assert(sizeof(struct noun) > 0, "a noun")

#endif
