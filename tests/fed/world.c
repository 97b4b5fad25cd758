/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* world - some centers in one process: a clock, a network and disks that misbehave */
#include "config.h"

#include "tests/fed/world_int.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "model/job_id.h"

/* Each half of the effects has its own switch here. */
#pragma GCC diagnostic ignored "-Wswitch-enum"

static uint64_t rnd(struct world *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random;
}

static bool chance(struct world *w, unsigned per_mille)
{
    return per_mille && rnd(w) % 1000 < per_mille;
}

/* What every engine says of every run's ranks. */
static const struct rank_map as_mapped = {
    .source = RANK_MAP_NAMED, .method = "grid", .cost = 2, .usual_cost = 4};

static int index_of(uint32_t number)
{
    return (int)number - 1;
}

static struct task *task_of(struct site_box *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_tasks; i++)
        if (c->tasks[i].id == id && c->tasks[i].state != T_ENDED)
            return &c->tasks[i];
    return NULL;
}

static struct task *task_run(struct site_box *c, uint64_t id, uint32_t epoch)
{
    for (size_t i = 0; i < c->n_tasks; i++)
        if (c->tasks[i].id == id && c->tasks[i].epoch == epoch
            && c->tasks[i].state >= T_RUNNING)
            return &c->tasks[i];
    return NULL;
}

static size_t job_index(const struct world *w, uint64_t id)
{
    for (size_t i = 0; i < w->n_jobs; i++)
        if (w->jobs[i].id == id)
            return i;
    return SIZE_MAX;
}

static void forget_task(struct site_box *c, struct task *t)
{
    if (t->state == T_READY || t->state == T_RUNNING)
        c->free += t->cores;
    *t = c->tasks[--c->n_tasks];
}

static bool is_save(enum fx_kind k)
{
    return k < FX_SEND;
}

/* --- effects ---------------------------------------------------------------------- */

static void apply(struct world *w, int i, const struct fed_effects *fx);

static void post(struct world *w, int from, int to, const struct peer_msg *m)
{
    unsigned copies = chance(w, w->chance.drop)    ? 0
                      : chance(w, w->chance.twice) ? 2
                                                   : 1;

    if (w->cut[from][to])
        copies = 0;
    while (copies-- > 0 && w->n_messages < MESSAGES_MAX)
        w->messages[w->n_messages++] = (struct message){
            .from = from,
            .to = to,
            .at_us = w->now.mono.us + 1000 + (int64_t)(rnd(w) % 50000),
            .msg = *m,
        };
}

static void start_task(struct world *w, int i, const struct fed_fx *fx)
{
    struct site_box *c = &w->c[i];
    struct task *t = task_of(c, fx->id);
    size_t job = job_index(w, fx->id);
    struct fed_effects out;

    if (task_run(c, fx->id, fx->epoch))
        return; /* started before: idempotent by (job, epoch) */
    if (!t || t->state != T_READY) {
        if (fed_engine_refused(c->fed, fx->id, "no resources", w->now, &out) == 0)
            apply(w, i, &out);
        return;
    }
    t->state = T_RUNNING;
    t->epoch = fx->epoch;
    t->started = w->now.wall;
    t->end_us = w->now.mono.us + (int64_t)w->jobs[job].run_s * US_PER_S;
    w->jobs[job].starts++;
    w->jobs[job].live++;
    assert(w->jobs[job].live == 1); /* one start */
    if (fed_engine_started(c->fed, fx->id, fx->epoch, w->now.wall, "n1", &as_mapped,
                           w->now, &out)
        == 0)
        apply(w, i, &out);
}

static void queue_task(struct site_box *c, uint64_t id)
{
    const struct copy *x = fed_copy(c->fed, id);

    if (!x || x->copy != COPY_QUEUED || task_of(c, id))
        return;
    assert(c->n_tasks < WORLD_JOBS * 2);
    c->tasks[c->n_tasks++] = (struct task){
        .id = id, .cores = (uint32_t)request_cores(&x->request), .state = T_QUEUED};
}

