/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_center - what the center says, and what it is told
 *
 * After each connection the node says all that it has; so nothing that was lost with
 * the last connection matters. Messages: docs/protocol.md, "Nodes".
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/noded.h"

#include "base/banned.h"

/* Takes o. Away or full: the center hears it at the next connection. */
static void tell(struct node *n, json_t *o)
{
    if (n->center && o && conn_send(n->center, o))
        log_warn("a message to the center was not sent");
    json_decref(o);
}

void center_tell_started(struct node_job *j)
{
    tell(j->node,
         json_pack("{s:s, s:I, s:i, s:I}", "t", "started", "id", (json_int_t)j->id,
                   "epoch", (int)j->epoch, "at", (json_int_t)j->started.us));
}

void center_tell_ended(struct node_job *j)
{
    tell(j->node, json_pack("{s:s, s:I, s:i, s:O*, s:I, s:I, s:O*}", "t", "ended", "id",
                            (json_int_t)j->id, "epoch", (int)j->epoch, "end", j->end,
                            "step_cpu_us", (json_int_t)j->step_cpu_us, "step_max_rss",
                            (json_int_t)j->step_max_rss, "traffic", j->traffic));
}

void center_tell_prepared(struct node_job *j)
{
    tell(j->node, json_pack("{s:s, s:I, s:i}", "t", "prepared", "id", (json_int_t)j->id,
                            "epoch", (int)j->epoch));
}

void center_tell_refused(struct node *n, uint64_t id, uint32_t epoch, const char *text)
{
    tell(n, json_pack("{s:s, s:I, s:i, s:s}", "t", "refused", "id", (json_int_t)id,
                      "epoch", (int)epoch, "text", text));
}

void center_tell_usage(struct node *n, json_t *usage)
{
    tell(n, usage);
}

void center_ask_input(struct node_job *j, const char *name, uint64_t offset)
{
    tell(j->node,
         json_pack("{s:s, s:I, s:i, s:s, s:I}", "t", "need", "id", (json_int_t)j->id,
                   "epoch", (int)j->epoch, "name", name, "offset", (json_int_t)offset));
}

void center_tell_released(struct node *n,
                          uint64_t id,
                          uint32_t epoch,
                          const struct node_job *j)
{
    tell(n, json_pack("{s:s, s:I, s:i, s:I, s:I, s:O*}", "t", "released", "id",
                      (json_int_t)id, "epoch", (int)epoch, "step_cpu_us",
                      (json_int_t)(j ? j->step_cpu_us : 0), "step_max_rss",
                      (json_int_t)(j ? j->step_max_rss : 0), "traffic",
                      j ? j->traffic : NULL));
}

static void say_again(struct node_job *j)
{
    switch (j->state) {
    case NJOB_STAGING:
        files_begin(j);
        return;
    case NJOB_PREPARED:
        center_tell_prepared(j);
        return;
    case NJOB_RUNNING:
        if (j->started.us)
            center_tell_started(j);
        return;
    case NJOB_ENDED:
        job_settle(j);
        return;
    case _NODE_JOB_STATE_MAX:
        return;
    }
}

static void on_order(struct node *n, json_t *o, bool script)
{
    struct err err = {0};
    json_int_t id = json_integer_value(json_object_get(o, "id"));
    json_int_t epoch = json_integer_value(json_object_get(o, "epoch"));
    struct node_job *j = job_find(n, (uint64_t)id, (uint32_t)epoch);
    int r;

    if (n->beside) {
        center_tell_refused(n, (uint64_t)id, (uint32_t)epoch,
                            "this node is slurmd's: nothing is started beside it");
        return;
    }
    if (j) {
        say_again(j);
        return;
    }
    r = job_new(n, o, script, &j, &err);
    if (r) {
        center_tell_refused(n, (uint64_t)id, (uint32_t)epoch, err_text(&err, r));
        return;
    }
    files_begin(j);
}

static void on_start(struct node *n, json_t *o, struct node_job *j)
{
    (void)j;
    on_order(n, o, true);
}

static void on_prepare(struct node *n, json_t *o, struct node_job *j)
{
    (void)j;
    on_order(n, o, false);
}

static void on_input(struct node *n, json_t *o, struct node_job *j)
{
    (void)n;
    if (j)
        files_input(j, o);
}

static void on_fetch(struct node *n, json_t *o, struct node_job *j)
{
    if (j && j->state == NJOB_ENDED)
        files_output(j, o, n->center);
}

