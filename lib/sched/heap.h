/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * heap - what happens next: by (time, key)
 */
#ifndef HOPLUU_SCHED_HEAP_H
#define HOPLUU_SCHED_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct due {
    int64_t at_s;
    uint64_t key;
    uint32_t slot;
};

struct heap {
    struct due *v; /* [n] */
    size_t n;
    size_t cap;
};

void heap_release(struct heap *h);
int heap_push(struct heap *h, struct due e); /* 0 or -ENOMEM */
struct due heap_pop(struct heap *h);         /* n > 0 */

/* INT64_MAX when it is empty. */
static inline int64_t heap_at(const struct heap *h)
{
    return h->n ? h->v[0].at_s : INT64_MAX;
}

#endif
