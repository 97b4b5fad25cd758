/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fake_door - a hopluud that misbehaves as it is told, in a thread of the test */
#include "config.h"

#include "base/number.h"
#include "tests/plugin/fake_door.h"

#include <assert.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUESTION_MAX 65536
#define FILLERS 2

const char *const fake_way_names[_FAKE_WAY_MAX] = {
    "answers", "drips",     "silent", "unheard",    "garbage",
    "no JSON", "no object", "deep",   "short",      "stalls",
    "huge",    "hangs up",  "floods", "another id", "refuses"};

struct fake_door {
    enum fake_way way;
    const char *answer;
    int listener;
    int stop; /* eventfd */
    int filler[FILLERS];
    char path[108];
    char question[QUESTION_MAX];
    unsigned n_questions;
    uint32_t seed; /* of the next mutation; 0 = none */
    pthread_mutex_t lock;
    pthread_t thread;
};

/* False when the test is over or the other end is gone. */
static bool wait_for(struct fake_door *f, int fd, short what)
{
    struct pollfd p[2] = {
        {.fd = fd,      .events = what  },
        {.fd = f->stop, .events = POLLIN}
    };

    return poll(p, 2, -1) > 0 && !(p[1].revents & POLLIN)
           && (p[0].revents & (what | POLLHUP | POLLERR));
}

