/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_proxy - jobs of the site's Slurm that stand for jobs of the federation
 *
 * job_submit/hopluu makes them: held, with a note in their AdminComment. The engine
 * shows them to whoever follows them and carries out what that one says; it keeps
 * nothing about them itself.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "engine/slurm_int.h"
#include "engine/slurm_words.h"
#include "model/proxy_note.h"

#include "base/banned.h"

struct order {
    struct worker_task task; /* first */
    uint32_t slurm_job;
    enum engine_slurm_proxy_end end;
    char note[SLURM_MARK_CAP];
    struct err err;
    int r;
};

static void order_free(struct worker_task *t)
{
    free(t);
}

/* The note first: the proxy's script reads it once it runs. */
static void order_run(struct worker_task *t)
{
    struct order *o = (struct order *)t;

    o->r = slurm_rpc_note(o->slurm_job, o->note, &o->err);
    if (o->r == 0 && o->end == PROXY_END_RELEASE)
        o->r = slurm_rpc_release(o->slurm_job, &o->err);
    else if (o->end == PROXY_END_CANCEL)
        o->r = slurm_rpc_signal(o->slurm_job, 0, &o->err);
}

/* What came of it shows in the next look. */
static void order_done(struct worker_task *t, void *arg)
{
    const struct order *o = (const struct order *)t;

    if (o->r && o->r != -ENOENT)
        log_warn("Slurm's job %u, a proxy: %s", o->slurm_job, o->err.text);
    watch_soon(arg);
    order_free(t);
}

int engine_slurm_proxy_tell(struct engine *en,
                            uint32_t slurm_job,
                            const char *note,
                            enum engine_slurm_proxy_end end)
{
    struct slurm *e = (struct slurm *)en; /* its first member */
    struct order *o = calloc(1, sizeof(*o));
    int r;

    if (!o)
        return -ENOMEM;
    o->task =
        (struct worker_task){.run = order_run, .done = order_done, .free = order_free};
    o->slurm_job = slurm_job;
    o->end = end;
    word_cut(o->note, sizeof(o->note), note);
    r = worker_put(e->worker, &o->task);
    if (r)
        free(o);
    return r;
}

void engine_slurm_follow(struct engine *en,
                         void (*each)(const struct engine_slurm_proxy *p, void *arg),
                         void (*looked)(bool changed, void *arg),
                         void *arg)
{
    struct slurm *e = (struct slurm *)en; /* its first member */

    e->proxy_each = each;
    e->proxy_looked = looked;
    e->proxy_arg = arg;
    e->want_all = true;
}

bool proxy_show(struct slurm *e, const struct slurm_job *s)
{
    enum slurm_phase phase = slurm_phase(s->state, s->priority);
    struct engine_slurm_proxy p = {
        .slurm_job = s->id,
        .uid = (uint32_t)s->uid,
        .note = s->mark,
        .held = phase == SLURM_HELD,
        .over = phase == SLURM_OVER || phase == SLURM_ENDING,
    };
    size_t n = sizeof(PROXY_WORD) - 1;

    if (strncmp(s->mark, PROXY_WORD, n) != 0 || s->mark[n] != ' ')
        return false;
    if (e->proxy_each)
        e->proxy_each(&p, e->proxy_arg);
    return true;
}

void proxy_looked(struct slurm *e, bool changed)
{
    if (e->proxy_looked)
        e->proxy_looked(changed, e->proxy_arg);
}
