/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * names - texts as small numbers, the same text always the same number
 *
 * Number 0 is "". Numbers go up by one; a text stays where it is until the end.
 */
#ifndef HOPLUU_REPORT_NAMES_H
#define HOPLUU_REPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_MAX 20000000 /* different texts */

struct names {
    char **v; /* [n] */
    size_t n;
    size_t cap;
    uint32_t *slots; /* [n_slots] number + 1, 0 = free; a power of two */
    size_t n_slots;
};

/* 0, -ENOBUFS (ceiling), -ENOMEM. {0} is empty. */
int names_id(struct names *x, const char *text, uint32_t *ret_id);
static inline const char *names_text(const struct names *x, uint32_t id)
{
    return id ? x->v[id] : "";
}
void names_release(struct names *x);

#endif
