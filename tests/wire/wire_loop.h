/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* wire_loop - one end of a conversation that remembers, and loops with a deadline */
#ifndef HOPLUU_TESTS_WIRE_LOOP_H
#define HOPLUU_TESTS_WIRE_LOOP_H

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/time.h"
#include "base/words.h"
#include "tests/cmocka_all.h"
#include "wire/conn.h"

/* What the owner of a door or a dial has been given and told. */
struct owner {
    struct conn *c; /* the latest, NULL when it is gone */
    struct conn_who who;
    unsigned opened;
    unsigned frames;
    unsigned closed;
    unsigned drained;
    bool close_on_frame;
    bool pause_on_frame;
    bool echo;
    int reason;
    char text[ERR_TEXT_MAX];
    json_int_t last; /* member "n" of the latest frame */
    json_int_t gaps; /* frames whose "n" was not one more than that before */
};

static inline void owner_frame(struct conn *c, json_t *frame, void *arg)
{
    struct owner *o = arg;
    json_int_t n = json_integer_value(json_object_get(frame, "n"));

    o->gaps += o->frames > 0 && n != o->last + 1;
    o->last = n;
    o->frames++;
    if (o->echo)
        assert_int_equal(conn_send(c, frame), 0);
    if (o->pause_on_frame)
        conn_pause(c);
    if (o->close_on_frame) {
        conn_close(c);
        o->c = NULL;
    }
}

static inline void owner_close(struct conn *c, int reason, const char *text, void *arg)
{
    struct owner *o = arg;

    o->closed++;
    o->reason = reason;
    word_cut(o->text, sizeof(o->text), text);
    if (o->c == c)
        o->c = NULL;
}

static inline void owner_drain(struct conn *c, void *arg)
{
    struct owner *o = arg;

    (void)c;
    o->drained++;
}

static const struct conn_ops owner_ops = {
    .on_frame = owner_frame,
    .on_close = owner_close,
    .on_drain = owner_drain,
};

/* conn_open_fn */
static inline void owner_open(struct conn *c, void *arg)
{
    struct owner *o = arg;

    o->c = c;
    o->who = *conn_who(c);
    o->opened++;
    conn_listen(c, &owner_ops, o);
}

static inline void turn(struct event_base *base)
{
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
    (void)usleep(200);
}

static inline void turns(struct event_base *base, unsigned n)
{
    while (n-- > 0)
        turn(base);
}

/* Loop until `cond` holds; 10 s is failure. */
#define UNTIL(base, cond)                                                              \
    do {                                                                               \
        int64_t end_ = now_read().mono.us + 10 * US_PER_S;                             \
        bool holds_;                                                                   \
        while (!(holds_ = (cond)) && now_read().mono.us < end_)                        \
            turn(base);                                                                \
        assert_true(holds_);                                                           \
    } while (0)

/* Let what has been closed go, then the loop: nothing may be left behind. */
static inline void loop_free(struct event_base *base)
{
    int64_t end = now_read().mono.us + 3 * US_PER_S;

    turns(base, 20);
    while (event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED) > 0
           && now_read().mono.us < end)
        turn(base);
    assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
    event_base_free(base);
}

static inline int raw_unix(const char *path)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(word_copy(sun.sun_path, sizeof(sun.sun_path), path));
    assert_int_equal(connect(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
    return fd;
}

/* address as door_address() says it: "127.0.0.1:port" */
static inline int raw_tcp(const char *address)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
    assert_int_equal(connect(fd, (const struct sockaddr *)&sin, sizeof(sin)), 0);
    return fd;
}

static inline size_t raw_frame(char *dst, const char *text)
{
    size_t len = strlen(text);
    uint32_t word = htonl((uint32_t)len);

    memcpy(dst, &word, sizeof(word));
    memcpy(dst + sizeof(word), text, len);
    return sizeof(word) + len;
}

static inline void raw_send(int fd, const char *text)
{
    char b[4096];
    size_t n = raw_frame(b, text);

    assert_int_equal(send(fd, b, n, MSG_NOSIGNAL), (ssize_t)n);
}

static inline void raw_bytes(struct event_base *base, int fd, char *dst, size_t n)
{
    int64_t end = now_read().mono.us + 10 * US_PER_S;

    while (n > 0 && now_read().mono.us < end) {
        ssize_t r = recv(fd, dst, n, MSG_DONTWAIT);

        if (r > 0) {
            dst += r;
            n -= (size_t)r;
        } else {
            assert_int_not_equal(r, 0);
            turn(base);
        }
    }
    assert_int_equal(n, 0);
}

/* The next frame that comes, looping meanwhile. */
static inline json_t *raw_recv(struct event_base *base, int fd)
{
    static char text[65536];
    json_t *o;
    uint32_t word;

    raw_bytes(base, fd, (char *)&word, sizeof(word));
    assert_true(ntohl(word) < sizeof(text));
    raw_bytes(base, fd, text, ntohl(word));
    o = json_loadb(text, ntohl(word), 0, NULL);
    assert_non_null(o);
    return o;
}

/* Takes the next frame, which must have this member. */
static inline void raw_expect(struct event_base *base,
                              int fd,
                              const char *name,
                              const char *value)
{
    json_t *o = raw_recv(base, fd);
    const char *is = json_string_value(json_object_get(o, name));

    assert_non_null(is);
    assert_non_null(strstr(is, value));
    json_decref(o);
}

/* The other end closes; bytes before that are dropped. */
static inline void raw_expect_end(struct event_base *base, int fd)
{
    int64_t end = now_read().mono.us + 10 * US_PER_S;
    char b[4096];
    ssize_t r = -1;

    while (r != 0 && now_read().mono.us < end) {
        r = recv(fd, b, sizeof(b), MSG_DONTWAIT);
        if (r < 0 && errno == ECONNRESET)
            return;
        if (r < 0)
            turn(base);
    }
    assert_int_equal(r, 0);
}

#endif
