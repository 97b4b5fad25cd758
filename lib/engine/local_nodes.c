/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_nodes - the node door: who comes in, and which node it is
 *
 * Sizes of nodes are remembered on disk: after a restart a request is judged by what
 * the nodes had, not by who has come back already.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/words.h"
#include "engine/local_int.h"

#include "base/banned.h"

#define CORES_MAX 65536
#define MEMORY_FILE_MAX (32u << 20)

int node_tell(struct local_node *n, json_t *o)
{
    int r = !o ? -ENOMEM : n->conn ? conn_send(n->conn, o) : -ENOTCONN;

    json_decref(o);
    return r;
}

int node_tell_job(struct local_node *n, const char *t, const struct local_job *j)
{
    return node_tell(n, json_pack("{s:s, s:I, s:I}", "t", t, "id", (json_int_t)j->id,
                                  "epoch", (json_int_t)j->epoch));
}

/* What sched knows of a node: its size, and whether anything may start there. */
static int publish(struct local_node *n)
{
    int r = sched_node_set(n->e->q.sched, n->name, n->cores, n->mem_bytes, n->gpus,
                           n->gpu_type, n->partitions, n->conn != NULL);

    if (r >= 0)
        n->index = (uint32_t)r;
    local_place_stale(n->e);
    queue_kick(&n->e->q);
    return r < 0 ? r : 0;
}

static int resize(struct local_node *n, uint32_t cores, uint64_t mem_bytes)
{
    bool *used = calloc(cores ? cores : 1, sizeof(*used));

    if (!used)
        return -ENOMEM;
    for (uint32_t c = 0; c < cores && c < n->cores && n->core_used; c++)
        used[c] = n->core_used[c];
    free(n->core_used);
    n->core_used = used;
    n->cores = cores;
    n->mem_bytes = mem_bytes;
    n->known = true;
    return 0;
}

static void on_lost(evutil_socket_t fd, short what, void *arg)
{
    struct local_node *n = arg;

    (void)fd;
    (void)what;
    log_warn("node %s stayed away for %u s", n->name, n->e->node_lost_s);
    local_on_lost(n);
}

int local_node_set(void *arg, const char *name, uint32_t partitions)
{
    struct local *e = arg;
    char key[NAME_CAP] = "";
    struct local_node *n;

    if (!word_copy(key, sizeof(key), name))
        return -ENAMETOOLONG;
    HASH_FIND(hh, e->nodes, key, sizeof(key), n);
    if (!n) {
        n = calloc(1, sizeof(*n));
        if (!n)
            return -ENOMEM;
        n->e = e;
        n->leaf = MACHINE_NONE;
        memcpy(n->name, key, sizeof(key));
        n->lost = evtimer_new(e->base, on_lost, n);
        if (!n->lost || TABLE_ADD(e->nodes, name, n)) {
            if (n->lost)
                event_free(n->lost);
            free(n);
            return -ENOMEM;
        }
    }
    n->partitions = partitions;
    return publish(n);
}

/* Told by the node, or remembered: 0, or -EINVAL and nothing changed. */
static int set_gpus(struct local_node *n, json_int_t gpus, const char *type)
{
    if (gpus < 0 || gpus > GPUS_MAX
        || !word_copy(n->gpu_type, sizeof(n->gpu_type), type ? type : ""))
        return -EINVAL;
    n->gpus = (uint32_t)gpus;
    return 0;
}

static void memory_path(const struct local *e, char path[PATH_MAX])
{
    (void)path_join(path, PATH_MAX, e->spool, "nodes.json"); /* spool leaves room */
}

void nodes_remember(struct local *e)
{
    json_t *all = json_object();
    struct local_node *n;
    struct local_node *next;
    char path[PATH_MAX];
    char *text;

    TABLE_FOREACH (e->nodes, n, next)
        if (n->known)
            (void)json_object_set_new(all, n->name,
                                      json_pack("[I, I, I, s]", (json_int_t)n->cores,
                                                (json_int_t)n->mem_bytes,
                                                (json_int_t)n->gpus, n->gpu_type));
    text = json_dumps(all, JSON_COMPACT);
    memory_path(e, path);
    if (!text || path_write(path, text, strlen(text), 0600, NULL))
        log_warn("%s cannot be written", path);
    free(text);
    json_decref(all);
}

void nodes_recall(struct local *e)
{
    struct buf b = BUF_INIT(MEMORY_FILE_MAX);
    struct local_node *n;
    struct local_node *next;
    char path[PATH_MAX];
    json_t *all = NULL;

    memory_path(e, path);
    if (!path_read(path, &b, NULL))
        all = json_loadb(b.data ? b.data : "", b.len, 0, NULL);
    TABLE_FOREACH (e->nodes, n, next) {
        const json_t *o = json_object_get(all, n->name);
        json_int_t cores = json_integer_value(json_array_get(o, 0));
        json_int_t bytes = json_integer_value(json_array_get(o, 1));

        if (!n->known && cores > 0 && cores <= CORES_MAX && bytes >= 0
            && !resize(n, (uint32_t)cores, (uint64_t)bytes)
            && !set_gpus(n, json_integer_value(json_array_get(o, 2)),
                         json_string_value(json_array_get(o, 3))))
            (void)publish(n); /* no memory: it is small until it comes */
    }
    json_decref(all);
    buf_release(&b);
}

