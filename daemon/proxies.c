/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* proxies - jobs of this center's own Slurm that stand for jobs of the federation */
#include "config.h"

#include "daemon/proxies.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/table.h"
#include "base/words.h"
#include "daemon/center.h"
#ifdef HAVE_SLURM
#include "engine/slurm.h"
#endif
#include "model/proxy_note.h"

#include "base/banned.h"

#ifdef HAVE_SLURM

#define TICK_MS 500
#define ORPHAN_S 60    /* sbatch has long been answered … */
#define ORPHAN_LOOKS 2 /* … and so often Slurm's table did not have it */
#define ASK_AGAIN_S 5  /* what we told Slurm does not show in its table */
#define PROXIES_MAX 1000000

struct proxy {
    uint64_t job;
    UT_hash_handle hh;
    uint32_t slurm_job; /* 0 = not seen yet */
    uint32_t uid;
    char note[PROXY_TEXT_MAX]; /* as Slurm has it */
    int64_t born_us;
    int64_t told_us;
    unsigned absent; /* looks in a row that did not show it */
    bool in_look;
    bool present;
    bool held;
    bool over;
};

struct proxies {
    struct center *c;
    struct proxy *all;
    struct event *tick;
};

static struct proxy *find(const struct proxies *ps, uint64_t job)
{
    struct proxy *p;

    TABLE_FIND(ps->all, &job, p);
    return p;
}

static struct proxy *get(struct proxies *ps, uint64_t job)
{
    struct proxy *p = find(ps, job);

    if (p || HASH_COUNT(ps->all) >= PROXIES_MAX)
        return p;
    p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->job = job;
    p->born_us = now_read().mono.us;
    if (TABLE_ADD(ps->all, job, p)) {
        free(p);
        return NULL;
    }
    return p;
}

static void drop(struct proxies *ps, struct proxy *p)
{
    HASH_DEL(ps->all, p);
    free(p);
}

void proxies_expect(struct proxies *ps, uint64_t job)
{
    if (ps)
        (void)get(ps, job); /* no memory: it is found with its proxy, or at a restart */
}

/* --- what Slurm shows ------------------------------------------------------------ */

static void on_proxy(const struct engine_slurm_proxy *x, void *arg)
{
    static struct log_gate gate;
    struct proxies *ps = arg;
    struct proxy_note note;
    struct proxy *p;

    if (!proxy_note_read(x->note, &note)) {
        log_limited(&gate, 3, LOG_WARN,
                    "Slurm's job %u: its AdminComment '%.80s' is "
                    "not a proxy's",
                    x->slurm_job, x->note);
        return;
    }
    p = find(ps, note.job);
    if (!p && x->over)
        return; /* done with, or before our time: its job knows without it */
    if (!p)
        p = get(ps, note.job);
    if (!p)
        return; /* full: at a later look */
    if (p->slurm_job && p->slurm_job != x->slurm_job) {
        log_limited(&gate, 3, LOG_WARN,
                    "Slurm's job %u stands for job %" PRIu64
                    " as %u does: it is left alone",
                    x->slurm_job, p->job, p->slurm_job);
        return;
    }
    p->slurm_job = x->slurm_job;
    p->uid = x->uid;
    p->in_look = true;
    p->held = x->held;
    p->over = x->over;
    word_cut(p->note, sizeof(p->note), x->note);
}

static void settle(struct proxies *ps, struct proxy *p);

static void settle_all(struct proxies *ps)
{
    struct proxy *p;
    struct proxy *next;

    TABLE_FOREACH (ps->all, p, next)
        settle(ps, p);
}

static void on_looked(bool changed, void *arg)
{
    struct proxies *ps = arg;
    struct proxy *p;
    struct proxy *next;

    TABLE_FOREACH (ps->all, p, next) {
        if (changed)
            p->present = p->in_look;
        p->in_look = false;
        p->absent = p->present ? 0 : p->absent + 1;
    }
    settle_all(ps);
}

/* --- what follows ------------------------------------------------------------------
 */

static void cancel(struct proxies *ps, const struct proxy *p, const char *by)
{
    struct center *c = ps->c;
    struct fed_effects fx;
    struct err err = {0};
    int r;

    if (store_failing(c->store))
        return; /* the next turn tries again */
    r = fed_cancel(c->fed, p->job, by, 0, 0, now_read(), &fx, &err);
    if (r == 0)
        center_apply(c, &fx);
    else if (r != -EALREADY)
        log_warn("job %" PRIu64 ": %s", p->job, err_text(&err, r));
}

static void give_free(struct proxies *ps, const struct proxy *p)
{
    struct center *c = ps->c;
    struct fed_effects fx;
    struct err err = {0};
    int r;

    if (store_failing(c->store))
        return;
    r = fed_unhold(c->fed, p->job, 0, now_read(), &fx, &err);
    if (r == 0)
        center_apply(c, &fx);
    else
        log_warn("job %" PRIu64 ": %s", p->job, err_text(&err, r));
}

