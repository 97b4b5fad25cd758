/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_step - launches of MPI that come from the job's first node
 *
 *     launcher                      this node
 *     {"t":"launch", job, epoch, token, command} ->
 *                                   <- {"t":"out","fd":1|2,"data":…}   as it comes
 *                                   <- {"t":"exit","code":N,"signal":N}
 *     {"t":"signal","signal":N} ->
 *
 * The launcher must come with the credential of the job's own user. The same token
 * again is the same launch: so a launcher survives this daemon. One that stays away
 * for LAUNCH_LOST_S has ended, and what it launched is killed.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/noded.h"
#include "daemon/shepherd_plan.h"
#include "wire/digest.h"

#include "base/banned.h"

#define COMMAND_MAX (1u << 20)

static void refuse(struct conn *c, const char *text)
{
    json_t *o = json_pack("{s:s, s:s}", "t", "refused", "text", text);

    if (o)
        (void)conn_send(c, o); /* it is closed next */
    json_decref(o);
    conn_close(c);
}

void step_free(struct node_step *s)
{
    leash_close(&s->leash);
    conn_close(s->conn);
    if (s->lost)
        event_free(s->lost);
    TAILQ_REMOVE(&s->job->steps, s, entry);
    json_decref(s->end);
    free(s);
}

/* Send what the files have beyond what was sent; false when the conn is full. */
static bool send_file(struct node_step *s, int which)
{
    static const char *const names[2] = {STEP_OUT, STEP_ERR};
    _cleanup_(freep) char *raw = malloc(CHUNK_BYTES);
    _cleanup_(closep) int fd = -1;
    char path[PATH_MAX];
    ssize_t n;

    if (!raw || path_join(path, sizeof(path), s->dir, names[which]))
        return true;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = pread(fd, raw, CHUNK_BYTES, s->sent[which])) > 0) {
        _cleanup_(freep) char *text = base64_encode(raw, (size_t)n);
        json_t *o = json_pack("{s:s, s:i, s:s}", "t", "out", "fd", which + 1, "data",
                              text ? text : "");
        int r = o && text ? conn_send(s->conn, o) : -ENOMEM;

        json_decref(o);
        if (r)
            return false;
        s->sent[which] += n;
    }
    return true;
}

static void flush(struct node_step *s)
{
    json_t *o;

    if (!s->conn || !send_file(s, 0) || !send_file(s, 1) || !s->end)
        return;
    o = json_pack("{s:s, s:O*, s:O*}", "t", "exit", "code",
                  json_object_get(s->end, "exit_code"), "signal",
                  json_object_get(s->end, "exit_signal"));
    if (o)
        (void)conn_send(s->conn, o); /* lost: the launcher asks again */
    json_decref(o);
}

static void on_line(const char *line, void *arg)
{
    if (!strcmp(line, "out"))
        flush(arg);
}

static void on_gone(void *arg)
{
    struct node_step *s = arg;

    s->end = run_json(s->dir, "end.json");
    if (!s->end)
        s->end = json_pack("{s:i, s:i}", "exit_code", 1, "exit_signal", 9);
    s->job->step_cpu_us +=
        (uint64_t)json_integer_value(json_object_get(s->end, "cpu_us"));
    s->job->step_max_rss =
        MAX(s->job->step_max_rss,
            (uint64_t)json_integer_value(json_object_get(s->end, "max_rss")));
    job_take_traffic(s->job, json_object_get(s->end, "traffic"));
    flush(s);
    if (s->job->releasing)
        job_settle(s->job); /* may remove it, and us */
}

static void on_lost(evutil_socket_t fd, short what, void *arg)
{
    struct node_step *s = arg;

    (void)fd;
    (void)what;
    if (!s->conn && !s->end)
        leash_say(&s->leash, "kill\n");
}

static void watch(struct node_step *s)
{
    struct timeval tv = {.tv_sec = LAUNCH_LOST_S};

    if (s->lost)
        (void)evtimer_add(s->lost, &tv); /* without it the release kills */
}

