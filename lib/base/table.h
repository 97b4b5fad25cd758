/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * table - uthash as this house uses it: failure is reported, keys from strangers
 *         do not choose their bucket
 *
 * uthash exits on out-of-memory unless told otherwise; here an insert that failed
 * leaves the element out (its hh.tbl is NULL afterwards), and TABLE_ADD says so.
 * The hash of a string or byte key is seeded once per process by table_seed().
 */
#ifndef HOPLUU_BASE_TABLE_H
#define HOPLUU_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(key, len, hashv) ((hashv) = table_hash((key), (len)))
#include <uthash.h>

/* Seed of every hash made from now on; call once, before the first table. */
void table_seed(uint64_t seed);

unsigned table_hash(const void *key, size_t len);

/* Evaluates to 0 or -ENOMEM. `field` is the member that is the key, by value. */
#define TABLE_ADD(head, field, elem)                                                   \
    ({                                                                                 \
        HASH_ADD(hh, (head), field, sizeof((elem)->field), (elem));                    \
        (elem)->hh.tbl ? 0 : -ENOMEM;                                                  \
    })

#define TABLE_FIND(head, keyptr, elem)                                                 \
    HASH_FIND(hh, (head), (keyptr), sizeof(*(keyptr)), (elem))

#define TABLE_FOREACH(head, elem, next) HASH_ITER (hh, (head), (elem), (next))

#endif