static void deed(struct world *w, int i, const struct fed_fx *fx)
{
    struct site_box *c = &w->c[i];
    struct fed_effects out;
    struct task *t;

    switch (fx->kind) {
    case FX_SEND:
        post(w, i, index_of(fx->center), &fx->msg);
        break;
    case FX_QUEUE:
        queue_task(c, fx->id);
        break;
    case FX_DROP:
        t = task_of(c, fx->id);
        if (t && t->state != T_RUNNING)
            forget_task(c, t);
        break;
    case FX_START:
        start_task(w, i, fx);
        break;
    case FX_CANCEL:
        t = task_of(c, fx->id);
        if (t && t->state == T_RUNNING) {
            t->cancelled = true;
            t->end_us = w->now.mono.us;
        }
        break;
    case FX_FORGET:
        for (size_t k = 0; k < c->n_tasks;)
            if (c->tasks[k].id == fx->id && c->tasks[k].state == T_ENDED)
                c->tasks[k] = c->tasks[--c->n_tasks];
            else
                k++;
        break;
    case FX_RETURN:
        if (fed_files_returned(c->fed, fx->id, NULL, w->now, &out) == 0)
            apply(w, i, &out);
        break;
    default:
        break;
    }
}

static void restart(struct world *w, int i);

/* Saves first, then deeds; a crash may come before, between or after. */
static void apply(struct world *w, int i, const struct fed_effects *fx)
{
    struct site_box *c = &w->c[i];
    size_t n = fx->n;
    struct fed_fx *v = malloc((n + 1) * sizeof(*v));
    bool crash = chance(w, w->chance.crash);
    size_t stop = crash ? rnd(w) % (n + 2) : SIZE_MAX;
    uint64_t incarnation = c->incarnation;

    memcpy(v, fx->v, n * sizeof(*v));
    for (size_t k = 0; k < n && stop > 0; k++)
        if (is_save(v[k].kind))
            world_save(&c->disk, &v[k]);
    for (size_t k = 0; k < n && k + 1 < stop && c->incarnation == incarnation; k++)
        if (!is_save(v[k].kind))
            deed(w, i, &v[k]);
    free(v);
    if (crash && c->incarnation == incarnation)
        restart(w, i);
}

/* --- a center's life -----------------------------------------------------------------
 */

static int fits(void *arg, const struct request *r, struct err *err)
{
    (void)arg;
    return request_cores(r) > CORES ? err_set(err, -E2BIG, "too many cores") : 0;
}

static int64_t estimate(void *arg, const struct request *r)
{
    struct site_box *c = arg;
    size_t waiting = 0;

    for (size_t i = 0; i < c->n_tasks; i++)
        waiting += c->tasks[i].state == T_QUEUED;
    return waiting == 0 && c->free >= request_cores(r) ? 0 : 60 + 30 * (int64_t)waiting;
}

static void tell_supply(struct world *w, int from)
{
    struct site_box *c = &w->c[from];
    struct supply s = {.center = (uint32_t)from + 1, .n_parts = 1};
    struct fed_effects out;

    s.parts[0] = (struct supply_part){
        .name = "main",
        .up = true,
        .is_default = true,
        .nodes = 1,
        .cores = CORES,
        .node_cores_max = CORES,
        .node_bytes_max = UINT64_C(1) << 36,
        .max_time_s = DURATION_UNLIMITED,
        .n_steps = 2,
        .steps = {{0, c->free}, {120, CORES}},
    };
    for (int to = 0; to < WORLD_CENTERS; to++)
        if (to != from && !w->cut[from][to] && !w->c[to].deaf
            && fed_peer_supply(w->c[to].fed, &s, w->now, &out) == 0)
            apply(w, to, &out);
}

static void peers_up(struct world *w, int i)
{
    struct fed_effects out;

    for (int k = 0; k < WORLD_CENTERS; k++)
        if (k != i && !w->cut[i][k] && !w->cut[k][i]) {
            if (fed_peer_up(w->c[i].fed, (uint32_t)k + 1, w->now, &out) == 0)
                apply(w, i, &out);
            if (fed_peer_up(w->c[k].fed, (uint32_t)i + 1, w->now, &out) == 0)
                apply(w, k, &out);
        }
}

