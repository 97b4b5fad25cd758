/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * record_line - a run record as one line of text, in exactly one way
 *
 * One table serves both directions. A year has ten million of these lines: parsing goes
 * through the bytes once and copies only what it keeps.
 */
#include "config.h"

#include "report/record_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/text.h"

#include "base/banned.h"

#define FORM 1 /* member "v" */

enum kind { U32, U64, TIME, MILLI, TEXT, END, FORM_NUMBER };

struct member {
    const char *name;
    size_t len;
    enum kind kind;
    size_t at;
    size_t cap;
};

#define MEMBER(kind, field)                                                            \
    {                                                                                  \
#field, sizeof(#field) - 1, kind, offsetof(struct run_record, field),          \
            sizeof(((struct run_record *)0)->field)                                    \
    }

static const struct member members[] = {
    MEMBER(U32, attempt),       MEMBER(TEXT, center),      MEMBER(TEXT, cluster),
    MEMBER(U64, core_s),        MEMBER(U32, cores),        MEMBER(U64, cpu_us),
    MEMBER(U64, elapsed_s),     MEMBER(TIME, eligible),    MEMBER(TIME, end),
    MEMBER(U64, energy_j),      MEMBER(TEXT, entry),       MEMBER(U32, exit_code),
    MEMBER(U32, exit_signal),   MEMBER(U64, gpu_s),        MEMBER(TEXT, gpu_type),
    MEMBER(U32, gpus),          MEMBER(TEXT, institution), MEMBER(U64, job),
    MEMBER(U64, max_rss_bytes), MEMBER(U64, mem_mib),      MEMBER(U64, mem_mib_s),
    MEMBER(MILLI, milli),       MEMBER(TEXT, name),        MEMBER(TEXT, node_list),
    MEMBER(U32, nodes),         MEMBER(TEXT, partition),   MEMBER(TEXT, person),
    MEMBER(TEXT, project),      MEMBER(TEXT, qos),         MEMBER(U32, req_cores),
    MEMBER(U32, req_gpus),      MEMBER(U64, req_mem_mib),  MEMBER(U32, req_nodes),
    MEMBER(TIME, start),        MEMBER(END, state),        MEMBER(TIME, submit),
    MEMBER(U32, time_limit_s),  MEMBER(U32, uid),          {"v", 1, FORM_NUMBER, 0, 0},
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

/* --- writing --------------------------------------------------------------------- */

struct out {
    char *text;
    size_t cap;
    size_t n;
    bool full;
};

static void put(struct out *o, const char *bytes, size_t n)
{
    if (o->full || o->cap - o->n <= n) {
        o->full = true;
        return;
    }
    memcpy(o->text + o->n, bytes, n);
    o->n += n;
}

static void put_number(struct out *o, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + v % 10);
    while (v /= 10);
    put(o, digits + at, sizeof(digits) - at);
}

static void put_text(struct out *o, const char *s)
{
    put(o, "\"", 1);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            put(o, "\\", 1);
        put(o, s, 1);
    }
    put(o, "\"", 1);
}

static uint64_t number_of(const struct member *m, const struct run_record *r)
{
    const char *at = (const char *)r + m->at;
    uint32_t u32;
    uint64_t u64;

    if (m->kind == U32) {
        memcpy(&u32, at, sizeof(u32));
        return u32;
    }
    memcpy(&u64, at, sizeof(u64));
    return u64;
}

static int put_member(struct out *o, const struct member *m, const struct run_record *r)
{
    const char *text = (const char *)r + m->at;
    uint64_t number = 0;

    switch (m->kind) {
    case TEXT:
        if (!*text)
            return 0;
        if (!text_is_clean(text, strlen(text)))
            return -EINVAL;
        break;
    case U32:
    case U64:
    case TIME:
    case MILLI:
        number = number_of(m, r);
        if (number == 0)
            return 0;
        if (number > INT64_MAX)
            return -EINVAL;
        break;
    case END:
        text = run_end_word(r->state);
        break;
    case FORM_NUMBER:
        number = FORM;
        break;
    }
    put(o, o->n > 1 ? ",\"" : "\"", o->n > 1 ? 2 : 1);
    put(o, m->name, m->len);
    put(o, "\":", 2);
    if (m->kind == TEXT || m->kind == END)
        put_text(o, text);
    else
        put_number(o, number);
    return 0;
}

