/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* staging - inputs on their way from the entry to a foreign host, then the start */
#include "config.h"

#include "daemon/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/table.h"
#include "daemon/blobs.h"
#include "daemon/engine_glue.h"
#include "daemon/job_dir.h"
#include "daemon/peers.h"
#include "model/job_id.h"
#include "wire/digest.h"
#include "wire/noun_json.h"

#include "base/banned.h"

struct stage {
    uint64_t id;
    uint32_t epoch;
    uint32_t holder;
    struct job_spec *spec;
    size_t index; /* file under way */
    UT_hash_handle hh;
};

struct staging {
    struct center *c;
    struct stage *by_id;
};

int staging_open(struct center *c, struct staging **ret_staging)
{
    struct staging *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    s->c = c;
    *ret_staging = s;
    return 0;
}

static struct stage *find(struct staging *s, uint64_t id)
{
    struct stage *x;

    HASH_FIND(hh, s->by_id, &id, sizeof(id), x);
    return x;
}

static void stage_free(struct staging *s, struct stage *x)
{
    HASH_DEL(s->by_id, x);
    job_spec_free(x->spec);
    free(x);
}

void *staging_close(struct staging *s)
{
    struct stage *x;
    struct stage *next;

    if (!s)
        return NULL;
    TABLE_FOREACH (s->by_id, x, next) {
        stage_free(s, x);
    }
    free(s);
    return NULL;
}

void staging_stop(struct staging *s, uint64_t id)
{
    struct stage *x = find(s, id);

    if (x)
        stage_free(s, x);
    job_dir_remove(s->c, id);
}

static void give_up(struct staging *s, struct stage *x, const char *why)
{
    uint64_t id = x->id;
    struct fed_effects fx;

    stage_free(s, x);
    if (fed_engine_refused(s->c->fed, id, why, now_read(), &fx) == 0)
        center_apply(s->c, &fx);
}

bool staging_cancel(struct staging *s, uint64_t id)
{
    struct stage *x = find(s, id);

    if (x)
        give_up(s, x, "cancelled before it started");
    return x != NULL;
}

static int input_path(struct center *c,
                      const struct stage *x,
                      char path[PATH_MAX],
                      struct err *err)
{
    return job_dir_file(c, x->id, "in", x->spec->inputs[x->index].name, path, err);
}

static void ask_for(struct staging *s, struct stage *x, uint64_t offset)
{
    json_t *frame =
        json_pack("{s:s,s:I,s:I,s:I}", "t", "get", "job", (json_int_t)x->id, "index",
                  (json_int_t)x->index, "offset", (json_int_t)offset);

    if (frame)
        (void)peers_send(s->c->peers, x->holder,
                         frame); /* asked again when it is back */
    json_decref(frame);
}

/* Go on with the first file that is not whole; when all are, start the job. */
static void go_on(struct staging *s, struct stage *x)
{
    struct err err = {0};

    for (; x->index < x->spec->n_inputs; x->index++) {
        const struct job_file *f = &x->spec->inputs[x->index];
        char path[PATH_MAX];
        char hex[DIGEST_CAP];
        struct stat st;

        if (f->bytes > s->c->settings->transfer_max) {
            char why[ERR_TEXT_MAX];

            (void)snprintf(why, sizeof(why),
                           "input %.80s has %" PRIu64
                           " bytes, over this center's transfer_max",
                           f->name, f->bytes);
            give_up(s, x, why);
            return;
        }
        if (input_path(s->c, x, path, &err) < 0) {
            give_up(s, x, err.text);
            return;
        }
        if (stat(path, &st) < 0 || (uint64_t)st.st_size < f->bytes) {
            int fd =
                st.st_size >= 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

            if (f->bytes == 0 && fd >= 0) {
                (void)close(fd);
                continue;
            }
            if (fd >= 0)
                (void)close(fd);
            ask_for(s, x, stat(path, &st) == 0 ? (uint64_t)st.st_size : 0);
            return;
        }
        if (digest_file(path, hex, NULL, &err) < 0 || strcmp(hex, f->sha256) != 0) {
            (void)unlink(path); /* asked for anew after the hand-back */
            give_up(s, x, "an input arrived with another SHA-256");
            return;
        }
        (void)chmod(path, f->mode & 0777); /* the engine copies it with its mode */
    }
    {
        uint64_t id = x->id;
        uint32_t epoch = x->epoch;
        bool any = x->spec->n_inputs > 0;
        char dir[PATH_MAX];

        stage_free(s, x);
        if (any && job_dir_path(s->c, id, "in", dir) < 0)
            any = false;
        engine_glue_start(s->c, id, epoch, any ? dir : NULL);
    }
}

static int read_inputs(struct center *c, uint64_t id, struct job_spec **ret_spec)
{
    struct buf text = BUF_INIT(FRAME_MAX_PEER);
    int r = store_get_spec(c->store, id, &text);
    json_t *o = r == 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;

    buf_release(&text);
    r = o ? job_spec_from_json(o, ret_spec, NULL) : -EBADMSG;
    json_decref(o);
    return r;
}

