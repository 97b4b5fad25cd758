/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noded_files - inputs in, outputs out, a piece at a time
 *
 * Whoever lacks bytes asks for them: the node asks the center for inputs from the
 * offset that it has on disk, the center asks the node for outputs the same way. So
 * either side may go away and go on later. SHA-256 of the whole decides at the end.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "daemon/noded.h"
#include "model/job_spec.h"
#include "wire/digest.h"

#include "base/banned.h"

static json_t *input_now(const struct node_job *j)
{
    return json_array_get(json_object_get(j->order, "inputs"), j->input);
}

static const char *name_of(const json_t *f)
{
    const char *s = json_string_value(json_object_get(f, "name"));

    return s ? s : "";
}

/* Inputs gather in out/, which is ours, and move to the user when they are right. */
static int part_path(const struct node_job *j, char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s/input.%zu", j->dir, j->input);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static void fail(struct node_job *j, const char *why)
{
    center_tell_refused(j->node, j->id, j->epoch, why);
    job_remove(j);
}

static void ask(struct node_job *j)
{
    char path[PATH_MAX];
    struct stat st = {0};

    if (part_path(j, path))
        return;
    if (stat(path, &st) < 0)
        st.st_size = 0;
    center_ask_input(j, name_of(input_now(j)), (uint64_t)st.st_size);
}

/* Directories below work/ for "a/b/c", the user's. The tree is empty but for us. */
static int place(const struct node_job *j, const char *part, const json_t *f)
{
    const char *name = name_of(f);
    mode_t mode = (mode_t)json_integer_value(json_object_get(f, "mode")) & 0777;
    char path[PATH_MAX];
    size_t base;

    if (!job_file_name_ok(name)
        || snprintf(path, sizeof(path), "%s/u/work/%s", j->dir, name) >= PATH_MAX)
        return -EINVAL;
    base = strlen(j->dir) + strlen("/u/work/");
    for (char *s = strchr(path + base, '/'); s; s = strchr(s + 1, '/')) {
        *s = '\0';
        if (account_dir(path, j->uid, j->gid, NULL) && errno != EEXIST)
            return -errno;
        *s = '/';
    }
    if (chmod(part, mode ? mode : 0600) < 0
        || (geteuid() == 0 && chown(part, j->uid, j->gid) < 0)
        || rename(part, path) < 0)
        return -errno;
    return 0;
}

static void next(struct node_job *j)
{
    json_t *f = input_now(j);
    char path[PATH_MAX];
    int fd;

    if (f) {
        ask(j);
        return;
    }
    if (!part_path(j, path)) {
        (void)snprintf(path, sizeof(path), "%s/inputs.done", j->dir);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        closep(&fd);
    }
    job_go(j);
}

static void whole(struct node_job *j, const char *part)
{
    json_t *f = input_now(j);
    const char *want = json_string_value(json_object_get(f, "sha256"));
    char hex[DIGEST_CAP];
    char why[ERR_TEXT_MAX];
    int r;

    if (digest_file(part, hex, NULL, NULL) || !want || strcmp(hex, want) != 0) {
        (void)unlink(part); /* begin again, once */
        if (j->retries++ == 0) {
            ask(j);
            return;
        }
        (void)snprintf(why, sizeof(why), "input %.100s did not arrive as it was sent",
                       name_of(f));
        fail(j, why);
        return;
    }
    r = place(j, part, f);
    if (r) {
        (void)snprintf(why, sizeof(why), "input %.100s cannot be put in place: %s",
                       name_of(f), strerror(-r));
        fail(j, why);
        return;
    }
    j->retries = 0;
    j->input++;
    next(j);
}

void files_begin(struct node_job *j)
{
    char done[PATH_MAX];
    char path[PATH_MAX];

    (void)snprintf(done, sizeof(done), "%s/inputs.done", j->dir);
    if (access(done, F_OK) == 0) {
        job_go(j);
        return;
    }
    /* Those that are in place already need not come again. */
    for (json_t *f; (f = input_now(j)); j->input++)
        if (!job_file_name_ok(name_of(f))
            || snprintf(path, sizeof(path), "%s/u/work/%s", j->dir, name_of(f))
                   >= PATH_MAX
            || access(path, F_OK) < 0)
            break;
    next(j);
}

void files_input(struct node_job *j, const json_t *frame)
{
    json_t *f = input_now(j);
    const char *name = json_string_value(json_object_get(frame, "name"));
    const json_t *data = json_object_get(frame, "data");
    json_int_t offset = json_integer_value(json_object_get(frame, "offset"));
    json_int_t bytes = json_integer_value(json_object_get(f, "bytes"));
    _cleanup_(closep) int fd = -1;
    _cleanup_(freep) void *raw = NULL;
    char path[PATH_MAX];
    struct stat st;
    size_t n;

    if (j->state != NJOB_STAGING || !f || !name || strcmp(name, name_of(f)) != 0)
        return; /* an answer to a question of an earlier life */
    if (json_is_true(json_object_get(frame, "failed"))) {
        const char *why = json_string_value(json_object_get(frame, "text"));

        fail(j, why ? why : "an input is missing at the center");
        return;
    }
    if (!json_is_string(data) || part_path(j, path)
        || base64_decode(json_string_value(data), json_string_length(data), &raw, &n))
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size != offset
        || (json_int_t)n > bytes - offset)
        return;
    if (pwrite(fd, raw, n, offset) != (ssize_t)n) {
        fail(j, "the node's disk is full");
        return;
    }
    if (offset + (json_int_t)n < bytes)
        ask(j);
    else
        whole(j, path);
}

/* "stdout", "stderr" or "files/…": nothing else can be asked for. */
static bool may_leave(const struct node_job *j, const char *name)
{
    size_t i;
    json_t *f;

    json_array_foreach(json_object_get(j->end, "files"), i,
                       f) if (!strcmp(name_of(f), name)) return true;
    return false;
}

void files_output(struct node_job *j, const json_t *frame, struct conn *c)
{
    const char *name = json_string_value(json_object_get(frame, "name"));
    json_int_t offset = json_integer_value(json_object_get(frame, "offset"));
    _cleanup_(closep) int fd = -1;
    _cleanup_(freep) char *raw = malloc(CHUNK_BYTES);
    _cleanup_(freep) char *text = NULL;
    char path[PATH_MAX];
    ssize_t n = -1;
    json_t *o;

    if (!name || !raw || offset < 0)
        return;
    if (may_leave(j, name)
        && snprintf(path, sizeof(path), "%s/out/%s", j->dir, name) < PATH_MAX) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0)
            n = pread(fd, raw, CHUNK_BYTES, offset);
    }
    if (n >= 0)
        text = base64_encode(raw, (size_t)n);
    o = json_pack("{s:s, s:I, s:i, s:s, s:I, s:s, s:b}", "t", "output", "id",
                  (json_int_t)j->id, "epoch", (int)j->epoch, "name", name, "offset",
                  offset, "data", text ? text : "", "failed", !text);
    if (!o || conn_send(c, o))
        log_warn("job %llu: a piece of %s was not sent", (unsigned long long)j->id,
                 name); /* the center asks again when it connects */
    json_decref(o);
}
