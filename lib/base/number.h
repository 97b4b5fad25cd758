/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * number - arithmetic on values that came from outside
 *
 * Each says true and writes *r when the exact result fits its type.
 */
#ifndef HOPLUU_BASE_NUMBER_H
#define HOPLUU_BASE_NUMBER_H

#include <stdbool.h>

#define add_ok(a, b, r) (!__builtin_add_overflow((a), (b), (r)))
#define sub_ok(a, b, r) (!__builtin_sub_overflow((a), (b), (r)))
#define mul_ok(a, b, r) (!__builtin_mul_overflow((a), (b), (r)))

#define MIN(a, b)                                                                      \
    ({                                                                                 \
        __typeof__(a) a_ = (a);                                                        \
        __typeof__(b) b_ = (b);                                                        \
        a_ < b_ ? a_ : b_;                                                             \
    })
#define MAX(a, b)                                                                      \
    ({                                                                                 \
        __typeof__(a) a_ = (a);                                                        \
        __typeof__(b) b_ = (b);                                                        \
        a_ > b_ ? a_ : b_;                                                             \
    })

#endif
