/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* returning - outputs on their way from the host to the entry */
#include "config.h"

#include "daemon/returning.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/table.h"
#include "base/words.h"
#include "daemon/job_dir.h"
#include "daemon/peers.h"
#include "daemon/staging.h"
#include "wire/digest.h"

#include "base/banned.h"

struct parcel {
    uint64_t id;
    char *dir;
    uint32_t holder; /* 0 until it is to be sent */
    json_t *manifest;
    size_t index;
    char note[TITLE_CAP]; /* the first file that could not travel, and why */
    UT_hash_handle hh;
};

struct returning {
    struct center *c;
    struct parcel *by_id;
};

int returning_open(struct center *c, struct returning **ret_returning)
{
    struct returning *r = calloc(1, sizeof(*r));

    if (!r)
        return -ENOMEM;
    r->c = c;
    *ret_returning = r;
    return 0;
}

static struct parcel *find(struct returning *r, uint64_t id)
{
    struct parcel *x;

    HASH_FIND(hh, r->by_id, &id, sizeof(id), x);
    return x;
}

static void parcel_free(struct returning *r, struct parcel *x)
{
    HASH_DEL(r->by_id, x);
    json_decref(x->manifest);
    free(x->dir);
    free(x);
}

void *returning_close(struct returning *r)
{
    struct parcel *x;
    struct parcel *next;

    if (!r)
        return NULL;
    TABLE_FOREACH (r->by_id, x, next) {
        parcel_free(r, x);
    }
    free(r);
    return NULL;
}

void returning_expect(struct returning *r, uint64_t id, const char *dir)
{
    struct parcel *x = find(r, id);

    if (!x) {
        x = calloc(1, sizeof(*x));
        if (!x)
            return; /* the engine says it again */
        x->id = id;
        if (TABLE_ADD(r->by_id, id, x) < 0) {
            free(x);
            return;
        }
    }
    free(x->dir);
    x->dir = strdup(dir);
    if (x->holder)
        returning_start(r, id, x->holder); /* it was waited for */
}

void returning_forget(struct returning *r, uint64_t id)
{
    struct parcel *x = find(r, id);

    if (x)
        parcel_free(r, x);
    job_dir_remove(r->c, id);
}

static json_t *read_manifest(const struct parcel *x)
{
    struct buf b = BUF_INIT(1u << 20);
    char path[PATH_MAX];
    json_t *o = NULL;

    if (path_join(path, sizeof(path), x->dir, "manifest.json") == 0
        && path_read(path, &b, NULL) == 0)
        o = json_loadb(b.data, b.len, 0, NULL);
    buf_release(&b);
    if (json_is_array(o))
        return o;
    json_decref(o);
    return json_array();
}

static void finish(struct returning *r, struct parcel *x)
{
    struct center *c = r->c;
    struct fed_effects fx;

    if (fed_files_returned(c->fed, x->id, x->note, now_read(), &fx) == 0)
        center_apply(c, &fx);
}

/* The piece of the file under way from `offset` on; frames are answered one by one. */
static void send_piece(struct returning *r, struct parcel *x, uint64_t offset)
{
    json_t *entry = json_array_get(x->manifest, x->index);
    const char *name = json_string_value(json_object_get(entry, "name"));
    char path[PATH_MAX];
    char *piece = malloc(CHUNK);
    char *text = NULL;
    json_t *frame = NULL;
    ssize_t n = -1;

    if (piece && name && path_join(path, sizeof(path), x->dir, name) == 0) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        n = fd < 0 ? -1 : pread(fd, piece, CHUNK, (off_t)offset);
    }
    if (n >= 0)
        text = base64_encode(piece, (size_t)n);
    free(piece);
    if (text)
        frame = json_pack("{s:s,s:I,s:s,s:I,s:O?,s:O?,s:O?,s:s}", "t", "put", "job",
                          (json_int_t)x->id, "name", name, "offset", (json_int_t)offset,
                          "bytes", json_object_get(entry, "bytes"), "sha256",
                          json_object_get(entry, "sha256"), "mode",
                          json_object_get(entry, "mode"), "data", text);
    free(text);
    if (!frame) {
        if (!x->note[0])
            word_cut(x->note, sizeof(x->note),
                     "an output could not be read at the host");
        x->index++;
        returning_start(r, x->id, x->holder);
        return;
    }
    (void)peers_send(r->c->peers, x->holder, frame); /* sent again when it is back */
    json_decref(frame);
}

static void send_end(struct returning *r, const struct parcel *x)
{
    json_t *frame =
        json_pack("{s:s,s:I,s:b}", "t", "put", "job", (json_int_t)x->id, "end", 1);

    if (frame)
        (void)peers_send(r->c->peers, x->holder,
                         frame); /* sent again when it is back */
    json_decref(frame);
}

void returning_start(struct returning *r, uint64_t id, uint32_t holder)
{
    struct parcel *x = find(r, id);

    if (!x) {
        returning_expect(r, id, "");
        x = find(r, id);
        if (x) {
            free(x->dir);
            x->dir = NULL;
            x->holder = holder; /* after a restart the engine tells where it lies */
        }
        return;
    }
    x->holder = holder;
    if (!x->dir)
        return;
    if (!x->manifest)
        x->manifest = read_manifest(x);
    if (x->index < json_array_size(x->manifest))
        send_piece(r, x, 0);
    else
        send_end(r, x);
}

void returning_peer_up(struct returning *r, uint32_t center)
{
    struct parcel *x;
    struct parcel *next;

    TABLE_FOREACH (r->by_id, x, next) {
        if (x->holder == center)
            returning_start(r, x->id, center);
    }
}

void returning_on_ack(struct center *c, uint32_t from, const json_t *frame)
{
    struct returning *r = c->returning;
    uint64_t id = (uint64_t)json_integer_value(json_object_get(frame, "job"));
    json_int_t next = json_integer_value(json_object_get(frame, "next"));
    const char *name = json_string_value(json_object_get(frame, "name"));
    const char *error = json_string_value(json_object_get(frame, "error"));
    struct parcel *x = find(r, id);
    const json_t *entry;
    const char *ours;

    if (!x || x->holder != from || !x->manifest)
        return;
    if (error && !x->note[0])
        word_cut(x->note, sizeof(x->note), error);
    if (json_is_true(json_object_get(frame, "end"))) {
        finish(r, x);
        return;
    }
    entry = json_array_get(x->manifest, x->index);
    ours = json_string_value(json_object_get(entry, "name"));
    if (!name || !ours || strcmp(name, ours) != 0 || next < 0)
        return; /* an answer to an older piece */
    if (error || next >= json_integer_value(json_object_get(entry, "bytes"))) {
        x->index++;
        returning_start(r, id, from);
        return;
    }
    send_piece(r, x, (uint64_t)next);
}
