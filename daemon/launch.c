/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * hopluu-launch - Open MPI's way to another node of the job, without ssh
 *
 *     hopluu-launch HOST COMMAND...      called by mpirun (plm_rsh_agent)
 *
 * $HOPLUU_LAUNCH names the job's table of nodes. The node daemon there runs COMMAND;
 * this process stays, shows its output, passes signals on, and ends with its exit code.
 * A node daemon that restarts is found again: the token says which launch is ours.
 */
#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "wire/dial.h"
#include "wire/digest.h"

#include "base/banned.h"

#define TABLE_MAX (16u << 20)
#define COMMAND_MAX (1u << 20)
#define FIRST_S 20 /* to be let in at all */

struct launch {
    struct event_base *base;
    struct dial *dial;
    struct conn *conn;
    json_t *table;
    struct buf command;
    char token[33];
    json_int_t have[2]; /* bytes of its output that we have shown */
    struct event *first;
    int code;
};

static void done(struct launch *l, int code)
{
    l->code = code;
    (void)event_base_loopbreak(l->base); /* cannot fail from inside the loop */
}

static void show(struct launch *l, const json_t *o)
{
    json_int_t fd = json_integer_value(json_object_get(o, "fd"));
    const json_t *data = json_object_get(o, "data");
    _cleanup_(freep) void *raw = NULL;
    size_t n;

    if ((fd != 1 && fd != 2) || !json_is_string(data)
        || base64_decode(json_string_value(data), json_string_length(data), &raw, &n))
        return;
    l->have[fd - 1] += (json_int_t)n;
    for (size_t at = 0; at < n;) {
        ssize_t w = write((int)fd, (const char *)raw + at, n - at);

        if (w < 0 && errno != EINTR)
            return; /* mpirun does not listen any more */
        at += w < 0 ? 0 : (size_t)w;
    }
}

static void on_frame(struct conn *c, json_t *o, void *arg)
{
    struct launch *l = arg;
    const char *t = json_string_value(json_object_get(o, "t"));
    const char *text = json_string_value(json_object_get(o, "text"));

    (void)c;
    dial_useful(l->dial);
    if (t && !strcmp(t, "out")) {
        show(l, o);
    } else if (t && !strcmp(t, "exit")) {
        json_int_t sig = json_integer_value(json_object_get(o, "signal"));

        done(l, sig ? 128 + (int)sig
                    : (int)json_integer_value(json_object_get(o, "code")));
    } else if (t && !strcmp(t, "refused")) {
        (void)fprintf(stderr, "hopluu-launch: %s\n", text ? text : "refused");
        done(l, 1);
    }
}

static void on_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct launch *l = arg;

    (void)c;
    (void)reason;
    (void)text;
    l->conn = NULL;
    dial_ended(l->dial);
}

static const struct conn_ops ops = {.on_frame = on_frame, .on_close = on_close};

static void on_open(struct conn *c, void *arg)
{
    struct launch *l = arg;
    json_t *o = json_pack("{s:s, s:O*, s:O*, s:s, s:s, s:I, s:I}", "t", "launch", "job",
                          json_object_get(l->table, "job"), "epoch",
                          json_object_get(l->table, "epoch"), "token", l->token,
                          "command", buf_text(&l->command), "out_have", l->have[0],
                          "err_have", l->have[1]);

    conn_listen(c, &ops, l);
    l->conn = c;
    (void)event_del(l->first); /* let in; a launch may say nothing for hours */
    if (!o || conn_send(c, o))
        done(l, 1);
    json_decref(o);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
    struct launch *l = arg;
    json_t *o = json_pack("{s:s, s:i}", "t", "signal", "signal", (int)sig);

    (void)what;
    if (!l->conn)
        done(l, 128 + (int)sig);
    else if (o)
        (void)conn_send(l->conn, o); /* closing: its end comes by itself */
    json_decref(o);
}

static void on_first(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)fprintf(stderr, "hopluu-launch: the node's daemon does not answer\n");
    done(arg, 1);
}

static const char *address_of(const json_t *table, const char *host)
{
    size_t i;
    json_t *node;

    json_array_foreach(json_object_get(table, "nodes"), i, node)
    {
        const char *name = json_string_value(json_object_get(node, "name"));

        if (name && !strcmp(name, host))
            return json_string_value(json_object_get(node, "launch"));
    }
    return NULL;
}

static int table_read(struct launch *l)
{
    struct buf b = BUF_INIT(TABLE_MAX);
    const char *path = getenv("HOPLUU_LAUNCH");
    struct err err = {0};
    int r = path ? path_read(path, &b, &err)
                 : err_set(&err, -EINVAL, "HOPLUU_LAUNCH is not set: not in a job");

    if (!r) {
        l->table = json_loadb(b.data ? b.data : "", b.len, 0, NULL);
        if (!l->table)
            r = err_set(&err, -EBADMSG, "%s is not the job's table of nodes", path);
    }
    buf_release(&b);
    if (r)
        (void)fprintf(stderr, "hopluu-launch: %s\n", err_text(&err, r));
    return r;
}

static void make_token(struct launch *l)
{
    unsigned char raw[16];

    if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
        memset(raw, (int)getpid() & 0xff, sizeof(raw)); /* before the pool is ready */
    for (size_t i = 0; i < sizeof(raw); i++)
        (void)snprintf(l->token + 2 * i, 3, "%02x", raw[i]);
}

static int run(struct launch *l, const char *host)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    const char *address = address_of(l->table, host);
    const char *munge = json_string_value(json_object_get(l->table, "munge"));
    struct timeval tv = {.tv_sec = FIRST_S};
    struct err err = {0};
    int r;

    if (!address) {
        (void)fprintf(stderr, "hopluu-launch: %s is not a node of this job\n", host);
        return 1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        struct event *e = evsignal_new(l->base, signals[i], on_signal, l);

        if (!e || evsignal_add(e, NULL) < 0)
            return 1;
    }
    l->first = evtimer_new(l->base, on_first, l);
    if (!l->first || evtimer_add(l->first, &tv) < 0)
        return 1;
    r = dial_munge(l->base, address, munge && *munge ? munge : NULL, CONN_USER, on_open,
                   l, &l->dial, &err);
    if (r) {
        (void)fprintf(stderr, "hopluu-launch: %s\n", err_text(&err, r));
        return 1;
    }
    l->code = 1;
    (void)event_base_dispatch(l->base); /* the code says how it went */
    return l->code;
}

int main(int argc, char **argv)
{
    struct launch l = {.command = BUF_INIT(COMMAND_MAX)};

    if (argc < 3) {
        (void)fprintf(stderr, "Usage: hopluu-launch HOST COMMAND...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if (i > 2)
            buf_putc(&l.command, ' ');
        buf_puts(&l.command, argv[i]);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    make_token(&l);
    l.base = event_base_new();
    if (!l.base || l.command.err || table_read(&l))
        return 1;
    return run(&l, argv[1]);
}
