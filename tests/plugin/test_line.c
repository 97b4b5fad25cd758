/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* test_line - whatever answers at hopluud's socket, a question ends */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/proxy_note.h"
#include "plugin/ask.h"
#include "tests/cmocka_all.h"
#include "tests/plugin/fake_door.h"

static char dir[] = "/tmp/hopluu-line.XXXXXX";
static char path[64];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/s", dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(dir);
}

static int ask_for(struct line *l, int64_t us, json_t **answer, struct err *err)
{
    struct mono until = {now_read().mono.us + us};
    bool refused;

    return line_ask(l, json_pack("{s:s}", "op", "hello"), until, answer, &refused, err);
}

static int open_descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* What each way of misbehaving is to the one who asks. */
static void every_way_ends(void **state)
{
    static const int expected[_FAKE_WAY_MAX] = {
        [FAKE_ANSWERS] = 0,          [FAKE_DRIPS] = 0,
        [FAKE_SILENT] = -ETIMEDOUT,  [FAKE_UNHEARD] = -EAGAIN,
        [FAKE_GARBAGE] = -EMSGSIZE,  [FAKE_NO_JSON] = -EBADMSG,
        [FAKE_NO_OBJECT] = -EBADMSG, [FAKE_DEEP] = -EBADMSG,
        [FAKE_SHORT] = -ECONNRESET,  [FAKE_STALLS] = -ETIMEDOUT,
        [FAKE_HUGE] = -EMSGSIZE,     [FAKE_HANGS_UP] = -ECONNRESET,
        [FAKE_FLOODS] = -EBADMSG,    [FAKE_OTHER_ID] = -EBADMSG,
        [FAKE_REFUSES] = -EBADMSG,
    };

    (void)state;
    for (int way = 0; way < _FAKE_WAY_MAX; way++) {
        int before = open_descriptors();
        struct fake_door *f =
            fake_door_open(path, (enum fake_way)way, "{\"ok\":true,\"x\":1}");
        bool waits = expected[way] == -ETIMEDOUT;
        json_t *answer = NULL;
        struct err err = {0};
        struct line l;
        int r;

        assert_int_equal(line_init(&l, path, &err), 0);
        r = ask_for(&l, waits ? 20000 : 20 * US_PER_S, &answer, &err);
        if (r != expected[way])
            fail_msg("%s: %d (%s), expected %d", fake_way_names[way], r, err.text,
                     expected[way]);
        assert_int_equal(l.fd >= 0, r == 0); /* a failure hangs up */
        json_decref(answer);
        line_release(&l);
        fake_door_close(f);
        assert_int_equal(open_descriptors(), before);
    }
}

static void nobody_is_there(void **state)
{
    json_t *answer = NULL;
    struct err err = {0};
    struct line l;

    (void)state;
    assert_int_equal(line_init(&l, path, &err), 0);
    assert_int_equal(ask_for(&l, US_PER_S, &answer, &err), -ENOENT);
    line_release(&l);
    assert_int_equal(line_init(&l,
                               "/a/path/that/is/much/too/long/for/a/unix/socket/as/the/"
                               "kernel/knows/it/because/it/has/more/than/one/hundred/"
                               "bytes",
                               &err),
                     -ENAMETOOLONG);
}

/* The connection stays between questions, and a restart behind it is not noticed. */
static void a_restart_is_not_noticed(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true}");
    json_t *answer = NULL;
    struct err err = {0};
    struct line l;
    int fd;

    (void)state;
    assert_int_equal(line_init(&l, path, &err), 0);
    assert_int_equal(ask_for(&l, 20 * US_PER_S, &answer, &err), 0);
    json_decref(answer);
    fd = l.fd;
    assert_int_equal(ask_for(&l, 20 * US_PER_S, &answer, &err), 0);
    json_decref(answer);
    assert_int_equal(l.fd, fd);
    assert_int_equal(fake_door_questions(f), 2);
    fake_door_close(f);
    f = fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true}");
    assert_int_equal(ask_for(&l, 20 * US_PER_S, &answer, &err), 0);
    json_decref(answer);
    assert_int_equal(fake_door_questions(f), 1);
    line_release(&l);
    fake_door_close(f);
}

static void a_refusal_has_code_and_text(void **state)
{
    struct fake_door *f =
        fake_door_open(path, FAKE_ANSWERS,
                       "{\"ok\":false,\"code\":\"no-budget\",\"text\":\"3 left\"}");
    struct mono until = {now_read().mono.us + 20 * US_PER_S};
    json_t *answer = NULL;
    struct err err = {0};
    bool refused = false;
    struct line l;

    (void)state;
    assert_int_equal(line_init(&l, path, &err), 0);
    assert_int_equal(
        line_ask(&l, json_pack("{s:s}", "op", "hello"), until, &answer, &refused, &err),
        -EDQUOT);
    assert_true(refused);
    assert_string_equal(err.text, "3 left");
    line_release(&l);
    fake_door_close(f);
}

