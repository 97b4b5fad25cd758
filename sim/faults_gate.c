/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_gate - effects are written down in batches, carried out when durable
 *
 * What the daemon's gate does with a store, against a disk that takes its time, stands
 * still, or dies: a batch is on disk as a whole or not at all, and a crash while it is
 * on its way may leave either. Deeds are done in order; after each one, and on both
 * sides of an fsync, an armed crash may strike.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sim/faults_int.h"

#include "base/banned.h"

/* Room for a holding or a copy. */
union record {
    struct holding holding;
    struct copy copy;
    union record *next;
};

static void *cell_new(struct world *w)
{
    union record *c = (union record *)w->cells;

    if (c) {
        w->cells = (struct cell *)c->next;
        return c;
    }
    c = malloc(sizeof(*c));
    if (!c)
        world_fail(w);
    return c;
}

void cell_free(struct world *w, void *cell)
{
    union record *c = cell;

    if (!c)
        return;
    c->next = (union record *)w->cells;
    w->cells = (struct cell *)c;
}

void cells_release(struct world *w)
{
    union record *c;

    while ((c = (union record *)w->cells)) {
        w->cells = (struct cell *)c->next;
        free(c);
    }
    while (w->tolds) {
        struct told *t = w->tolds;

        w->tolds = t->next;
        free(t);
    }
    while (w->parcels) {
        struct parcel *p = w->parcels;

        w->parcels = p->next;
        free(p);
    }
}

#define GROW(v, n, cap)                                                                \
    ({                                                                                 \
        bool room = true;                                                              \
        if ((n) == (cap)) {                                                            \
            size_t more = (cap) ? 2 * (cap) : 16;                                      \
            void *p = realloc((v), more * sizeof(*(v)));                               \
            room = p != NULL;                                                          \
            if (p) {                                                                   \
                (v) = p;                                                               \
                (cap) = more;                                                          \
            }                                                                          \
        }                                                                              \
        room;                                                                          \
    })

void gate_boundary(struct fcenter *c)
{
    if (c->crash_in > 0 && --c->crash_in == 0)
        c->doomed = true;
}

/* --- what is written down ------------------------------------------------------------
 */

static void add_save(struct world *w, struct batch *b, const struct fed_fx *fx)
{
    struct save s = {
        .kind = fx->kind, .id = fx->id, .epoch = fx->epoch, .hosted = fx->hosted};

    if (fx->kind == FX_SAVE_SPEC || fx->kind == FX_SAVE_VIEWS)
        return; /* nothing of them is judged here */
    if (fx->kind == FX_SAVE_POSTING) {
        if (GROW(b->postings, b->n_postings, b->cap_postings))
            b->postings[b->n_postings++] = fx->posting;
        return;
    }
    if (fx->kind == FX_SAVE_HOLDING || fx->kind == FX_SAVE_COPY
        || fx->kind == FX_SAVE_RUN) {
        s.cell = cell_new(w);
        if (!s.cell)
            return;
        if (fx->kind == FX_SAVE_HOLDING || (fx->kind == FX_SAVE_RUN && !fx->hosted))
            memcpy(s.cell, fx->holding, sizeof(*fx->holding));
        else
            memcpy(s.cell, fx->copy, sizeof(*fx->copy));
    }
    if (GROW(b->saves, b->n_saves, b->cap_saves))
        b->saves[b->n_saves++] = s;
    else
        world_fail(w);
}

static void keep_holding(struct world *w, struct fcenter *c, struct save *s)
{
    const struct holding *h = s->cell;
    struct truth *t = truth_new(w, s->id, h->client_token, c->i);

    if (!t)
        return;
    cell_free(w, t->on_disk);
    t->on_disk = s->cell;
    s->cell = NULL;
    oracle_granted(w, t);
    oracle_lost(w, t);
    oracle_touched(w, t);
}

static void to_disk(struct world *w, struct fcenter *c, struct save *s)
{
    struct truth *t;

    switch (s->kind) {
    case FX_SAVE_HOLDING:
        keep_holding(w, c, s);
        break;
    case FX_SAVE_COPY:
        t = truth_find(w, s->id);
        if (!t) {
            violation(w, "job %llu: a copy at c%u of a job that nobody wrote down",
                      (unsigned long long)s->id, c->i + 1);
            break;
        }
        cell_free(w, t->copies[c->i]);
        t->copies[c->i] = s->cell;
        s->cell = NULL;
        break;
    case FX_DROP_COPY:
        t = truth_find(w, s->id);
        if (t) {
            cell_free(w, t->copies[c->i]);
            t->copies[c->i] = NULL;
            oracle_touched(w, t);
        }
        break;
    case FX_SAVE_RUN:
        oracle_run(w, c->i, s->id, s->epoch, s->hosted ? s->cell : NULL,
                   s->hosted ? NULL : s->cell);
        break;
    case FX_SAVE_SEQUENCE:
        c->sequence_on_disk = s->id;
        break;
    case FX_SAVE_SPEC:
    case FX_SAVE_VIEWS:
    case FX_SAVE_POSTING:
    case FX_SEND:
    case FX_QUEUE:
    case FX_DROP:
    case FX_START:
    case FX_CANCEL:
    case FX_FORGET:
    case FX_RETURN:
    case FX_ANSWER:
    case FX_FINAL:
    case _FX_KIND_MAX:
        break;
    }
}

static void batch_to_disk(struct world *w, struct fcenter *c, struct batch *b)
{
    for (size_t i = 0; i < b->n_saves; i++)
        to_disk(w, c, &b->saves[i]);
    for (size_t i = 0; i < b->n_postings; i++)
        if (GROW(c->journal, c->n_journal, c->cap_journal)) {
            c->journal[c->n_journal++] = b->postings[i];
            money_booked(w, c, &b->postings[i]);
        } else {
            world_fail(w);
        }
    b->n_postings = 0;
}

