/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* alarm - which record wants attention next: a binary heap of the records' own alarms
 */
#include "config.h"

#include "fed/fed_int.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"

#include "base/banned.h"

int alarm_reserve(struct fed *f)
{
    /* Every record may be in the heap at once. */
    size_t want = HASH_COUNT(f->held_by_id) + HASH_COUNT(f->copied_by_id) + 2;
    struct alarm **heap;

    if (want <= f->cap_heap)
        return 0;
    want = MAX(want, f->cap_heap * 2);
    heap = realloc(f->heap, want * sizeof(struct alarm *));
    if (!heap)
        return -ENOMEM;
    f->heap = heap;
    f->cap_heap = want;
    return 0;
}

static void place(struct fed *f, size_t i, struct alarm *a)
{
    f->heap[i] = a;
    a->slot = (uint32_t)(i + 1);
}

static void sift_up(struct fed *f, size_t i)
{
    struct alarm *a = f->heap[i];

    while (i > 0 && f->heap[(i - 1) / 2]->at.us > a->at.us) {
        place(f, i, f->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(f, i, a);
}

static void sift_down(struct fed *f, size_t i)
{
    struct alarm *a = f->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= f->n_heap)
            break;
        if (child + 1 < f->n_heap && f->heap[child + 1]->at.us < f->heap[child]->at.us)
            child++;
        if (f->heap[child]->at.us >= a->at.us)
            break;
        place(f, i, f->heap[child]);
        i = child;
    }
    place(f, i, a);
}

void alarm_clear(struct fed *f, struct alarm *a)
{
    size_t i = a->slot;
    struct alarm *last;

    if (i == 0)
        return;
    i--;
    a->slot = 0;
    last = f->heap[--f->n_heap];
    if (last == a)
        return;
    place(f, i, last);
    sift_up(f, i);
    sift_down(f, last->slot - 1);
}

void alarm_set(struct fed *f, struct alarm *a, struct mono at)
{
    alarm_clear(f, a);
    a->at = at;
    f->heap[f->n_heap++] = a; /* room: alarm_reserve() when the record was made */
    sift_up(f, f->n_heap - 1);
}

struct alarm *alarm_first(const struct fed *f)
{
    return f->n_heap ? f->heap[0] : NULL;
}

int64_t retry_delay(uint16_t tries)
{
    int64_t d = RETRY_MIN_US << MIN(tries, (uint16_t)5);

    return MIN(d, RETRY_MAX_US);
}
