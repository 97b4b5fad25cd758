/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_shrink - a short run that still violates an invariant
 *
 * Delta debugging (Zeller and Hildebrandt 2002, without its complements): what comes
 * after the violation goes first, then halves, quarters, … single lines, as long as
 * something may be left out; then the weather is made fine, fault by fault.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sim/faults.h"

#include "base/banned.h"

struct shrinker {
    struct script *s;
    struct faults_result *r;
    unsigned left; /* plays */
};

/* 1 = it still fails (and is kept), 0 = it does not, -ENOMEM. */
static int try(struct shrinker *k, const struct script *s)
{
    struct faults_result r;
    int e;

    if (k->left == 0)
        return 0;
    k->left--;
    e = script_play(s, &r);
    if (e < 0)
        return e;
    if (!r.violated)
        return 0;
    *k->r = r;
    return 1;
}

static int without(struct shrinker *k, size_t from, size_t n)
{
    struct script *s = k->s;
    struct script shorter = *s;
    int e;

    shorter.v = malloc(s->n * sizeof(*s->v) + 1);
    if (!shorter.v)
        return -ENOMEM;
    memcpy(shorter.v, s->v, from * sizeof(*s->v));
    memcpy(shorter.v + from, s->v + from + n, (s->n - from - n) * sizeof(*s->v));
    shorter.n = s->n - n;
    e = try(k, &shorter);
    if (e == 1) {
        free(s->v);
        *s = shorter;
    } else {
        free(shorter.v);
    }
    return e;
}

static int leave_out(struct shrinker *k)
{
    size_t chunk = MAX(k->s->n / 2, (size_t)1);
    int e = 0;

    for (;;) {
        bool any = false;

        for (size_t at = 0; at < k->s->n && k->left;) {
            e = without(k, at, MIN(chunk, k->s->n - at));
            if (e < 0)
                return e;
            any = any || e == 1;
            if (e == 0)
                at += chunk;
        }
        if (chunk == 1 && (!any || !k->left))
            return 0;
        if (!any || chunk > k->s->n) {
            chunk = MIN(chunk, k->s->n) / 2;
            chunk = MAX(chunk, (size_t)1);
        }
    }
}

static int better_weather(struct shrinker *k)
{
    struct script *s = k->s;
    uint32_t *parts[] = {&s->weather.drop, &s->weather.twice, &s->weather.late,
                         &s->weather.delay_ms, &s->weather.fsync_ms};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint32_t was = *parts[i];
        int e;

        if (was == 0)
            continue;
        *parts[i] = 0;
        e = try(k, s);
        if (e != 1)
            *parts[i] = was;
        if (e < 0)
            return e;
    }
    return 0;
}

int script_shrink(struct script *s, struct faults_result *r, unsigned tries)
{
    struct shrinker k = {.s = s, .r = r, .left = tries};
    int64_t end_ms = s->end_ms;
    int e;

    /* Nothing after the violation matters; the judgement at the end needs a short end.
     */
    s->end_ms = MIN(end_ms, r->span_us / 1000 + 1000);
    while (s->n > 0 && s->v[s->n - 1].at_ms > s->end_ms)
        s->n--;
    e = try(&k, s);
    if (e == 0)
        s->end_ms = end_ms;
    if (e >= 0)
        e = leave_out(&k);
    if (e >= 0)
        e = better_weather(&k);
    if (e >= 0)
        e = leave_out(&k);
    return e < 0 ? e : 0;
}