static void on_cancel(struct node *n, json_t *o, struct node_job *j)
{
    json_int_t signal = json_integer_value(json_object_get(o, "signal"));

    (void)n;
    if (j && signal >= 0 && signal <= 64)
        job_cancel(j, (int)signal);
}

static void on_release(struct node *n, json_t *o, struct node_job *j)
{
    if (!j) {
        center_tell_released(n, (uint64_t)json_integer_value(json_object_get(o, "id")),
                             (uint32_t)json_integer_value(json_object_get(o, "epoch")),
                             NULL);
        return;
    }
    job_release(j);
}

static void on_forget(struct node *n, json_t *o, struct node_job *j)
{
    (void)n;
    (void)o;
    if (j && j->state != NJOB_RUNNING)
        job_remove(j);
}

static const struct {
    const char *t;
    void (*on)(struct node *n, json_t *o, struct node_job *j);
} messages[] = {
    {"start",   on_start  },
    {"prepare", on_prepare},
    {"input",   on_input  },
    {"fetch",   on_fetch  },
    {"cancel",  on_cancel },
    {"release", on_release},
    {"forget",  on_forget },
};

static void on_frame(struct conn *c, json_t *o, void *arg)
{
    struct node *n = arg;
    const char *t = json_string_value(json_object_get(o, "t"));
    json_int_t id = json_integer_value(json_object_get(o, "id"));
    json_int_t epoch = json_integer_value(json_object_get(o, "epoch"));

    (void)c;
    dial_useful(n->dial);
    for (size_t i = 0; t && i < ARRAY_SIZE(messages); i++)
        if (!strcmp(messages[i].t, t)) {
            messages[i].on(n, o, job_find(n, (uint64_t)id, (uint32_t)epoch));
            return;
        }
}

static void on_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct node *n = arg;

    (void)c;
    log_info("the center is away: %s", reason ? text : "it closed the connection");
    n->center = NULL;
    dial_ended(n->dial);
}

static const struct conn_ops ops = {.on_frame = on_frame, .on_close = on_close};

static json_t *jobs_list(const struct node *n)
{
    static const char *const words[] = {
        [NJOB_STAGING] = "staging",
        [NJOB_PREPARED] = "prepared",
        [NJOB_RUNNING] = "running",
        [NJOB_ENDED] = "ended",
    };
    json_t *list = json_array();
    struct node_job *j;

    TAILQ_FOREACH (j, &n->jobs, entry)
        (void)json_array_append_new(/* no memory: the connection fails soon */
                                    list,
                                    json_pack(
                                        "{s:I, s:i, s:s, s:b, s:I, s:O*, s:O*}", "id",
                                        (json_int_t)j->id, "epoch", (int)j->epoch,
                                        "state", words[j->state], "script", j->script,
                                        "at", (json_int_t)j->started.us, "nodes",
                                        json_object_get(j->order, "nodes"), "rank_map",
                                        json_object_get(j->order, "rank_map")));
    return list;
}

static void on_open(struct conn *c, void *arg)
{
    struct node *n = arg;
    struct node_job *j;
    struct node_job *next;

    conn_listen(c, &ops, n);
    if (n->center)
        conn_close(n->center);
    n->center = c;
    log_info("connected to the center at %s", conn_who(c)->address);
    tell(n,
         json_pack(
             "{s:s, s:s, s:i, s:I, s:i, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:i, s:o, "
             "s:b}",
             "t", "register", "name", n->conf.name, "cores", (int)n->machine.cores,
             "mem_bytes", (json_int_t)n->machine.mem_bytes, "gpus", (int)n->conf.gpus,
             "gpu_type", n->conf.gpu_type, "topology", n->machine.topology, "fake",
             n->machine.synthetic, "features", n->conf.features, "launch",
             n->door ? door_address(n->door) : "", "host", n->host, "boot", n->boot,
             "uid", (int)getuid(), "jobs", jobs_list(n), "beside",
             n->conf.beside_slurmd));
    for (j = TAILQ_FIRST(&n->jobs); j; j = next) {
        next = TAILQ_NEXT(j, entry);
        if (j->state == NJOB_STAGING || j->state == NJOB_ENDED)
            say_again(j); /* may remove it */
    }
}

int center_open(struct node *n, struct err *err)
{
    return dial_munge(n->base, n->conf.center,
                      n->conf.munge_socket[0] ? n->conf.munge_socket : NULL, CONN_NODE,
                      on_open, n, &n->dial, err);
}

void center_close(struct node *n)
{
    conn_close(n->center);
    n->center = NULL;
    dial_free(n->dial);
    n->dial = NULL;
}
