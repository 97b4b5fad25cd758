/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_job - jobs and their directories
 *
 *     order -> STAGING -> PREPARED (released at the end)
 *                      -> RUNNING -> ENDED (forgotten when the center has it)
 *
 * The directory is the record: an order that comes twice finds it and is answered
 * with what is known.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/noded.h"
#include "wire/noun_json.h"

#include "base/banned.h"

const char *order_text(const struct node_job *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j->order, key));

    return s ? s : "";
}

struct node_job *job_find(struct node *n, uint64_t id, uint32_t epoch)
{
    struct node_job *j;

    TAILQ_FOREACH (j, &n->jobs, entry)
        if (j->id == id && j->epoch == epoch)
            return j;
    return NULL;
}

static struct node_job *record(struct node *n, uint64_t id, uint32_t epoch)
{
    struct node_job *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->node = n;
    j->id = id;
    j->epoch = epoch;
    j->leash.fd = -1;
    TAILQ_INIT(&j->steps);
    if (snprintf(j->dir, sizeof(j->dir), "%s/jobs/%llu.%u", n->conf.spool,
                 (unsigned long long)id, epoch)
        >= (int)sizeof(j->dir) - 64) {
        free(j);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&n->jobs, j, entry);
    n->n_jobs++;
    return j;
}

void job_free(struct node_job *j)
{
    struct node_step *s;

    while ((s = TAILQ_FIRST(&j->steps)))
        step_free(s);
    leash_close(&j->leash);
    TAILQ_REMOVE(&j->node->jobs, j, entry);
    j->node->n_jobs--;
    json_decref(j->order);
    json_decref(j->end);
    json_decref(j->traffic);
    free(j);
}

void job_remove(struct node_job *j)
{
    dir_remove(j->dir);
    job_free(j);
}

static int write_script(const struct node_job *j, const json_t *spec, struct err *err)
{
    const json_t *script = json_object_get(spec, "script");
    const char *text = json_string_value(script);
    size_t len = json_string_length(script);
    char path[PATH_MAX];
    int fd;
    bool bad;

    if (!text)
        return err_set(err, -EBADMSG, "the order has no script");
    (void)snprintf(path, sizeof(path), "%s/u/script", j->dir);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0755);
    if (fd < 0)
        return err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
    bad = write(fd, text, len) != (ssize_t)len || fchmod(fd, 0755) < 0;
    if (close(fd) < 0 || bad)
        return err_set(err, -EIO, "cannot write %s", path);
    return 0;
}

static int make_dirs(const struct node_job *j, struct err *err)
{
    /* Others' accounts pass through, and see nothing. */
    mode_t mode = geteuid() == 0 ? 0711 : 0700;
    static const char *const own[] = {"u", "u/work", "u/tmp"};
    char path[PATH_MAX];
    int r = 0;

    if (mkdir(j->dir, mode) < 0 || chmod(j->dir, mode) < 0)
        return err_set(err, -errno, "cannot make %s: %s", j->dir, strerror(errno));
    (void)snprintf(path, sizeof(path), "%s/out", j->dir);
    if (mkdir(path, 0700) < 0)
        return err_set(err, -errno, "cannot make %s: %s", path, strerror(errno));
    for (size_t i = 0; i < ARRAY_SIZE(own) && !r; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", j->dir, own[i]);
        r = account_dir(path, j->uid, j->gid, err);
    }
    return r;
}

int job_new(struct node *n,
            json_t *order,
            bool script,
            struct node_job **ret_job,
            struct err *err)
{
    json_t *spec = json_object_get(order, "spec");
    const char *account = json_string_value(json_object_get(order, "account"));
    json_int_t id = json_integer_value(json_object_get(order, "id"));
    json_int_t epoch = json_integer_value(json_object_get(order, "epoch"));
    char home[PATH_MAX];
    struct node_job *j;
    int r;

