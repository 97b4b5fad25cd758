/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fake_daemon SOCKET ANSWERS LOG - the user's door with answers from a file
 *
 * For tests of the commands only. It knows the frames and the greeting of
 * docs/protocol.md by itself, so that the commands are not judged by the code that
 * they are linked with. ANSWERS is {"op":[answer,…],…}: each question gets the next
 * one of its op, the last one again and again; {"drop":true} closes the connection
 * instead. Every question is written to LOG as one line. Ends by a signal.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX (8u << 20)

static bool read_all(int fd, void *to, size_t n)
{
    char *p = to;

    while (n) {
        ssize_t got = read(fd, p, n);

        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static void send_frame(int fd, const json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    uint32_t len = text ? (uint32_t)strlen(text) : 0;
    uint32_t head = htonl(len);

    if (!text || write(fd, &head, 4) != 4 || write(fd, text, len) != (ssize_t)len)
        (void)fprintf(stderr, "fake_daemon: an answer was not sent\n");
    free(text);
}

static json_t *read_frame(int fd)
{
    uint32_t len;
    char *text;
    json_t *o;

    if (!read_all(fd, &len, 4) || (len = ntohl(len)) > FRAME_MAX)
        return NULL;
    text = malloc(len ? len : 1);
    o = text && read_all(fd, text, len) ? json_loadb(text, len, 0, NULL) : NULL;
    free(text);
    return o;
}

/* The next answer for this op; the last one stays. New reference. */
static json_t *next_answer(json_t *answers, const char *op)
{
    json_t *list = json_object_get(answers, op);
    json_t *first = json_incref(json_array_get(list, 0));

    if (json_array_size(list) > 1)
        (void)json_array_remove(list, 0);
    return first;
}

static bool answer(int fd, json_t *answers, const json_t *question)
{
    const char *op = json_string_value(json_object_get(question, "op"));
    json_t *found = next_answer(answers, op ? op : "");
    json_t *o = found ? json_copy(found)
                      : json_pack("{s:b, s:s, s:s}", "ok", 0, "code", "usage", "text",
                                  "no such question");
    bool drop = json_is_true(json_object_get(o, "drop"));

    (void)json_object_set(o, "id", json_object_get(question, "id"));
    if (!json_object_get(o, "ok"))
        (void)json_object_set_new(o, "ok", json_true());
    if (!drop)
        send_frame(fd, o);
    json_decref(o);
    json_decref(found);
    return !drop;
}

static void serve(int fd, json_t *answers, FILE *log)
{
    json_t *welcome = json_pack("{s:s, s:s}", "t", "welcome", "center", "hanoi");
    json_t *q;
    bool more = true;

    send_frame(fd, welcome);
    json_decref(welcome);
    while (more && (q = read_frame(fd))) {
        (void)json_dumpf(q, log, JSON_COMPACT | JSON_SORT_KEYS);
        (void)fputc('\n', log);
        (void)fflush(log);
        more = answer(fd, answers, q);
        json_decref(q);
    }
    (void)close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    json_t *answers;
    FILE *log;

    if (argc != 4 || strlen(argv[1]) >= sizeof(at.sun_path)) {
        (void)fprintf(stderr, "usage: fake_daemon SOCKET ANSWERS LOG\n");
        return 1;
    }
    memcpy(at.sun_path, argv[1], strlen(argv[1]) + 1);
    answers = json_load_file(argv[2], 0, NULL);
    log = fopen(argv[3], "w");
    if (!answers || !log || fd < 0) {
        (void)fprintf(stderr, "fake_daemon: cannot read %s or write %s\n", argv[2],
                      argv[3]);
        return 1;
    }
    (void)unlink(argv[1]);
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0
        || listen(fd, 16) != 0) {
        (void)fprintf(stderr, "fake_daemon: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    for (;;) {
        int c = accept(fd, NULL, NULL);

        if (c >= 0)
            serve(c, answers, log);
    }
}
