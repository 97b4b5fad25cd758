/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_script - a run made from a seed, and played
 *
 * A run is a row of episodes, some minutes each, in which jobs come in and things
 * break; between them hours in which long jobs run and long cuts last. What happens to
 * single messages follows from the seed while it is played, so that a line may be
 * left out of a script without the rest losing its meaning.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sim/faults_world.h"

#include "base/banned.h"

#define EPISODE_EVERY_MS (INT64_C(8) * 3600 * 1000)

struct maker {
    uint64_t dice;
    struct script *s;
    size_t cap;
    uint32_t n_jobs;
    bool failed;
};

static uint64_t roll(struct maker *m, uint64_t n)
{
    uint64_t z = (m->dice += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return n ? (z ^ (z >> 31)) % n : 0;
}

static void add(struct maker *m, struct fault f)
{
    struct script *s = m->s;

    if (s->n >= FAULTS_ACTS_MAX)
        return;
    if (s->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 256;
        struct fault *v = realloc(s->v, cap * sizeof(*v));

        if (!v) {
            m->failed = true;
            return;
        }
        s->v = v;
        m->cap = cap;
    }
    s->v[s->n++] = f;
}

static uint32_t any_center(struct maker *m)
{
    return (uint32_t)roll(m, m->s->centers) + 1;
}

static uint32_t other_than(struct maker *m, uint32_t center)
{
    uint32_t k = (uint32_t)roll(m, m->s->centers - 1) + 1;

    return k >= center ? k + 1 : k;
}

static void add_submit(struct maker *m, int64_t at_ms, uint32_t center)
{
    static const uint32_t sizes[] = {1, 2, 4, 4, 8, 12, 16, 16};
    uint32_t run_s = (uint32_t)(roll(m, 4) ? roll(m, 90) : roll(m, 7200));
    uint32_t flags = 0;

    if (roll(m, 3) == 0)
        flags |= SUBMIT_REQUEUE;
    if (roll(m, 25) == 0)
        flags |= SUBMIT_HELD;
    if (roll(m, 25) == 0)
        flags |= SUBMIT_LATER;
    add(m, (struct fault){.at_ms = at_ms,
                          .kind = FAULT_SUBMIT,
                          .center = center,
                          .job = ++m->n_jobs,
                          .cores = sizes[roll(m, 8)],
                          .run_s = run_s,
                          .limit_s = run_s + 60 + (uint32_t)roll(m, 600),
                          .flags = flags});
    if (roll(m, 12) == 0)
        add(m, (struct fault){.at_ms = at_ms + (int64_t)roll(m, 120000),
                              .kind = FAULT_CANCEL,
                              .job = m->n_jobs});
    if (flags & SUBMIT_HELD)
        add(m, (struct fault){.at_ms = at_ms + (int64_t)roll(m, 60000),
                              .kind = FAULT_RELEASE,
                              .job = m->n_jobs});
}

/* Seconds to minutes mostly, hours now and then. */
static int64_t span(struct maker *m)
{
    return roll(m, 8)   ? (int64_t)roll(m, 60000)
           : roll(m, 4) ? (int64_t)roll(m, 1800000)
                        : (int64_t)roll(m, 6 * 3600000);
}

static void add_cut(struct maker *m, struct fault f)
{
    int64_t heals = f.at_ms + span(m);

    f.other = other_than(m, f.center);
    add(m, f);
    if (f.kind == FAULT_CUT && roll(m, 2)) { /* the other direction too */
        struct fault back = f;

        back.center = f.other;
        back.other = f.center;
        add(m, back);
    }
    f.kind = FAULT_HEAL;
    f.at_ms = heals;
    add(m, f);
}

static void add_trouble(struct maker *m, int64_t at_ms)
{
    struct fault f = {.at_ms = at_ms, .center = any_center(m)};
    static const enum fault_kind kinds[] = {
        FAULT_CRASH,  FAULT_CRASH,  FAULT_CRASH, FAULT_CRASH,  FAULT_CUT,
        FAULT_CUT,    FAULT_RESET,  FAULT_STOP,  FAULT_DISK,   FAULT_CLOCK,
        FAULT_LIE,    FAULT_LIE,    FAULT_LIE,   FAULT_REPEAT, FAULT_REPEAT,
        FAULT_REPEAT, FAULT_GARBLE, FAULT_NODE,  FAULT_NODE,   FAULT_BREAK};

    f.kind = kinds[roll(m, sizeof(kinds) / sizeof(kinds[0]))];
    f.value = (int64_t)roll(m, 1024);
    switch (f.kind) {
    case FAULT_CUT:
    case FAULT_RESET:
        if (m->s->centers > 1)
            add_cut(m, f);
        return;
    case FAULT_CRASH:
        f.value = 1 + (int64_t)roll(m, 24);
        f.span_ms = span(m) / 4;
        break;
    case FAULT_STOP:
    case FAULT_BREAK:
        f.span_ms = span(m) / 2;
        break;
    case FAULT_DISK:
        f.span_ms = span(m) / 8;
        break;
    case FAULT_CLOCK:
        f.value = (int64_t)roll(m, 7200000) - 3600000;
        break;
    case FAULT_GARBLE:
        if (m->s->centers < 2)
            return;
        f.other = other_than(m, f.center);
        break;
    case FAULT_REPEAT:
    case FAULT_LIE:
    case FAULT_NODE:
    case FAULT_SUBMIT:
    case FAULT_CANCEL:
    case FAULT_RELEASE:
    case FAULT_HEAL:
    case FAULT_LOST:
    case FAULT_FORGE:
    case FAULT_AGAIN:
    case FAULT_DRAIN:
    case FAULT_ASK:
    case _FAULT_KIND_MAX:
        break;
    }
    add(m, f);
}

static void add_episode(struct maker *m, int64_t at_ms, int64_t end_ms)
{
    int64_t span_ms = 20000 + (int64_t)roll(m, 400000);
    uint32_t jobs = 1 + (uint32_t)roll(m, 16);
    uint32_t troubles = (uint32_t)roll(m, 24);
    uint32_t home = any_center(m); /* where most of them come from */

    span_ms = MIN(span_ms, end_ms - at_ms);
    for (uint32_t i = 0; i < jobs; i++)
        add_submit(m,
                   at_ms + (int64_t)roll(m, (uint64_t)span_ms / (1 + roll(m, 4)) + 1),
                   roll(m, 3) ? home : any_center(m));
    for (uint32_t i = 0; i < troubles; i++)
        add_trouble(m, at_ms + (int64_t)roll(m, (uint64_t)span_ms + 1));
}

/* In these runs operators and users do not wait for ever for a silent host. */
static void add_impatience(struct maker *m)
{
    size_t n = m->s->n;

    for (size_t i = 0; i < n; i++) {
        struct fault f = m->s->v[i];

        if (f.kind == FAULT_SUBMIT && roll(m, 4) == 0)
            m->s->v[i].flags |= SUBMIT_TWICE;
        if (f.kind != FAULT_CUT && f.kind != FAULT_RESET && f.kind != FAULT_CRASH)
            continue;
        for (int k = 0; k < 3; k++)
            add(m, (struct fault){.at_ms = f.at_ms + (int64_t)roll(m, 90000),
                                  .kind = FAULT_LOST,
                                  .center = any_center(m),
                                  .value = (int64_t)roll(m, 1024)});
    }
}

/* In these runs centers say what they should not, nodes say again what they have said,
 * and programs take their time to end. */
static void add_malice(struct maker *m)
{
    size_t n = m->s->n;

    m->s->weather.echo = 50 + (uint32_t)roll(m, 150);
    m->s->weather.linger_s = 30;
    m->s->weather.forget = 300;
    for (size_t i = 0; i < n; i++) {
        struct fault f = m->s->v[i];
        struct fault more = {.center = any_center(m), .value = (int64_t)roll(m, 1024)};

        if (f.kind != FAULT_SUBMIT)
            continue;
        more.at_ms = f.at_ms + (int64_t)roll(m, 60000);
        more.kind = FAULT_FORGE;
        add(m, more);
        if (!(f.flags & SUBMIT_REQUEUE))
            continue;
        more.kind = FAULT_NODE;
        add(m, more);
        for (int k = 0; k < 2; k++)
            add(m, (struct fault){.at_ms = more.at_ms + (int64_t)roll(m, 120000),
                                  .kind = FAULT_AGAIN,
                                  .center = more.center});
    }
}

/* In these runs connections stand, daemons live, and single messages are lost: nothing
 * reminds anybody of what it has not heard. Jobs come together, and more than there is
 * budget for, so that copies that are queued are refused after all. */
static void only_losses(struct maker *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->s->n; i++) {
        struct fault f = m->s->v[i];

        if (f.kind == FAULT_SUBMIT) {
            f.at_ms -= f.at_ms % 120000;
            f.run_s %= 120;
            f.limit_s = f.run_s + 60;
            f.cores = f.cores < 8 ? 8 : f.cores;
        } else if (f.kind != FAULT_CANCEL && f.kind != FAULT_RELEASE
                   && f.kind != FAULT_NODE && f.kind != FAULT_CLOCK) {
            continue;
        }
        m->s->v[n++] = f;
    }
    m->s->n = n;
    m->s->weather = (struct weather){.drop = 200, .delay_ms = 50, .fsync_ms = 5};
    m->s->budget_milli = (int64_t)(2500 + roll(m, 5000));
}

