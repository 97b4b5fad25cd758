/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * conn - one authenticated connection that carries frames
 *
 * A frame is a u32 length in network order and that many bytes of one JSON
 * object (docs/protocol.md). A conn exists only after its other end has proved
 * who it is: doors and dials (door.h, dial.h) hand it over with its identity.
 *
 * Ceilings: a frame longer than the receive ceiling closes the connection with
 * -EMSGSIZE before its bytes are read; conn_send() answers -EAGAIN when the
 * bytes that wait to be sent pass the send ceiling. Whoever gets -EAGAIN stops
 * and waits for on_drain.
 *
 * Callbacks run from the event loop. A conn may be closed inside its own
 * callback: its memory goes at the end of the loop turn.
 */
#ifndef HOPLUU_WIRE_CONN_H
#define HOPLUU_WIRE_CONN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/name.h"

#define FRAME_MAX_CLIENT (8u << 20) /* a submission with its script */
#define FRAME_MAX_PEER (8u << 20)   /* a grant with its script */
#define FRAME_MAX_NODE (8u << 20)
#define FRAME_MAX_HELLO (16u << 10) /* anything before identity is known */
#define CONN_SEND_MAX (32u << 20)   /* bytes waiting to be sent */

enum conn_kind {
    CONN_USER, /* Unix socket (peer credentials) or TCP with MUNGE: uid, gid */
    CONN_NODE, /* TCP with MUNGE: uid, gid of the node daemon */
    CONN_PEER, /* mutual TLS: center */
};

/* Who the other end has proved to be. */
struct conn_who {
    enum conn_kind kind;
    uid_t uid;
    gid_t gid;
    pid_t pid;               /* Unix socket only, else 0 */
    char center[NAME_CAP];   /* CONN_PEER: name in its certificate */
    char address[TITLE_CAP]; /* for the log: "unix", "127.0.0.1:40112" */
    bool dialled;            /* we dialled */
};

struct conn;

struct conn_ops {
    /* One frame. `frame` is borrowed: json_incref() to keep it. */
    void (*on_frame)(struct conn *c, json_t *frame, void *arg);
    /* The connection is gone (reason 0 = closed by the other end, or -Exxx with
       text). Called once, never after conn_close(). The conn must not be used after. */
    void (*on_close)(struct conn *c, int reason, const char *text, void *arg);
    /* The send queue has fallen below half its ceiling. May be NULL. */
    void (*on_drain)(struct conn *c, void *arg);
};

/* Sets who gets the callbacks; the hand-over callback must call it before it returns.
 */
void conn_listen(struct conn *c, const struct conn_ops *ops, void *arg);

const struct conn_who *conn_who(const struct conn *c);

/*
 * Queue one frame. Borrows `frame`.
 * 0, -EAGAIN (send ceiling; nothing queued), -EMSGSIZE (over the other's ceiling),
 * -ENOTCONN (closing), -ENOMEM.
 */
int conn_send(struct conn *c, const json_t *frame);
/* The same for text that is already JSON; text[len] is copied. */
int conn_send_text(struct conn *c, const char *text, size_t len);

/* Stop reading until conn_resume(): back-pressure on a client that asks too fast. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* Bytes that wait to be sent. */
size_t conn_backlog(const struct conn *c);

/* Close after what is queued has been sent (or 2 s); no callbacks from now on. NULL is
 * fine. */
void conn_close(struct conn *c);

#endif
