/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * local_files - inputs to the nodes, outputs from them, a piece at a time
 *
 * Outputs gather in SPOOL/ID.EPOCH/: stdout, stderr, files/NAME, and at last
 * manifest.json. Names come from the node, so they are checked like a stranger's.
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
#include "engine/local_int.h"
#include "wire/digest.h"

#include "base/banned.h"

void files_send_input(struct local_node *n, const struct local_job *j, const json_t *o)
{
    const char *name = json_string_value(json_object_get(o, "name"));
    json_int_t offset = json_integer_value(json_object_get(o, "offset"));
    _cleanup_(closep) int fd = -1;
    _cleanup_(freep) char *raw = malloc(CHUNK_BYTES);
    _cleanup_(freep) char *text = NULL;
    char path[PATH_MAX];
    struct err why = {0};
    ssize_t got = -1;

    if (!name || offset < 0 || !raw)
        return;
    if (j->inputs_dir && job_file_name_ok(name)
        && !path_join(path, sizeof(path), j->inputs_dir, name)) {
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            got = pread(fd, raw, CHUNK_BYTES, offset);
    }
    if (got >= 0)
        text = base64_encode(raw, (size_t)got);
    if (!text)
        (void)err_set(&why, -ENOENT, "input %.150s is not at the center", name);
    (void)node_tell(n,
                    json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:b, s:s}", "t", "input",
                              "id", (json_int_t)j->id, "epoch", (json_int_t)j->epoch,
                              "name", name, "offset", offset, "data", text ? text : "",
                              "failed", !text, "text", why.text));
}

static json_t *file_now(const struct local_job *j)
{
    return json_array_get(j->files, j->file);
}

static bool name_ok(const char *name)
{
    return name
           && (!strcmp(name, "stdout") || !strcmp(name, "stderr")
               || (!strncmp(name, "files/", 6) && job_file_name_ok(name + 6)));
}

static int out_path(const struct local_job *j, const char *name, char path[PATH_MAX])
{
    return path_join(path, PATH_MAX, j->output_dir, name);
}

static int make_dir(struct local_job *j)
{
    char path[PATH_MAX];

    if (j->output_dir)
        return 0;
    if (snprintf(path, sizeof(path), "%s/%llu.%u", j->e->spool,
                 (unsigned long long)j->id, j->epoch)
        >= (int)sizeof(path))
        return -ENAMETOOLONG;
    j->output_dir = strdup(path);
    return j->output_dir ? path_make_dirs(path, 0700, NULL) : -ENOMEM;
}

/* It cannot come: say so and take the next; the job's own end stands. */
static void skip(struct local_job *j, const char *why)
{
    const char *name = json_string_value(json_object_get(file_now(j), "name"));

    buf_printf(&j->note, "%s%s: %s", j->note.len ? "; " : "", name ? name : "?", why);
    if (j->reason == REASON_NONE)
        j->reason = REASON_FILES;
    (void)json_array_remove(j->files, j->file); /* it is there */
    j->retries = 0;
}

static void finish(struct local_job *j)
{
    char path[PATH_MAX];
    char *text;

    if (j->output_dir) {
        text = json_dumps(j->files, JSON_INDENT(1));
        if (!text || out_path(j, "manifest.json", path)
            || path_write(path, text, strlen(text), 0600, NULL))
            buf_printf(&j->note, "%smanifest.json cannot be written",
                       j->note.len ? "; " : "");
        free(text);
    }
    local_finish(j);
}

/* Whether what is on disk is the whole file; 0, -EAGAIN (more), or what is wrong. */
static int check(struct local_job *j, const char *path, uint64_t have)
{
    const json_t *f = file_now(j);
    const char *want = json_string_value(json_object_get(f, "sha256"));
    uint64_t bytes = (uint64_t)json_integer_value(json_object_get(f, "bytes"));
    char hex[DIGEST_CAP];
    int fd;

    if (have < bytes)
        return -EAGAIN;
    if (bytes == 0) {
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return -errno;
        (void)close(fd); /* empty */
    }
    if (have == bytes && want && !digest_file(path, hex, NULL, NULL)
        && !strcmp(hex, want))
        return 0;
    return -EBADMSG;
}

static int parent_dirs(char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');
    int r;

    *slash = '\0';
    r = path_make_dirs(path, 0700, NULL);
    *slash = '/';
    return r;
}

