/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * center - the daemon of one center: its rooms, put together
 *
 *   hopluud.c      main: options, signals, ready
 *   settings*.c    hopluu.conf and agreements
 *   center.c       opening and closing everything, restart, reload
 *   gate.c         effects: written down first, carried out when durable
 *   engine_glue.c  between fed and the engine
 *   users.c        the user's door; ops_*.c its questions
 *   peers.c        the other centers; peer_ask.c questions passed on
 *   reservations.c nodes that are kept for some
 *   rolls.c        institutions, projects, grants and rates by decision
 *   seals.c        signatures under the journal, ours and the peers'
 *   blobs.c        inputs that users have uploaded
 *   staging.c      inputs on their way to a foreign host
 *   proxies.c      jobs in this center's Slurm that stand for ours
 *   pseudonym.c    who is meant by p-1f…, here only
 *   returning.c    outputs on their way home; receiving.c their arrival
 *
 * One loop, one thread (the store has a writer of its own). All state is here.
 */
#ifndef HOPLUU_DAEMON_CENTER_H
#define HOPLUU_DAEMON_CENTER_H

#include <event2/event.h>

#include "base/err.h"
#include "base/time.h"
#include "daemon/settings.h"
#include "engine/engine.h"
#include "fed/fed.h"
#include "ledger/book.h"
#include "store/store.h"
#include "wire/door.h"
#include "wire/tls.h"

struct gate;
struct users;
struct peers;
struct staging;
struct returning;
struct months;
struct seals;
struct proxies;
struct pseudonym;
struct rolls;
struct reservations;

struct center {
    struct event_base *base;
    char *settings_path;
    struct settings *settings;
    struct settings *old_settings; /* the engine may still borrow the one before */
    struct book *book;
    struct fed *fed;
    struct store *store;
    struct engine *engine;
    struct tls *tls;
    struct gate *gate;
    struct users *users;
    struct peers *peers;
    struct staging *staging;
    struct returning *returning;
    struct seals *seals;
    struct months *months;
    struct proxies *proxies;
    struct pseudonym *pseudonym; /* made at the first question that needs it */
    struct rolls *rolls;
    struct reservations *reservations;
    struct event *tick;
    struct event *housekeeping;
    bool resumed;
};

/* Everything up to "ready": 0, or the first thing that failed; nothing stays open then.
 */
int center_open(struct event_base *base,
                const char *settings_path,
                struct center **ret_center,
                struct err *err);
void *center_close(struct center *c);

/* SIGHUP: the new configuration, or the old one and why. */
int center_reload(struct center *c, struct err *err);

static inline const struct site *center_site(const struct center *c)
{
    return c->settings->site;
}

/* After each fed step: carry out its effects and set the alarm. */
void center_apply(struct center *c, const struct fed_effects *fx);

#endif