/* In these runs a connection breaks as a job comes in, its run is given up at once, and
 * what was on its way arrives when all are back. */
static void add_haste(struct maker *m)
{
    size_t n = m->s->n;

    m->s->weather.late = 300;
    for (size_t i = 0; i < n && m->s->centers > 1; i++) {
        struct fault f = {.kind = FAULT_RESET, .center = m->s->v[i].center};

        if (m->s->v[i].kind != FAULT_SUBMIT)
            continue;
        f.at_ms = m->s->v[i].at_ms + (int64_t)roll(m, 4000);
        f.other = other_than(m, f.center);
        add(m, f);
        f.kind = FAULT_HEAL;
        f.at_ms += 100 + (int64_t)roll(m, 1000);
        add(m, f);
        f.kind = FAULT_LOST;
        f.value = (int64_t)roll(m, 1024);
        f.at_ms -= (int64_t)roll(m, 100);
        add(m, f);
    }
}

/* In these runs no two agreements are alike, and people ask for what cannot be. */
static void add_terms(struct maker *m)
{
    size_t n = m->s->n;

    m->s->weather.terms = 1;
    m->s->weather.linger_s = 20;
    for (size_t i = 0; i < n; i++) {
        struct fault f = {.kind = FAULT_ASK, .center = any_center(m)};

        if (m->s->v[i].kind != FAULT_SUBMIT)
            continue;
        f.at_ms = m->s->v[i].at_ms + (int64_t)roll(m, 60000);
        f.value = (int64_t)roll(m, 1024);
        add(m, f);
    }
}

