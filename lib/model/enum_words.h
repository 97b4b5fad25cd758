/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * enum_words - the words of an enum, both ways, from one table
 *
 * ENUM_WORDS(name, type, max, table) defines name_word() and name_parse().
 */
#ifndef HOPLUU_MODEL_ENUM_WORDS_H
#define HOPLUU_MODEL_ENUM_WORDS_H

#include <stdbool.h>
#include <string.h>

#define ENUM_WORDS(fn, type, max, table)                                               \
    _Static_assert(sizeof(table) / sizeof((table)[0]) == (max), "a word for each");    \
    const char *fn##_word(type v)                                                      \
    {                                                                                  \
        return (table)[v];                                                             \
    }                                                                                  \
    bool fn##_parse(const char *word, type *ret_v)                                     \
    {                                                                                  \
        for (int i = 0; i < (int)(max); i++)                                           \
            if (!strcmp(word, (table)[i])) {                                           \
                *ret_v = (type)i;                                                      \
                return true;                                                           \
            }                                                                          \
        return false;                                                                  \
    }

#endif
