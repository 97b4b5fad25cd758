/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* center - opening and closing everything, restart, reload */
#include "config.h"

#include "daemon/center.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/number.h"
#include "base/path.h"
#include "base/table.h"
#include "daemon/blobs.h"
#include "daemon/engine_glue.h"
#include "daemon/gate.h"
#include "daemon/months.h"
#include "daemon/patience.h"
#include "daemon/peers.h"
#include "daemon/proxies.h"
#include "daemon/pseudonym.h"
#include "daemon/reservations.h"
#include "daemon/returning.h"
#include "daemon/rolls.h"
#include "daemon/seals.h"
#include "daemon/staging.h"
#include "daemon/users.h"

#include "base/banned.h"

#define HOUSEKEEPING_S 3600
#define KEEP_DETAILS_S (90 * 86400) /* scripts, views and history of ended jobs */

static void set_alarm(struct center *c)
{
    struct mono next = fed_next(c->fed);
    int64_t us = next.us == INT64_MAX ? -1 : next.us - now_read().mono.us;
    struct timeval tv;

    if (us < 0 && next.us == INT64_MAX) {
        (void)evtimer_del(c->tick);
        return;
    }
    us = MAX(us, INT64_C(0));
    tv = (struct timeval){.tv_sec = us / US_PER_S, .tv_usec = us % US_PER_S};
    if (evtimer_add(c->tick, &tv) < 0)
        log_error("no timer: out of memory");
}

void center_apply(struct center *c, const struct fed_effects *fx)
{
    gate_take(c->gate, fx);
    if (c->resumed)
        set_alarm(c);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct center *c = arg;
    struct fed_effects fx;

    (void)fd;
    (void)what;
    if (fed_tick(c->fed, now_read(), &fx) == 0)
        gate_take(c->gate, &fx);
    set_alarm(c);
}

static void on_housekeeping(evutil_socket_t fd, short what, void *arg)
{
    struct center *c = arg;
    struct wall now = now_read().wall;

    (void)fd;
    (void)what;
    engine_glue_keep(c);
    blobs_trim(c);
    (void)store_trim(
        c->store,
        (struct wall){now.us - KEEP_DETAILS_S * US_PER_S}); /* next time, then */
    gate_touch(c->gate);
}

/* --- the store's word ---------------------------------------------------------- */

static void on_durable(uint64_t batch, void *arg)
{
    struct center *c = arg;

    if (c->gate)
        gate_durable(batch, c->gate);
}

static void on_store_failed(int code, const char *text, void *arg)
{
    (void)code;
    (void)arg;
    log_error(
        "the state cannot be written: %s: new jobs are refused, running ones go on",
        text);
}

static void on_store_recovered(void *arg)
{
    (void)arg;
    log_info("the state is written again");
}

/* --- restart ---------------------------------------------------------------------- */

static int fold(const struct posting *p, void *arg)
{
    struct center *c = arg;
    struct err err = {0};
    int r = book_fold(c->book, p, &err);

    if (r < 0)
        log_error("account book: %s", err.text);
    return r;
}

static int fold_act(const struct act *a, struct wall at, void *arg)
{
    struct center *c = arg;
    struct err err = {0};
    int r = months_is_act(a) ? months_take(c->months, a, &err)
                             : rolls_replay(c->rolls, a, &err);

    (void)at;
    if (r < 0)
        log_error("account book: %s", err.text);
    return r;
}

static int restore_holding(const struct holding *h, void *arg)
{
    return fed_restore_holding(((struct center *)arg)->fed, h);
}

static int restore_copy(const struct copy *x, void *arg)
{
    return fed_restore_copy(((struct center *)arg)->fed, x);
}

/* What was hosted for others, and by others for us: the debts that routing heeds. */
static int restore_exchange(const struct run_sum *x, void *arg)
{
    struct center *c = arg;
    uint32_t us = center_site(c)->number;

    if (x->hosted && x->entry != us)
        return fed_restore_exchange(c->fed, x->entry, x->milli, 0);
    if (!x->hosted && x->host != us)
        return fed_restore_exchange(c->fed, x->host, 0, x->milli);
    return 0;
}