static bool put(struct fake_door *f, int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t m =
            send(fd, p, f->way == FAKE_DRIPS ? 1 : n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (m < 0 && !wait_for(f, fd, POLLOUT))
            return false;
        if (m < 0 && send(fd, p, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return false;
        if (m < 0)
            m = 1;
        p += m;
        n -= (size_t)m;
    }
    return true;
}

static uint32_t seed_of(struct fake_door *f)
{
    uint32_t seed;

    pthread_mutex_lock(&f->lock);
    seed = f->seed;
    pthread_mutex_unlock(&f->lock);
    return seed;
}

void fake_door_mutate(struct fake_door *f, uint32_t seed)
{
    pthread_mutex_lock(&f->lock);
    f->seed = seed;
    pthread_mutex_unlock(&f->lock);
}

static uint32_t dice(struct fake_door *f, size_t sides)
{
    uint32_t x;

    pthread_mutex_lock(&f->lock);
    x = f->seed * 1664525u + 1013904223u;
    f->seed = x ? x : 1;
    pthread_mutex_unlock(&f->lock);
    return (uint32_t)((x >> 8) % (sides ? sides : 1));
}

/* One to three changes; the length in front stays as it is in most. [2n] bytes. */
static size_t mutate(struct fake_door *f, unsigned char *b, size_t n)
{
    static const char *const words[] = {"null", "-1", "1e999", "\"", "\\u0000", "[["};

    for (uint32_t i = dice(f, 3) + 1; i > 0 && n > 0; i--) {
        size_t from = dice(f, 8) && n > 4 ? 4 : 0;
        size_t at = from + dice(f, n - from);
        size_t len = MIN(dice(f, 9) + (size_t)1, n - at);
        const char *word = words[dice(f, sizeof(words) / sizeof(*words))];

        switch (dice(f, 5)) {
        case 0:
            b[at] ^= (unsigned char)(1u << dice(f, 8));
            break;
        case 1:
            b[at] = (unsigned char)dice(f, 256);
            break;
        case 2: /* taken out */
            memmove(b + at, b + at + len, n - at - len);
            n -= len;
            break;
        case 3: /* put over what is there */
            memcpy(b + at, word, MIN(strlen(word), n - at));
            break;
        default: /* the end is missing */
            n = at + 1;
            break;
        }
    }
    return n;
}

static bool put_frame(struct fake_door *f, int fd, const char *text)
{
    uint32_t n = (uint32_t)strlen(text);
    unsigned char head[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                             (unsigned char)(n >> 8), (unsigned char)n};

    if (seed_of(f)) {
        unsigned char *bytes = malloc(2 * ((size_t)n + 4));
        bool ok;

        assert(bytes);
        memcpy(bytes, head, 4);
        memcpy(bytes + 4, text, n);
        ok = put(f, fd, bytes, mutate(f, bytes, (size_t)n + 4));
        free(bytes);
        return ok;
    }
    return put(f, fd, head, 4) && put(f, fd, text, n);
}

static bool get(struct fake_door *f, int fd, void *bytes, size_t n)
{
    char *p = bytes;

    while (n > 0) {
        ssize_t m;

        if (!wait_for(f, fd, POLLIN))
            return false;
        m = recv(fd, p, n, 0);
        if (m <= 0)
            return false;
        p += m;
        n -= (size_t)m;
    }
    return true;
}

static bool answer_one(struct fake_door *f, int fd)
{
    static char text[QUESTION_MAX];
    unsigned char head[4];
    json_t *q;
    json_t *a;
    char *out;
    size_t n;
    bool ok;

    if (!get(f, fd, head, 4))
        return false;
    n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (n >= sizeof(text) || !get(f, fd, text, n))
        return false;
    text[n] = '\0';
    pthread_mutex_lock(&f->lock);
    memcpy(f->question, text, n + 1);
    f->n_questions++;
    pthread_mutex_unlock(&f->lock);
    q = json_loads(text, 0, NULL);
    a = json_loads(f->answer, 0, NULL);
    assert(q && a);
    json_object_set(a, "id", json_object_get(q, "id"));
    if (f->way == FAKE_OTHER_ID)
        json_object_set_new(a, "id", json_integer(123456));
    out = json_dumps(a, JSON_COMPACT);
    ok = put_frame(f, fd, out);
    free(out);
    json_decref(a);
    json_decref(q);
    return ok;
}

static bool misbehave(struct fake_door *f, int fd)
{
    static char deep[8001];

    switch (f->way) {
    case FAKE_ANSWERS:
    case FAKE_DRIPS:
    case FAKE_OTHER_ID:
        return answer_one(f, fd);
    case FAKE_GARBAGE:
        return put(f, fd, "GET / HTTP/1.1\r\n\r\n", 18) && wait_for(f, fd, POLLRDHUP);
    case FAKE_NO_JSON:
        return put_frame(f, fd, "{\"id\":1,\"ok\":tru") && wait_for(f, fd, POLLRDHUP);
    case FAKE_NO_OBJECT:
        return put_frame(f, fd, "[1,2,3]") && wait_for(f, fd, POLLRDHUP);
    case FAKE_DEEP:
        memset(deep, '[', sizeof(deep) - 1);
        return put_frame(f, fd, deep) && wait_for(f, fd, POLLRDHUP);
    case FAKE_SHORT:
        (void)put(f, fd, "\0\0\0\100{\"id\":", 11);
        return false;
    case FAKE_STALLS:
        return put(f, fd, "\0\0\0\100{\"id\":", 11) && wait_for(f, fd, POLLRDHUP);
    case FAKE_HUGE:
        return put(f, fd, "\377\377\377\377{", 5) && wait_for(f, fd, POLLRDHUP);
    case FAKE_FLOODS:
        return put_frame(f, fd, "{\"t\":\"welcome\",\"center\":\"x\"}");
    case FAKE_REFUSES:
        return put_frame(f, fd, "{\"t\":\"refused\",\"text\":\"no\"}")
               && wait_for(f, fd, POLLRDHUP);
    case FAKE_SILENT:
        return wait_for(f, fd, POLLRDHUP) && false;
    case FAKE_UNHEARD:
    case FAKE_HANGS_UP:
    case _FAKE_WAY_MAX:
        break;
    }
    return false;
}

static void *serve(void *arg)
{
    struct fake_door *f = arg;

    while (wait_for(f, f->listener, POLLIN)) {
        int fd = accept(f->listener, NULL, NULL);

        if (fd < 0)
            break;
        if ((f->way != FAKE_ANSWERS && f->way != FAKE_DRIPS && f->way != FAKE_OTHER_ID)
            || put_frame(f, fd, "{\"t\":\"welcome\",\"center\":\"fake\"}"))
            while (misbehave(f, fd))
                ;
        close(fd);
    }
    return NULL;
}

struct fake_door *fake_door_open(const char *path,
                                 enum fake_way way,
                                 const char *answer)
{
    struct fake_door *f = calloc(1, sizeof(*f));
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    assert(f && strlen(path) < sizeof(a.sun_path));
    f->way = way;
    f->answer = answer;
    memcpy(a.sun_path, path, strlen(path) + 1);
    memcpy(f->path, path, strlen(path) + 1);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    f->stop = eventfd(0, EFD_CLOEXEC);
    assert(bind(f->listener, (struct sockaddr *)&a, sizeof(a)) == 0);
    assert(listen(f->listener, way == FAKE_UNHEARD ? 0 : 16) == 0);
    for (int i = 0; i < FILLERS; i++) {
        f->filler[i] = -1;
        if (way != FAKE_UNHEARD)
            continue;
        f->filler[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(f->filler[i], (struct sockaddr *)&a, sizeof(a));
    }
    pthread_mutex_init(&f->lock, NULL);
    if (way != FAKE_UNHEARD)
        assert(pthread_create(&f->thread, NULL, serve, f) == 0);
    return f;
}

const char *fake_door_question(struct fake_door *f)
{
    const char *text;

    pthread_mutex_lock(&f->lock);
    text = f->n_questions ? f->question : NULL;
    pthread_mutex_unlock(&f->lock);
    return text;
}

unsigned fake_door_questions(struct fake_door *f)
{
    unsigned n;

    pthread_mutex_lock(&f->lock);
    n = f->n_questions;
    pthread_mutex_unlock(&f->lock);
    return n;
}

void fake_door_close(struct fake_door *f)
{
    uint64_t one = 1;

    assert(write(f->stop, &one, sizeof(one)) == sizeof(one));
    if (f->way != FAKE_UNHEARD)
        pthread_join(f->thread, NULL);
    for (int i = 0; i < FILLERS; i++)
        if (f->filler[i] >= 0)
            close(f->filler[i]);
    close(f->listener);
    close(f->stop);
    unlink(f->path);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
