/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * seals - the center's signature under its journal, and its peers' under that
 *
 * Invariants:
 *  1. A checkpoint is on disk before any peer hears of it, and so is our
 * countersignature of a peer's: after a crash nobody has seen what we do not know.
 *  2. We countersign a size only if it is the first we see, or proven to have grown
 *     from the last that we countersigned. What contradicts that is logged as an error
 *     each time and never signed.
 */
#include "config.h"

#include "daemon/seals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "daemon/gate.h"
#include "daemon/peers.h"
#include "wire/digest.h"
#include "wire/sign.h"

#include "base/banned.h"

#define FIRST_S                                                                        \
    1 /* after the start: what the configuration granted is durable then               \
       */

struct witness_key {
    uint32_t center;
    struct sign_key *key;
    char text[ERR_TEXT_MAX]; /* what we have against its journal */
};

struct seals {
    struct center *c;
    struct sign_key *key; /* NULL: none configured */
    char origin[ORIGIN_CAP];
    struct event *timer;
    struct witness_key *peers; /* [n_peers] */
    size_t n_peers;
    struct log_gate gate;
};

static void origin_of(const char *center, char origin[ORIGIN_CAP])
{
    (void)snprintf(origin, ORIGIN_CAP, SEAL_ORIGIN_PREFIX "%s", center);
}

static struct witness_key *peer_of(const struct seals *s, uint32_t center)
{
    for (size_t i = 0; s && i < s->n_peers; i++)
        if (s->peers[i].center == center)
            return &s->peers[i];
    return NULL;
}

const char *seals_key(const struct seals *s)
{
    return s && s->key ? sign_key_text(s->key) : "";
}

const char *seals_text(const struct seals *s, uint32_t center)
{
    const struct witness_key *w = peer_of(s, center);

    return w ? w->text : "";
}

/* --- telling peers -----------------------------------------------------------------
 */

/* The largest size that this center has countersigned: from there it wants a proof. */
static uint64_t seen_by(struct seals *s, uint32_t center)
{
    char witness[ORIGIN_CAP];
    uint64_t size = 0;

    origin_of(site_center_name(center_site(s->c), center), witness);
    (void)store_last_witness(s->c->store, s->origin, witness,
                             &size); /* unknown: it says where it stands */
    return size;
}

