/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * ops_journal - checkpoints, proofs and lines of the account book's journal
 *
 * Checkpoints are for everybody: they tell a size and a hash. Lines and proofs are the
 * administrator's.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "daemon/seals.h"
#include "daemon/users.h"

#include "base/banned.h"

#define CHECKPOINTS_MAX 1000
#define LINES_MAX 20000
#define LINES_BYTES ((size_t)4 << 20) /* of one answer */

static int only_admin(const struct ask *a, struct err *err)
{
    if (a->who->admin)
        return 0;
    return err_set(err, -EACCES,
                   "the journal is for root and the account that runs hopluud, not "
                   "for %s",
                   a->who->local[0] ? a->who->local : a->who->person);
}

/* Member as a number from 0 on: 0, -EINVAL. */
static int whole(const struct ask *a,
                 const char *member,
                 uint64_t missing,
                 uint64_t *ret_n,
                 struct err *err)
{
    const json_t *v = json_object_get(a->question, member);

    if (v && (!json_is_integer(v) || json_integer_value(v) < 0))
        return err_set(err, -EINVAL, "%s must be a whole number from 0 on", member);
    *ret_n = v ? (uint64_t)json_integer_value(v) : missing;
    return 0;
}

/* --- checkpoints -------------------------------------------------------------------
 */

static int add_witness(const char *witness,
                       struct wall at,
                       const char *signature,
                       void *arg)
{
    return json_array_append_new(arg,
                                 json_pack("{s:s,s:I,s:s}", "witness", witness, "at",
                                           (json_int_t)at.us, "signature", signature))
               ? -ENOMEM
               : 0;
}

struct listing {
    struct ask *a;
    json_t *list;
};

static int add_checkpoint(const struct signed_checkpoint *c, void *arg)
{
    struct listing *l = arg;
    json_t *witnesses = json_array();
    char note[NOTE_CAP] = "";
    int r = store_each_witness(l->a->c->store, c->origin, c->size, add_witness,
                               witnesses, NULL);

    if (r < 0) {
        json_decref(witnesses);
        return r;
    }
    if (seals_note(l->a->c->seals, c, note) < 0)
        note[0] = '\0'; /* the key of whoever signed is not known here */
    return json_array_append_new(
               l->list, json_pack("{s:s,s:I,s:I,s:s,s:s,s:s,s:o}", "origin", c->origin,
                                  "size", (json_int_t)c->size, "at",
                                  (json_int_t)c->at.us, "text", c->text, "signature",
                                  c->signature, "note", note, "witnesses", witnesses))
               ? -ENOMEM
               : 0;
}

static json_t *complaints(struct ask *a)
{
    const struct site *s = center_site(a->c);
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_peers; i++) {
        const char *text = seals_text(a->c->seals, s->peers[i].number);

        if (text[0])
            (void)json_array_append_new(
                list, /* a lack shows as a missing row */
                json_pack("{s:s,s:s}", "center", s->peers[i].name, "text", text));
    }
    return list;
}

int op_checkpoints(struct ask *a, struct err *err)
{
    const char *origin = json_string_value(json_object_get(a->question, "origin"));
    struct listing l = {.a = a, .list = json_array()};
    uint64_t from = 0;
    int r = whole(a, "from", 0, &from, err);

    if (r == 0)
        r = store_each_checkpoint(a->c->store, origin ? origin : "", from,
                                  CHECKPOINTS_MAX, add_checkpoint, &l, err);
    if (r < 0) {
        json_decref(l.list);
        return r;
    }
    users_reply(a->c->users, a->ticket,
                json_pack("{s:s,s:s,s:o,s:o}", "center", center_site(a->c)->name, "key",
                          seals_key(a->c->seals), "checkpoints", l.list, "complaints",
                          complaints(a)));
    return 0;
}

/* Sign now. */
int op_checkpoint(struct ask *a, struct err *err)
{
    struct merkle tree;
    int r = only_admin(a, err);

    if (r == 0)
        r = store_journal_tree(a->c->store, &tree, err);
    if (r == 0)
        r = seals_sign(a->c->seals, err);
    if (r < 0)
        return r;
    users_reply(a->c->users, a->ticket, json_pack("{s:I}", "size", (json_int_t)tree.n));
    return 0;
}

/* --- lines and proofs ----------------------------------------------------------------
 */

int op_proof(struct ask *a, struct err *err)
{
    struct proof_step proof[PROOF_MAX];
    char text[HASH_TEXT_CAP];
    struct merkle tree = {0};
    struct hash root;
    uint64_t size = 0, seq = 0;
    json_t *steps;
    size_t n = 0;
    int r = only_admin(a, err);

    if (r == 0)
        r = whole(a, "seq", 0, &seq, err);
    if (r == 0)
        r = store_journal_tree(a->c->store, &tree, err);
    if (r == 0)
        r = whole(a, "size", tree.n, &size, err);
    if (r == 0)
        r = store_prove(a->c->store, size, seq, proof, &n, &root, err);
    if (r == -ERANGE)
        r = -EINVAL;
    if (r < 0)
        return r;
    steps = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(/* a lack makes the proof fail */
                                    steps,
                                    json_pack("{s:b,s:s}", "right", proof[i].right,
                                              "hash", hash_text(&proof[i].hash, text)));
    users_reply(a->c->users, a->ticket,
                json_pack("{s:I,s:I,s:s,s:o}", "seq", (json_int_t)seq, "size",
                          (json_int_t)size, "root", hash_text(&root, text), "steps",
                          steps));
    return 0;
}

struct lines {
    json_t *list;
    size_t bytes;
    uint64_t next;
};

static int add_line(uint64_t seq, const char *line, size_t n, void *arg)
{
    struct lines *l = arg;

    if (json_array_size(l->list) == LINES_MAX || l->bytes + n > LINES_BYTES)
        return 1;
    if (json_array_append_new(l->list, json_stringn(line, n)))
        return -ENOMEM;
    l->bytes += n;
    l->next = seq + 1;
    return 0;
}

int op_journal(struct ask *a, struct err *err)
{
    struct lines l = {.list = NULL};
    struct merkle tree = {0};
    uint64_t from = 0, until = 0;
    int r = only_admin(a, err);

    if (r == 0)
        r = whole(a, "from", 0, &from, err);
    if (r == 0)
        r = store_journal_tree(a->c->store, &tree, err);
    if (r == 0)
        r = whole(a, "until", tree.n, &until, err);
    if (r < 0)
        return r;
    l.list = json_array();
    l.next = MIN(from, tree.n);
    r = store_each_line(a->c->store, from, MIN(until, tree.n), add_line, &l, err);
    if (r < 0) {
        json_decref(l.list);
        return r;
    }
    users_reply(a->c->users, a->ticket,
                json_pack("{s:o,s:I,s:I}", "lines", l.list, "next", (json_int_t)l.next,
                          "size", (json_int_t)tree.n));
    return 0;
}