/* Everything in memory is gone; the disk and what runs on the nodes is not. */
static void restart(struct world *w, int i)
{
    struct site_box *c = &w->c[i];
    struct fed_local local = {.fits = fits, .estimate = estimate, .arg = c};
    struct fed_effects out;
    uint64_t seq = 0;

    fed_free(c->fed);
    book_free(c->book);
    for (size_t k = 0; k < c->n_tasks;)
        if (c->tasks[k].state < T_RUNNING)
            forget_task(c, &c->tasks[k]);
        else
            k++;
    c->incarnation++;
    c->book = book_new(c->site->name);
    for (size_t k = 0; k < c->disk.n_postings; k++)
        assert(book_fold(c->book, &c->disk.postings[k], NULL) == 0);
    assert(fed_new(c->site, c->book, &local, c->incarnation << 32, &c->fed, NULL) == 0);
    fed_restore_sequence(c->fed, c->disk.sequence);
    (void)seq;
    for (size_t k = 0; k < c->disk.n_holdings; k++)
        if (c->disk.holdings[k].hold != HOLD_FINAL)
            assert(fed_restore_holding(c->fed, &c->disk.holdings[k]) == 0);
    for (size_t k = 0; k < c->disk.n_copies; k++)
        assert(fed_restore_copy(c->fed, &c->disk.copies[k]) == 0);
    assert(fed_reconfigure(c->fed, c->site, w->now, &out) == 0);
    apply(w, i, &out);
    assert(fed_resume(c->fed, w->now, &out) == 0);
    apply(w, i, &out);
    peers_up(w, i);
    tell_supply(w, i);
}

struct world *world_new(uint64_t seed,
                        const struct world_chances *chances,
                        int64_t budget_milli)
{
    struct world *w = calloc(1, sizeof(*w));

    w->random = seed * UINT64_C(2654435761) + 88172645463325252u;
    w->chance = (struct world_chances){0};
    w->budget = budget_milli;
    w->now.mono.us = 1000 * US_PER_S;
    w->now.wall.us = INT64_C(1800000000) * US_PER_S;
    w->messages = malloc(MESSAGES_MAX * sizeof(*w->messages));
    for (int i = 0; i < WORLD_CENTERS; i++) {
        w->c[i].site = world_site(i, budget_milli);
        w->c[i].free = CORES;
        w->c[i].deaf = true;
    }
    for (int i = 0; i < WORLD_CENTERS; i++) {
        struct fed_local local = {.fits = fits, .estimate = estimate, .arg = &w->c[i]};

        w->c[i].book = book_new(w->c[i].site->name);
        assert(fed_new(w->c[i].site, w->c[i].book, &local, 0, &w->c[i].fed, NULL) == 0);
        w->c[i].deaf = false;
    }
    for (int i = 0; i < WORLD_CENTERS; i++)
        restart(w, i);
    w->chance = *chances;
    return w;
}

void world_free(struct world *w)
{
    for (int i = 0; i < WORLD_CENTERS; i++) {
        fed_free(w->c[i].fed);
        book_free(w->c[i].book);
        site_free(w->c[i].site);
        free(w->c[i].disk.postings);
    }
    free(w->messages);
    free(w);
}

/* --- time
 * ------------------------------------------------------------------------------ */

/* What a center may spend is what it was configured and what has moved; and nobody has
 * received what was not given. */
static void check_money(const struct world *w, int i)
{
    struct balance x;

    if (book_balance(w->c[i].book, "proj", &x) < 0)
        return;
    if (w->budget >= 0 && x.granted != w->budget + x.moved) {
        (void)fprintf(stderr, "center %d: granted %lld, moved %lld\n", i + 1,
                      (long long)x.granted, (long long)x.moved);
        abort();
    }
    for (int k = 0; k < WORLD_CENTERS; k++)
        if (book_received(w->c[k].book, "proj", w->c[i].site->name)
            > book_given(w->c[i].book, "proj", w->c[k].site->name)) {
            (void)fprintf(stderr, "center %d received what %d has not given\n", k + 1,
                          i + 1);
            abort();
        }
}

