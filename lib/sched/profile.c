/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* profile - a sorted array of steps */
#include "config.h"

#include "sched/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#include "base/banned.h"

static int room(struct profile *p, size_t n)
{
    struct profile_step *steps;
    size_t cap = p->cap ? p->cap : 16;

    if (n <= p->cap)
        return 0;
    while (cap < n)
        cap *= 2;
    steps = realloc(p->steps, cap * sizeof(*steps));
    if (!steps)
        return -ENOMEM;
    p->steps = steps;
    p->cap = cap;
    return 0;
}

int profile_init(struct profile *p, int64_t at_s, int64_t cores)
{
    *p = (struct profile){0};
    if (room(p, 1) < 0)
        return -ENOMEM;
    profile_reset(p, at_s, cores);
    return 0;
}

void profile_release(struct profile *p)
{
    free(p->steps);
    *p = (struct profile){0};
}

void profile_reset(struct profile *p, int64_t at_s, int64_t cores)
{
    p->steps[0] = (struct profile_step){at_s, cores};
    p->n = 1;
}

int profile_append(struct profile *p, int64_t at_s, int64_t cores)
{
    struct profile_step *last = &p->steps[p->n - 1];

    if (last->at_s == at_s) {
        last->cores = cores;
        return 0;
    }
    if (last->cores == cores)
        return 0;
    if (room(p, p->n + 1) < 0)
        return -ENOMEM;
    p->steps[p->n++] = (struct profile_step){at_s, cores};
    return 0;
}

int profile_copy(struct profile *dst, const struct profile *src)
{
    if (room(dst, src->n) < 0)
        return -ENOMEM;
    memcpy(dst->steps, src->steps, src->n * sizeof(*src->steps));
    dst->n = src->n;
    return 0;
}

/* The step that is in force at t (the first one for anything earlier). */
static size_t step_at(const struct profile *p, int64_t t)
{
    const struct profile_step *s = p->steps;
    size_t lo = 0;
    size_t n = p->n;

    while (n > 1) {
        size_t half = n / 2;

        if (s[lo + half].at_s <= t)
            lo += half;
        n -= half;
    }
    return lo;
}

int64_t profile_find(const struct profile *p,
                     int64_t from_s,
                     int64_t duration_s,
                     int64_t cores)
{
    const struct profile_step *s = p->steps;
    size_t i = step_at(p, from_s);
    int64_t start = MAX(from_s, s[0].at_s);

    for (;;) {
        size_t k;

        while (s[i].cores < cores) {
            if (++i == p->n)
                return PROFILE_NEVER;
            start = s[i].at_s;
        }
        for (k = i + 1; k < p->n && s[k].at_s - start < duration_s; k++)
            if (s[k].cores < cores)
                break;
        if (k == p->n || s[k].at_s - start >= duration_s)
            return start;
        i = k;
    }
}

/* A step begins at t; its index. There is room. */
static size_t cut(struct profile *p, int64_t t)
{
    size_t i;

    if (t < p->steps[0].at_s) {
        memmove(p->steps + 1, p->steps, p->n++ * sizeof(*p->steps));
        p->steps[0].at_s = t;
        return 0;
    }
    i = step_at(p, t);
    if (p->steps[i].at_s == t)
        return i;
    i++;
    memmove(p->steps + i + 1, p->steps + i, (p->n - i) * sizeof(*p->steps));
    p->steps[i] = (struct profile_step){t, p->steps[i - 1].cores};
    p->n++;
    return i;
}

/* Two equal neighbours are one step. */
static void join(struct profile *p, size_t i)
{
    if (i == 0 || i >= p->n || p->steps[i].cores != p->steps[i - 1].cores)
        return;
    p->n--;
    memmove(p->steps + i, p->steps + i + 1, (p->n - i) * sizeof(*p->steps));
}

int profile_add(struct profile *p, int64_t from_s, int64_t until_s, int64_t cores)
{
    size_t i;
    size_t k;

    if (until_s <= from_s || !cores)
        return 0;
    if (room(p, p->n + 2) < 0)
        return -ENOMEM;
    i = cut(p, from_s);
    k = until_s >= PROFILE_FOREVER ? p->n : cut(p, until_s);
    for (size_t x = i; x < k; x++)
        p->steps[x].cores += cores;
    join(p, k);
    join(p, i);
    return 0;
}

int profile_reserve(struct profile *p,
                    int64_t from_s,
                    int64_t duration_s,
                    int64_t cores,
                    int64_t *ret_start_s)
{
    int64_t t = profile_find(p, from_s, duration_s, cores);
    int r;

    if (t == PROFILE_NEVER)
        return -ENOENT;
    r = profile_add(p, t, t + duration_s, -cores);
    if (r < 0)
        return r;
    *ret_start_s = t;
    return 0;
}

void profile_trim(struct profile *p, int64_t now_s)
{
    size_t i = step_at(p, now_s);

    if (i > 0) {
        p->n -= i;
        memmove(p->steps, p->steps + i, p->n * sizeof(*p->steps));
    }
    if (p->steps[0].at_s < now_s)
        p->steps[0].at_s = now_s;
}

/* The least that is free anywhere in steps i to k - 1, not below zero. */
static uint32_t least(const struct profile *p, size_t i, size_t k)
{
    int64_t m = p->steps[i].cores;

    for (size_t x = i + 1; x < k; x++)
        m = MIN(m, p->steps[x].cores);
    if (m < 0)
        return 0;
    return (uint32_t)MIN(m, (int64_t)UINT32_MAX);
}

uint32_t profile_export(const struct profile *p,
                        int64_t now_s,
                        struct supply_step *steps,
                        uint32_t max)
{
    size_t i = step_at(p, now_s);
    size_t end = p->n;
    uint32_t n = 0;

    /* Too far for the format: the least of it must stand for all of it. */
    while (end > i + 1 && p->steps[end - 1].at_s - now_s > UINT32_MAX)
        end--;
    while (i < end) {
        size_t left = end - i;
        size_t take = 1;
        int64_t in_s = MAX(p->steps[i].at_s - now_s, (int64_t)0);
        uint32_t cores;

        /* The last step keeps its own place; what lies between is shared out so
         * that each further span may be longer. */
        if (left > max - n && n + 1 < max)
            take = n + 2 == max ? left - 1 : MAX(left * 2 / (3 * (max - n)), (size_t)1);
        else if (left > max - n)
            take = left;
        cores = least(p, i, i + take == end ? p->n : i + take);
        if (n == 0 || steps[n - 1].cores != cores)
            steps[n++] = (struct supply_step){(uint32_t)in_s, cores};
        i += take;
    }
    return n;
}

int profile_from_supply(struct profile *p, const struct supply_part *part, int64_t at_s)
{
    if (part->n_steps > SUPPLY_STEPS_MAX)
        return -EINVAL;
    for (uint32_t i = 1; i < part->n_steps; i++)
        if (part->steps[i].in_s <= part->steps[i - 1].in_s)
            return -EINVAL;
    if (room(p, MAX(part->n_steps, 1u)) < 0)
        return -ENOMEM;
    profile_reset(p, at_s, part->n_steps ? part->steps[0].cores : 0);
    for (uint32_t i = 1; i < part->n_steps; i++)
        (void)profile_append(p, at_s + part->steps[i].in_s, /* there is room */
                             part->steps[i].cores);
    return 0;
}

bool profile_check(const struct profile *p)
{
    if (p->n < 1 || p->n > p->cap)
        return false;
    for (size_t i = 1; i < p->n; i++)
        if (p->steps[i].at_s <= p->steps[i - 1].at_s)
            return false;
    return true;
}
