/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* profiles - what programs' ranks said to each other, kept by fingerprint */
#include "config.h"

#include "daemon/profiles.h"

#include <stdio.h>
#include <string.h>

#include "daemon/gate.h"
#include "place/pattern.h"
#include "wire/digest.h"

#include "base/banned.h"

_Static_assert(PROFILE_MAX == ENGINE_MATRIX_MAX, "what is told can be kept");

/* Options may change between the runs; what is run may not. */
static void add_script(struct digest *d, const struct job_spec *s)
{
    const char *at = s->script;
    const char *end = s->script + s->script_len;

    while (at && at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((line_end ? line_end + 1 : end) - at);

        if (n < 7 || strncmp(at, "#SBATCH", 7) != 0)
            digest_add(d, at, n);
        at += n;
    }
}

static int fingerprint(const struct copy *x,
                       const struct job_spec *s,
                       char hex[DIGEST_CAP])
{
    struct digest *d = digest_new();
    char ranks[24];
    int n = snprintf(ranks, sizeof(ranks), "%u", s->request.n_tasks);
    int r;

    if (!d)
        return -1;
    /* With their NULs: no two lists of texts are the same bytes. */
    digest_add(d, x->institution, strlen(x->institution) + 1);
    digest_add(d, x->project, strlen(x->project) + 1);
    digest_add(d, ranks, (size_t)n + 1);
    digest_add(d, s->comm_key, strlen(s->comm_key) + 1);
    add_script(d, s);
    r = digest_end(d, hex);
    digest_free(d);
    return r;
}

void profiles_find(struct center *c,
                   const struct copy *x,
                   const struct job_spec *spec,
                   struct buf *matrix)
{
    const char *comm = spec->request.comm;
    struct profile p;
    char key[DIGEST_CAP];

    if ((comm[0] && strcmp(comm, "learn") != 0) || fingerprint(x, spec, key) < 0
        || store_get_profile(c->store, key, &p, matrix) < 0)
        return;
    (void)store_use_profile(c->store, key, now_read().wall); /* it may go earlier */
    gate_touch(c->gate);
}

static void keep(struct center *c,
                 const struct copy *x,
                 const char *key,
                 struct engine_traffic *t)
{
    struct profile p = {.n_ranks = t->n_ranks, .job = t->id};

    memcpy(p.key, key, sizeof(p.key));
    memcpy(p.program, t->program, sizeof(p.program));
    memcpy(p.institution, x->institution, sizeof(p.institution));
    memcpy(p.project, x->project, sizeof(p.project));
    if (store_put_profile(c->store, &p, t->matrix, t->matrix_len, now_read().wall) < 0)
        return;
    gate_touch(c->gate);
    (void)snprintf(t->note, sizeof(t->note),
                   "its traffic was recorded: later runs are placed by it");
}

void profiles_take(struct center *c,
                   const struct copy *x,
                   const struct job_spec *spec,
                   struct engine_traffic *t)
{
    struct buf matrix = BUF_INIT(PROFILE_MAX + 1);
    struct profile p;
    char key[DIGEST_CAP];

    if (fingerprint(x, spec, key) < 0)
        return;
    if (t->matrix) {
        keep(c, x, key, t);
    } else if (t->program[0] && !store_get_profile(c->store, key, &p, &matrix)
               && strcmp(p.program, t->program) != 0) {
        (void)store_drop_profile(c->store, key); /* no room: the next run sees it */
        gate_touch(c->gate);
        (void)snprintf(t->note, sizeof(t->note),
                       "its traffic was recorded with another build: forgotten, "
                       "--comm=learn records it anew");
    }
    buf_release(&matrix);
}

int profiles_check_comm(const struct request *r, struct err *err)
{
    struct pattern *p = NULL;
    int ret;

    if (!r->comm[0] || !strcmp(r->comm, "learn") || !strcmp(r->comm, "relearn"))
        return 0;
    ret = pattern_parse(r->comm, r->n_tasks, &p, err);
    pattern_free(p);
    return ret < 0 ? err_prefix(err, ret, "--comm") : 0;
}