static void on_node_frame(struct conn *c, json_t *o, void *arg)
{
    struct local_node *n = arg;
    const char *t = json_string_value(json_object_get(o, "t"));
    json_int_t id = json_integer_value(json_object_get(o, "id"));
    json_int_t epoch = json_integer_value(json_object_get(o, "epoch"));
    struct local_job *j = local_find(n->e, (uint64_t)id);

    (void)c;
    if (!t)
        return;
    if (j && j->epoch == epoch)
        local_on_frame(n, t, j, o);
    else if (!strcmp(t, "ended"))
        (void)node_tell(
            n, json_pack("{s:s, s:I, s:I}", "t", "forget", "id", id, "epoch", epoch));
}

static void on_node_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct local_node *n = arg;
    struct timeval tv = {.tv_sec = n->e->node_lost_s};

    (void)c;
    log_info("node %s is away: %s", n->name, reason ? text : "closed");
    n->conn = NULL;
    (void)publish(n);                /* known already */
    (void)evtimer_add(n->lost, &tv); /* cannot fail: the event has its slot */
}

static const struct conn_ops node_ops = {.on_frame = on_node_frame,
                                         .on_close = on_node_close};

static void copy_text(const json_t *o, const char *key, char *dst, size_t cap)
{
    const char *s = json_string_value(json_object_get(o, key));

    (void)word_copy(dst, cap, s ? s : ""); /* too long is as good as missing */
}

static struct local_node *register_node(struct local *e,
                                        struct conn *c,
                                        const json_t *o)
{
    json_int_t cores = json_integer_value(json_object_get(o, "cores"));
    json_int_t bytes = json_integer_value(json_object_get(o, "mem_bytes"));
    json_int_t gpus = json_integer_value(json_object_get(o, "gpus"));
    const char *type = json_string_value(json_object_get(o, "gpu_type"));
    const char *topology;
    char key[NAME_CAP] = "";
    struct local_node *n;
    bool changed;

    copy_text(o, "name", key, sizeof(key));
    HASH_FIND(hh, e->nodes, key, sizeof(key), n);
    if (!n || cores < 1 || cores > CORES_MAX || bytes < 0) {
        log_warn("%s says it is node \"%s\" with %lld cores: not configured",
                 conn_who(c)->address, key, (long long)cores);
        return NULL;
    }
    conn_close(n->conn); /* the newer one is the one that lives */
    n->conn = c;
    (void)evtimer_del(n->lost); /* it may not be pending */
    changed = !n->known || n->cores != (uint32_t)cores
              || n->mem_bytes != (uint64_t)bytes || n->gpus != (uint64_t)gpus
              || strcmp(n->gpu_type, type ? type : "") != 0;
    if (set_gpus(n, gpus, type))
        log_warn("node %s: %lld GPUs of type %.60s are not believed", n->name,
                 (long long)gpus, type ? type : "");
    if (changed && resize(n, (uint32_t)cores, (uint64_t)bytes))
        log_warn("node %s: no memory for its cores", n->name);
    topology = json_string_value(json_object_get(o, "topology"));
    n->packages = local_place_packages(topology ? topology : "", n->cores);
    n->fake = json_is_true(json_object_get(o, "fake"));
    copy_text(o, "launch", n->launch, sizeof(n->launch));
    copy_text(o, "host", n->host, sizeof(n->host));
    copy_text(o, "boot", n->boot, sizeof(n->boot));
    (void)word_copy(n->address, sizeof(n->address), conn_who(c)->address);
    json_decref(n->jobs);
    n->jobs = json_incref(json_object_get(o, "jobs"));
    if (changed)
        nodes_remember(e);
    return n;
}

static void guest_free(struct local_guest *g)
{
    struct local_guest **p = &g->e->guests;

    while (*p != g)
        p = &(*p)->next;
    *p = g->next;
    free(g);
}

static void on_guest_frame(struct conn *c, json_t *o, void *arg)
{
    struct local_guest *g = arg;
    struct local *e = g->e;
    const char *t = json_string_value(json_object_get(o, "t"));
    struct local_node *n = NULL;

    guest_free(g);
    if (t && !strcmp(t, "register"))
        n = register_node(e, c, o);
    if (!n) {
        conn_close(c);
        return;
    }
    conn_listen(c, &node_ops, n);
    log_info("node %s: %u cores, %zu jobs", n->name, n->cores,
             json_array_size(n->jobs));
    local_on_node(n);
    (void)publish(n); /* after its jobs have taken up what they hold */
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
    struct local *e = arg;
    const struct conn_who *who = conn_who(c);
    struct local_guest *g = NULL;

    if (who->uid == 0 || who->uid == geteuid())
        g = calloc(1, sizeof(*g));
    else
        log_warn("uid %u at %s is not allowed to be a node", (unsigned)who->uid,
                 who->address);
    if (!g) {
        conn_close(c);
        return;
    }
    g->e = e;
    g->conn = c;
    g->next = e->guests;
    e->guests = g;
    conn_listen(c, &guest_ops, g);
}

int nodes_open(struct local *e, const struct engine_local_config *c, struct err *err)
{
    return door_open_munge(e->base, c->address, c->munge_socket, CONN_NODE,
                           c->max_nodes ? c->max_nodes : 4096, e->center, on_open, e,
                           &e->door, err);
}

void nodes_close(struct local *e)
{
    struct local_node *n;
    struct local_node *next;

    if (e->door)
        door_close(e->door);
    while (e->guests) {
        conn_close(e->guests->conn);
        guest_free(e->guests);
    }
    TABLE_FOREACH (e->nodes, n, next) {
        HASH_DEL(e->nodes, n);
        conn_close(n->conn);
        event_free(n->lost);
        json_decref(n->jobs);
        free(n->core_used);
        free(n);
    }
}