static int restore(struct center *c, struct err *err)
{
    uint64_t sequence = 0;
    struct fed_counts n;
    int r;

    r = store_replay(c->store, fold, fold_act, c, err);
    if (r < 0)
        return err_prefix(err, r,
                          "the account book cannot be read, and nothing was changed");
    if (store_get_fact(c->store, "sequence", &sequence) == 0)
        fed_restore_sequence(c->fed, sequence);
    r = store_each_open_holding(c->store, restore_holding, c, err);
    if (r == 0)
        r = store_each_copy(c->store, restore_copy, c, err);
    if (r == 0)
        r = store_sum_runs(c->store, (struct wall){0}, (struct wall){INT64_MAX},
                           restore_exchange, c, err);
    if (r < 0)
        return err_set(err, r, "the jobs cannot be read back: %s", strerror(-r));
    n = fed_count(c->fed);
    if (n.holdings + n.copies > 0)
        log_info("read back %zu jobs and %zu copies", n.holdings, n.copies);
    return 0;
}

/* The number of this run of the daemon: claims of different runs never collide. */
static int incarnation(struct center *c, uint64_t *ret_seed)
{
    uint64_t n = 0;

    (void)store_get_fact(c->store, "incarnation", &n); /* absent: the first */
    n++;
    *ret_seed = n << 32;
    return store_put_fact(c->store, "incarnation", n);
}

/* The lock of a predecessor that is about to end is waited for. */
static int open_store(struct center *c,
                      const struct store_callbacks *cb,
                      struct err *err)
{
    struct patience p = {0};
    int r;

    do
        r = store_open(c->base, c->settings->state_dir, cb, c, &c->store, err);
    while (r == -EBUSY && patience_wait(&p, err->text));
    return r;
}

static int open_state(struct center *c, struct err *err)
{
    static const struct store_callbacks cb = {.durable = on_durable,
                                              .failed = on_store_failed,
                                              .recovered = on_store_recovered};
    const struct settings *s = c->settings;
    struct fed_local local = engine_glue_local;
    struct fed_effects fx;
    uint64_t seed;
    int r = path_make_dirs(s->state_dir, 0700, err);

    local.arg = c;
    if (r == 0)
        r = path_check_private(s->state_dir, 077, err);
    if (r == 0)
        r = open_store(c, &cb, err);
    if (r < 0)
        return r;
    c->book = book_new(s->site->name);
    if (!c->book || incarnation(c, &seed) < 0 || gate_open(c, &c->gate) < 0
        || staging_open(c, &c->staging) < 0 || returning_open(c, &c->returning) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    r = rolls_open(c, &c->rolls, err);
    if (r == 0 && months_open(c, &c->months) < 0)
        r = err_set(err, -ENOMEM, "out of memory");
    if (r == 0)
        r = fed_new(s->site, c->book, &local, seed, &c->fed, err);
    if (r == 0)
        r = restore(c, err);
    if (r == 0)
        r = rolls_lay(c->rolls, s->site, err);
    if (r == 0)
        r = fed_reconfigure(c->fed, s->site, now_read(), &fx);
    if (r == 0)
        gate_take(c->gate, &fx);
    return r;
}

static int open_doors(struct center *c, struct err *err)
{
    const struct settings *s = c->settings;
    int r = 0;

    if (s->certificate)
        r = tls_new(s->site->name, s->certificate, s->key, &c->tls, err);
    if (r == 0)
        r = engine_glue_open(c, err);
    if (r == 0)
        r = reservations_open(c, &c->reservations, err);
    if (r == 0)
        r = seals_open(c, &c->seals, err);
    if (r == 0)
        r = peers_open(c, &c->peers, err);
    if (r == 0)
        r = users_open(c, &c->users, err);
    return r;
}

static int seed_tables(struct err *err)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        return err_set(err, -EIO, "no random numbers: %s", strerror(errno));
    table_seed(seed);
    return 0;
}