void files_fetch(struct local_job *j)
{
    json_t *f;

    if (json_array_size(j->files) == 0) {
        finish(j);
        return;
    }
    if (make_dir(j)) {
        buf_printf(&j->note, "outputs cannot be stored");
        j->reason = REASON_FILES;
        finish(j);
        return;
    }
    while ((f = file_now(j))) {
        const char *name = json_string_value(json_object_get(f, "name"));
        char path[PATH_MAX];
        struct stat st = {0};
        int r;

        if (!name_ok(name) || out_path(j, name, path)) {
            skip(j, "a name that may not travel");
            continue;
        }
        if ((uint64_t)json_integer_value(json_object_get(f, "bytes"))
            > j->e->transfer_max) {
            skip(j, "larger than a file may be");
            continue;
        }
        if (parent_dirs(path) || (stat(path, &st) < 0 && errno != ENOENT)) {
            skip(j, "cannot be stored");
            continue;
        }
        r = check(j, path, (uint64_t)st.st_size);
        if (r == -EAGAIN) {
            (void)node_tell(j->parts[0].node,
                            json_pack("{s:s, s:I, s:I, s:s, s:I}", "t", "fetch", "id",
                                      (json_int_t)j->id, "epoch", (json_int_t)j->epoch,
                                      "name", name, "offset", (json_int_t)st.st_size));
            return; /* away: asked again when it is back */
        }
        if (r == -EBADMSG && j->retries++ == 0) {
            (void)unlink(path); /* once more from the start */
            continue;
        }
        if (r) {
            (void)unlink(path); /* nothing half */
            skip(j, "did not arrive as it was sent");
            continue;
        }
        j->retries = 0;
        j->file++;
    }
    finish(j);
}

void files_on_output(struct local_job *j, const json_t *o)
{
    const char *name = json_string_value(json_object_get(o, "name"));
    const json_t *data = json_object_get(o, "data");
    json_int_t offset = json_integer_value(json_object_get(o, "offset"));
    const char *want = json_string_value(json_object_get(file_now(j), "name"));
    _cleanup_(freep) void *raw = NULL;
    _cleanup_(closep) int fd = -1;
    char path[PATH_MAX];
    struct stat st;
    size_t n;

    if (j->state != LJOB_FETCHING || !name || !want || strcmp(name, want) != 0)
        return; /* the answer to an earlier question */
    if (json_is_true(json_object_get(o, "failed")) || !json_is_string(data)
        || base64_decode(json_string_value(data), json_string_length(data), &raw, &n)
        || n == 0) {
        skip(j, "the node cannot read it any more");
        files_fetch(j);
        return;
    }
    if (out_path(j, name, path))
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size != offset)
        return;
    if (pwrite(fd, raw, n, offset) != (ssize_t)n) {
        skip(j, "the center's disk is full");
        (void)unlink(path); /* nothing half */
    }
    files_fetch(j);
}

/* Ours alone: no stranger writes below the spool. */
void files_remove(const char *dir)
{
    struct dirent *e;
    DIR *d = opendir(dir);

    while (d && (e = readdir(d))) {
        char path[PATH_MAX];

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")
            || path_join(path, sizeof(path), dir, e->d_name))
            continue;
        if (unlink(path) < 0 && errno == EISDIR)
            files_remove(path);
    }
    if (d)
        (void)closedir(d); /* only read */
    (void)rmdir(dir);      /* what stays is found by the administrator */
}

void files_sweep(const struct local *e)
{
    DIR *d = opendir(e->spool);
    struct dirent *f;

    while (d && (f = readdir(d))) {
        char path[PATH_MAX];
        char text[32];
        const char *dot = strchr(f->d_name, '.');
        uint64_t id;

        if (!dot || dot == f->d_name || (size_t)(dot - f->d_name) >= sizeof(text))
            continue;
        (void)snprintf(text, sizeof(text), "%.*s", (int)(dot - f->d_name), f->d_name);
        if (measure_u64(text, 1, INT64_MAX, &id, NULL) /* nodes.json */
            || local_find(e, id) || path_join(path, sizeof(path), e->spool, f->d_name))
            continue;
        log_info("job %s: its outputs are at the entry: removed here", text);
        files_remove(path);
    }
    if (d)
        (void)closedir(d); /* only read */
}
