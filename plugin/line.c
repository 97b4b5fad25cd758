/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * line - a question to hopluud, answered within its time or not at all
 *
 * N.B. A connection that was kept may have died with the daemon behind it. That shows
 * when the next question is sent or before a byte of its answer comes; then, and only
 * then, the question is asked once more on a new connection. Questions that change
 * something carry a token, so that asking twice does it once.
 */
#include "config.h"

#include "plugin/line.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "wire/refusal.h"

#include "base/banned.h"

#define QUESTION_MAX (8u << 20) /* as the door takes */
#define PIECE 4096

int line_init(struct line *l, const char *path, struct err *err)
{
    *l = (struct line){.fd = -1, .in = BUF_INIT(LINE_ANSWER_MAX + 4 + PIECE)};
    if (!word_copy(l->path, sizeof(l->path), path))
        return err_set(err, -ENAMETOOLONG, "socket path is too long: %.100s", path);
    return 0;
}

void line_hang_up(struct line *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
    buf_clear(&l->in);
}

void line_release(struct line *l)
{
    line_hang_up(l);
    buf_release(&l->in);
}

static int connect_now(struct line *l, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int r;

    memcpy(a.sun_path, l->path, sizeof(a.sun_path));
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return err_set(err, -errno, "no socket: %s", strerror(errno));
    /* A Unix socket is connected at once or not at all: EAGAIN is a full queue. */
    if (connect(l->fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return 0;
    r = -errno;
    line_hang_up(l);
    return err_set(err, r, "no hopluud answers at %s: %s", l->path, strerror(-r));
}

/* Ready for `what`, or -ETIMEDOUT. */
static int wait_until(struct line *l, short what, struct mono until, struct err *err)
{
    for (;;) {
        struct pollfd p = {.fd = l->fd, .events = what};
        int64_t left = until.us - now_read().mono.us;
        struct timespec t = {.tv_sec = left / US_PER_S,
                             .tv_nsec = left % US_PER_S * 1000};
        int n;

        if (left <= 0)
            return err_set(err, -ETIMEDOUT, "hopluud did not answer in time");
        n = ppoll(&p, 1, &t, NULL);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return err_set(err, -errno, "%s: %s", l->path, strerror(errno));
    }
}

static int put(struct line *l,
               const struct buf *frame,
               struct mono until,
               struct err *err)
{
    size_t done = 0;

    while (done < frame->len) {
        ssize_t n = send(l->fd, frame->data + done, frame->len - done, MSG_NOSIGNAL);

        if (n > 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN) {
            int r = wait_until(l, POLLOUT, until, err);

            if (r < 0)
                return r;
        } else if (errno != EINTR) {
            return err_set(err, -ECONNRESET, "the connection to hopluud broke");
        }
    }
    return 0;
}

/* At least n bytes in l->in. */
static int fill(struct line *l, size_t n, struct mono until, struct err *err)
{
    while (l->in.len < n) {
        char *at = buf_reserve(&l->in, PIECE);
        ssize_t m;

        if (!at)
            return err_set(err, -ENOMEM, "out of memory");
        m = recv(l->fd, at, PIECE, 0);
        if (m > 0) {
            l->in.len += (size_t)m;
        } else if (m < 0 && errno == EAGAIN) {
            int r = wait_until(l, POLLIN, until, err);

            if (r < 0)
                return r;
        } else if (m == 0 || errno != EINTR) {
            return err_set(err, -ECONNRESET, "hopluud hung up");
        }
    }
    return 0;
}

static int get(struct line *l, struct mono until, json_t **ret, struct err *err)
{
    const unsigned char *p;
    json_t *o;
    uint32_t n;
    int r = fill(l, 4, until, err);

    if (r < 0)
        return r;
    p = (const unsigned char *)l->in.data;
    n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if (n > LINE_ANSWER_MAX)
        return err_set(err, -EMSGSIZE, "an answer of %u bytes: this is no hopluud", n);
    r = fill(l, 4 + (size_t)n, until, err);
    if (r < 0)
        return r;
    o = json_loadb(l->in.data + 4, n, 0, NULL);
    buf_consume(&l->in, 4 + (size_t)n);
    if (json_is_object(o)) {
        *ret = o;
        return 0;
    }
    json_decref(o);
    return err_set(err, -EBADMSG, "what came is no answer: this is no hopluud");
}

/* The answer to the last question; before it may come the door's welcome. */
int line_get(struct line *l, struct mono until, json_t **ret, struct err *err)
{
    for (int i = 0; i < LINE_FRAMES_MAX; i++) {
        json_t *o = NULL;
        const json_t *id;
        const char *t;
        int r = get(l, until, &o, err);

        if (r < 0)
            return r;
        id = json_object_get(o, "id");
        if (json_is_integer(id) && (uint64_t)json_integer_value(id) == l->last_id) {
            *ret = o;
            return 0;
        }
        t = json_string_value(json_object_get(o, "t"));
        r = t && !strcmp(t, "welcome") ? 0 : -EBADMSG;
        json_decref(o);
        if (r < 0)
            return err_set(err, r, "hopluud does not let us in, or this is none");
    }
    return err_set(err, -EBADMSG, "too many frames for one answer");
}

static int frame_of(json_t *question, uint64_t id, struct buf *frame, struct err *err)
{
    char *text = NULL;

    if (question
        && json_object_set_new(question, "id", json_integer((json_int_t)id)) == 0)
        text = json_dumps(question, JSON_COMPACT);
    json_decref(question);
    if (!text)
        return err_set(err, -ENOMEM, "out of memory");
    buf_u32(frame, (uint32_t)strlen(text));
    buf_puts(frame, text);
    free(text);
    if (frame->err == -ENOBUFS)
        return err_set(err, -E2BIG, "the job is larger than %u bytes", QUESTION_MAX);
    return frame->err < 0 ? err_set(err, frame->err, "out of memory") : 0;
}

static int put_frame(struct line *l,
                     const struct buf *frame,
                     struct mono until,
                     struct err *err)
{
    int r = l->fd < 0 ? connect_now(l, err) : 0;

    return r == 0 ? put(l, frame, until, err) : r;
}

int line_put(struct line *l, json_t *question, struct mono until, struct err *err)
{
    struct buf frame = BUF_INIT(QUESTION_MAX + 4);
    int r = frame_of(question, ++l->last_id, &frame, err);

    if (r == 0)
        r = put_frame(l, &frame, until, err);
    buf_release(&frame);
    return r;
}

/* One attempt on the connection there is, or on a new one. */
static int converse(struct line *l,
                    const struct buf *frame,
                    struct mono until,
                    json_t **ret,
                    struct err *err)
{
    int r = put_frame(l, frame, until, err);

    return r == 0 ? line_get(l, until, ret, err) : r;
}

int line_ask(struct line *l,
             json_t *question,
             struct mono until,
             json_t **ret_answer,
             bool *ret_refused,
             struct err *err)
{
    struct buf frame = BUF_INIT(QUESTION_MAX + 4);
    bool kept = l->fd >= 0;
    json_t *o = NULL;
    int r = frame_of(question, ++l->last_id, &frame, err);

    *ret_refused = false;
    if (r == 0) {
        r = converse(l, &frame, until, &o, err);
        if (r == -ECONNRESET && kept && l->in.len == 0) {
            line_hang_up(l);
            r = converse(l, &frame, until, &o, err);
        }
        if (r < 0)
            line_hang_up(l);
    }
    buf_release(&frame);
    if (r < 0)
        return r;
    r = refusal_read(o, err);
    *ret_refused = r < 0;
    if (r < 0)
        json_decref(o);
    else
        *ret_answer = o;
    return r;
}