int center_open(struct event_base *base,
                const char *settings_path,
                struct center **ret_center,
                struct err *err)
{
    const struct timeval hour = {.tv_sec = HOUSEKEEPING_S};
    struct center *c = calloc(1, sizeof(*c));
    struct fed_effects fx;
    int r = seed_tables(err);

    if (!c)
        return err_set(err, -ENOMEM, "out of memory");
    c->base = base;
    c->settings_path = strdup(settings_path);
    c->tick = evtimer_new(base, on_tick, c);
    c->housekeeping = event_new(base, -1, EV_PERSIST, on_housekeeping, c);
    if (!c->settings_path || !c->tick || !c->housekeeping)
        r = err_set(err, -ENOMEM, "out of memory");
    if (r == 0)
        r = settings_read(settings_path, &c->settings, err);
    if (r == 0)
        r = open_state(c, err);
    if (r == 0)
        r = open_doors(c, err);
    if (r == 0)
        r = fed_resume(c->fed, now_read(), &fx);
    if (r < 0) {
        center_close(c);
        return r;
    }
    engine_glue_adopt(c);
    r = proxies_open(c, &c->proxies, err);
    if (r < 0) {
        center_close(c);
        return r;
    }
    c->resumed = true;
    center_apply(c, &fx);
    rolls_keep(c->rolls);
    (void)event_add(c->housekeeping, &hour); /* without it old details stay longer */
    *ret_center = c;
    return 0;
}

void *center_close(struct center *c)
{
    if (!c)
        return NULL;
    c->resumed = false;
    c->proxies = proxies_close(c->proxies);
    c->users = users_close(c->users);
    c->peers = peers_close(c->peers);
    c->seals = seals_close(c->seals);
    c->rolls = rolls_close(c->rolls);
    c->months = months_free(c->months);
    c->reservations = reservations_close(c->reservations);
    if (c->engine) {
        engine_glue_keep(c);
        c->engine->ops->free(c->engine);
    }
    c->store = store_close(
        c->store); /* commits what was put; deeds behind it are done next time */
    gate_free(c->gate);
    staging_close(c->staging);
    returning_close(c->returning);
    pseudonym_free(c->pseudonym);
    fed_free(c->fed);
    book_free(c->book);
    tls_free(c->tls);
    settings_free(c->settings);
    settings_free(c->old_settings);
    if (c->tick)
        event_free(c->tick);
    if (c->housekeeping)
        event_free(c->housekeeping);
    free(c->settings_path);
    free(c);
    return NULL;
}

/* What a reload cannot change without a restart. */
static int check_same(const struct settings *a,
                      const struct settings *b,
                      struct err *err)
{
    if (strcmp(a->site->name, b->site->name) != 0 || a->site->number != b->site->number)
        return err_set(err, -EINVAL,
                       "the center's name and number change only by a restart");
    if (strcmp(a->state_dir, b->state_dir) != 0 || strcmp(a->socket, b->socket) != 0
        || strcmp(a->engine, b->engine) != 0)
        return err_set(err, -EINVAL,
                       "state_dir, socket and engine change only by a restart");
    return 0;
}

int center_reload(struct center *c, struct err *err)
{
    struct settings *fresh = NULL;
    struct fed_effects fx;
    int r = settings_read(c->settings_path, &fresh, err);

    if (r == 0)
        r = check_same(c->settings, fresh, err);
    if (r == 0)
        r = c->engine->ops->configure(c->engine, fresh->site, err);
    if (r == 0)
        r = rolls_lay(c->rolls, fresh->site, err);
    if (r < 0) {
        settings_free(fresh);
        return r;
    }
    settings_free(c->old_settings);
    c->old_settings = c->settings;
    c->settings = fresh;
    r = fed_reconfigure(c->fed, fresh->site, now_read(), &fx);
    if (r == 0)
        center_apply(c, &fx);
    if (r == 0)
        r = seals_reload(c->seals, err);
    if (r == 0)
        r = peers_reload(c->peers, err);
    return r;
}
