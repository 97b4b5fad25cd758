/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* text - texts of nouns that are not UTF-8 are made so */
#include "config.h"

#include "store/text_int.h"

#include <stddef.h>

#include "base/banned.h"

/* Length of the sequence at p, 0 if it is not one (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF). */
static size_t sequence(const unsigned char *p)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) /* the NUL is none either */
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)
        || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

void text_clean(char *text)
{
    unsigned char *p = (unsigned char *)text;

    while (*p) {
        size_t n = sequence(p);

        if (n == 0)
            *p = '?';
        p += n ? n : 1;
    }
}

static void clean_request(struct request *r)
{
    text_clean(r->partition);
    text_clean(r->comm);
}

static void clean_rank_map(struct rank_map *m)
{
    text_clean(m->method);
    text_clean(m->why);
}

void text_clean_holding(struct holding *h)
{
    text_clean(h->user);
    text_clean(h->person);
    text_clean(h->institution);
    text_clean(h->project);
    text_clean(h->name);
    text_clean(h->cancelled_by);
    text_clean(h->nodes);
    text_clean(h->note);
    clean_rank_map(&h->rank_map);
    clean_request(&h->request);
}

void text_clean_copy(struct copy *c)
{
    text_clean(c->institution);
    text_clean(c->project);
    text_clean(c->person);
    text_clean(c->account);
    text_clean(c->name);
    text_clean(c->nodes);
    text_clean(c->note);
    clean_rank_map(&c->rank_map);
    clean_request(&c->request);
}
