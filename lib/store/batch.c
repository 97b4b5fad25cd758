/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * batch - the put calls: a copy of the caller's noun at the end of the open batch
 *
 * No SQLite, no encoding, no lock except once per chunk: this runs in the loop.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/words.h"
#include "store/store_int.h"

#include "base/banned.h"

struct op *op_next(struct op_walk *w)
{
    struct op *o;

    while (w->chunk && w->at == w->chunk->used) {
        w->chunk = w->chunk->next;
        w->at = 0;
    }
    if (!w->chunk)
        return NULL;
    o = (struct op *)(void *)(w->chunk->bytes + w->at);
    w->at += o->bytes;
    return o;
}

void *batch_free(struct batch *b, struct chunk **spare)
{
    struct chunk *c, *next;

    if (!b)
        return NULL;
    for (c = b->first; c; c = next) {
        next = c->next;
        if (spare && c->cap == CHUNK_BYTES) {
            c->next = *spare;
            *spare = c;
        } else {
            free(c);
        }
    }
    free(b);
    return NULL;
}

static struct chunk *add_chunk(struct store *s, struct batch *b, size_t need)
{
    size_t cap = MAX(need, CHUNK_BYTES);
    struct chunk *c = cap == CHUNK_BYTES ? writer_spare(s->writer) : NULL;

    if (!c)
        c = malloc(sizeof(*c) + cap);
    if (!c)
        return NULL;
    *c = (struct chunk){.cap = cap};
    if (b->last)
        b->last->next = c;
    else
        b->first = c;
    b->last = c;
    return c;
}

/* Append an operation; `body` and `text` are copied. */
static int put(struct store *s, struct op head, const void *body, const char *text)
{
    size_t need = op_head_bytes() + head.body + head.text;
    struct chunk *c;
    unsigned char *at;

    need = (need + 15) & ~(size_t)15;
    if (s->put_bytes - writer_done_bytes(s->writer) + need > STORE_BATCH_BYTES)
        return -EAGAIN;
    if (!s->open)
        s->open = calloc(1, sizeof(*s->open));
    if (!s->open)
        return -ENOMEM;
    c = s->open->last;
    if (!c || c->cap - c->used < need)
        c = add_chunk(s, s->open, need);
    if (!c)
        return -ENOMEM;
    at = c->bytes + c->used;
    head.bytes = need;
    memcpy(at, &head, sizeof(head));
    if (head.body)
        memcpy(at + op_head_bytes(), body, head.body);
    if (head.text)
        memcpy(at + op_head_bytes() + head.body, text, head.text);
    c->used += need;
    s->open->bytes += need;
    s->open->n_ops++;
    s->put_bytes += need;
    return 0;
}

static uint32_t what_bytes(const char *what)
{
    return (uint32_t)strnlen(what, WHAT_CAP);
}

int store_put_holding(struct store *s,
                      const struct holding *h,
                      const char *what,
                      struct wall at)
{
    if (h->id == 0 || h->id > INT64_MAX)
        return -EINVAL;
    return put(s,
               (struct op){.kind = OP_HOLDING,
                           .id = h->id,
                           .at = at,
                           .body = sizeof(*h),
                           .text = what_bytes(what)},
               h, what);
}

int store_put_copy(struct store *s,
                   const struct copy *c,
                   const char *what,
                   struct wall at)
{
    if (c->id == 0 || c->id > INT64_MAX)
        return -EINVAL;
    return put(s,
               (struct op){.kind = OP_COPY,
                           .id = c->id,
                           .at = at,
                           .body = sizeof(*c),
                           .text = what_bytes(what)},
               c, what);
}

int store_drop_copy(struct store *s, uint64_t id, const char *what, struct wall at)
{
    if (id == 0 || id > INT64_MAX)
        return -EINVAL;
    return put(
        s,
        (struct op){.kind = OP_DROP_COPY, .id = id, .at = at, .text = what_bytes(what)},
        NULL, what);
}

int store_put_spec(struct store *s, uint64_t id, const char *text, size_t len)
{
    if (id == 0 || id > INT64_MAX)
        return -EINVAL;
    if (len > STORE_BATCH_BYTES)
        return -EMSGSIZE;
    return put(s, (struct op){.kind = OP_SPEC, .id = id, .body = len}, text, NULL);
}

int store_put_views(struct store *s,
                    uint64_t id,
                    uint32_t epoch,
                    struct wall at,
                    const struct route_view *views,
                    size_t n)
{
    if (id == 0 || id > INT64_MAX || n > CENTERS_MAX)
        return -EINVAL;
    return put(s,
               (struct op){.kind = OP_VIEWS,
                           .id = id,
                           .epoch = epoch,
                           .at = at,
                           .n = (uint32_t)n,
                           .body = n * sizeof(*views)},
               views, NULL);
}

