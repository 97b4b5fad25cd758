/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_shepherd - real jobs under a real shepherd, without a node daemon */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/time.h"

#include "tests/cmocka_all.h"

#define DEADLINE_S 20

static char dir[256];
static pid_t shepherd;
static int talk; /* our connection to it */

static void path_of(const char *name, char path[512])
{
    (void)snprintf(path, 512, "%s/%s", dir, name);
}

static json_t *job(const char *script)
{
    char out[512];
    char work[512];

    path_of("out/stdout", out);
    path_of("work", work);
    return json_pack("{s:[sss], s:[ss], s:s, s:s, s:s, s:I, s:I, s:i, s:i}", "argv",
                     "/bin/sh", "-c", script, "env", "PATH=/usr/bin:/bin", "A=b", "cwd",
                     work, "stdout", out, "user", "root", "uid", (json_int_t)getuid(),
                     "gid", (json_int_t)getgid(), "kill_wait_s", 1, "transfer_max",
                     65536);
}

/* Starts it; takes o. */
static void begin(json_t *o)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    char path[512];
    char exe[PATH_MAX];
    char *text = json_dumps(o, 0);
    struct timeval tv = {.tv_sec = DEADLINE_S};
    int fd;

    path_of("job.json", path);
    assert_int_equal(path_write(path, text, strlen(text), 0600, NULL), 0);
    free(text);
    json_decref(o);
    (void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%.100s/ctl", dir);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    assert_int_equal(listen(fd, 4), 0);
    talk = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(talk, (struct sockaddr *)&sun, sizeof(sun)), 0);
    (void)setsockopt(talk, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    assert_non_null(realpath("daemon/hopluu-shepherd", exe));
    shepherd = fork();
    assert_true(shepherd >= 0);
    if (shepherd == 0) {
        (void)dup2(fd, 3);
        (void)execl(exe, exe, dir, (char *)NULL);
        _exit(126);
    }
    (void)close(fd);
}

static void say(const char *line)
{
    assert_int_equal(write(talk, line, strlen(line)), (ssize_t)strlen(line));
}

/* Waits for "started", so that what is said next hits a running job. */
static void started(void)
{
    char text[64];
    ssize_t n = read(talk, text, sizeof(text) - 1);

    assert_true(n > 8);
    assert_memory_equal(text, "started ", 8);
}

/* A file that the job makes when it has come so far. */
static void wait_for(const char *name)
{
    int64_t until = now_read().mono.us + DEADLINE_S * US_PER_S;
    char path[512];

    path_of(name, path);
    while (access(path, F_OK) < 0) {
        assert_true(now_read().mono.us < until);
        (void)usleep(2000);
    }
}

/* Its word at the end; new reference. */
static json_t *end(void)
{
    struct buf b = BUF_INIT(1 << 20);
    char path[512];
    char text[256];
    int status;
    json_t *o;

    while (read(talk, text, sizeof(text)) > 0)
        ;
    assert_int_equal(waitpid(shepherd, &status, 0), shepherd);
    assert_int_equal(status, 0);
    path_of("end.json", path);
    assert_int_equal(path_read(path, &b, NULL), 0);
    o = json_loads(buf_text(&b), 0, NULL);
    assert_non_null(o);
    buf_release(&b);
    return o;
}