int record_line_write(const struct run_record *r, char *line, size_t cap, size_t *ret_n)
{
    struct out o = {.text = line, .cap = cap};
    int ret = 0;

    put(&o, "{", 1);
    for (size_t i = 0; ret == 0 && i < N_MEMBERS; i++)
        ret = put_member(&o, &members[i], r);
    put(&o, "}", 1);
    if (ret < 0)
        return ret;
    if (o.full)
        return -EMSGSIZE;
    line[o.n] = '\0';
    *ret_n = o.n;
    return 0;
}

/* --- parsing ---------------------------------------------------------------------- */

struct in {
    const char *at;
    const char *end;
    const char *line;
    struct err *err;
};

static int broken(const struct in *in, const char *right)
{
    return err_set(in->err, -EBADMSG, "byte %zu: %s", (size_t)(in->at - in->line) + 1,
                   right);
}

static bool take(struct in *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

/* Why there is no member after number `from` here. */
static int no_name(const struct in *in, size_t from)
{
    const char *quote = memchr(in->at, '"', (size_t)(in->end - in->at));
    size_t n;

    if (!quote)
        return broken(in, "a name has no end");
    n = (size_t)(quote - in->at);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (members[i].len != n || memcmp(members[i].name, in->at, n) != 0)
            continue;
        if (i >= from)
            return broken(in, "':' is expected after the name");
        return err_set(in->err, -EBADMSG,
                       "byte %zu: \"%s\" is there twice or out of order: members "
                       "stand in alphabetical order",
                       (size_t)(in->at - in->line) + 1, members[i].name);
    }
    return err_set(in->err, -EBADMSG, "byte %zu: \"%.*s\" is not a member of a record",
                   (size_t)(in->at - in->line) + 1, (int)(n > 40 ? 40 : n), in->at);
}

/* "name": of a member after number `from`; which one, or -EBADMSG. */
static int take_name(struct in *in, size_t from, size_t *ret_i)
{
    size_t left;

    if (!take(in, '"'))
        return broken(in, "a member's name in quotes is expected");
    left = (size_t)(in->end - in->at);
    for (size_t i = from; i < N_MEMBERS; i++) {
        size_t n = members[i].len;

        if (left > n + 1 && in->at[n] == '"' && in->at[n + 1] == ':'
            && !memcmp(members[i].name, in->at, n)) {
            in->at += n + 2;
            *ret_i = i;
            return 0;
        }
    }
    return no_name(in, from);
}

static int take_number(struct in *in,
                       const struct member *m,
                       uint64_t max,
                       uint64_t *ret_v)
{
    const char *from = in->at;
    const char *safe = in->end - from > 18 ? from + 18 : in->end; /* cannot overflow */
    uint64_t v = 0;

    for (; in->at < safe && *in->at >= '0' && *in->at <= '9'; in->at++)
        v = v * 10 + (unsigned)(*in->at - '0');
    if (v > max)
        return err_set(in->err, -EBADMSG, "%s is above %" PRIu64, m->name, max);
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        unsigned digit = (unsigned)(*in->at - '0');

        if (v > (max - digit) / 10)
            return err_set(in->err, -EBADMSG, "%s is above %" PRIu64, m->name, max);
        v = v * 10 + digit;
    }
    /* Zero is left out, so no number starts with one. */
    if (in->at == from || *from == '0') {
        in->at = from;
        return err_set(in->err, -EBADMSG,
                       "%s: a whole number from 1 to %" PRIu64
                       " without leading zeros is expected",
                       m->name, max);
    }
    *ret_v = v;
    return 0;
}