int store_put_postings(struct store *s, const struct posting *p, size_t n)
{
    if (n > STORE_BATCH_BYTES / sizeof(*p))
        return -EMSGSIZE;
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (p[i].job > INT64_MAX)
            return -EINVAL;
    return put(
        s, (struct op){.kind = OP_POSTINGS, .n = (uint32_t)n, .body = n * sizeof(*p)},
        p, NULL);
}

int store_put_act(struct store *s,
                  const struct act *a,
                  struct wall at,
                  const struct posting *steps,
                  size_t n)
{
    char text[ACT_TEXT_CAP];
    int r = act_write(a, text, sizeof(text));

    if (r < 0 || n > TXN_POSTINGS_MAX)
        return -EMSGSIZE;
    return put(s,
               (struct op){.kind = OP_ACT,
                           .at = at,
                           .n = (uint32_t)n,
                           .body = n * sizeof(*steps),
                           .text = (uint32_t)strlen(text)},
               steps, text);
}

int store_put_checkpoint(struct store *s, const struct signed_checkpoint *c)
{
    if (c->size > INT64_MAX || !c->origin[0])
        return -EINVAL;
    return put(s, (struct op){.kind = OP_CHECKPOINT, .body = sizeof(*c)}, c, NULL);
}

int store_put_witness(struct store *s,
                      const struct signed_checkpoint *c,
                      const char *witness)
{
    size_t len = strnlen(witness, ORIGIN_CAP);

    if (c->size > INT64_MAX || !c->origin[0] || len == 0 || len == ORIGIN_CAP)
        return -EINVAL;
    return put(
        s, (struct op){.kind = OP_WITNESS, .body = sizeof(*c), .text = (uint32_t)len},
        c, witness);
}

int store_put_run(struct store *s, const struct stored_run *r)
{
    const struct usage *u = &r->usage;

    if (r->job == 0 || r->job > INT64_MAX)
        return -EINVAL;
    /* SQLite's integers have a sign. */
    if (u->elapsed_s > INT64_MAX || u->core_s > INT64_MAX || u->mem_mib_s > INT64_MAX
        || u->gpu_s > INT64_MAX || u->cpu_us > INT64_MAX || u->max_rss_bytes > INT64_MAX
        || r->req_mem_mib > INT64_MAX)
        return -EOVERFLOW;
    return put(s, (struct op){.kind = OP_RUN, .body = sizeof(*r)}, r, NULL);
}

int store_put_fact(struct store *s, const char *name, uint64_t value)
{
    size_t len = strnlen(name, WHAT_CAP);

    if (len == 0 || len == WHAT_CAP)
        return -EINVAL;
    return put(s, (struct op){.kind = OP_FACT, .id = value, .text = (uint32_t)len},
               NULL, name);
}

static bool is_key(const char *key)
{
    return strnlen(key, DIGEST_CAP) == DIGEST_CAP - 1;
}

int store_put_profile(struct store *s,
                      const struct profile *p,
                      const char *matrix,
                      size_t len,
                      struct wall at)
{
    if (!is_key(p->key) || p->job > INT64_MAX)
        return -EINVAL;
    if (len > PROFILE_MAX)
        return -EMSGSIZE;
    return put(
        s,
        (struct op){
            .kind = OP_PROFILE, .at = at, .body = sizeof(*p), .text = (uint32_t)len},
        p, matrix);
}

int store_use_profile(struct store *s, const char *key, struct wall at)
{
    if (!is_key(key))
        return -EINVAL;
    return put(s,
               (struct op){.kind = OP_PROFILE_USED, .at = at, .text = DIGEST_CAP - 1},
               NULL, key);
}

int store_drop_profile(struct store *s, const char *key)
{
    if (!is_key(key))
        return -EINVAL;
    return put(s, (struct op){.kind = OP_DROP_PROFILE, .text = DIGEST_CAP - 1}, NULL,
               key);
}

int store_erase(struct store *s, const char *person, const char *pseudonym)
{
    struct erasure e = {0};

    if (!person[0] || !word_copy(e.person, sizeof(e.person), person)
        || !word_copy(e.pseudonym, sizeof(e.pseudonym), pseudonym))
        return -EINVAL;
    return put(s, (struct op){.kind = OP_ERASE, .body = sizeof(e)}, &e, NULL);
}

int store_trim(struct store *s, struct wall before)
{
    return put(s, (struct op){.kind = OP_TRIM, .at = before}, NULL, NULL);
}

int store_commit(struct store *s, uint64_t *ret_batch)
{
    if (s->open) {
        s->open->number = ++s->last;
        writer_give(s->writer, TAKE_PTR(s->open));
    }
    if (ret_batch)
        *ret_batch = s->last;
    return 0;
}
