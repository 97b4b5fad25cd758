/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* site - looking things up in what the administrator has written */
#include "config.h"

#include "model/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct site *site_new(void)
{
    struct site *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->candidates = 2;
    s->max_pending = 1000000;
    return s;
}

void *site_free(struct site *s)
{
    if (!s)
        return NULL;
    for (size_t i = 0; i < s->n_partitions; i++)
        free(s->partitions[i].nodes);
    for (size_t i = 0; i < s->n_persons; i++)
        free(s->persons[i].projects);
    for (size_t i = 0; i < s->n_peers; i++) {
        free(s->peers[i].ca_file);
        free(s->peers[i].ledger_key);
    }
    free(s->topology);
    free(s->distance);
    free(s->capacity);
    free(s->partitions);
    free(s->institutions);
    free(s->projects);
    free(s->persons);
    free(s->mappings);
    free(s->peers);
    free(s);
    return NULL;
}

/* The first element of s->array whose member `field` is `name`. */
#define FIND(array, n, field, name)                                                    \
    do {                                                                               \
        for (size_t i_ = 0; i_ < (n); i_++)                                            \
            if (!strcmp((array)[i_].field, (name)))                                    \
                return &(array)[i_];                                                   \
        return NULL;                                                                   \
    } while (0)

const struct partition *site_partition(const struct site *s, const char *name)
{
    if (name[0])
        FIND(s->partitions, s->n_partitions, name, name);
    for (size_t i = 0; i < s->n_partitions; i++)
        if (s->partitions[i].is_default)
            return &s->partitions[i];
    return NULL;
}

const struct institution *site_institution(const struct site *s, const char *name)
{
    FIND(s->institutions, s->n_institutions, name, name);
}

const struct project *site_project(const struct site *s, const char *name)
{
    FIND(s->projects, s->n_projects, name, name);
}

const struct person *site_person(const struct site *s, const char *local)
{
    FIND(s->persons, s->n_persons, local, local);
}

const struct peer *site_peer(const struct site *s, uint32_t number)
{
    for (size_t i = 0; i < s->n_peers; i++)
        if (s->peers[i].number == number)
            return &s->peers[i];
    return NULL;
}

const struct peer *site_peer_named(const struct site *s, const char *name)
{
    FIND(s->peers, s->n_peers, name, name);
}

/* Exact beats "*@institution" beats "*"; the order in the file does not matter. */
const char *site_account_for(const struct site *s, const char *person)
{
    const char *at = strchr(person, '@');
    const char *by_institution = NULL;
    const char *any = NULL;

    for (size_t i = 0; i < s->n_mappings; i++) {
        const struct mapping *m = &s->mappings[i];

        if (!strcmp(m->person, person))
            return m->account;
        if (!strcmp(m->person, "*"))
            any = m->account;
        else if (at && m->person[0] == '*' && !strcmp(m->person + 1, at))
            by_institution = m->account;
    }
    return by_institution ? by_institution : any;
}

const char *site_center_name(const struct site *s, uint32_t number)
{
    const struct peer *p;

    if (number == s->number)
        return s->name;
    p = site_peer(s, number);
    return p ? p->name : "?";
}