static const char *word(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static int number(const json_t *o, const char *key)
{
    return (int)json_integer_value(json_object_get(o, key));
}

static int setup(void **state)
{
    char path[512];

    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/hopluu-shepherd.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    path_of("work", path);
    (void)mkdir(path, 0700);
    path_of("out", path);
    return mkdir(path, 0700);
}

static int teardown(void **state)
{
    char line[600];

    (void)state;
    (void)close(talk);
    (void)snprintf(line, sizeof(line), "rm -rf %s", dir);
    return system(line);
}

static void ends(void **state)
{
    static const struct {
        const char *script;
        const char *state;
        const char *reason;
        int code;
        int signal;
    } rows[] = {
        {"exit 0",     "COMPLETED", "None",            0, 0},
        {"exit 7",     "FAILED",    "NonZeroExitCode", 7, 0},
        {"kill -9 $$", "FAILED",    "NonZeroExitCode", 0, 9},
        {"kill -6 $$", "FAILED",    "NonZeroExitCode", 0, 6},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        json_t *o;

        if (i)
            assert_int_equal(setup(state), 0);
        begin(job(rows[i].script));
        o = end();
        assert_string_equal(word(o, "state"), rows[i].state);
        assert_string_equal(word(o, "reason"), rows[i].reason);
        assert_int_equal(number(o, "exit_code"), rows[i].code);
        assert_int_equal(number(o, "exit_signal"), rows[i].signal);
        json_decref(o);
        if (i + 1 < sizeof(rows) / sizeof(*rows))
            assert_int_equal(teardown(state), 0);
    }
}

static void cannot_be_run(void **state)
{
    json_t *o = job("");
    json_t *e;

    (void)state;
    json_array_set_new(json_object_get(o, "argv"), 0, json_string("/nowhere/sh"));
    begin(o);
    e = end();
    assert_string_equal(word(e, "state"), "FAILED");
    assert_non_null(strstr(word(e, "note"), "/nowhere/sh"));
    assert_int_equal(number(e, "exit_code"), 127);
    json_decref(e);
}

static void time_limit(void **state)
{
    json_t *o = job("trap 'touch term' TERM; while :; do sleep 0.05; done");
    json_t *e;

    (void)state;
    json_object_set_new(o, "limit_s", json_integer(1));
    begin(o);
    e = end();
    assert_string_equal(word(e, "state"), "TIMEOUT");
    assert_int_equal(number(e, "exit_signal"), 9);
    wait_for("work/term");
    json_decref(e);
}

static void cancel_gives_a_grace(void **state)
{
    json_t *e;

    (void)state;
    begin(
        job("trap 'echo saved; exit 3' TERM; touch up; while :; do sleep 0.02; done"));
    started();
    wait_for("work/up");
    say("end\n");
    e = end();
    assert_string_equal(word(e, "state"), "CANCELLED");
    assert_int_equal(number(e, "exit_code"), 3);
    json_decref(e);
}

static void a_signal_is_passed_on(void **state)
{
    json_t *e;

    (void)state;
    begin(job("trap 'exit 5' USR1; touch up; while :; do sleep 0.02; done"));
    started();
    wait_for("work/up");
    say("signal 10\n");
    e = end();
    assert_string_equal(word(e, "state"), "FAILED");
    assert_int_equal(number(e, "exit_code"), 5);
    json_decref(e);
}

static void warned_before_the_limit(void **state)
{
    json_t *o = job("trap 'exit 6' USR2; while :; do sleep 0.02; done");
    json_t *e;

    (void)state;
    json_object_set_new(o, "limit_s", json_integer(60));
    json_object_set_new(o, "signal", json_integer(SIGUSR2));
    json_object_set_new(o, "signal_s", json_integer(59));
    json_object_set_new(o, "signal_batch", json_true());
    begin(o);
    e = end();
    assert_int_equal(number(e, "exit_code"), 6);
    json_decref(e);
}

/* One that left its session, whose parents are gone, and that ignores TERM. */
static void nothing_is_left(void **state)
{
    struct buf b = BUF_INIT(64);
    char path[512];
    json_t *e;
    long pid;

    (void)state;
    begin(
        job("(setsid sh -c 'trap \"\" TERM HUP; echo $$ >pid~; mv pid~ pid; sleep 60' "
            ">/dev/null 2>&1 &) ; while [ ! -f pid ]; do sleep 0.01; done"));
    e = end();
    assert_string_equal(word(e, "state"), "COMPLETED");
    path_of("work/pid", path);
    assert_int_equal(path_read(path, &b, NULL), 0);
    pid = strtol(buf_text(&b), NULL, 10);
    assert_true(pid > 1);
    assert_int_equal(kill((pid_t)pid, 0), -1);
    buf_release(&b);
    json_decref(e);
}

/* Where we may make a control group: the script is in one of its own, and it goes with
 * it. */
static void a_group_of_its_own(void **state)
{
    struct buf b = BUF_INIT(65536);
    char path[512];
    const char *name = strrchr(dir, '/') + 1;
    const char *group;
    char file[512];
    json_t *e;

    (void)state;
    begin(job("cat /proc/self/cgroup >group; (setsid sleep 60 &) ; true"));
    e = end();
    assert_string_equal(word(e, "state"), "COMPLETED");
    json_decref(e);
    path_of("work/group", path);
    assert_int_equal(path_read(path, &b, NULL), 0);
    group = strstr(buf_text(&b), "/hopluu-");
    if (group) {
        assert_memory_equal(group + 8, name, strlen(name));
        (void)snprintf(file, sizeof(file), "/sys/fs/cgroup%.*s",
                       (int)strcspn(group, "\n"), group);
        assert_int_equal(access(file, F_OK), -1);
        (void)snprintf(file, sizeof(file), "/sys/fs/cgroup/unified%.*s",
                       (int)strcspn(group, "\n"), group);
        assert_int_equal(access(file, F_OK), -1);
    } else {
        print_message(
            "no group may be made here: the walk through /proc was tested alone\n");
    }
    buf_release(&b);
}

static void usage_of_all(void **state)
{
    json_t *e;

    (void)state;
    begin(job("(sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done' &) ; "
              "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 0.3"));
    e = end();
    assert_true(number(e, "cpu_us") > 20000);
    assert_true(number(e, "max_rss") > 100000);
    assert_true(json_integer_value(json_object_get(e, "ended"))
                > json_integer_value(json_object_get(e, "started")));
    json_decref(e);
}

static void memory_limit(void **state)
{
    json_t *o = job("x=$(head -c 60000000 /dev/zero | tr '\\0' 'x'); sleep 30");
    json_t *e;

    (void)state;
    json_object_set_new(o, "mem_bytes", json_integer(20 << 20));
    begin(o);
    e = end();
    assert_string_equal(word(e, "state"), "OUT_OF_MEMORY");
    json_decref(e);
}

static json_t *listed(const json_t *end, const char *name)
{
    size_t i;
    json_t *f;

    json_array_foreach(json_object_get(end, "files"), i,
                       f) if (!strcmp(word(f, "name"), name)) return f;
    return NULL;
}

static void outputs_travel(void **state)
{
    json_t *o = job("echo hi; mkdir -p res sub; echo a >res/a.dat; echo b >res/b.dat; "
                    "echo c >res/c.txt; ln -s /etc/passwd res/l.dat; ln -s / sub/all; "
                    "head -c 70000 /dev/zero >big.bin");
    char path[512];
    json_t *e;

    (void)state;
    path_of("work", path);
    json_object_set_new(o, "work", json_string(path));
    path_of("out", path);
    json_object_set_new(o, "out", json_string(path));
    json_object_set_new(o, "outputs",
                        json_pack("[sssss]", "res/*.dat", "big.bin", "none*",
                                  "sub/all/etc/passwd", "../x"));
    begin(o);
    e = end();
    assert_string_equal(word(e, "state"), "COMPLETED");
    assert_int_equal(number(listed(e, "stdout"), "bytes"), 3);
    assert_string_equal(
        word(listed(e, "files/res/a.dat"), "sha256"),
        "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7");
    assert_non_null(listed(e, "files/res/b.dat"));
    assert_null(listed(e, "files/res/c.txt"));
    assert_null(listed(e, "files/res/l.dat"));
    assert_null(listed(e, "files/big.bin"));
    assert_int_equal(json_array_size(json_object_get(e, "files")), 3);
    assert_non_null(strstr(word(e, "note"), "res/l.dat: is a symbolic link"));
    assert_non_null(
        strstr(word(e, "note"), "big.bin: 70000 bytes, more than the 65536"));
    assert_non_null(strstr(word(e, "note"), "none*: no such file"));
    assert_non_null(strstr(word(e, "note"), "../x: no such file"));
    assert_non_null(strstr(word(e, "note"), "sub/all/etc/passwd: no such file"));
    json_decref(e);
}

static void a_step_writes_into_files(void **state)
{
    struct buf b = BUF_INIT(1024);
    json_t *o = job("echo out; echo err >&2; exit 4");
    char path[512];
    json_t *e;

    (void)state;
    json_object_set_new(o, "step", json_true());
    begin(o);
    e = end();
    assert_int_equal(number(e, "exit_code"), 4);
    path_of("stderr", path);
    assert_int_equal(path_read(path, &b, NULL), 0);
    assert_string_equal(buf_text(&b), "err\n");
    buf_release(&b);
    json_decref(e);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ends),
        CASE(cannot_be_run),
        CASE(time_limit),
        CASE(cancel_gives_a_grace),
        CASE(a_signal_is_passed_on),
        CASE(warned_before_the_limit),
        CASE(nothing_is_left),
        CASE(a_group_of_its_own),
        CASE(usage_of_all),
        CASE(memory_limit),
        CASE(outputs_travel),
        CASE(a_step_writes_into_files),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
