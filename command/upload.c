/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* upload - --transfer-in: files hashed and brought to the daemon */
#include "config.h"

#include "command/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/time.h"
#include "command/desk.h"
#include "command/say.h"
#include "wire/digest.h"

#include "base/banned.h"

#define CHUNK_BYTES (1u << 20)

static int list_one(const char *dir,
                    const char *name,
                    struct job_file *f,
                    struct err *err)
{
    char path[PATH_MAX];
    struct stat st;
    int r;

    if (!job_file_name_ok(name))
        return err_set(err, -EINVAL,
                       "--transfer-in: '%.80s' must be a name inside the working "
                       "directory, without '..'",
                       name);
    if (path_join(path, sizeof(path), dir, name) != 0)
        return err_set(err, -ENAMETOOLONG, "--transfer-in: '%.80s' is too long", name);
    if (stat(path, &st) != 0)
        return err_set(err, -errno, "--transfer-in: %.120s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, -EINVAL, "--transfer-in: %.120s is not a plain file", path);
    if ((uint64_t)st.st_size > TRANSFER_MAX)
        return err_set(err, -E2BIG,
                       "--transfer-in: %.80s has %jd bytes, the most is %" PRIu64
                       " (TRANSFER_MAX)",
                       path, (intmax_t)st.st_size, TRANSFER_MAX);
    r = digest_file(path, f->sha256, &f->bytes, err);
    if (r != 0)
        return err_prefix(err, r, "--transfer-in");
    f->mode = st.st_mode & 0777;
    f->name = strdup(name);
    return f->name ? 0 : err_set(err, -ENOMEM, "not enough memory");
}

int upload_list(struct job_spec *s, const struct words *names, struct err *err)
{
    struct job_file *files;

    if (names->n == 0)
        return 0;
    files = calloc(names->n, sizeof(*files));
    if (!files)
        return err_set(err, -ENOMEM, "not enough memory");
    free(s->inputs);
    s->inputs = files;
    s->n_inputs = 0;
    for (size_t i = 0; i < names->n; i++) {
        int r = list_one(s->work_dir, names->v[i], &files[i], err);

        if (r != 0)
            return r;
        s->n_inputs++;
    }
    return 0;
}

struct meter {
    bool on;
    bool shown;
    int64_t began_us;
    int64_t last_us;
};

static void meter_tick(struct meter *m, const char *name, uint64_t have, uint64_t all)
{
    int64_t now = now_read().mono.us;

    if (!m->on || now - m->began_us < 2 * US_PER_S || now - m->last_us < US_PER_S / 5)
        return;
    m->last_us = now;
    m->shown = true;
    (void)fprintf(stderr, "\r\033[K%s: sending %s: %u %%", say_name(), name,
                  all ? (unsigned)(have * 100 / all) : 100);
}

static json_t *blob_question(const struct job_file *f)
{
    return json_pack("{s:s, s:s, s:I}", "op", "blob", "sha256", f->sha256, "bytes",
                     (json_int_t)f->bytes);
}

/* One piece from `offset`; ret_have is where the daemon stands afterwards. */
static int send_chunk(struct client *c,
                      const struct job_file *f,
                      int fd,
                      char *buffer,
                      uint64_t offset,
                      uint64_t *ret_have)
{
    ssize_t n = pread(fd, buffer, CHUNK_BYTES, (off_t)offset);
    json_t *q = blob_question(f);
    json_t *answer = NULL;
    char *text = NULL;
    int code;

    if (n < 0 || (n == 0 && offset < f->bytes)) {
        say_error("%s: %s", f->name, n < 0 ? strerror(errno) : "it has become shorter");
        json_decref(q);
        return SAY_ERROR;
    }
    text = base64_encode(buffer, (size_t)n);
    if (q && text) {
        (void)json_object_set_new(q, "offset", json_integer((json_int_t)offset));
        (void)json_object_set_new(q, "data", json_string(text));
    }
    free(text);
    code = desk_ask(c, q, &answer);
    if (code == SAY_OK)
        *ret_have = (uint64_t)desk_int(answer, "have", 0);
    json_decref(answer);
    return code;
}

static int send_file(struct client *c,
                     const struct job_file *f,
                     const char *path,
                     char *buffer,
                     struct meter *m)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    json_t *answer = NULL;
    uint64_t have = 0;
    unsigned stuck = 0;
    bool complete;
    int code;

    if (fd < 0) {
        say_error("%s: %s", path, strerror(errno));
        return SAY_ERROR;
    }
    code = desk_ask(c, blob_question(f), &answer);
    if (code == SAY_OK)
        have = (uint64_t)desk_int(answer, "have", 0);
    /* An empty file must be told too: there "have" says nothing. */
    complete =
        f->bytes ? have >= f->bytes : json_is_true(json_object_get(answer, "done"));
    json_decref(answer);
    while (code == SAY_OK && !complete) {
        uint64_t before = have;

        code = send_chunk(c, f, fd, buffer, have, &have);
        complete = have >= f->bytes;
        stuck = have > before ? 0 : stuck + 1;
        if (code == SAY_OK && !complete && stuck == 3) {
            say_error("%s: the daemon takes no more than %" PRIu64 " of %" PRIu64
                      " bytes",
                      f->name, have, f->bytes);
            code = SAY_ERROR;
        }
        meter_tick(m, f->name, have, f->bytes);
    }
    return code;
}

int upload_all(struct client *c, const struct job_spec *s, bool progress)
{
    _cleanup_(freep) char *buffer = s->n_inputs ? malloc(CHUNK_BYTES) : NULL;
    struct meter m = {.on = progress, .began_us = now_read().mono.us};
    int code = SAY_OK;

    if (s->n_inputs && !buffer) {
        say_error("not enough memory");
        return SAY_ERROR;
    }
    for (size_t i = 0; code == SAY_OK && i < s->n_inputs; i++) {
        char path[PATH_MAX];

        if (path_join(path, sizeof(path), s->work_dir, s->inputs[i].name) == 0)
            code = send_file(c, &s->inputs[i], path, buffer, &m);
    }
    if (m.shown)
        (void)fputs("\r\033[K", stderr);
    return code;
}
