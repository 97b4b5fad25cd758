/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* peer_ask - questions about a job are answered by its entry, wherever they are asked
 */
#include "config.h"

#include "daemon/peer_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "daemon/peers.h"
#include "daemon/users.h"

#include "base/banned.h"

static bool speaks_for(const struct peer *p, const char *institution)
{
    const struct agreement_side *side = &p->agreement.side[!p->mine];

    for (uint32_t i = 0; p->has_agreement && i < side->n_institutions; i++)
        if (!strcmp(side->institutions[i], institution)
            || !strcmp(side->institutions[i], "*"))
            return true;
    return false;
}

int peers_pass_on(struct ask *a, uint32_t center, struct err *err)
{
    const struct peer *p = site_peer(center_site(a->c), center);
    json_t *frame;
    int r;

    if (!p)
        return err_set(err, -ENOENT,
                       "center %u, where that job was submitted, is not known here",
                       center);
    if (!a->who->person[0])
        return err_set(err, -EACCES,
                       "user %s is not known to the federation, and %s is asked in a "
                       "person's name",
                       a->who->local, p->name);
    frame = json_pack("{s:s,s:I,s:s,s:O}", "t", "ask", "n", (json_int_t)a->ticket,
                      "person", a->who->person, "question", a->question);
    if (!frame)
        return err_set(err, -ENOMEM, "out of memory");
    r = peers_send(a->c->peers, center, frame);
    json_decref(frame);
    if (r < 0)
        return err_set(err, -EHOSTUNREACH,
                       "%s, where that job was submitted, cannot be asked now: %s",
                       p->name, peers_text(a->c->peers, center));
    users_away(a->c->users, a->ticket, center);
    return 1;
}

/* A peer's question on its way: the answer goes back under its number. */
struct answering {
    struct center *c;
    uint32_t to;
    json_int_t n;
};

static void on_reply(void *arg, json_t *answer)
{
    struct answering *w = arg;
    json_t *frame =
        json_pack("{s:s,s:I,s:o}", "t", "answer", "n", w->n, "answer", answer);

    if (frame)
        (void)peers_send(w->c->peers, w->to,
                         frame); /* a peer that is gone has told its user so */
    json_decref(frame);
    free(w);
}

static void on_gone(void *arg)
{
    free(arg);
}

void peer_ask_question(struct center *c, uint32_t from, const json_t *frame)
{
    const struct peer *p = site_peer(center_site(c), from);
    const char *person = json_string_value(json_object_get(frame, "person"));
    const json_t *question = json_object_get(frame, "question");
    const char *at = person ? strchr(person, '@') : NULL;
    struct answering *w = calloc(1, sizeof(*w));
    struct asker who = {.uid = (uid_t)-1, .via = from};

    if (!w)
        return;
    *w = (struct answering){
        .c = c, .to = from, .n = json_integer_value(json_object_get(frame, "n"))};
    if (!p || !at || !json_is_object(question) || !speaks_for(p, at + 1)
        || !word_copy(who.person, sizeof(who.person), person)) {
        on_reply(w,
                 json_pack("{s:b,s:s,s:s,s:b}", "ok", 0, "code", "denied", "text",
                           "the agreement does not let your center ask for this person",
                           "temporary", 0));
        return;
    }
    users_peer_ask(c->users, &who, question, on_reply, on_gone, w);
}

void peer_ask_answer(struct center *c, uint32_t from, const json_t *frame)
{
    json_int_t n = json_integer_value(json_object_get(frame, "n"));
    const json_t *answer = json_object_get(frame, "answer");

    if (n > 0 && json_is_object(answer))
        users_from_away(c->users, (uint64_t)n, from, json_deep_copy(answer));
}

void peer_ask_down(struct center *c, uint32_t center)
{
    users_away_lost(c->users, center);
}