static json_t *proof_of(struct seals *s, uint64_t from, uint64_t size, struct err *err)
{
    struct hash proof[PROOF_MAX];
    char text[HASH_TEXT_CAP];
    json_t *list = json_array();
    size_t n = 0;
    int r = 0;

    if (from > 0)
        r = store_prove_grown(s->c->store, from, size, proof, &n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = json_array_append_new(list, json_string(hash_text(&proof[i], text)));
    if (r < 0) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

static void show(struct seals *s, uint32_t center, uint64_t from)
{
    struct signed_checkpoint c;
    struct err err = {0};
    json_t *proof;
    json_t *frame;

    if (!s->key || !peers_ledger_key(s->c->peers, center)[0]
        || store_last_checkpoint(s->c->store, s->origin, &c) < 0)
        return;
    proof = proof_of(s, from, c.size, &err);
    if (!proof) {
        log_error("no proof from line %" PRIu64 " for center %u: %s", from, center,
                  err.text);
        return;
    }
    frame =
        json_pack("{s:s,s:s,s:s,s:I,s:o}", "t", "checkpoint", "text", c.text,
                  "signature", c.signature, "from", (json_int_t)from, "proof", proof);
    if (frame)
        (void)peers_send(s->c->peers, center, frame); /* the next one will do */
    json_decref(frame);
}

static void show_all(void *arg)
{
    struct seals *s = arg;
    const struct site *site = center_site(s->c);

    for (size_t i = 0; i < site->n_peers; i++)
        show(s, site->peers[i].number, seen_by(s, site->peers[i].number));
}

void seals_peer_up(struct center *c, uint32_t center)
{
    const struct witness_key *w = peer_of(c->seals, center);
    const char *shown = peers_ledger_key(c->peers, center);

    if (!c->seals)
        return;
    if (w && w->key && shown[0] && strcmp(shown, sign_key_text(w->key)) != 0)
        log_error("%s signs its journal with another key than the ledger_key that is "
                  "configured here",
                  site_center_name(center_site(c), center));
    show(c->seals, center, seen_by(c->seals, center));
}

/* --- as a file -----------------------------------------------------------------------
 */

struct noting {
    struct seals *s;
    struct note_signature v[NOTE_SIGNATURES_MAX];
    size_t n;
};

static const struct sign_key *key_of(const struct seals *s, const char *origin)
{
    char name[ORIGIN_CAP];

    if (s->key && !strcmp(origin, s->origin))
        return s->key;
    for (size_t i = 0; i < s->n_peers; i++) {
        origin_of(site_center_name(center_site(s->c), s->peers[i].center), name);
        if (!strcmp(origin, name))
            return s->peers[i].key;
    }
    return NULL;
}

static int add_signature(const char *name,
                         struct wall at,
                         const char *signature,
                         void *arg)
{
    struct noting *x = arg;
    const struct sign_key *k = key_of(x->s, name);
    struct note_signature *one = &x->v[x->n];
    _cleanup_(freep) void *raw = NULL;
    size_t n = 0;

    (void)at;
    if (!k || x->n == NOTE_SIGNATURES_MAX
        || base64_decode(signature, strlen(signature), &raw, &n) < 0
        || n != sizeof(one->bytes) || !word_copy(one->name, sizeof(one->name), name))
        return 0;
    memcpy(one->bytes, raw, n);
    if (note_key(name, sign_key_bytes(k), one->key) < 0)
        return -ENOMEM;
    x->n++;
    return 0;
}

int seals_note(struct seals *s, const struct signed_checkpoint *c, char *note)
{
    struct noting x = {.s = s};
    int r = add_signature(c->origin, c->at, c->signature, &x);

    if (r == 0)
        r = store_each_witness(s->c->store, c->origin, c->size, add_signature, &x,
                               NULL);
    if (r == 0 && x.n == 0)
        r = -ENOKEY;
    return r < 0 ? r : note_write(c->text, x.v, x.n, note, NOTE_CAP);
}

/* --- signing our own -----------------------------------------------------------------
 */

static void nothing(void *arg)
{
    (void)arg;
}

int seals_sign(struct seals *s, struct err *err)
{
    struct signed_checkpoint c = {.at = now_read().wall};
    struct signed_checkpoint last;
    struct merkle tree;
    int r;

    if (!s->key)
        return err_set(err, -ENOENT,
                       "this center has no ledger key: hopluu.conf(5), "
                       "ledger");
    r = store_journal_tree(s->c->store, &tree, err);
    if (r < 0)
        return r;
    if (tree.n == 0
        || (store_last_checkpoint(s->c->store, s->origin, &last) == 0
            && last.size >= tree.n))
        return err_set(err, -EALREADY, "the journal has not grown since line %" PRIu64,
                       tree.n);
    memcpy(c.origin, s->origin, sizeof(c.origin));
    c.size = tree.n;
    r = checkpoint_write(&tree, s->origin, c.text, sizeof(c.text));
    if (r == 0)
        r = sign_text(s->key, c.text, strlen(c.text), c.signature);
    if (r == 0)
        r = store_put_checkpoint(s->c->store, &c);
    if (r < 0)
        return err_set(err, r, "the checkpoint cannot be made: %s", strerror(-r));
    gate_touch(s->c->gate);
    gate_after(s->c->gate, show_all, nothing, s);
    return 0;
}

static void set_timer(struct seals *s, uint32_t seconds)
{
    const struct timeval tv = {.tv_sec = seconds};

    if (s->key && evtimer_add(s->timer, &tv) < 0)
        log_error("no timer for checkpoints: out of memory");
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct seals *s = arg;
    struct err err = {0};
    int r = seals_sign(s, &err);

    (void)fd;
    (void)what;
    if (r < 0 && r != -EALREADY)
        log_error("%s", err.text);
    set_timer(s, s->c->settings->checkpoint_s);
}

/* --- what peers show us
 * ---------------------------------------------------------------
 */

static void blame(struct seals *s, struct witness_key *w, const char *why)
{
    word_cut(w->text, sizeof(w->text), why);
    log_limited(&s->gate, 10, LOG_ERROR, "%s: not countersigned: %s",
                site_center_name(center_site(s->c), w->center), why);
}

static void say_seen(struct seals *s, uint32_t to, uint64_t size)
{
    json_t *frame =
        json_pack("{s:s,s:I}", "t", "checkpoint_seen", "size", (json_int_t)size);

    if (frame)
        (void)peers_send(s->c->peers, to, frame); /* its next checkpoint asks again */
    json_decref(frame);
}

struct countersigned {
    struct seals *s;
    uint32_t to;
    uint64_t size;
    char signature[SIGN_TEXT_CAP];
};

static void say_witness(void *arg)
{
    struct countersigned *x = arg;
    json_t *frame = json_pack("{s:s,s:I,s:s}", "t", "witness", "size",
                              (json_int_t)x->size, "signature", x->signature);

    if (frame)
        (void)peers_send(x->s->c->peers, x->to, frame); /* it shows it again */
    json_decref(frame);
    free(x);
}

/* The checkpoint is good: written down with our signature, then answered. */
static int countersign(struct seals *s,
                       uint32_t from,
                       const struct signed_checkpoint *c)
{
    struct countersigned *x = calloc(1, sizeof(*x));
    struct signed_checkpoint ours = *c;
    int r = x ? sign_text(s->key, c->text, strlen(c->text), ours.signature) : -ENOMEM;

    if (r == 0)
        r = store_put_checkpoint(s->c->store, c);
    if (r == 0)
        r = store_put_witness(s->c->store, &ours, s->origin);
    if (r < 0) {
        free(x);
        return r;
    }
    *x = (struct countersigned){.s = s, .to = from, .size = c->size};
    memcpy(x->signature, ours.signature, sizeof(x->signature));
    gate_touch(s->c->gate);
    gate_after(s->c->gate, say_witness, free, x);
    return 0;
}

static int hash_read(const char *text, struct hash *h)
{
    if (!text || strlen(text) != 2 * sizeof(h->b))
        return -EBADMSG;
    for (size_t i = 0; i < sizeof(h->b); i++) {
        unsigned v = 0;

        for (size_t k = 0; k < 2; k++) {
            char x = text[2 * i + k];

            if (x >= '0' && x <= '9')
                v = v * 16 + (unsigned)(x - '0');
            else if (x >= 'a' && x <= 'f')
                v = v * 16 + (unsigned)(x - 'a') + 10;
            else
                return -EBADMSG;
        }
        h->b[i] = (uint8_t)v;
    }
    return 0;
}

static int check_growth(const struct checkpoint *last,
                        const struct checkpoint *now,
                        const json_t *list)
{
    struct hash proof[PROOF_MAX];
    size_t n = json_array_size(list);

    if (n > PROOF_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < n; i++)
        if (hash_read(json_string_value(json_array_get(list, i)), &proof[i]) < 0)
            return -EBADMSG;
    return merkle_check_grown(last->size, &last->root, now->size, &now->root, proof, n);
}

/* Text and signature are the peer's. 0, -EBADMSG. */
static int read_shown(const struct seals *s,
                      const struct witness_key *w,
                      const json_t *frame,
                      struct signed_checkpoint *c,
                      struct checkpoint *point,
                      struct err *err)
{
    const char *text = json_string_value(json_object_get(frame, "text"));
    const char *signature = json_string_value(json_object_get(frame, "signature"));
    char origin[ORIGIN_CAP];
    int r;

    *c = (struct signed_checkpoint){.at = now_read().wall};
    if (!text || !signature || !word_copy(c->text, sizeof(c->text), text)
        || !word_copy(c->signature, sizeof(c->signature), signature))
        return err_set(err, -EBADMSG, "a checkpoint without text or signature");
    r = checkpoint_read(c->text, point, err);
    if (r < 0)
        return r;
    origin_of(site_center_name(center_site(s->c), w->center), origin);
    if (strcmp(origin, point->origin) != 0)
        return err_set(err, -EBADMSG, "a checkpoint of %s", point->origin);
    if (sign_check(w->key, c->text, strlen(c->text), c->signature) < 0)
        return err_set(err, -EBADMSG,
                       "its signature is not made with the ledger_key that is "
                       "configured here");
    memcpy(c->origin, point->origin, sizeof(c->origin));
    c->size = point->size;
    return 0;
}

void seals_on_checkpoint(struct center *c, uint32_t from, const json_t *frame)
{
    struct seals *s = c->seals;
    struct witness_key *w = peer_of(s, from);
    json_int_t since = json_integer_value(json_object_get(frame, "from"));
    struct signed_checkpoint shown, last = {0};
    struct checkpoint point, before = {0};
    struct err err = {0};

    if (!s || !s->key || !w || !w->key)
        return; /* we witness nothing, or not for this center */
    if (read_shown(s, w, frame, &shown, &point, &err) < 0) {
        blame(s, w, err.text);
        return;
    }
    if (store_last_checkpoint(c->store, shown.origin, &last) == 0
        && checkpoint_read(last.text, &before, &err) < 0) {
        blame(s, w, err.text);
        return;
    }
    if (point.size < before.size) {
        say_seen(s, from, before.size);
        return;
    }
    if (point.size == before.size && strcmp(shown.text, last.text) != 0) {
        blame(s, w, "it has signed two different journals of the same length");
        return;
    }
    if (point.size > before.size && since != (json_int_t)before.size) {
        say_seen(s, from, before.size);
        return;
    }
    if (point.size > before.size && before.size > 0
        && check_growth(&before, &point, json_object_get(frame, "proof")) < 0) {
        blame(s, w, "its journal does not begin with the lines that we have seen");
        return;
    }
    if (countersign(s, from, &shown) < 0)
        log_error("a countersignature cannot be written down");
    else
        w->text[0] = '\0';
}

void seals_on_seen(struct center *c, uint32_t from, const json_t *frame)
{
    json_int_t size = json_integer_value(json_object_get(frame, "size"));
    struct seals *s = c->seals;
    struct signed_checkpoint last;

    if (!s || !s->key || size < 0
        || store_last_checkpoint(c->store, s->origin, &last) < 0)
        return;
    if ((uint64_t)size > last.size)
        log_limited(&s->gate, 10, LOG_ERROR,
                    "%s has countersigned line %lld of our journal, which is shorter: "
                    "was the state restored from an old copy?",
                    site_center_name(center_site(c), from), (long long)size);
    else
        show(s, from, (uint64_t)size);
}

void seals_on_witness(struct center *c, uint32_t from, const json_t *frame)
{
    json_int_t size = json_integer_value(json_object_get(frame, "size"));
    const char *signature = json_string_value(json_object_get(frame, "signature"));
    struct seals *s = c->seals;
    struct witness_key *w = peer_of(s, from);
    struct signed_checkpoint mine;
    char witness[ORIGIN_CAP];

    if (!s || !w || !w->key || size <= 0 || !signature
        || store_get_checkpoint(c->store, s->origin, (uint64_t)size, &mine) < 0)
        return;
    if (!word_copy(mine.signature, sizeof(mine.signature), signature)
        || sign_check(w->key, mine.text, strlen(mine.text), signature) < 0) {
        blame(s, w, "its countersignature is not made with its ledger_key");
        return;
    }
    origin_of(site_center_name(center_site(c), from), witness);
    mine.at = now_read().wall;
    if (store_put_witness(c->store, &mine, witness) < 0)
        log_error("a countersignature cannot be written down"); /* it comes again */
    gate_touch(c->gate);
}

/* --- opening -------------------------------------------------------------------------
 */

/* What was signed must still be there: the chain alone shows only that it is whole. */
static int check_last(struct seals *s, struct err *err)
{
    struct signed_checkpoint last;
    struct checkpoint point;
    struct hash root;
    int r;

    if (store_last_checkpoint(s->c->store, s->origin, &last) < 0)
        return 0;
    r = checkpoint_read(last.text, &point, err);
    if (r == 0)
        r = store_root(s->c->store, point.size, &root, err);
    if (r == 0 && memcmp(&root, &point.root, sizeof(root)) != 0)
        r = err_set(err, -EBADMSG,
                    "the journal's first %" PRIu64 " lines are not the ones that this "
                    "center has signed",
                    point.size);
    return r < 0 ? err_prefix(err, r, "the signed account book") : 0;
}

static void keys_release(struct seals *s)
{
    for (size_t i = 0; i < s->n_peers; i++)
        sign_key_free(s->peers[i].key);
    free(s->peers);
    s->peers = NULL;
    s->n_peers = 0;
}

int seals_reload(struct seals *s, struct err *err)
{
    const struct site *site = center_site(s->c);
    struct seals fresh = {0};
    int r = 0;

    fresh.peers = calloc(site->n_peers + 1, sizeof(*fresh.peers));
    if (!fresh.peers)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < site->n_peers; i++) {
        struct witness_key *w = &fresh.peers[fresh.n_peers++];

        w->center = site->peers[i].number;
        if (site->peers[i].ledger_key)
            r = sign_key_read_public(site->peers[i].ledger_key, &w->key, err);
    }
    if (r < 0) {
        keys_release(&fresh);
        return r;
    }
    keys_release(s);
    s->peers = fresh.peers;
    s->n_peers = fresh.n_peers;
    return 0;
}

int seals_open(struct center *c, struct seals **ret_seals, struct err *err)
{
    struct seals *s = calloc(1, sizeof(*s));
    int r = 0;

    if (!s)
        return err_set(err, -ENOMEM, "out of memory");
    s->c = c;
    origin_of(center_site(c)->name, s->origin);
    if (c->settings->ledger_key)
        r = sign_key_read(c->settings->ledger_key, &s->key, err);
    if (r == 0)
        r = check_last(s, err);
    if (r == 0)
        r = seals_reload(s, err);
    s->timer = r == 0 ? evtimer_new(c->base, on_timer, s) : NULL;
    if (r == 0 && !s->timer)
        r = err_set(err, -ENOMEM, "out of memory");
    if (r < 0) {
        seals_close(s);
        return r;
    }
    set_timer(s, FIRST_S);
    *ret_seals = s;
    return 0;
}

void *seals_close(struct seals *s)
{
    if (!s)
        return NULL;
    if (s->timer)
        event_free(s->timer);
    keys_release(s);
    sign_key_free(s->key);
    free(s);
    return NULL;
}