static int take_text(struct in *in, const struct member *m, char *dst, size_t cap)
{
    size_t n = 0;

    if (!take(in, '"'))
        return err_set(in->err, -EBADMSG, "%s: a text in quotes is expected", m->name);
    for (; in->at < in->end && *in->at != '"'; in->at++) {
        if (*in->at == '\\') {
            in->at++;
            if (in->at == in->end || (*in->at != '"' && *in->at != '\\'))
                return err_set(in->err, -EBADMSG, "%s: only \\\" and \\\\ are escapes",
                               m->name);
        }
        if (n + 1 >= cap)
            return err_set(in->err, -EBADMSG, "%s has more than %zu bytes", m->name,
                           cap - 1);
        dst[n++] = *in->at;
    }
    if (!take(in, '"'))
        return err_set(in->err, -EBADMSG, "%s has no closing quote", m->name);
    dst[n] = '\0';
    if (n == 0)
        return err_set(in->err, -EBADMSG, "%s is empty: it is left out then", m->name);
    if (!text_is_clean(dst, n))
        return err_set(in->err, -EBADMSG,
                       "%s is not clean UTF-8 (control bytes are not allowed either)",
                       m->name);
    return 0;
}

static int take_end(struct in *in, const struct member *m, struct run_record *r)
{
    char word[24];
    int ret = take_text(in, m, word, sizeof(word));

    if (ret < 0)
        return ret;
    if (!run_end_parse(word, &r->state))
        return err_set(in->err, -EBADMSG, "state \"%s\" is not how a run ends", word);
    return 0;
}

static int take_value(struct in *in, const struct member *m, struct run_record *r)
{
    char *at = (char *)r + m->at;
    uint64_t v = 0;
    uint32_t u32;
    int ret = 0;

    switch (m->kind) {
    case TEXT:
        return take_text(in, m, at, m->cap);
    case END:
        return take_end(in, m, r);
    case U32:
        ret = take_number(in, m, UINT32_MAX, &v);
        u32 = (uint32_t)v;
        memcpy(at, &u32, sizeof(u32));
        return ret;
    case TIME:
        ret = take_number(in, m, RUN_TIME_MAX, &v);
        break;
    case U64:
    case MILLI:
        ret = take_number(in, m, INT64_MAX, &v);
        break;
    case FORM_NUMBER:
        ret = take_number(in, m, INT64_MAX, &v);
        if (ret == 0 && v != FORM)
            ret = err_set(in->err, -EBADMSG,
                          "v is %" PRIu64 ": this program knows records of form %d", v,
                          FORM);
        return ret;
    }
    memcpy(at, &v, sizeof(v));
    return ret;
}

int record_line_parse(const char *line,
                      size_t n,
                      struct run_record *ret_r,
                      struct err *err)
{
    struct in in = {.at = line, .end = line + n, .line = line, .err = err};
    struct run_record r = {.state = _RUN_END_MAX};
    size_t next = 0;
    int ret;

    if (n >= RECORD_LINE_CAP)
        return err_set(err, -EBADMSG, "%zu bytes: a record has at most %d", n,
                       RECORD_LINE_CAP - 1);
    if (!take(&in, '{'))
        return broken(&in, "a record starts with '{'");
    do {
        size_t i = 0;

        ret = take_name(&in, next, &i);
        if (ret == 0)
            ret = take_value(&in, &members[i], &r);
        if (ret < 0)
            return ret;
        next = i + 1;
    } while (take(&in, ','));
    if (!take(&in, '}') || in.at != in.end)
        return broken(&in, "',' or the closing '}' at the end of the line is expected");
    if (next != N_MEMBERS)
        return err_set(err, -EBADMSG, "\"v\" is missing");
    if (r.state == _RUN_END_MAX)
        return err_set(err, -EBADMSG, "state is missing");
    ret = run_record_check(&r, err);
    if (ret < 0)
        return -EBADMSG;
    *ret_r = r;
    return 0;
}