/* A question of the largest script does not fit a stranger's socket buffer. */
static void a_large_question_that_nobody_reads_ends(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_SILENT, "{}");
    struct mono until = {now_read().mono.us + 20000};
    char *text = calloc(1, 4u << 20);
    json_t *answer = NULL;
    struct err err = {0};
    bool refused = false;
    struct line l;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', (4u << 20) - 1);
    assert_int_equal(line_init(&l, path, &err), 0);
    assert_int_equal(line_ask(&l, json_pack("{s:s}", "script", text), until, &answer,
                              &refused, &err),
                     -ETIMEDOUT);
    line_release(&l);
    fake_door_close(f);
    free(text);
}

static void the_breaker_waits_longer_each_time(void **state)
{
    struct breaker b = {0};
    struct mono now = {1000};
    int64_t pause = BREAKER_FIRST_US;

    (void)state;
    assert_int_equal(breaker_time(&b, now, 50000), 50000);
    for (int i = 0; i < 8; i++) {
        breaker_bad(&b, now);
        assert_int_equal(breaker_time(&b, now, 50000), 0);
        now.us += pause - 1;
        assert_int_equal(breaker_time(&b, now, 50000), 0);
        now.us += 1;
        assert_int_equal(breaker_time(&b, now, 50000), BREAKER_TRY_US);
        assert_int_equal(breaker_time(&b, now, 100), 100);
        pause = pause * 2 < BREAKER_MOST_US ? pause * 2 : BREAKER_MOST_US;
    }
    breaker_good(&b);
    assert_int_equal(breaker_time(&b, now, 50000), 50000);
    breaker_bad(&b, now);
    assert_int_equal(b.pause_us, BREAKER_FIRST_US);
}

/* Known not to answer: not asked. Answering again: found out, and asked. */
static void what_is_known_dead_is_not_asked(void **state)
{
    struct fake_door *f = fake_door_open(path, FAKE_SILENT, "{}");
    json_t *answer = NULL;
    struct err err = {0};
    struct ask_desk d = {0};
    bool refused;
    int r;

    (void)state;
    assert_int_equal(line_init(&d.line, path, &err), 0);
    assert_int_equal(ask_hopluud(&d, json_object(), 5000, &answer, &refused, &err),
                     -ETIMEDOUT);
    assert_int_equal(ask_hopluud(&d, json_object(), 5000, &answer, &refused, &err),
                     -EHOSTDOWN);
    d.breaker.again.us = 0; /* its time has come */
    assert_int_equal(ask_hopluud(&d, json_object(), 5000, &answer, &refused, &err),
                     -ETIMEDOUT);
    assert_true(d.tried.us > 0); /* the question that tries it out waits */
    assert_int_equal(ask_hopluud(&d, json_object(), 5000, &answer, &refused, &err),
                     -ETIMEDOUT);
    fake_door_close(f);
    f = fake_door_open(path, FAKE_ANSWERS, "{\"ok\":true}");
    do { /* the connection ended; the breaker opens once more, then finds it well */
        d.breaker.again.us = 0;
        r = ask_hopluud(&d, json_object(), 20 * US_PER_S, &answer, &refused, &err);
    } while (r < 0);
    json_decref(answer);
    assert_int_equal(d.breaker.state, BREAKER_SHUT);
    line_release(&d.line);
    fake_door_close(f);
}

static void a_proxy_remembers(void **state)
{
    static const char *const strange[] = {
        "",
        "hopluu-proxy",
        "hopluu-proxy 5 RUNNING 0:0",
        "hopluu-proxy x RUNNING 0:0 hue",
        "hopluu-proxy 5 WALKING 0:0 hue",
        "hopluu-proxy 5 RUNNING 0 hue",
        "hopluu-proxy 5 RUNNING 0:0 hue and more",
        "hopluu 1000000042.1 main",
    };
    struct proxy_note n = {.job = 1000000042,
                           .state = JOB_FAILED,
                           .exit_code = -1,
                           .exit_signal = 9,
                           .center = "hue"};
    struct proxy_note back = {0};
    char text[PROXY_TEXT_MAX];

    (void)state;
    proxy_note_write(&n, text);
    assert_string_equal(text, "hopluu-proxy 1000000042 FAILED -1:9 hue");
    assert_true(proxy_note_read(text, &back));
    assert_int_equal(back.job, n.job);
    assert_int_equal(back.state, n.state);
    assert_int_equal(back.exit_code, n.exit_code);
    assert_int_equal(back.exit_signal, n.exit_signal);
    assert_string_equal(back.center, n.center);
    n.center[0] = '\0';
    proxy_note_write(&n, text);
    assert_true(proxy_note_read(text, &back));
    assert_string_equal(back.center, "");
    assert_false(proxy_note_read(NULL, &back));
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
        assert_false(proxy_note_read(strange[i], &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_ends),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(a_restart_is_not_noticed),
        cmocka_unit_test(a_refusal_has_code_and_text),
        cmocka_unit_test(a_large_question_that_nobody_reads_ends),
        cmocka_unit_test(the_breaker_waits_longer_each_time),
        cmocka_unit_test(what_is_known_dead_is_not_asked),
        cmocka_unit_test(a_proxy_remembers),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