static void on_frame(struct conn *c, json_t *o, void *arg)
{
    struct node_step *s = arg;
    const char *t = json_string_value(json_object_get(o, "t"));
    json_int_t n = json_integer_value(json_object_get(o, "signal"));
    char line[32];

    (void)c;
    if (!t || strcmp(t, "signal") != 0 || n < 1 || n > 64)
        return;
    (void)snprintf(line, sizeof(line), "signal %lld\n", (long long)n);
    leash_say(&s->leash, line);
}

static void on_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct node_step *s = arg;

    (void)c;
    (void)reason;
    (void)text;
    s->conn = NULL;
    watch(s);
}

static void on_drain(struct conn *c, void *arg)
{
    (void)c;
    flush(arg);
}

static const struct conn_ops ops = {
    .on_frame = on_frame, .on_close = on_close, .on_drain = on_drain};

static struct node_step *step_new(struct node_job *j,
                                  const char *token,
                                  const char *dir)
{
    struct node_step *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->job = j;
    s->leash =
        (struct leash){.fd = -1, .on_line = on_line, .on_gone = on_gone, .arg = s};
    s->lost = evtimer_new(j->node->base, on_lost, s);
    if (!s->lost || !word_copy(s->token, sizeof(s->token), token)
        || !word_copy(s->dir, sizeof(s->dir), dir)) {
        if (s->lost)
            event_free(s->lost);
        free(s);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&j->steps, s, entry);
    return s;
}

static int step_dirs(const struct node_job *j, const char *dir, const char *tmp)
{
    if (mkdir(dir, geteuid() == 0 ? 0711 : 0700) < 0)
        return -errno;
    return account_dir(tmp, j->uid, j->gid, NULL);
}

/* Where its ranks leave what they said (env_step); without it nothing is collected. */
static void watch_ranks(json_t *plan, const struct node_job *j, const char *tmp)
{
    const json_t *request =
        json_object_get(json_object_get(j->order, "spec"), "request");
    char path[PATH_MAX];

    if (path_join(path, sizeof(path), tmp, "comm"))
        return;
    (void)json_object_set_new(plan, "comm", json_string(path));
    (void)json_object_set(plan, "comm_ranks", json_object_get(request, "n_tasks"));
}

static int step_start(struct node_step *s, const char *command)
{
    const struct node_job *j = s->job;
    char tmp[PATH_MAX];
    char cwd[PATH_MAX];
    const char *home = json_string_value(
        json_object_get(json_object_get(j->order, "spec"), "work_dir"));
    json_t *o;
    int r;

    if (path_join(tmp, sizeof(tmp), s->dir, "tmp")
        || path_join(cwd, sizeof(cwd), j->dir, "u/work"))
        return -ENAMETOOLONG;
    r = step_dirs(j, s->dir, tmp);
    if (r)
        return r;
    o = json_pack("{s:b, s:[sss], s:o, s:s, s:s, s:I, s:I, s:i, s:s}", "step", 1,
                  "argv", "/bin/sh", "-c", command, "env", env_step(j, tmp), "cwd",
                  json_is_true(json_object_get(j->order, "home")) && home ? home : cwd,
                  "user", j->user, "uid", (json_int_t)j->uid, "gid", (json_int_t)j->gid,
                  "kill_wait_s", (int)j->node->conf.kill_wait_s, "token", s->token);
    if (o && json_is_true(json_object_get(j->order, "watch")))
        watch_ranks(o, j, tmp);
    r = o ? run_write(s->dir, "job.json", o, NULL) : -ENOMEM;
    json_decref(o);
    return r ? r : run_shepherd(j->node, s->dir, &s->leash, NULL);
}

static struct node_step *find_step(struct node_job *j, const char *token)
{
    struct node_step *s;

    TAILQ_FOREACH (s, &j->steps, entry)
        if (!strcmp(s->token, token))
            return s;
    return NULL;
}

static void attach(struct node_step *s, struct conn *c, const json_t *o)
{
    if (s->conn)
        conn_close(s->conn);
    s->conn = c;
    s->sent[0] = json_integer_value(json_object_get(o, "out_have"));
    s->sent[1] = json_integer_value(json_object_get(o, "err_have"));
    (void)evtimer_del(s->lost); /* it may not be pending */
    conn_listen(c, &ops, s);
    flush(s);
}

