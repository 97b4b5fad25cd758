/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* client - a command's blocking conversation with its center's daemon */
#include "config.h"

#include "wire/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <munge.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"
#include "base/words.h"
#include "wire/conn.h"
#include "wire/refusal.h"

#include "base/banned.h"

#define DEFAULT_SOCKET HOPLUU_RUNDIR "/hopluud.sock"

struct client {
    int fd;
    unsigned timeout_s;
    uint64_t last_id;
    char center[NAME_CAP];
    char address[TITLE_CAP];
    struct buf in;
};

static int wait_for(struct client *c, short what, int64_t deadline_us, struct err *err)
{
    for (;;) {
        struct pollfd p = {.fd = c->fd, .events = what};
        int64_t left = (deadline_us - now_read().mono.us) / 1000;
        int n = poll(&p, 1, left < 0 ? 0 : (int)left);

        if (n > 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, -errno, "%s: %s", c->address, strerror(errno));
        return err_set(err, -ETIMEDOUT, "%s did not answer within %u s", c->address,
                       c->timeout_s);
    }
}

static int64_t deadline(const struct client *c)
{
    return now_read().mono.us + (int64_t)c->timeout_s * US_PER_S;
}

static int send_all(struct client *c, const char *p, size_t n, struct err *err)
{
    int64_t until = deadline(c);

    while (n > 0) {
        ssize_t m = send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (m < 0 && errno == EINTR)
            continue;
        if (m < 0 && errno == EAGAIN) {
            int r = wait_for(c, POLLOUT, until, err);

            if (r < 0)
                return r;
            continue;
        }
        if (m < 0)
            return err_set(err, -ECONNRESET, "the connection to %s broke: %s",
                           c->address, strerror(errno));
        p += m;
        n -= (size_t)m;
    }
    return 0;
}

static int send_frame(struct client *c, const json_t *o, struct err *err)
{
    struct buf b = BUF_INIT(FRAME_MAX_CLIENT + 4);
    char *text = json_dumps(o, JSON_COMPACT);
    int r;

    if (!text)
        return err_set(err, -ENOMEM, "out of memory");
    buf_u32(&b, (uint32_t)strlen(text));
    buf_puts(&b, text);
    free(text);
    r = b.err ? err_set(err, b.err == -ENOBUFS ? -E2BIG : b.err,
                        "the question is larger than %u bytes", FRAME_MAX_CLIENT)
              : send_all(c, b.data, b.len, err);
    buf_release(&b);
    return r;
}

/* At least n bytes in c->in. */
static int fill(struct client *c, size_t n, int64_t until, struct err *err)
{
    while (c->in.len < n) {
        char *at = buf_reserve(&c->in, 65536);
        ssize_t m;

        if (!at)
            return err_set(err, c->in.err, "the answer is too large");
        m = recv(c->fd, at, 65536, MSG_DONTWAIT);
        if (m > 0) {
            c->in.len += (size_t)m;
            continue;
        }
        if (m < 0 && errno == EINTR)
            continue;
        if (m < 0 && errno == EAGAIN) {
            int r = wait_for(c, POLLIN, until, err);

            if (r < 0)
                return r;
            continue;
        }
        return err_set(err, -ECONNRESET, "%s closed the connection", c->address);
    }
    return 0;
}

static int recv_frame(struct client *c, json_t **ret, struct err *err)
{
    int64_t until = deadline(c);
    const unsigned char *p;
    json_error_t bad;
    uint32_t n;
    int r = fill(c, 4, until, err);

    if (r < 0)
        return r;
    p = (const unsigned char *)c->in.data;
    n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    if (n > FRAME_MAX_CLIENT)
        return err_set(err, -EMSGSIZE, "%s sent a frame of %u bytes: not a hopluud?",
                       c->address, n);
    r = fill(c, 4 + (size_t)n, until, err);
    if (r < 0)
        return r;
    *ret = json_loadb(c->in.data + 4, n, 0, &bad);
    buf_consume(&c->in, 4 + (size_t)n);
    if (!json_is_object(*ret)) {
        json_decref(*ret);
        return err_set(err, -EBADMSG, "%s sent something that is not an answer",
                       c->address);
    }
    return 0;
}