/* In these runs centers are drained, and some are down soon after. */
static void add_drains(struct maker *m)
{
    size_t n = m->s->n;

    for (size_t i = 0; i < n; i++) {
        struct fault f = {.kind = FAULT_DRAIN, .value = 1};

        if (m->s->v[i].kind != FAULT_SUBMIT || roll(m, 3))
            continue;
        f.center = m->s->v[i].center;
        f.at_ms = m->s->v[i].at_ms + (int64_t)roll(m, 30000);
        add(m, f);
        f.at_ms += (int64_t)roll(m, 60000);
        f.kind = FAULT_CRASH;
        f.value = 1 + (int64_t)roll(m, 8);
        f.span_ms = span(m);
        if (roll(m, 2))
            f = (struct fault){
                .at_ms = f.at_ms, .kind = FAULT_DRAIN, .center = f.center};
        add(m, f);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct fault *x = a;
    const struct fault *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->job != y->job ? (x->job < y->job ? -1 : 1)
                            : (x->value > y->value) - (x->value < y->value);
}

int script_make(uint64_t seed, uint32_t centers, uint32_t hours, struct script *ret_s)
{
    static const struct weather weathers[] = {
        {.delay_ms = 20,   .fsync_ms = 2 },
        { .drop = 10,  .twice = 10,  .late = 5, .delay_ms = 100, .fsync_ms = 5},
        {  .drop = 50,  .twice = 50,  .late = 30, .delay_ms = 300, .fsync_ms = 20},
        { .drop = 200, .twice = 100, .late = 60, .delay_ms = 50, .fsync_ms = 5},
    };
    struct script s = {.seed = seed, .centers = centers};
    struct maker m = {.dice = seed * UINT64_C(0x2545f4914f6cdd1d) + 1, .s = &s};

    s.end_ms = (int64_t)hours * 3600 * 1000;
    s.weather = weathers[roll(&m, sizeof(weathers) / sizeof(weathers[0]))];
    s.budget_milli = roll(&m, 4) ? -1 : (int64_t)(2000 + roll(&m, 200000));
    for (int64_t at = 20000; at < s.end_ms;
         at += EPISODE_EVERY_MS / 2 + (int64_t)roll(&m, EPISODE_EVERY_MS))
        add_episode(&m, at, s.end_ms);
    if (seed % 8 == 3)
        only_losses(&m);
    if (seed % 4 == 2)
        add_malice(&m);
    if (seed % 4 == 1 || seed % 8 == 6)
        add_impatience(&m);
    if (seed % 8 == 4 || seed % 16 == 2)
        add_drains(&m);
    if (seed % 8 == 7)
        add_terms(&m);
    if (seed % 16 == 5)
        add_haste(&m);
    if (m.failed) {
        script_release(&s);
        return -ENOMEM;
    }
    if (s.n)
        qsort(s.v, s.n, sizeof(*s.v), by_time);
    *ret_s = s;
    return 0;
}

void script_release(struct script *s)
{
    free(s->v);
    s->v = NULL;
    s->n = 0;
}

int script_play(const struct script *s, struct faults_result *ret_r)
{
    struct faults_result r = {0};
    struct world *w = world_new(s->seed, s->centers, s->budget_milli, &s->weather, &r);
    int64_t now_ms = 0;

    if (!w)
        return -ENOMEM;
    for (size_t i = 0; i < s->n && !r.violated; i++) {
        if (s->v[i].at_ms > now_ms) {
            world_run(w, s->v[i].at_ms - now_ms);
            now_ms = s->v[i].at_ms;
        }
        world_do(w, &s->v[i]);
    }
    if (!r.violated) {
        world_run(w, MAX(s->end_ms - now_ms, INT64_C(0)));
        world_heal(w);
        world_judge(w);
    }
    world_free(w);
    *ret_r = r;
    return 0;
}