static void launch(struct node *n, struct conn *c, const json_t *o)
{
    const char *token = json_string_value(json_object_get(o, "token"));
    const char *command = json_string_value(json_object_get(o, "command"));
    json_int_t id = json_integer_value(json_object_get(o, "job"));
    json_int_t epoch = json_integer_value(json_object_get(o, "epoch"));
    struct node_job *j = job_find(n, (uint64_t)id, (uint32_t)epoch);
    char dir[NODE_DIR_CAP + 32];
    struct node_step *s;
    int r;

    if (!j || j->uid != conn_who(c)->uid) {
        refuse(c, "no such job of yours on this node");
        return;
    }
    if (!token || !word_is_name(token, NAME_CAP - 1) || !command
        || strlen(command) > COMMAND_MAX) {
        refuse(c, "a launch needs a token and a command");
        return;
    }
    s = find_step(j, token);
    if (s) {
        attach(s, c, o);
        return;
    }
    if (j->releasing || j->state == NJOB_STAGING || j->n_steps >= NODE_STEPS_MAX * 64) {
        refuse(c, "the job is ending on this node");
        return;
    }
    (void)snprintf(dir, sizeof(dir), "%s/step.%u", j->dir, j->n_steps++);
    s = step_new(j, token, dir);
    r = s ? step_start(s, command) : -ENOMEM;
    if (r) {
        refuse(c, strerror(-r));
        if (s)
            step_free(s);
        return;
    }
    attach(s, c, o);
}

static void on_first(struct conn *c, json_t *o, void *arg)
{
    const char *t = json_string_value(json_object_get(o, "t"));

    if (t && !strcmp(t, "launch"))
        launch(arg, c, o);
    else
        refuse(c, "only launches come in here");
}

static void on_first_close(struct conn *c, int reason, const char *text, void *arg)
{
    (void)c;
    (void)reason;
    (void)text;
    (void)arg;
}

static const struct conn_ops first_ops = {.on_frame = on_first,
                                          .on_close = on_first_close};

static void on_open(struct conn *c, void *arg)
{
    conn_listen(c, &first_ops, arg);
}

/* Steps of an earlier life: their launchers come back, or they are killed. */
int step_find_again(struct node_job *j)
{
    DIR *d = opendir(j->dir);
    struct dirent *e;

    if (!d)
        return -errno;
    while ((e = readdir(d))) {
        char path[PATH_MAX];
        struct node_step *s;
        json_t *plan;
        const char *token;

        if (strncmp(e->d_name, "step.", 5) != 0
            || path_join(path, sizeof(path), j->dir, e->d_name))
            continue;
        j->n_steps++;
        plan = run_json(path, "job.json");
        token = json_string_value(json_object_get(plan, "token"));
        s = token ? step_new(j, token, path) : NULL;
        json_decref(plan);
        if (!s)
            continue;
        if (leash_open(j->node, path, &s->leash))
            on_gone(s);
        else
            watch(s);
    }
    (void)closedir(d); /* only read */
    return 0;
}

/* The address must be the same after a restart: launchers and tables know it. */
int steps_open(struct node *n, struct err *err)
{
    const char *munge = n->conf.munge_socket[0] ? n->conf.munge_socket : NULL;
    json_t *last = run_json(n->conf.spool, "launch.json");
    const char *address = json_string_value(last);
    int r = -ENOENT;

    if (address)
        r = door_open_munge(n->base, address, munge, CONN_USER, 4096, n->conf.name,
                            on_open, n, &n->door, NULL);
    if (r)
        r = door_open_munge(n->base, n->conf.listen, munge, CONN_USER, 4096,
                            n->conf.name, on_open, n, &n->door, err);
    json_decref(last);
    if (r)
        return r;
    last = json_string(door_address(n->door));
    r = last ? run_write(n->conf.spool, "launch.json", last, err) : -ENOMEM;
    json_decref(last);
    return r;
}
