/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* names - texts as small numbers, the same text always the same number */
#include "config.h"

#include "report/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

#include "base/banned.h"

static size_t slot_of(const struct names *x, const char *text, size_t len)
{
    size_t at = table_hash(text, len) & (x->n_slots - 1);

    while (x->slots[at] && strcmp(x->v[x->slots[at] - 1], text) != 0)
        at = (at + 1) & (x->n_slots - 1);
    return at;
}

/* At most half of the slots are taken. */
static int grow(struct names *x)
{
    size_t n_slots = x->n_slots ? 2 * x->n_slots : 1024;
    size_t cap = n_slots / 2;
    uint32_t *old = x->slots;
    uint32_t *slots = calloc(n_slots, sizeof(*slots));
    char **v = slots ? reallocarray(x->v, cap, sizeof(*v)) : NULL;

    if (!v) {
        free(slots);
        return -ENOMEM;
    }
    x->v = v;
    x->cap = cap;
    x->slots = slots;
    x->n_slots = n_slots;
    free(old);
    for (size_t i = 0; i < x->n; i++)
        slots[slot_of(x, v[i], strlen(v[i]))] = (uint32_t)i + 1;
    return 0;
}

static int add(struct names *x, const char *text)
{
    if (x->n == NAMES_MAX)
        return -ENOBUFS;
    if (x->n == x->cap) {
        int r = grow(x);

        if (r < 0)
            return r;
    }
    x->v[x->n] = strdup(text);
    if (!x->v[x->n])
        return -ENOMEM;
    x->slots[slot_of(x, text, strlen(text))] = (uint32_t)x->n + 1;
    x->n++;
    return 0;
}

int names_id(struct names *x, const char *text, uint32_t *ret_id)
{
    size_t at;
    int r = x->n == 0 ? add(x, "") : 0;

    if (r < 0)
        return r;
    at = slot_of(x, text, strlen(text));
    if (x->slots[at]) {
        *ret_id = x->slots[at] - 1;
        return 0;
    }
    r = add(x, text);
    if (r == 0)
        *ret_id = (uint32_t)x->n - 1;
    return r;
}

void names_release(struct names *x)
{
    for (size_t i = 0; i < x->n; i++)
        free(x->v[i]);
    free(x->v);
    free(x->slots);
    *x = (struct names){0};
}
