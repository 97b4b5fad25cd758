/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* frame - a u32 length in network order and one JSON object, in and out of buffers */
#include "config.h"

#include "wire/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/banned.h"

#define FRAME_GUESS 2048   /* most frames fit */
#define VALUES_MAX 131072u /* a submission with every list full has about 50,000 */

/*
 * Values of a JSON text, counted by what stands between them and outside of strings.
 * Each becomes some 80 bytes of memory: 8 MiB of "{},{},…" would become 600.
 */
static size_t count_values(const char *p, size_t len)
{
    const char *end = p + len;
    size_t n = 0;

    while (p < end) {
        if (*p == '"') {
            for (p++; p < end && *p != '"'; p++)
                p += *p == '\\';
        } else if (*p == ',' || *p == '{' || *p == '[') {
            n++;
        }
        p++;
    }
    return n;
}

int frame_take(struct evbuffer *in,
               size_t max,
               json_t **ret_frame,
               size_t *ret_need,
               struct err *err)
{
    const char *text;
    json_error_t why;
    json_t *frame;
    uint32_t word;
    size_t len;

    *ret_need = 0;
    if (evbuffer_copyout(in, &word, sizeof(word)) < (ev_ssize_t)sizeof(word))
        return 0;
    len = ntohl(word);
    if (len > max)
        return err_set(err, -EMSGSIZE, "a frame of %zu bytes, ceiling %zu", len, max);
    if (evbuffer_get_length(in) < sizeof(word) + len) {
        *ret_need = sizeof(word) + len;
        return 0;
    }
    text = (const char *)evbuffer_pullup(in, (ev_ssize_t)(sizeof(word) + len));
    if (!text)
        return err_set(err, -ENOMEM, "no memory for a frame of %zu bytes", len);
    if (len > VALUES_MAX && count_values(text + sizeof(word), len) > VALUES_MAX)
        return err_set(err, -EMSGSIZE, "a frame of more than %u values", VALUES_MAX);
    frame = json_loadb(text + sizeof(word), len, 0, &why);
    (void)evbuffer_drain(in, sizeof(word) + len);
    if (!frame)
        return err_set(err, -EBADMSG, "a frame that is not JSON: %s", why.text);
    if (!json_is_object(frame)) {
        json_decref(frame);
        return err_set(err, -EBADMSG, "a frame that is not a JSON object");
    }
    *ret_frame = frame;
    return 1;
}

static int may_put(struct evbuffer *out, size_t len, size_t max, size_t backlog)
{
    if (len > max)
        return -EMSGSIZE;
    if (evbuffer_get_length(out) + sizeof(uint32_t) + len > backlog)
        return -EAGAIN;
    return 0;
}

int frame_put(struct evbuffer *out, const json_t *frame, size_t max, size_t backlog)
{
    size_t room = FRAME_GUESS;

    /* A second time round only for a frame that did not fit the guess. */
    for (;;) {
        struct evbuffer_iovec v;
        uint32_t word;
        size_t len;
        int r = may_put(out, 0, max, backlog);

        if (r < 0)
            return r;
        if (evbuffer_reserve_space(out, (ev_ssize_t)(sizeof(word) + room), &v, 1) != 1)
            return -ENOMEM;
        room = v.iov_len - sizeof(word);
        len = json_dumpb(frame, (char *)v.iov_base + sizeof(word), room, JSON_COMPACT);
        if (len == 0)
            return -ENOMEM;
        r = may_put(out, len, max, backlog);
        if (r < 0)
            return r;
        if (len <= room) {
            word = htonl((uint32_t)len);
            memcpy(v.iov_base, &word, sizeof(word));
            v.iov_len = sizeof(word) + len;
            return evbuffer_commit_space(out, &v, 1) == 0 ? 0 : -ENOMEM;
        }
        room = len;
    }
}

int frame_put_text(
    struct evbuffer *out, const char *text, size_t len, size_t max, size_t backlog)
{
    struct evbuffer_iovec v;
    uint32_t word;
    int r = may_put(out, len, max, backlog);

    if (r < 0)
        return r;
    if (evbuffer_reserve_space(out, (ev_ssize_t)(sizeof(word) + len), &v, 1) != 1)
        return -ENOMEM;
    word = htonl((uint32_t)len);
    memcpy(v.iov_base, &word, sizeof(word));
    memcpy((char *)v.iov_base + sizeof(word), text, len);
    v.iov_len = sizeof(word) + len;
    return evbuffer_commit_space(out, &v, 1) == 0 ? 0 : -ENOMEM;
}
