/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_answer - bytes from hopluud's socket, read inside slurmctld
 *
 * Whatever has the socket's name may answer there. Reading that must not crash, leak or
 * overrun, and it ends when the bytes do.
 */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plugin/line.h"
#include "wire/refusal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    json_t *answer = NULL;
    struct line l;
    int s[2];

    if (size > 65536 || line_init(&l, "/nowhere", &err) < 0
        || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) < 0)
        return 0;
    l.fd = s[0];
    l.last_id = 1;
    if (send(s[1], data, size, MSG_NOSIGNAL) == (ssize_t)size) {
        (void)shutdown(s[1], SHUT_WR);
        while (line_get(&l, (struct mono){INT64_MAX}, &answer, &err) == 0) {
            (void)refusal_read(answer, &err);
            json_decref(answer);
        }
    }
    line_release(&l);
    (void)close(s[1]);
    return 0;
}
