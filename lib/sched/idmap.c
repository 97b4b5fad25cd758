/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* idmap - open addressing, linear probing, backward shift on removal */
#include "config.h"

#include "sched/idmap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"

#include "base/banned.h"

void idmap_release(struct idmap *m)
{
    free(m->ids);
    free(m->slots);
    *m = (struct idmap){0};
}

static size_t home(const struct idmap *m, uint64_t id)
{
    return table_hash(&id, sizeof(id)) & (m->cap - 1);
}

/* Where the id is, or the empty place where it would go. cap > n. */
static size_t place(const struct idmap *m, uint64_t id)
{
    size_t i = home(m, id);

    while (m->slots[i] && m->ids[i] != id)
        i = (i + 1) & (m->cap - 1);
    return i;
}

static int grow(struct idmap *m)
{
    struct idmap old = *m;
    struct idmap next = {.cap = old.cap ? 2 * old.cap : 64, .n = old.n};

    next.ids = malloc(next.cap * sizeof(*next.ids));
    next.slots = calloc(next.cap, sizeof(*next.slots));
    if (!next.ids || !next.slots) {
        idmap_release(&next);
        return -ENOMEM;
    }
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i]) {
            size_t k = place(&next, old.ids[i]);

            next.ids[k] = old.ids[i];
            next.slots[k] = old.slots[i];
        }
    idmap_release(&old);
    *m = next;
    return 0;
}

int idmap_add(struct idmap *m, uint64_t id, uint32_t slot)
{
    size_t i;

    if (4 * (m->n + 1) > 3 * m->cap && grow(m) < 0)
        return -ENOMEM;
    i = place(m, id);
    if (m->slots[i])
        return -EEXIST;
    m->ids[i] = id;
    m->slots[i] = slot;
    m->n++;
    return 0;
}

uint32_t idmap_find(const struct idmap *m, uint64_t id)
{
    return m->cap ? m->slots[place(m, id)] : 0;
}

void idmap_remove(struct idmap *m, uint64_t id)
{
    size_t hole;

    if (!m->cap)
        return;
    hole = place(m, id);
    if (!m->slots[hole])
        return;
    m->n--;
    m->slots[hole] = 0;
    for (size_t i = (hole + 1) & (m->cap - 1); m->slots[i];
         i = (i + 1) & (m->cap - 1)) {
        size_t h = home(m, m->ids[i]);

        /* It may move into the hole unless its home lies between hole and here. */
        if (((i - h) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
            continue;
        m->ids[hole] = m->ids[i];
        m->slots[hole] = m->slots[i];
        m->slots[i] = 0;
        hole = i;
    }
}
