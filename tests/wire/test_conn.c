/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_conn - frames, ceilings and endings */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/wire_house.h"
#include "wire/frame.h"

static void byte_by_byte(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    char b[128];
    size_t n = raw_frame(b, "{\"n\":7,\"word\":\"hà nội\"}");

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(h->o.frames, 0);
        assert_int_equal(send(fd, b + i, 1, 0), 1);
        turns(h->base, 2);
    }
    UNTIL(h->base, h->o.frames == 1);
    assert_int_equal(h->o.last, 7);
    (void)close(fd);
    UNTIL(h->base, h->o.closed == 1);
    assert_int_equal(h->o.reason, 0);
}

static void refused_bytes(struct house *h, const void *bytes, size_t n, int reason)
{
    unsigned before = h->o.closed;
    int fd = enter(h);

    assert_int_equal(send(fd, bytes, n, 0), (ssize_t)n);
    raw_expect_end(h->base, fd);
    assert_int_equal(h->o.closed, before + 1);
    assert_int_equal(h->o.reason, reason);
    assert_int_not_equal(h->o.text[0], '\0');
    assert_int_equal(h->o.frames, 0);
    (void)close(fd);
    turns(h->base, 5);
}

static void bad_frames(void **state)
{
    static const char *const not_objects[] = {"[1]", "7", "\"x\"", "{", "{}{}", "x"};
    uint32_t word = htonl(FRAME_MAX_CLIENT + 1);
    struct house *h = *state;
    char b[64];

    refused_bytes(h, &word, sizeof(word), -EMSGSIZE);
    word = UINT32_MAX;
    refused_bytes(h, &word, sizeof(word), -EMSGSIZE);
    word = 0;
    refused_bytes(h, &word, sizeof(word), -EBADMSG);
    for (size_t i = 0; i < sizeof(not_objects) / sizeof(not_objects[0]); i++)
        refused_bytes(h, b, raw_frame(b, not_objects[i]), -EBADMSG);
}

/* Few bytes for the sender, many for us: {"a":[0,0,…]} is refused, a long text is not.
 */
static void too_many_values(void **state)
{
    struct house *h = *state;
    const size_t n = 140000;
    struct evbuffer *b = evbuffer_new();
    char *text = malloc(2 * n + 64);
    size_t len = 0;
    json_t *frame = NULL;
    struct err err = {0};
    size_t need;

    (void)h;
    len += (size_t)snprintf(text, 64, "{\"a\":[0");
    for (size_t i = 0; i < n; i++, len += 2)
        memcpy(text + len, ",0", 2);
    len += (size_t)snprintf(text + len, 8, "]}");
    assert_int_equal(frame_put_text(b, text, len, FRAME_MAX_CLIENT, CONN_SEND_MAX), 0);
    assert_int_equal(frame_take(b, FRAME_MAX_CLIENT, &frame, &need, &err), -EMSGSIZE);
    assert_non_null(strstr(err.text, "values"));
    evbuffer_free(b);

    b = evbuffer_new();
    len = (size_t)snprintf(text, 64, "{\"a\":\"\\\"");
    memset(text + len, ',', 2 * n);
    len += 2 * n;
    len += (size_t)snprintf(text + len, 8, "\"}");
    assert_int_equal(frame_put_text(b, text, len, FRAME_MAX_CLIENT, CONN_SEND_MAX), 0);
    assert_int_equal(frame_take(b, FRAME_MAX_CLIENT, &frame, &need, &err), 1);
    json_decref(frame);
    evbuffer_free(b);
    free(text);
}

static void end_inside_a_frame(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    char b[64];
    size_t n = raw_frame(b, "{\"n\":1}");

    assert_int_equal(send(fd, b, n, 0), (ssize_t)n);
    assert_int_equal(send(fd, b, n - 1, 0), (ssize_t)n - 1);
    (void)close(fd);
    UNTIL(h->base, h->o.closed == 1);
    assert_int_equal(h->o.frames, 1);
    assert_int_equal(h->o.reason, -EPROTO);
}

/* {"n":0} … {"n":count-1} in one write. */
static void send_many(int fd, int count)
{
    static char b[64 << 10];
    char text[32];
    size_t n = 0;

    for (int i = 0; i < count; i++) {
        (void)snprintf(text, sizeof(text), "{\"n\":%d}", i);
        assert_true(n + sizeof(text) < sizeof(b));
        n += raw_frame(b + n, text);
    }
    assert_int_equal(send(fd, b, n, 0), (ssize_t)n);
}

/* More than one turn's worth, then the end: every frame arrives, in order, first. */
static void many_frames_then_end(void **state)
{
    struct house *h = *state;
    int fd = enter(h);

    send_many(fd, 2000);
    (void)close(fd);
    UNTIL(h->base, h->o.closed == 1);
    assert_int_equal(h->o.frames, 2000);
    assert_int_equal(h->o.gaps, 0);
    assert_int_equal(h->o.reason, 0);
}

