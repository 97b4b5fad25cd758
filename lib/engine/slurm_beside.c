/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * slurm_beside - node daemons that stand beside slurmd, and what they measure
 *
 * They are told nothing and start nothing. What they say of a job counts only for one
 * of ours that Slurm's table shows as running; what Slurm itself says of nodes and
 * states stays the truth. A job's use on a node is the most that was said of it: a node
 * daemon that was restarted, or that comes twice, adds nothing.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/measure.h"
#include "base/number.h"
#include "base/words.h"
#include "engine/slurm_int.h"
#include "wire/conn.h"
#include "wire/door.h"

#include "base/banned.h"

#define DAEMONS_MAX 16384
#define USES_MAX 65536    /* nodes of one job */
#define POWER_US US_PER_S /* energy is compared over at least so long */

/* A connection that has not said yet which node it is. */
struct beside_guest {
    TAILQ_ENTRY(beside_guest) entry;
    struct slurm *e;
    struct conn *conn;
};

struct beside {
    struct door *door;
    TAILQ_HEAD(, beside_guest) guests;
};

struct node_use {
    uint32_t node; /* in sched */
    uint64_t cpu_us;
    uint64_t rss_bytes;
};

/* --- what a job used -------------------------------------------------------------- */

static struct node_use *use_of(struct sjob *j, uint32_t node)
{
    struct node_use *v;

    for (size_t i = 0; i < j->n_uses; i++)
        if (j->uses[i].node == node)
            return &j->uses[i];
    if (j->n_uses >= USES_MAX)
        return NULL;
    v = realloc(j->uses, (j->n_uses + 1) * sizeof(*v));
    if (!v)
        return NULL; /* it is said again in a second */
    j->uses = v;
    v[j->n_uses] = (struct node_use){.node = node};
    return &v[j->n_uses++];
}

static struct sjob *job_of(const struct slurm *e, const char *number)
{
    struct seen *x = NULL;
    struct sjob *j;
    uint32_t id = 0;

    if (measure_u32(number, 1, UINT32_MAX, &id, NULL) == 0)
        TABLE_FIND(e->seen, &id, x);
    j = x && x->id_ours ? sjob_find(e, x->id_ours) : NULL;
    return j && j->slurm_job == id && j->epoch == x->epoch && j->state < SJOB_GATHERING
               ? j
               : NULL;
}

static uint64_t amount(const json_t *list, size_t i)
{
    json_int_t v = json_integer_value(json_array_get(list, i));

    return v > 0 ? (uint64_t)v : 0;
}

static void take_jobs(struct snode *n, const json_t *jobs)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)jobs, key, value)
    {
        struct sjob *j = job_of(n->e, key);
        struct node_use *u = j ? use_of(j, n->index) : NULL;

        if (!u)
            continue; /* the site's own, or over */
        u->cpu_us = MAX(u->cpu_us, amount(value, 0));
        u->rss_bytes = MAX(u->rss_bytes, amount(value, 1));
    }
}

void beside_measure(const struct sjob *j, struct usage *u)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < j->n_uses; i++) {
        if (!add_ok(sum, j->uses[i].cpu_us, &sum))
            return; /* nobody used that much: nothing is believed */
        u->max_rss_bytes = MAX(u->max_rss_bytes, j->uses[i].rss_bytes);
    }
    u->cpu_us = sum;
}

/* --- a node ------------------------------------------------------------------------
 */

static void take_health(struct snode *n, const json_t *o)
{
    json_int_t energy_uj = json_integer_value(json_object_get(o, "energy_uj"));
    int64_t now_us = now_read().mono.us;

    n->load_milli = (int64_t)json_integer_value(json_object_get(o, "load_milli"));
    n->free_bytes = (int64_t)json_integer_value(json_object_get(o, "free_bytes"));
    if (energy_uj <= 0)
        return; /* the kernel does not say */
    if (n->energy_uj > 0 && energy_uj >= n->energy_uj
        && now_us - n->energy_at_us >= POWER_US)
        n->power_mw = (energy_uj - n->energy_uj) * 1000 / (now_us - n->energy_at_us);
    n->energy_uj = energy_uj;
    n->energy_at_us = now_us;
}

