/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* receiving - outputs of our jobs arrive from their host and go where the user asked */
#include "config.h"

#include "daemon/receiving.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/job_dir.h"
#include "daemon/peers.h"
#include "model/job_spec.h"
#include "wire/digest.h"
#include "wire/noun_json.h"

#include "base/banned.h"

/* One piece, as the host sent it. */
struct piece {
    const struct holding *h;
    const char *name;
    uint64_t offset;
    uint64_t bytes; /* of the whole file */
    const char *sha256;
    mode_t mode;
    void *data;
    size_t n;
};

static void answer(struct center *c,
                   uint32_t to,
                   uint64_t id,
                   const char *name,
                   uint64_t next,
                   const char *error)
{
    json_t *frame =
        json_pack("{s:s,s:I,s:s,s:I,s:s*}", "t", "put_ack", "job", (json_int_t)id,
                  "name", name, "next", (json_int_t)next, "error", error);

    if (frame)
        (void)peers_send(c->peers, to,
                         frame); /* the host says it again when we are back */
    json_decref(frame);
}

static struct job_spec *read_spec(struct center *c, uint64_t id)
{
    struct buf text = BUF_INIT(FRAME_MAX_PEER);
    struct job_spec *spec = NULL;
    json_t *o = NULL;

    if (store_get_spec(c->store, id, &text) == 0)
        o = json_loadb(text.data, text.len, 0, NULL);
    buf_release(&text);
    if (o && job_spec_from_json(o, &spec, NULL) < 0)
        spec = NULL;
    json_decref(o);
    return spec;
}

/* The path that the user asked for. */
static int wanted_path(const struct holding *h,
                       const struct job_spec *spec,
                       const char *name,
                       char path[PATH_MAX],
                       struct err *err)
{
    char node[NAME_CAP];
    char file[PATH_MAX];
    struct job_names names = {
        .id = h->id, .job_name = h->name, .user = h->user, .node = node};
    const char *pattern;
    int r;

    (void)snprintf(node, sizeof(node), "%.*s", (int)strcspn(h->nodes, ",["),
                   h->nodes); /* for %N */
    if (!strncmp(name, "files/", 6)) {
        if (!job_file_name_ok(name + 6))
            return err_set(err, -EINVAL, "'%.80s' is not a file of the job", name);
        return path_join(path, PATH_MAX, spec->work_dir, name + 6);
    }
    if (!strcmp(name, "stderr"))
        pattern = spec->std_err;
    else if (!strcmp(name, "stdout"))
        pattern = spec->std_out ? spec->std_out : "slurm-%j.out";
    else
        return err_set(err, -EINVAL, "'%.80s' is none of stdout, stderr, files/…",
                       name);
    if (!pattern)
        return err_set(err, -EINVAL, "the job did not ask for a separate stderr");
    r = job_spec_expand(pattern, &names, file, sizeof(file), err);
    return r < 0 ? r : path_join(path, PATH_MAX, spec->work_dir, file);
}

/* Bytes of `from` to the end of `to`, or into its place. */
static int copy_over(
    const char *from, const char *to, mode_t mode, bool append, struct err *err)
{
    _cleanup_(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
    _cleanup_(closep) int out =
        open(to, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), mode);
    char buf[65536];
    ssize_t n;

    if (in < 0 || out < 0)
        return err_set(err, -errno, "cannot write %.150s: %s", to, strerror(errno));
    while ((n = read(in, buf, sizeof(buf))) > 0)
        if (write(out, buf, (size_t)n) != n)
            return err_set(err, -EIO, "cannot write %.150s: %s", to, strerror(errno));
    return n < 0 ? err_set(err, -EIO, "cannot read %.150s: %s", from, strerror(errno))
                 : 0;
}

static int place(struct center *c,
                 const struct piece *p,
                 const char *kept,
                 struct err *err)
{
    _cleanup_(job_spec_freep) struct job_spec *spec = read_spec(c, p->h->id);
    char path[PATH_MAX];
    char *slash;
    bool stream = strncmp(p->name, "files/", 6) != 0;
    int r;