static void batch_clear(struct world *w, struct batch *b)
{
    for (size_t i = 0; i < b->n_saves; i++)
        cell_free(w, b->saves[i].cell);
    for (size_t i = b->i_deed; i < b->n_deeds; i++)
        if (b->deeds[i].msg)
            parcel_free(w, (struct parcel *)b->deeds[i].msg);
    b->n_saves = b->n_postings = b->n_deeds = b->i_deed = 0;
}

/* --- what is carried out
 * ---------------------------------------------------------------- */

static void carry_out(struct world *w, struct fcenter *c, struct deed *d)
{
    switch (d->kind) {
    case FX_SEND:
        net_send(w, c->i, d->center - 1, d->msg);
        break;
    case FX_QUEUE:
        bed_queue(w, c, d->id);
        break;
    case FX_DROP:
        bed_drop(w, c, d->id);
        break;
    case FX_START:
        bed_start(w, c, d->id, d->epoch);
        break;
    case FX_CANCEL:
        bed_cancel(w, c, d->id);
        break;
    case FX_FORGET:
        bed_forget(w, c, d->id);
        break;
    case FX_RETURN:
        bed_return(w, c, d->id);
        break;
    case FX_ANSWER:
        oracle_answered(w, c->i, d->id);
        break;
    case FX_FINAL:
    case FX_SAVE_HOLDING:
    case FX_SAVE_COPY:
    case FX_DROP_COPY:
    case FX_SAVE_SPEC:
    case FX_SAVE_VIEWS:
    case FX_SAVE_POSTING:
    case FX_SAVE_RUN:
    case FX_SAVE_SEQUENCE:
    case _FX_KIND_MAX:
        break;
    }
}

static bool is_save(enum fx_kind k)
{
    return k < FX_SEND;
}

static void add_deed(struct world *w, struct batch *b, const struct fed_fx *fx)
{
    struct deed d = {.kind = fx->kind,
                     .id = fx->id,
                     .epoch = fx->epoch,
                     .center = fx->center,
                     .ticket = fx->ticket};

    if (fx->kind == FX_SEND) {
        struct parcel *p = parcel_new(w);

        if (!p)
            return;
        p->msg = fx->msg;
        d.msg = &p->msg;
    }
    if (GROW(b->deeds, b->n_deeds, b->cap_deeds))
        b->deeds[b->n_deeds++] = d;
    else
        world_fail(w);
}

/* An fsync begins: whatever comes while it lasts goes into the next one. */
static void fsync_begin(struct world *w, struct fcenter *c)
{
    int64_t us = 200 + (int64_t)(world_draw(w) % (w->weather.fsync_ms * 1000 + 1));
    int64_t at = w->now_us + us;

    c->syncing = true;
    c->open ^= 1u;
    at = MAX(at, c->disk_until_us + 1);
    fqueue_add(w, (struct fevent){.at_us = at,
                                  .kind = EVENT_FSYNC,
                                  .a = c->i,
                                  .incarnation = c->incarnation});
}

void gate_take(struct world *w, struct fcenter *c, const struct fed_effects *fx)
{
    struct batch *b = &c->batch[c->open];

    oracle_step(w, c, fx);
    for (size_t i = 0; i < fx->n; i++) {
        const struct fed_fx *x = &fx->v[i];

        if (is_save(x->kind)) {
            add_save(w, b, x);
        } else if (x->early) {
            net_send(w, c->i, x->center - 1, &x->msg);
            gate_boundary(c);
        } else {
            add_deed(w, b, x);
        }
    }
    if (!c->syncing && (b->n_saves || b->n_deeds || b->n_postings))
        fsync_begin(w, c);
    fcenter_timer(w, c);
}

void gate_fsync(struct world *w, struct fcenter *c)
{
    struct batch *b = &c->batch[c->open ^ 1u];

    if (c->disk_until_us > w->now_us) { /* it fills up while we write */
        fqueue_add(w, (struct fevent){.at_us = c->disk_until_us + 1,
                                      .kind = EVENT_FSYNC,
                                      .a = c->i,
                                      .incarnation = c->incarnation});
        return;
    }
    batch_to_disk(w, c, b);
    for (size_t i = 0; i < b->n_saves; i++)
        cell_free(w, b->saves[i].cell);
    b->n_saves = 0;
    gate_boundary(c);
    while (b->i_deed < b->n_deeds && !c->doomed && !w->r->violated) {
        struct deed d = b->deeds[b->i_deed++];

        carry_out(w, c, &d);
        if (d.msg)
            parcel_free(w, (struct parcel *)d.msg);
        gate_boundary(c);
    }
    if (c->doomed)
        return; /* what is left goes with the crash */
    batch_clear(w, b);
    c->syncing = false;
    b = &c->batch[c->open];
    if (b->n_saves || b->n_deeds || b->n_postings)
        fsync_begin(w, c);
}

void gate_crash(struct world *w, struct fcenter *c)
{
    struct batch *b = &c->batch[c->open ^ 1u];

    /* What was on its way to the disk may have arrived. */
    if (c->syncing && c->disk_until_us <= w->now_us && world_draw(w) % 2)
        batch_to_disk(w, c, b);
    batch_clear(w, &c->batch[0]);
    batch_clear(w, &c->batch[1]);
    c->syncing = false;
}

void gate_release(struct world *w, struct fcenter *c)
{
    for (int i = 0; i < 2; i++) {
        batch_clear(w, &c->batch[i]);
        free(c->batch[i].saves);
        free(c->batch[i].postings);
        free(c->batch[i].deeds);
    }
}
