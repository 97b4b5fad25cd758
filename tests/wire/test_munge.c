/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_munge - the MUNGE door with a real munged of our own */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/wire/wire_loop.h"
#include "wire/cred.h"
#include "wire/dial.h"
#include "wire/door.h"

static char dir[64];
static pid_t munged_pid;
static const char *munged; /* its path */

static const char *in_dir(const char *name)
{
    static char paths[8][128];
    static unsigned i;
    char *p = paths[i++ % 8];

    (void)snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
    return p;
}

static const char *find_munged(void)
{
    static const char *const places[] = {"/usr/sbin/munged", "/usr/local/sbin/munged",
                                         "/sbin/munged"};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static void write_key(void)
{
    char key[1024];
    int fd = open(in_dir("key"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    memset(key, 'k', sizeof(key));
    assert_int_equal(write(fd, key, sizeof(key)), sizeof(key));
    (void)close(fd);
}

static void start_munged(void)
{
    char arg[5][160];

    (void)snprintf(arg[0], sizeof(arg[0]), "--key-file=%s", in_dir("key"));
    (void)snprintf(arg[1], sizeof(arg[1]), "--socket=%s", in_dir("socket"));
    (void)snprintf(arg[2], sizeof(arg[2]), "--pid-file=%s", in_dir("pid"));
    (void)snprintf(arg[3], sizeof(arg[3]), "--log-file=%s", in_dir("log"));
    (void)snprintf(arg[4], sizeof(arg[4]), "--seed-file=%s", in_dir("seed"));
    munged_pid = fork();
    if (munged_pid != 0)
        return;
    if (!freopen("/dev/null", "w", stderr))
        _exit(127);
    (void)execl(munged, "munged", "--foreground", "--force", arg[0], arg[1], arg[2],
                arg[3], arg[4], (char *)NULL);
    _exit(127);
}

static int set_up_all(void **state)
{
    int64_t end = now_read().mono.us + 10 * US_PER_S;

    (void)state;
    (void)word_copy(dir, sizeof(dir), "/tmp/hopluu-munge-XXXXXX");
    if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
        return -1;
    write_key();
    start_munged();
    for (;;) {
        char *cred = NULL;
        int r = access(in_dir("socket"), F_OK) == 0
                    ? cred_make(in_dir("socket"), "ready", &cred, NULL)
                    : -1;

        free(cred);
        if (r == 0 || now_read().mono.us > end)
            return r;
        (void)usleep(20000);
    }
}

static int tear_down_all(void **state)
{
    static const char *const files[] = {"key", "socket", "socket.lock",
                                        "pid", "log",    "seed"};

    (void)state;
    if (munged_pid > 0) {
        (void)kill(munged_pid, SIGTERM);
        (void)waitpid(munged_pid, NULL, 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        (void)unlink(in_dir(files[i]));
    return rmdir(dir);
}

struct house {
    struct event_base *base;
    struct door *door;
    struct dial *dial;
    struct owner in, out;
};

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof(*h));

    if (!h)
        return -1;
    *state = h;
    h->base = event_base_new();
    return door_open_munge(h->base, "127.0.0.1:0", in_dir("socket"), CONN_NODE, 4,
                           "hanoi", owner_open, &h->in, &h->door, NULL);
}

static int tear_down(void **state)
{
    struct house *h = *state;

    dial_free(h->dial);
    conn_close(h->in.c);
    conn_close(h->out.c);
    door_close(h->door);
    loop_free(h->base);
    free(h);
    return 0;
}

static void go_to(struct house *h, const char *address, const char *munge_socket)
{
    assert_int_equal(dial_munge(h->base, address, munge_socket, CONN_NODE, owner_open,
                                &h->out, &h->dial, NULL),
                     0);
}

static void the_right_one(void **state)
{
    struct house *h = *state;

    go_to(h, door_address(h->door), in_dir("socket"));
    UNTIL(h->base, h->in.c && h->out.c);
    assert_int_equal(h->in.who.kind, CONN_NODE);
    assert_int_equal(h->in.who.uid, getuid());
    assert_int_equal(h->in.who.gid, getgid());
    assert_string_equal(h->out.who.center, "hanoi");
    assert_true(h->out.who.dialled);
    assert_false(h->in.who.dialled);
    assert_int_equal(conn_send_text(h->out.c, "{\"n\":1}", 7), 0);
    UNTIL(h->base, h->in.frames == 1);

    /* It ends, and the dialler comes back when its owner says so. */
    conn_close(TAKE_PTR(h->in.c));
    UNTIL(h->base, h->out.closed == 1);
    assert_int_equal(h->out.reason, 0);
    dial_useful(h->dial);
    dial_ended(h->dial);
    dial_ended(h->dial);
    UNTIL(h->base, h->in.opened == 2 && h->out.opened == 2);
}

static void by_host_name(void **state)
{
    struct house *h = *state;
    char address[64];

    (void)snprintf(address, sizeof(address), "localhost%s",
                   strrchr(door_address(h->door), ':'));
    go_to(h, address, in_dir("socket"));
    UNTIL(h->base, h->out.opened == 1);
}

/* Freed while the question to the name servers is under way. */
static void freed_while_resolving(void **state)
{
    struct house *h = *state;

    go_to(h, "no-such-host.invalid:1", in_dir("socket"));
    (void)event_base_loop(h->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
    turns(h->base, 2);
    dial_free(TAKE_PTR(h->dial));
    turns(h->base, 5);
}

static void freed_while_connecting(void **state)
{
    struct house *h = *state;

    go_to(h, door_address(h->door), in_dir("socket"));
    (void)event_base_loop(h->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
    dial_free(TAKE_PTR(h->dial));
    turns(h->base, 20);
    assert_int_equal(h->out.opened, 0);
    assert_int_equal(h->in.opened, 0);
}

/* Nobody listens at first: the dialler keeps trying. */
static void door_opens_late(void **state)
{
    struct house *h = *state;
    char address[64];

    (void)word_copy(address, sizeof(address), door_address(h->door));
    door_close(TAKE_PTR(h->door));
    go_to(h, address, in_dir("socket"));
    turns(h->base, 200);
    assert_int_equal(h->out.opened, 0);
    assert_int_equal(door_open_munge(h->base, address, in_dir("socket"), CONN_NODE, 4,
                                     "hanoi", owner_open, &h->in, &h->door, NULL),
                     0);
    UNTIL(h->base, h->out.opened == 1);
}

static int enter(struct house *h, char nonce[NONCE_CAP])
{
    int fd = raw_tcp(door_address(h->door));
    json_t *o = raw_recv(h->base, fd);

    assert_string_equal(json_string_value(json_object_get(o, "t")), "nonce");
    assert_true(
        word_copy(nonce, NONCE_CAP, json_string_value(json_object_get(o, "nonce"))));
    assert_int_equal(strlen(nonce), NONCE_CAP - 1);
    json_decref(o);
    return fd;
}

static void say_cred(int fd, const char *cred)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), "{\"t\":\"auth\",\"cred\":\"%s\"}", cred);
    raw_send(fd, text);
}

static char *cred_of(const char *text)
{
    char *cred = NULL;

    assert_int_equal(cred_make(in_dir("socket"), text, &cred, NULL), 0);
    return cred;
}

static void refused(struct house *h, int fd, const char *reason)
{
    raw_expect(h->base, fd, "text", reason);
    raw_expect_end(h->base, fd);
    (void)close(fd);
    assert_null(h->in.c);
}

static void wrong_nonce(void **state)
{
    struct house *h = *state;
    char nonce[NONCE_CAP], other[NONCE_CAP];
    int fd = enter(h, nonce);
    char *cred;

    assert_int_equal(cred_nonce(other), 0);
    assert_string_not_equal(nonce, other);
    cred = cred_of(other);
    say_cred(fd, cred);
    free(cred);
    refused(h, fd, "not about the nonce");

    fd = enter(h, nonce);
    nonce[NONCE_CAP - 2] = '\0'; /* the beginning of the nonce is not the nonce */
    cred = cred_of(nonce);
    say_cred(fd, cred);
    free(cred);
    refused(h, fd, "not about the nonce");
}

static void replay(void **state)
{
    struct house *h = *state;
    char nonce[NONCE_CAP];
    int fd = enter(h, nonce);
    char *cred = cred_of(nonce);

    say_cred(fd, cred);
    raw_expect(h->base, fd, "center", "hanoi");
    assert_int_equal(h->in.opened, 1);
    (void)close(fd);
    UNTIL(h->base, h->in.closed == 1);
    fd = enter(h, nonce);
    say_cred(fd, cred);
    refused(h, fd, "replayed");
    free(cred);
}

static void no_credential(void **state)
{
    struct house *h = *state;
    char nonce[NONCE_CAP];
    uint32_t word = htonl(FRAME_MAX_HELLO + 1);
    int fd = enter(h, nonce);

    say_cred(fd, "MUNGE:AwQFAAC7:");
    refused(h, fd, "MUNGE credential");
    fd = enter(h, nonce);
    raw_send(fd, "{\"op\":\"hello\",\"id\":1}");
    refused(h, fd, "auth");
    fd = enter(h, nonce);
    assert_int_equal(send(fd, &word, sizeof(word), 0), sizeof(word));
    raw_expect_end(h->base, fd);
    (void)close(fd);
    assert_int_equal(h->in.opened, 0);
}

/* Those who have not proved who they are count too. */
static void strangers_fill_the_door(void **state)
{
    struct house *h = *state;
    char nonce[NONCE_CAP];
    int fd[5];

    for (int i = 0; i < 4; i++)
        fd[i] = enter(h, nonce);
    fd[4] = raw_tcp(door_address(h->door));
    raw_expect_end(h->base, fd[4]);
    for (int i = 0; i < 5; i++)
        (void)close(fd[i]);
    turns(h->base, 20);
    fd[0] = enter(h, nonce);
    (void)close(fd[0]);
}

/* An impostor's door: we sign nonces only, and only whole ones. */
static void odd_nonces(void **state)
{
    static const char *const odd[] = {
        "{\"t\":\"nonce\",\"nonce\":\"root may enter\"}", "{\"t\":\"nonce\"}",
        "{\"t\":\"welcome\",\"center\":\"hanoi\"}", /* before it asked */
        "{\"t\":\"refused\",\"text\":\"not you\"}",       "{\"hello\":1}",
    };
    struct house *h = *state;
    struct sockaddr_in sin = {.sin_family = AF_INET};
    socklen_t len = sizeof(sin);
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char address[64];

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(l, (const struct sockaddr *)&sin, sizeof(sin)), 0);
    assert_int_equal(listen(l, 4), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&sin, &len), 0);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(sin.sin_port));
    go_to(h, address, in_dir("socket"));
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        int fd = -1;

        UNTIL(h->base, (fd = accept(l, NULL, NULL)) >= 0);
        raw_send(fd, odd[i]);
        raw_expect_end(h->base, fd);
        (void)close(fd);
        dial_useful(h->dial); /* so that the test need not wait long */
    }
    assert_int_equal(h->out.opened, 0);
    (void)close(l);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_right_one),
        CASE(by_host_name),
        CASE(freed_while_resolving),
        CASE(freed_while_connecting),
        CASE(door_opens_late),
        CASE(wrong_nonce),
        CASE(replay),
        CASE(no_credential),
        CASE(strangers_fill_the_door),
        CASE(odd_nonces),
    };

    munged = find_munged();
    if (!munged)
        return puts("1..0 # SKIP munged is not installed") < 0;
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