void beside_text(const struct snode *n, char *text, size_t cap)
{
    struct buf b = BUF_INIT(TITLE_CAP);

    if (n->load_milli >= 0)
        buf_printf(&b, "load %" PRId64 ".%02" PRId64, n->load_milli / 1000,
                   n->load_milli % 1000 / 10);
    if (n->free_bytes >= 0)
        buf_printf(&b, ", %" PRId64 "M free", n->free_bytes >> 20);
    if (n->power_mw > 0)
        buf_printf(&b, ", %" PRId64 " W", n->power_mw / 1000);
    if (!b.err && b.len)
        word_cut(text, cap, buf_text(&b));
    buf_release(&b);
}

static void on_frame(struct conn *c, json_t *o, void *arg)
{
    struct snode *n = arg;
    const char *t = json_string_value(json_object_get(o, "t"));

    (void)c;
    if (!t || strcmp(t, "usage") != 0)
        return; /* it has no jobs to speak of */
    take_health(n, o);
    take_jobs(n, json_object_get(o, "jobs"));
}

static void on_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct snode *n = arg;

    (void)c;
    log_info("the node daemon of %s is away: %s", n->name, reason ? text : "closed");
    n->conn = NULL;
}

static const struct conn_ops ops = {.on_frame = on_frame, .on_close = on_close};

static void guest_free(struct beside_guest *g)
{
    TAILQ_REMOVE(&g->e->beside->guests, g, entry);
    free(g);
}

static struct snode *who(struct slurm *e, const struct conn *c, const json_t *o)
{
    const char *t = json_string_value(json_object_get(o, "t"));
    const char *name = json_string_value(json_object_get(o, "name"));
    const char *topology = json_string_value(json_object_get(o, "topology"));
    struct snode *n = name ? mirror_node(e, name) : NULL;

    if (!t || strcmp(t, "register") != 0)
        return NULL;
    if (!n || !json_is_true(json_object_get(o, "beside"))) {
        log_warn("%s says it is node \"%.60s\": %s", conn_who(c)->address,
                 name ? name : "",
                 n ? "nodes here are slurmd's, its noded.conf must say beside = "
                     "\"slurmd\""
                   : "not configured");
        return NULL;
    }
    log_info("node %s: a daemon beside slurmd, %lld cores, %.60s", n->name,
             (long long)json_integer_value(json_object_get(o, "cores")),
             topology ? topology : "");
    return n;
}

static void on_guest_frame(struct conn *c, json_t *o, void *arg)
{
    struct beside_guest *g = arg;
    struct snode *n = who(g->e, c, o);

    guest_free(g);
    if (!n) {
        conn_close(c);
        return;
    }
    conn_close(n->conn); /* the newer one is the one that lives */
    n->conn = c;
    n->load_milli = n->free_bytes = -1;
    conn_listen(c, &ops, n);
}

static void on_guest_close(struct conn *c, int reason, const char *text, void *arg)
{
    (void)c;
    (void)reason;
    (void)text;
    guest_free(arg);
}

static const struct conn_ops guest_ops = {.on_frame = on_guest_frame,
                                          .on_close = on_guest_close};

static void on_open(struct conn *c, void *arg)
{
    struct slurm *e = arg;
    const struct conn_who *from = conn_who(c);
    struct beside_guest *g = NULL;

    if (from->uid == 0 || from->uid == geteuid())
        g = calloc(1, sizeof(*g));
    else
        log_warn("uid %u at %s is not allowed to be a node", (unsigned)from->uid,
                 from->address);
    if (!g) {
        conn_close(c);
        return;
    }
    g->e = e;
    g->conn = c;
    TAILQ_INSERT_TAIL(&e->beside->guests, g, entry);
    conn_listen(c, &guest_ops, g);
}

int beside_open(struct slurm *e,
                const char *address,
                const char *munge_socket,
                struct err *err)
{
    if (!address)
        return 0;
    e->beside = calloc(1, sizeof(*e->beside));
    if (!e->beside)
        return err_set(err, -ENOMEM, "no memory");
    TAILQ_INIT(&e->beside->guests);
    return door_open_munge(e->base, address, munge_socket, CONN_NODE, DAEMONS_MAX,
                           e->center, on_open, e, &e->beside->door, err);
}

void beside_close(struct slurm *e)
{
    struct snode *n;
    struct snode *next;

    if (!e->beside)
        return;
    if (e->beside->door)
        door_close(e->beside->door);
    while (TAILQ_FIRST(&e->beside->guests)) {
        conn_close(TAILQ_FIRST(&e->beside->guests)->conn);
        guest_free(TAILQ_FIRST(&e->beside->guests));
    }
    TABLE_FOREACH (e->nodes, n, next) {
        conn_close(n->conn);
        n->conn = NULL;
    }
    free(e->beside);
    e->beside = NULL;
}
