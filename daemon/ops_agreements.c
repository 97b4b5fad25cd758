/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* ops_agreements - what this center has agreed with each of its peers */
#include "config.h"

#include "base/measure.h"
#include "daemon/peers.h"
#include "daemon/users.h"

#include "base/banned.h"

static json_t *names(const char list[][NAME_CAP], uint32_t n)
{
    json_t *v = json_array();

    for (uint32_t i = 0; i < n; i++)
        (void)json_array_append_new(v, json_string(list[i]));
    return v;
}

static json_t *side(const struct agreement_side *s)
{
    return json_pack(
        "{s:s,s:o,s:o,s:I,s:I,s:I,s:I}", "center", s->center, "partitions",
        names(s->partitions, s->n_partitions), "institutions",
        names(s->institutions, s->n_institutions), "max_cores",
        (json_int_t)s->max_cores, "max_nodes", (json_int_t)s->max_nodes, "max_time_s",
        s->max_time_s == DURATION_UNLIMITED ? (json_int_t)0 : (json_int_t)s->max_time_s,
        "max_debt", (json_int_t)s->max_debt_milli);
}

/* A connection opens only where both sides show the same bytes. */
static const char *state(const struct center *c, const struct peer *p, struct wall now)
{
    const struct agreement *a = &p->agreement;

    if (now.us < a->from.us)
        return "planned";
    if (a->until.us && now.us >= a->until.us)
        return "ended";
    return fed_peer_connected(c->fed, p->number) ? "active" : "unconfirmed";
}

int op_agreements(struct ask *a, struct err *err)
{
    const struct site *s = center_site(a->c);
    struct wall now = now_read().wall;
    json_t *list = json_array();

    (void)err;
    for (size_t i = 0; i < s->n_peers; i++) {
        const struct peer *p = &s->peers[i];
        const struct agreement *g = &p->agreement;

        if (!p->has_agreement)
            continue;
        (void)json_array_append_new(
            list, /* a lack shows as a missing row */
            json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:o,s:o}", "peer", p->name, "state",
                      state(a->c, p, now), "text", peers_text(a->c->peers, p->number),
                      "digest", g->digest, "from", (json_int_t)g->from.us, "until",
                      (json_int_t)g->until.us, "gives", side(&g->side[p->mine]), "gets",
                      side(&g->side[!p->mine])));
    }
    users_reply(a->c->users, a->ticket,
                json_pack("{s:s,s:o}", "center", s->name, "agreements", list));
    return 0;
}
