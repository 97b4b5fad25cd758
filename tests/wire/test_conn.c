/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_conn - frames, ceilings and endings, at the Unix door */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "tests/wire/wire_loop.h"
#include "wire/door.h"

struct house {
    char dir[64];
    char path[96];
    struct event_base *base;
    struct door *door;
    struct owner o;
};

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof(*h));

    if (!h)
        return -1;
    (void)word_copy(h->dir, sizeof(h->dir), "/tmp/hopluu-conn-XXXXXX");
    if (!mkdtemp(h->dir))
        return -1;
    (void)snprintf(h->path, sizeof(h->path), "%s/run/socket", h->dir);
    h->base = event_base_new();
    *state = h;
    return door_open_unix(h->base, h->path, 0666, 2, "hanoi", owner_open, &h->o,
                          &h->door, NULL);
}

static int tear_down(void **state)
{
    struct house *h = *state;
    char run[96];

    conn_close(h->o.c);
    door_close(h->door);
    loop_free(h->base);
    assert_int_equal(access(h->path, F_OK), -1);
    (void)snprintf(run, sizeof(run), "%s/run", h->dir);
    assert_int_equal(rmdir(run), 0);
    assert_int_equal(rmdir(h->dir), 0);
    free(h);
    return 0;
}

static int enter(struct house *h)
{
    unsigned before = h->o.opened;
    int fd = raw_unix(h->path);

    raw_expect(h->base, fd, "center", "hanoi");
    assert_int_equal(h->o.opened, before + 1);
    return fd;
}

static void kernel_says_who(void **state)
{
    struct house *h = *state;
    struct stat st;
    int fd = enter(h);

    assert_int_equal(h->o.who.kind, CONN_USER);
    assert_int_equal(h->o.who.uid, getuid());
    assert_int_equal(h->o.who.gid, getgid());
    assert_int_equal(h->o.who.pid, getpid());
    assert_string_equal(h->o.who.address, "unix");
    assert_string_equal(door_address(h->door), h->path);
    assert_int_equal(stat(h->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    (void)close(fd);
    UNTIL(h->base, h->o.closed == 1);
    assert_int_equal(h->o.reason, 0);
}

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

static void door_is_full(void **state)
{
    struct house *h = *state;
    int a = enter(h), b = enter(h);
    int c = raw_unix(h->path);

    raw_expect_end(h->base, c);
    assert_int_equal(h->o.opened, 2);
    (void)close(a);
    UNTIL(h->base, h->o.closed == 1);
    turns(h->base, 5);
    (void)close(c);
    c = enter(h); /* one has left: room again */
    assert_int_equal(h->o.opened, 3);
    (void)close(b);
    (void)close(c);
    UNTIL(h->base, h->o.closed == 3);
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

/* A client that does not read keeps its conn for two seconds, not for ever. */
static void close_does_not_wait_for_ever(void **state)
{
    struct house *h = *state;
    int fd = enter(h);
    char *text = calloc(1, 4u << 20);
    int64_t from;

    assert_non_null(text);
    assert_int_equal(conn_send_text(h->o.c, text, 4u << 20), 0);
    conn_close(TAKE_PTR(h->o.c));
    from = now_read().mono.us;
    door_close(TAKE_PTR(h->door));
    while (event_base_get_num_events(h->base, EVENT_BASE_COUNT_ADDED) > 0)
        turn(h->base);
    assert_in_range(now_read().mono.us - from, US_PER_S, 3 * US_PER_S);
    (void)close(fd);
    free(text);
}

static void socket_files(void **state)
{
    struct house *h = *state;
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct door *second = NULL;
    struct err err = {0};
    char plain[128];
    int fd;

    assert_int_equal(door_open_unix(h->base, h->path, 0600, 2, "hue", owner_open, &h->o,
                                    &second, &err),
                     -EADDRINUSE);
    assert_non_null(strstr(err.text, h->path));
    door_close(TAKE_PTR(h->door));
    assert_int_equal(access(h->path, F_OK), -1);

    /* A socket file that nobody listens on is taken over. */
    (void)word_copy(sun.sun_path, sizeof(sun.sun_path), h->path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
    (void)close(fd);
    assert_int_equal(door_open_unix(h->base, h->path, 0600, 2, "hanoi", owner_open,
                                    &h->o, &h->door, &err),
                     0);
    (void)close(enter(h));
    UNTIL(h->base, h->o.closed == 1);

    /* Anything else is not ours to remove. */
    (void)snprintf(plain, sizeof(plain), "%s/plain", h->dir);
    fd = open(plain, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    (void)close(fd);
    assert_int_equal(door_open_unix(h->base, plain, 0600, 2, "hue", owner_open, &h->o,
                                    &second, &err),
                     -EEXIST);
    assert_int_equal(unlink(plain), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(kernel_says_who),      CASE(byte_by_byte),
        CASE(bad_frames),           CASE(end_inside_a_frame),
        CASE(many_frames_then_end), CASE(turns_are_bounded),
        CASE(two_clients),          CASE(close_in_callback),
        CASE(nothing_after_close),  CASE(door_is_full),
        CASE(pause_and_resume),     CASE(back_pressure),
        CASE(large_frame),          CASE(close_does_not_wait_for_ever),
        CASE(socket_files),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