void staging_start(struct staging *s, uint64_t id, uint32_t epoch)
{
    const struct copy *copy = fed_copy(s->c->fed, id);
    struct stage *x;
    struct job_spec *spec;

    if (!copy || copy->copy != COPY_STARTING || find(s, id))
        return;
    if (copy->holder == center_site(s->c)->number) {
        engine_glue_start(s->c, id, epoch,
                          NULL); /* at home the files are where they were */
        return;
    }
    if (read_inputs(s->c, id, &spec) < 0) {
        engine_glue_start(s->c, id, epoch, NULL); /* says what is wrong with it */
        return;
    }
    x = calloc(1, sizeof(*x));
    if (!x) {
        job_spec_free(spec);
        return;
    }
    *x = (struct stage){.id = id, .epoch = epoch, .holder = copy->holder, .spec = spec};
    if (TABLE_ADD(s->by_id, id, x) < 0) {
        job_spec_free(spec);
        free(x);
        return;
    }
    go_on(s, x);
}

void staging_peer_up(struct staging *s, uint32_t center)
{
    struct stage *x;
    struct stage *next;

    TABLE_FOREACH (s->by_id, x, next) {
        if (x->holder == center)
            go_on(s, x);
    }
}

/* --- the holder's side: pieces of a file, as often as the host asks ---------- */

static void send_piece(struct center *c,
                       uint32_t to,
                       uint64_t id,
                       size_t index,
                       const struct job_file *f,
                       uid_t uid,
                       uint64_t offset)
{
    char path[PATH_MAX];
    char *piece = malloc(CHUNK);
    char *text = NULL;
    json_t *frame = NULL;
    ssize_t n = -1;

    if (piece && blob_path(c, uid, f->sha256, path) == 0) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        n = fd < 0 ? -1 : pread(fd, piece, CHUNK, (off_t)offset);
    }
    if (n >= 0)
        text = base64_encode(piece, (size_t)n);
    if (text)
        frame =
            json_pack("{s:s,s:I,s:I,s:I,s:I,s:s}", "t", "data", "job", (json_int_t)id,
                      "index", (json_int_t)index, "offset", (json_int_t)offset, "bytes",
                      (json_int_t)f->bytes, "data", text);
    else
        frame = json_pack("{s:s,s:I,s:I,s:s}", "t", "data", "job", (json_int_t)id,
                          "index", (json_int_t)index, "error",
                          "the input is no longer at the entry");
    if (frame)
        (void)peers_send(c->peers, to,
                         frame); /* the host asks again when we are back */
    json_decref(frame);
    free(text);
    free(piece);
}

void staging_on_get(struct center *c, uint32_t from, const json_t *frame)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(frame, "job"));
    json_int_t index = json_integer_value(json_object_get(frame, "index"));
    json_int_t offset = json_integer_value(json_object_get(frame, "offset"));
    const struct holding *h = fed_holding(c->fed, id);
    _cleanup_(job_spec_freep) struct job_spec *spec = NULL;

    /* Only the grant's host may have a job's files. */
    if (!h || h->grant.center != from || h->hold == HOLD_FINAL)
        return;
    if (read_inputs(c, id, &spec) < 0 || index < 0 || (size_t)index >= spec->n_inputs
        || offset < 0 || (uint64_t)offset > spec->inputs[index].bytes)
        return;
    send_piece(c, from, id, (size_t)index, &spec->inputs[index], h->uid,
               (uint64_t)offset);
}

void staging_on_data(struct center *c, uint32_t from, const json_t *frame)
{
    uint64_t id = (uint64_t)json_integer_value(json_object_get(frame, "job"));
    json_int_t index = json_integer_value(json_object_get(frame, "index"));
    json_int_t offset = json_integer_value(json_object_get(frame, "offset"));
    const json_t *data = json_object_get(frame, "data");
    const char *error = json_string_value(json_object_get(frame, "error"));
    struct stage *x = find(c->staging, id);
    char path[PATH_MAX];
    void *bytes = NULL;
    size_t n = 0;
    struct stat st;

    if (!x || x->holder != from || index < 0 || (size_t)index != x->index)
        return;
    if (error) {
        give_up(c->staging, x, error);
        return;
    }
    if (!json_is_string(data)
        || base64_decode(json_string_value(data), json_string_length(data), &bytes, &n)
               < 0
        || n == 0 || n > CHUNK || input_path(c, x, path, NULL) < 0) {
        free(bytes);
        give_up(c->staging, x, "an input arrived broken");
        return;
    }
    {
        _cleanup_(closep) int fd =
            open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size == offset
            && (uint64_t)offset + n <= x->spec->inputs[x->index].bytes
            && pwrite(fd, bytes, n, (off_t)offset) == (ssize_t)n) {
            free(bytes);
            go_on(c->staging, x);
            return;
        }
    }
    free(bytes);
    give_up(c->staging, x, "an input could not be written at the host");
}