static void turns_are_bounded(void **state)
{
    struct house *h = *state;
    int fd = enter(h);

    send_many(fd, 400);
    while (h->o.frames == 0)
        (void)event_base_loop(h->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
    assert_in_range(h->o.frames, 1, 256);
    UNTIL(h->base, h->o.frames == 400);
    (void)close(fd);
}

static void two_clients(void **state)
{
    struct house *h = *state;
    struct conn *first;
    int a = enter(h), b;

    h->o.echo = true;
    first = h->o.c;
    b = enter(h);
    assert_ptr_not_equal(h->o.c, first);
    raw_send(a, "{\"n\":1,\"w\":\"from a\"}");
    raw_send(b, "{\"n\":2,\"w\":\"from b\"}");
    raw_expect(h->base, b, "w", "from b");
    raw_expect(h->base, a, "w", "from a");
    (void)close(a);
    UNTIL(h->base, h->o.closed == 1);
    raw_send(b, "{\"n\":3,\"w\":\"again\"}");
    raw_expect(h->base, b, "w", "again");
    (void)close(b);
    UNTIL(h->base, h->o.closed == 2);
}

static void close_in_callback(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    char b[64];
    size_t n = raw_frame(b, "{\"n\":1,\"w\":\"bye\"}");

    h->o.echo = true;
    h->o.close_on_frame = true;
    memcpy(b + n, b, n); /* two frames in one read: the second is not for us */
    (void)send(fd, b, n, 0);
    (void)send(fd, b, n, 0);
    raw_expect(h->base, fd, "w", "bye");
    raw_expect_end(h->base, fd);
    assert_int_equal(h->o.frames, 1);
    assert_int_equal(h->o.closed, 0);
    (void)close(fd);
}

static void nothing_after_close(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    json_t *frame = json_pack("{s:i}", "n", 1);
    struct conn *c = h->o.c;

    h->o.c = NULL;
    conn_close(c);
    assert_int_equal(conn_send(c, frame),
                     -ENOTCONN); /* its memory is there this turn */
    conn_close(c);
    json_decref(frame);
    raw_expect_end(h->base, fd);
    assert_int_equal(h->o.closed, 0);
    conn_close(NULL);
    (void)close(fd);
}

static void pause_and_resume(void **state)
{
    struct house *h = *state;
    int fd = enter(h);

    h->o.pause_on_frame = true;
    for (int i = 0; i < 3; i++)
        raw_send(fd, "{}");
    (void)close(fd);
    turns(h->base, 20);
    assert_int_equal(h->o.frames, 1);
    h->o.pause_on_frame = false;
    conn_resume(h->o.c);
    UNTIL(h->base, h->o.closed == 1);
    assert_int_equal(h->o.frames, 3);
}

static void back_pressure(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    const size_t len = 4u << 20;
    char *text = malloc(len + 1), *sink = malloc(len);
    json_t *frame;
    size_t got = 0, sent = 0;
    int r = 0;

    assert_true(text && sink);
    memset(text, 'x', len);
    text[len] = '\0';
    frame = json_pack("{s:s}", "w", text);
    while ((r = conn_send(h->o.c, frame)) == 0)
        sent += sizeof(uint32_t) + len + strlen("{\"w\":\"\"}");
    assert_int_equal(r, -EAGAIN);
    assert_true(conn_backlog(h->o.c) <= CONN_SEND_MAX);
    assert_int_equal(conn_backlog(h->o.c), sent);
    assert_int_equal(h->o.drained, 0);
    while (got < sent) {
        ssize_t n = recv(fd, sink, len, MSG_DONTWAIT);

        got += n > 0 ? (size_t)n : 0;
        (void)event_base_loop(h->base, EVLOOP_NONBLOCK);
    }
    assert_int_equal(h->o.drained, 1);
    json_decref(frame);
    memcpy(text, "{\"w\":\"", 6);
    assert_int_equal(conn_send_text(h->o.c, text, FRAME_MAX_CLIENT + 1), -EMSGSIZE);
    assert_int_equal(conn_send_text(h->o.c, "{\"w\":\"y\"}", 9), 0);
    raw_expect(h->base, fd, "w", "y");
    (void)close(fd);
    free(text);
    free(sink);
}

/* The largest frame, both ways. */
static void large_frame(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    const size_t len = FRAME_MAX_CLIENT;
    char *text = malloc(len), *back = malloc(len);
    uint32_t word = htonl((uint32_t)len);
    size_t at = 0;

    assert_true(text && back);
    memset(text, 'x', len);
    memcpy(text, "{\"w\":\"", 6);
    memcpy(text + len - 2, "\"}", 2);
    h->o.echo = true;
    assert_int_equal(send(fd, &word, sizeof(word), 0), sizeof(word));
    while (at < len) {
        ssize_t n = send(fd, text + at, len - at, MSG_DONTWAIT);

        at += n > 0 ? (size_t)n : 0;
        (void)event_base_loop(h->base, EVLOOP_NONBLOCK);
    }
    raw_bytes(h->base, fd, (char *)&word, sizeof(word));
    assert_int_equal(ntohl(word), len);
    raw_bytes(h->base, fd, back, len);
    assert_memory_equal(text, back, len);
    (void)close(fd);
    free(text);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(byte_by_byte),       CASE(bad_frames),           CASE(too_many_values),
        CASE(end_inside_a_frame), CASE(many_frames_then_end), CASE(turns_are_bounded),
        CASE(two_clients),        CASE(close_in_callback),    CASE(nothing_after_close),
        CASE(pause_and_resume),   CASE(back_pressure),        CASE(large_frame),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