static void check(struct world *w)
{
    struct err err = {0};

    for (int i = 0; i < WORLD_CENTERS; i++) {
        if (fed_check(w->c[i].fed, &err) < 0 || book_check(w->c[i].book, &err) < 0) {
            (void)fprintf(stderr, "center %d: %s\n", i + 1, err.text);
            abort();
        }
        check_money(w, i);
    }
}

static void engine_turn(struct world *w, int i)
{
    struct site_box *c = &w->c[i];
    uint64_t incarnation = c->incarnation;
    struct fed_effects out;

    for (size_t k = 0; k < c->n_tasks; k++) {
        struct task *t = &c->tasks[k];

        if (t->state == T_QUEUED && t->cores <= c->free) {
            t->state = T_READY;
            c->free -= t->cores;
            if (fed_engine_ready(c->fed, t->id, w->now, &out) == 0)
                apply(w, i, &out);
            if (c->incarnation != incarnation)
                return;
            k = SIZE_MAX; /* the list may have moved */
        } else if (t->state == T_RUNNING && t->end_us <= w->now.mono.us) {
            t->state = T_ENDED;
            c->free += t->cores;
            w->jobs[job_index(w, t->id)].live--;
        }
    }
    /* Ends are told again and again until they are forgotten. */
    for (size_t k = 0; k < c->n_tasks; k++) {
        struct task *t = &c->tasks[k];
        size_t n = c->n_tasks;
        struct fed_end e = {
            .id = t->id,
            .epoch = t->epoch,
            .state = t->cancelled ? JOB_CANCELLED : JOB_COMPLETED,
            .started = t->started,
            .ended = w->now.wall,
            .nodes = "n1",
            .rank_map = &as_mapped,
            .files = true,
        };

        if (t->state != T_ENDED)
            continue;
        e.usage.elapsed_s = (uint64_t)((t->end_us - w->now.mono.us) / US_PER_S * 0
                                       + w->jobs[job_index(w, t->id)].run_s);
        e.usage.core_s = e.usage.elapsed_s * t->cores;
        if (fed_engine_ended(c->fed, &e, w->now, &out) == 0)
            apply(w, i, &out);
        if (c->incarnation != incarnation || c->n_tasks != n)
            return;
    }
}

static void deliver(struct world *w)
{
    for (size_t k = 0; k < w->n_messages;) {
        struct message m = w->messages[k];
        struct fed_effects out;
        struct err err = {0};
        struct site_box *c = &w->c[m.to];

        if (m.at_us > w->now.mono.us) {
            k++;
            continue;
        }
        w->messages[k] = w->messages[--w->n_messages];
        if (w->cut[m.from][m.to])
            continue;
        w->n_delivered++;
        if (m.msg.kind == PEER_GO) {
            m.msg.spec = "{}";
            m.msg.spec_len = 2;
        }
        assert(fed_peer_msg(c->fed, (uint32_t)m.from + 1, &m.msg, w->now, &out, &err)
               == 0);
        apply(w, m.to, &out);
        check(w);
    }
}

void world_run(struct world *w, int64_t seconds)
{
    int64_t end = w->now.mono.us + seconds * US_PER_S;
    struct fed_effects out;

    while (w->now.mono.us < end) {
        w->now.mono.us += 20000;
        w->now.wall.us += 20000;
        deliver(w);
        for (int i = 0; i < WORLD_CENTERS; i++) {
            engine_turn(w, i);
            if (fed_next(w->c[i].fed).us <= w->now.mono.us
                && fed_tick(w->c[i].fed, w->now, &out) == 0)
                apply(w, i, &out);
            if (rnd(w) % 100 == 0)
                tell_supply(w, i);
        }
        if (chance(w, w->chance.cut)) {
            int a = (int)(rnd(w) % WORLD_CENTERS);
            int b = (a + 1) % WORLD_CENTERS;

            world_cut(w, a, b, !w->cut[a][b]);
        }
        check(w);
    }
}

void world_cut(struct world *w, int a, int b, bool cut)
{
    struct fed_effects out;

    w->cut[a][b] = w->cut[b][a] = cut;
    for (int k = 0; k < 2; k++) {
        int me = k ? b : a;
        int other = k ? a : b;
        int r = cut ? fed_peer_down(w->c[me].fed, (uint32_t)other + 1, w->now, &out)
                    : fed_peer_up(w->c[me].fed, (uint32_t)other + 1, w->now, &out);

        assert(r == 0);
        apply(w, me, &out);
    }
}