static void note_of(const struct center *c,
                    const struct holding *h,
                    char text[PROXY_TEXT_MAX])
{
    struct proxy_note n = {.job = h->id,
                           .state = h->state,
                           .exit_code = h->exit_code,
                           .exit_signal = h->exit_signal};

    if (h->grant.center)
        word_cut(n.center, sizeof(n.center),
                 site_center_name(center_site(c), h->grant.center));
    proxy_note_write(&n, text);
}

static bool runs_script(enum job_state s)
{
    return s != JOB_CANCELLED;
}

/* Slurm's side is brought to what the job is. */
static void tell(struct proxies *ps,
                 struct proxy *p,
                 const struct holding *h,
                 bool final)
{
    enum engine_slurm_proxy_end end = !final                  ? PROXY_END_NOT
                                      : runs_script(h->state) ? PROXY_END_RELEASE
                                                              : PROXY_END_CANCEL;
    int64_t now_us = now_read().mono.us;
    char text[PROXY_TEXT_MAX];

    note_of(ps->c, h, text);
    if (final ? !p->held && end != PROXY_END_CANCEL : !strcmp(text, p->note))
        return; /* it says so, or its script is on its way */
    if (p->told_us
        && now_us - p->told_us < (final ? INT64_C(1) : ASK_AGAIN_S) * US_PER_S)
        return;
    if (engine_slurm_proxy_tell(ps->c->engine, p->slurm_job, text, end) == 0)
        p->told_us = now_us;
}

static void settle(struct proxies *ps, struct proxy *p)
{
    const struct holding *h = fed_holding(ps->c->fed, p->job);
    int64_t age_us = now_read().mono.us - p->born_us;
    struct holding old;
    bool final;

    if (!h && store_get_holding(ps->c->store, p->job, &old) == 0)
        h = &old;
    if (!h) {
        /* A note that names a job which was never taken here: by hand, or its record
         * is younger than the disk that was brought back. */
        old = (struct holding){.id = p->job, .state = JOB_CANCELLED};
        if (p->present && !p->over)
            tell(ps, p, &old, true);
        else
            drop(ps, p);
        return;
    }
    final = h->hold == HOLD_FINAL;
    if (p->present && p->over) {
        if (final)
            drop(ps, p);
        else if (!h->cancelled)
            cancel(ps, p, "scancel");
    } else if (p->present) {
        if (!final && h->held && h->proxy && h->uid == p->uid)
            give_free(ps, p); /* may end h: the next turn tells */
        else
            tell(ps, p, h, final);
    } else if (final) {
        drop(ps, p);
    } else if (!h->cancelled && p->absent >= ORPHAN_LOOKS
               && (p->slurm_job || age_us > ORPHAN_S * US_PER_S)) {
        log_info("job %" PRIu64 ": Slurm has no job that stands for it", p->job);
        cancel(ps, p, "slurm");
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct proxies *ps = arg;

    (void)fd;
    (void)what;
    settle_all(ps);
}

static int add_expected(const struct holding *h, void *arg)
{
    if (h->proxy)
        proxies_expect(arg, h->id);
    return 0;
}

int proxies_open(struct center *c, struct proxies **ret, struct err *err)
{
    const struct timeval tv = {.tv_usec = TICK_MS * 1000};
    struct proxies *ps;

    *ret = NULL;
    if (strcmp(c->engine->ops->name, "slurm") != 0)
        return 0;
    ps = calloc(1, sizeof(*ps));
    if (!ps)
        return err_set(err, -ENOMEM, "out of memory");
    ps->c = c;
    ps->tick = event_new(c->base, -1, EV_PERSIST, on_tick, ps);
    if (!ps->tick || event_add(ps->tick, &tv) < 0) {
        proxies_close(ps);
        return err_set(err, -ENOMEM, "out of memory");
    }
    fed_each_holding(c->fed, 0, add_expected, ps);
    engine_slurm_follow(c->engine, on_proxy, on_looked, ps);
    *ret = ps;
    return 0;
}

void *proxies_close(struct proxies *ps)
{
    struct proxy *p;
    struct proxy *next;

    if (!ps)
        return NULL;
    if (ps->tick)
        event_free(ps->tick);
    TABLE_FOREACH (ps->all, p, next)
        drop(ps, p);
    free(ps);
    return NULL;
}

#else

int proxies_open(struct center *c, struct proxies **ret, struct err *err)
{
    (void)c;
    (void)err;
    *ret = NULL;
    return 0;
}

void *proxies_close(struct proxies *ps)
{
    (void)ps;
    return NULL;
}

void proxies_expect(struct proxies *ps, uint64_t job)
{
    (void)ps;
    (void)job;
}

#endif