static int open_unix(struct client *c, const char *path, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (!word_copy(a.sun_path, sizeof(a.sun_path), path))
        return err_set(err, -ENAMETOOLONG, "socket path is too long: %.100s", path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return err_set(err, -errno, "no socket: %s", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
        return err_set(
            err, -errno,
            "no daemon answers at %s (%s): is hopluud running? HOPLUU_SOCKET names "
            "another socket",
            path, strerror(errno));
    return 0;
}

static int open_tcp(struct client *c, const char *address, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char host[TITLE_CAP];
    const char *colon = strrchr(address, ':');
    struct addrinfo *list;
    int r;

    (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    r = getaddrinfo(host, colon + 1, &hints, &list);
    if (r != 0)
        return err_set(err, -ENOENT, "%s: %s", address, gai_strerror(r));
    r = -ECONNREFUSED;
    for (struct addrinfo *a = list; a && r < 0; a = a->ai_next) {
        c->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd >= 0 && connect(c->fd, a->ai_addr, a->ai_addrlen) == 0) {
            r = 0;
        } else {
            r = -errno;
            closep(&c->fd);
            c->fd = -1;
        }
    }
    freeaddrinfo(list);
    return r < 0 ? err_set(err, r, "no daemon answers at %s: %s", address, strerror(-r))
                 : 0;
}

static int answer_nonce(struct client *c, const char *nonce, struct err *err)
{
    const char *socket_path = getenv("HOPLUU_MUNGE_SOCKET");
    munge_ctx_t ctx = munge_ctx_create();
    char *cred = NULL;
    json_t *auth;
    munge_err_t m;
    int r;

    if (!ctx)
        return err_set(err, -ENOMEM, "out of memory");
    if (socket_path)
        (void)munge_ctx_set(ctx, MUNGE_OPT_SOCKET,
                            socket_path); /* encode says what is wrong */
    m = munge_encode(&cred, ctx, nonce, (int)strlen(nonce));
    if (m != EMUNGE_SUCCESS) {
        r = err_set(err, -EACCES, "MUNGE: %s", munge_ctx_strerror(ctx));
        munge_ctx_destroy(ctx);
        return r;
    }
    munge_ctx_destroy(ctx);
    auth = json_pack("{s:s,s:s}", "t", "auth", "cred", cred);
    free(cred);
    r = auth ? send_frame(c, auth, err) : -ENOMEM;
    json_decref(auth);
    return r;
}

/* nonce -> auth -> welcome, or welcome at once. */
static int greet(struct client *c, struct err *err)
{
    for (int i = 0; i < 2; i++) {
        json_t *o;
        const char *t;
        const char *text;
        int r = recv_frame(c, &o, err);

        if (r < 0)
            return r;
        t = json_string_value(json_object_get(o, "t"));
        if (t && !strcmp(t, "welcome")) {
            text = json_string_value(json_object_get(o, "center"));
            word_cut(c->center, sizeof(c->center), text ? text : "");
            json_decref(o);
            return 0;
        }
        text = json_string_value(
            json_object_get(o, t && !strcmp(t, "nonce") ? "nonce" : "text"));
        if (t && !strcmp(t, "nonce") && text && i == 0)
            r = answer_nonce(c, text, err);
        else
            r = err_set(err, -EACCES, "%s refused us: %.150s", c->address,
                        text ? text : "no reason given");
        json_decref(o);
        if (r < 0)
            return r;
    }
    return err_set(err, -EBADMSG, "%s does not speak like a hopluud", c->address);
}

int client_open(const char *address,
                unsigned timeout_s,
                struct client **ret_client,
                struct err *err)
{
    struct client *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return err_set(err, -ENOMEM, "out of memory");
    if (!address)
        address = getenv("HOPLUU_SOCKET");
    if (!address || !address[0])
        address = DEFAULT_SOCKET;
    c->fd = -1;
    c->timeout_s = timeout_s ? timeout_s : 60;
    c->in = BUF_INIT(FRAME_MAX_CLIENT + 131072);
    word_cut(c->address, sizeof(c->address), address);
    r = strchr(address, '/') || !strrchr(address, ':') ? open_unix(c, address, err)
                                                       : open_tcp(c, address, err);
    if (r == 0)
        r = greet(c, err);
    if (r < 0) {
        client_free(c);
        return r;
    }
    *ret_client = c;
    return 0;
}

void *client_free(struct client *c)
{
    if (!c)
        return NULL;
    closep(&c->fd);
    buf_release(&c->in);
    free(c);
    return NULL;
}

const char *client_center(const struct client *c)
{
    return c->center;
}

void client_timeout(struct client *c, unsigned timeout_s)
{
    c->timeout_s = timeout_s;
}

int client_post(struct client *c, json_t *question, uint64_t *ret_id, struct err *err)
{
    uint64_t id = ++c->last_id;
    int r = -ENOMEM;

    if (question
        && json_object_set_new(question, "id", json_integer((json_int_t)id)) == 0)
        r = send_frame(c, question, err);
    else
        err_set(err, r, "out of memory");
    json_decref(question);
    if (r == 0 && ret_id)
        *ret_id = id;
    return r;
}

int client_next(struct client *c, json_t **ret_answer, struct err *err)
{
    return recv_frame(c, ret_answer, err);
}

int client_ask(struct client *c, json_t *question, json_t **ret_answer, struct err *err)
{
    json_t *answer;
    uint64_t id;
    int r = client_post(c, question, &id, err);

    while (r == 0) {
        r = recv_frame(c, &answer, err);
        if (r < 0)
            return r;
        if ((uint64_t)json_integer_value(json_object_get(answer, "id")) != id) {
            json_decref(answer); /* of an earlier question that nobody waits for */
            continue;
        }
        r = refusal_read(answer, err);
        if (ret_answer)
            *ret_answer = answer;
        else
            json_decref(answer);
        return r;
    }
    return r;
}