    if (id <= 0 || epoch < 0 || epoch > UINT32_MAX || !spec || !account)
        return err_set(err, -EBADMSG, "an order without id, account or spec");
    if (n->n_jobs >= NODE_JOBS_MAX)
        return err_set(err, -EAGAIN, "node %s already has %zu jobs", n->conf.name,
                       n->n_jobs);
    j = record(n, (uint64_t)id, (uint32_t)epoch);
    if (!j)
        return -ENOMEM;
    j->script = script;
    j->order = json_incref(order);
    r = account_find(&n->conf, account, &j->uid, &j->gid, home, err);
    if (!r) {
        (void)word_copy(j->user, sizeof(j->user), account); /* checked: a name */
        r = make_dirs(j, err);
    }
    if (!r && script)
        r = write_script(j, spec, err);
    (void)json_object_del(spec, "script"); /* it may have none */
    if (!r && json_object_set_new(order, "runs_script", json_boolean(script)))
        r = -ENOMEM;
    if (!r)
        r = env_files(j, err);
    if (!r)
        r = run_write(j->dir, "order.json", order, err);
    if (r) {
        job_remove(j);
        return r;
    }
    *ret_job = j;
    return 0;
}

static void on_line(const char *line, void *arg)
{
    struct node_job *j = arg;
    int64_t us;

    if (strncmp(line, "started ", 8) != 0
        || measure_i64(line + 8, 0, INT64_MAX, &us, NULL))
        return;
    j->started.us = us;
    center_tell_started(j);
}

/* The shepherd is gone: either it has left its word, or it was killed. */
static void on_gone(void *arg)
{
    struct node_job *j = arg;
    struct wall now = now_read().wall;

    j->end = run_json(j->dir, "end.json");
    if (!j->end) {
        j->end = json_pack(
            "{s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:s, s:[]}", "state", "NODE_FAIL",
            "reason", "NodeDown", "exit_code", 0, "exit_signal", 9, "started",
            (json_int_t)(j->started.us ? j->started.us : now.us), "ended",
            (json_int_t)now.us, "cpu_us", (json_int_t)0, "max_rss", (json_int_t)0,
            "note", "the process that watched over it was lost", "files");
        if (j->end && run_write(j->dir, "end.json", j->end, NULL))
            log_error("job %llu: its end cannot be written down",
                      (unsigned long long)j->id);
    }
    j->state = NJOB_ENDED;
    job_release(j); /* what mpirun left behind on this node */
}

void job_go(struct node_job *j)
{
    struct err err = {0};
    int r;

    if (!j->script) {
        j->state = NJOB_PREPARED;
        center_tell_prepared(j);
        return;
    }
    j->leash.on_line = on_line;
    j->leash.on_gone = on_gone;
    j->leash.arg = j;
    j->state = NJOB_RUNNING;
    r = run_script(j, &err);
    if (r) {
        log_warn("job %llu: %s", (unsigned long long)j->id, err_text(&err, r));
        center_tell_refused(j->node, j->id, j->epoch, err_text(&err, r));
        job_remove(j);
    }
}

void job_cancel(struct node_job *j, int signal)
{
    char line[32];

    if (j->state == NJOB_STAGING && signal == 0) {
        center_tell_refused(j->node, j->id, j->epoch, "cancelled before it started");
        job_remove(j);
        return;
    }
    (void)snprintf(line, sizeof(line), "signal %d\n", signal);
    leash_say(&j->leash, signal ? line : "end\n");
}

/* All of it goes into one frame: what is beyond is said to be missing. */
void job_take_traffic(struct node_job *j, json_t *traffic)
{
    size_t bytes = json_string_length(json_object_get(traffic, "pairs"));

    if (!traffic)
        return;
    if (!j->traffic)
        j->traffic = json_array();
    if (j->traffic_bytes + bytes > NODE_TRAFFIC_MAX) {
        (void)json_object_set_new(traffic, "pairs", json_string(""));
        (void)json_object_set_new(traffic, "text",
                                  json_string("more than one node may report"));
        bytes = 0;
    }
    if (json_array_size(j->traffic) < NODE_STEPS_MAX
        && !json_array_append(j->traffic, traffic))
        j->traffic_bytes += bytes;
}