void world_share(struct world *w, const char *partition)
{
    for (int i = 0; i < WORLD_CENTERS; i++)
        for (size_t k = 0; k < w->c[i].site->n_peers; k++)
            for (int side = 0; side < 2; side++)
                (void)snprintf(
                    w->c[i].site->peers[k].agreement.side[side].partitions[0], NAME_CAP,
                    "%s", partition);
}

void world_heal(struct world *w)
{
    w->chance = (struct world_chances){0};
    for (int a = 0; a < WORLD_CENTERS; a++)
        for (int b = a + 1; b < WORLD_CENTERS; b++)
            if (w->cut[a][b])
                world_cut(w, a, b, false);
}

void world_crash(struct world *w, int center)
{
    restart(w, center);
}

uint64_t world_submit(struct world *w,
                      int center,
                      uint32_t cores,
                      uint32_t run_s,
                      uint32_t limit_s,
                      int *ret_r)
{
    struct holding h = {.uid = 1000,
                        .user = "u",
                        .person = "u@inst",
                        .institution = "inst",
                        .project = "proj",
                        .name = "job"};
    struct fed_effects out;
    uint64_t id = 0;

    h.request.n_tasks = cores;
    h.request.cpus_per_task = 1;
    h.request.time_limit_s = limit_s;
    *ret_r = fed_submit(w->c[center].fed, &h, 0, w->now, &id, &out, NULL);
    if (*ret_r < 0)
        return 0;
    assert(job_index(w, id) == SIZE_MAX); /* never the same id twice */
    w->jobs[w->n_jobs].id = id;
    w->jobs[w->n_jobs].run_s = run_s;
    w->jobs[w->n_jobs++].cores = cores;
    apply(w, center, &out);
    /* Acknowledged only if it is on disk: a crash in apply() may have eaten it. */
    for (size_t i = 0; i < w->c[center].disk.n_holdings; i++)
        if (w->c[center].disk.holdings[i].id == id)
            return id;
    w->n_jobs--; /* nobody heard of it: its number may come again */
    return 0;
}

int world_cancel(struct world *w, uint64_t id)
{
    int i = index_of(job_id_center(id));
    struct fed_effects out;
    int r = fed_cancel(w->c[i].fed, id, "u@inst", 0, 0, w->now, &out, NULL);

    if (r == 0)
        apply(w, i, &out);
    return r;
}

struct now world_now(const struct world *w)
{
    return w->now;
}

int world_limit(struct world *w, uint64_t id, uint32_t limit_s)
{
    int i = index_of(job_id_center(id));
    struct fed_effects out;
    int r = fed_set_limit(w->c[i].fed, id, limit_s, 0, w->now, &out, NULL);

    if (r == 0)
        apply(w, i, &out);
    return r;
}

const struct holding *world_holding(const struct world *w, uint64_t id)
{
    const struct disk *d = &w->c[index_of(job_id_center(id))].disk;

    for (size_t i = 0; i < d->n_holdings; i++)
        if (d->holdings[i].id == id)
            return &d->holdings[i];
    return NULL;
}

struct fed *world_fed(struct world *w, int center)
{
    return w->c[center].fed;
}

struct book *world_book(struct world *w, int center)
{
    return w->c[center].book;
}

unsigned world_runs(const struct world *w, uint64_t id, uint64_t *ret_core_s)
{
    unsigned n = 0;

    *ret_core_s = 0;
    for (int c = 0; c < WORLD_CENTERS; c++)
        for (size_t i = 0; i < w->c[c].disk.n_runs; i++)
            if (w->c[c].disk.runs[i].id == id) {
                n++;
                *ret_core_s += w->c[c].disk.runs[i].core_s;
            }
    return n;
}

unsigned world_starts(const struct world *w, uint64_t id)
{
    return w->jobs[job_index(w, id)].starts;
}

size_t world_messages(const struct world *w)
{
    return w->n_delivered;
}