    if (!spec)
        return err_set(err, -ENOENT,
                       "the job's script is gone: its output is in %.150s", kept);
    r = wanted_path(p->h, spec, p->name, path, err);
    if (r < 0)
        return r;
    if (p->h->uid != (uint32_t)geteuid())
        return err_set(err, -EPERM, "output is in %.150s", kept);
    slash = strrchr(path, '/');
    if (!stream && slash) {
        *slash = '\0';
        r = path_make_dirs(path, 0755, err);
        *slash = '/';
    }
    if (r == 0)
        r = copy_over(kept, path, p->mode, stream && spec->append, err);
    if (r == 0)
        (void)unlink(kept); /* removed with the job's directory otherwise */
    return r;
}

/* Writes the piece; *have is what is there afterwards. */
static int keep(const struct piece *p,
                const char *kept,
                uint64_t *have,
                struct err *err)
{
    _cleanup_(closep) int fd =
        open(kept, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, -EIO, "cannot keep output: %s", strerror(errno));
    *have = (uint64_t)st.st_size;
    if (*have > p->bytes) {
        if (ftruncate(fd, 0) < 0)
            return err_set(err, -EIO, "cannot keep output: %s", strerror(errno));
        *have = 0; /* of an earlier run */
    }
    if (p->offset != *have)
        return 0; /* the host goes on from what is there */
    if (p->n > p->bytes - *have)
        return err_set(err, -EBADMSG, "more bytes than announced");
    if (pwrite(fd, p->data, p->n, (off_t)p->offset) != (ssize_t)p->n)
        return err_set(err, -EIO, "cannot keep output: %s", strerror(errno));
    *have += p->n;
    return 0;
}

static int receive(struct center *c,
                   const struct piece *p,
                   uint64_t *have,
                   struct err *err)
{
    char kept[PATH_MAX];
    char hex[DIGEST_CAP];
    int r;

    if (p->bytes > c->settings->transfer_max)
        return err_set(err, -E2BIG,
                       "%.60s has %" PRIu64
                       " bytes, over transfer_max of the entry (%" PRIu64 ")",
                       p->name, p->bytes, c->settings->transfer_max);
    r = job_dir_file(c, p->h->id, "out", p->name, kept, err);
    if (r == 0)
        r = keep(p, kept, have, err);
    if (r < 0 || *have < p->bytes)
        return r;
    r = digest_file(kept, hex, NULL, err);
    if (r == 0 && strcmp(hex, p->sha256) != 0) {
        (void)unlink(kept); /* the host begins again */
        *have = 0;
        return err_set(err, -EBADMSG, "%.60s arrived with another SHA-256", p->name);
    }
    return r < 0 ? r : place(c, p, kept, err);
}

static bool read_piece(const json_t *frame, struct piece *p)
{
    const json_t *data = json_object_get(frame, "data");
    json_int_t offset = json_integer_value(json_object_get(frame, "offset"));
    json_int_t bytes = json_integer_value(json_object_get(frame, "bytes"));

    p->name = json_string_value(json_object_get(frame, "name"));
    p->sha256 = json_string_value(json_object_get(frame, "sha256"));
    p->mode = (mode_t)(json_integer_value(json_object_get(frame, "mode")) & 0777);
    if (!p->mode)
        p->mode = 0644;
    if (!p->name || !p->sha256 || !json_is_string(data) || offset < 0 || bytes < 0)
        return false;
    p->offset = (uint64_t)offset;
    p->bytes = (uint64_t)bytes;
    return base64_decode(json_string_value(data), json_string_length(data), &p->data,
                         &p->n)
           == 0;
}

void receiving_on_put(struct center *c, uint32_t from, const json_t *frame)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(frame, "job"));
    struct piece p = {.h = fed_holding(c->fed, id)};
    struct err err = {0};
    uint64_t have = 0;
    int r;

    /* Only the grant's host brings output; a final job has all it will get. */
    if (!p.h || p.h->grant.center != from)
        return;
    if (json_is_true(json_object_get(frame, "end"))) {
        json_t *ack =
            json_pack("{s:s,s:I,s:b}", "t", "put_ack", "job", (json_int_t)id, "end", 1);

        if (ack)
            (void)peers_send(c->peers, from, ack); /* asked again when it is back */
        json_decref(ack);
        job_dir_remove_placed(c, id);
        return;
    }
    if (p.h->hold == HOLD_FINAL)
        return;
    if (!read_piece(frame, &p)) {
        answer(c, from, id, p.name ? p.name : "", 0,
               "a piece of output arrived broken");
        return;
    }
    r = receive(c, &p, &have, &err);
    free(p.data);
    answer(c, from, id, p.name, have, r < 0 ? err_text(&err, r) : NULL);
}