void job_settle(struct node_job *j)
{
    struct node_step *s;

    TAILQ_FOREACH (s, &j->steps, entry)
        if (!s->end)
            return;
    if (j->state == NJOB_ENDED) {
        center_tell_ended(j);
    } else if (j->releasing && !j->script) {
        center_tell_released(j->node, j->id, j->epoch, j);
        job_remove(j);
    }
}

void job_release(struct node_job *j)
{
    struct node_step *s;

    j->releasing = true;

    TAILQ_FOREACH (s, &j->steps, entry)
        if (!s->end)
            leash_say(&s->leash, "kill\n");
    leash_say(&j->leash, "kill\n");
    job_settle(j);
}

/* One directory of an earlier life. */
static void find_again(struct node *n, const char *name)
{
    char id_text[32];
    const char *dot = strchr(name, '.');
    const char *account;
    char home[PATH_MAX];
    struct node_job *j;
    uint64_t id;
    uint32_t epoch;
    json_t *started;

    if (!dot || (size_t)(dot - name) >= sizeof(id_text))
        return;
    (void)snprintf(id_text, sizeof(id_text), "%.*s", (int)(dot - name), name);
    if (measure_u64(id_text, 1, INT64_MAX, &id, NULL)
        || measure_u32(dot + 1, 0, UINT32_MAX - 1, &epoch, NULL))
        return;
    j = record(n, id, epoch);
    if (!j)
        return;
    j->order = run_json(j->dir, "order.json");
    account = order_text(j, "account");
    if (!j->order || account_find(&n->conf, account, &j->uid, &j->gid, home, NULL)) {
        job_remove(j); /* cut short while it was made: the center asks again */
        return;
    }
    (void)word_copy(j->user, sizeof(j->user), account); /* checked: a name */
    j->script = json_is_true(json_object_get(j->order, "runs_script"));
    j->leash.on_line = on_line;
    j->leash.on_gone = on_gone;
    j->leash.arg = j;
    started = run_json(j->dir, "started.json");
    j->started.us = json_integer_value(json_object_get(started, "at"));
    json_decref(started);
    if (j->script) {
        json_t *plan = run_json(j->dir, "job.json");
        bool ordered = plan != NULL;

        json_decref(plan);
        j->end = run_json(j->dir, "end.json");
        if (j->end) {
            j->state = NJOB_ENDED;
        } else if (ordered && leash_open(n, j->dir, &j->leash) == 0) {
            j->state = NJOB_RUNNING;
        } else if (ordered && (j->end = run_json(j->dir, "end.json"))) {
            j->state = NJOB_ENDED; /* just now */
        } else if (ordered && j->started.us) {
            on_gone(j);
        } else {
            job_remove(j); /* nothing was started yet */
            return;
        }
    } else {
        (void)step_find_again(j); /* what cannot be found is gone */
        j->state = NJOB_STAGING;
        files_begin(j);
        return;
    }
    (void)step_find_again(j); /* what cannot be found is gone */
}

int jobs_scan(struct node *n, struct err *err)
{
    char path[PATH_MAX];
    struct dirent *e;
    DIR *d;
    int r;

    if (path_join(path, sizeof(path), n->conf.spool, "jobs"))
        return err_set(err, -ENAMETOOLONG, "%s is too long", n->conf.spool);
    r = path_make_dirs(path, geteuid() == 0 ? 0711 : 0700, err);
    if (r)
        return r;
    d = opendir(path);
    if (!d)
        return err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            find_again(n, e->d_name);
    (void)closedir(d); /* only read */
    return 0;
}
