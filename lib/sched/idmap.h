/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * idmap - job id to slot: 12 bytes per entry at half load, no memory of its own
 *         per job
 *
 * Open addressing with linear probing; an entry that leaves is filled from
 * behind, so there are no tombstones. Ids come from peers: the hash is seeded.
 */
#ifndef HOPLUU_SCHED_IDMAP_H
#define HOPLUU_SCHED_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap {
    uint64_t *ids;   /* [cap], valid where slot is not 0 */
    uint32_t *slots; /* [cap] */
    size_t cap;      /* 0 or a power of two */
    size_t n;
};

void idmap_release(struct idmap *m);

/* 0, -EEXIST or -ENOMEM. slot is not 0. */
int idmap_add(struct idmap *m, uint64_t id, uint32_t slot);

/* 0 = not there. */
uint32_t idmap_find(const struct idmap *m, uint64_t id);
void idmap_remove(struct idmap *m, uint64_t id);

#endif
