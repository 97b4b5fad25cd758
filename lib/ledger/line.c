/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * line - a journal line back into the steps of its transaction
 *
 * The form is canonical, so reading is spelling: every byte has its place, and a line
 * that says the same in another way is refused.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"
#include "ledger/chain.h"

#include "base/banned.h"

struct at {
    const char *p;
    const char *end;
    const char *start;
    const char *wrong; /* what was expected where it failed; NULL = all well */
};

static bool fail(struct at *a, const char *expected)
{
    if (!a->wrong)
        a->wrong = expected;
    return false;
}

static bool spell(struct at *a, const char *text)
{
    size_t n = strlen(text);

    if (a->wrong || (size_t)(a->end - a->p) < n || memcmp(a->p, text, n) != 0)
        return fail(a, text);
    a->p += n;
    return true;
}

static bool peek(const struct at *a, const char *text)
{
    size_t n = strlen(text);

    return !a->wrong && (size_t)(a->end - a->p) >= n && memcmp(a->p, text, n) == 0;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool escaped(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

/* After the opening quote; takes the closing one. */
static bool string(struct at *a, char *dst, size_t cap)
{
    size_t n = 0;

    while (!a->wrong && a->p < a->end && *a->p != '"') {
        char c = *a->p++;

        if (c == '\\') {
            if (a->end - a->p < 5 || memcmp(a->p, "u00", 3) != 0 || hex(a->p[3]) < 0
                || hex(a->p[4]) < 0)
                return fail(a, "\\u00XX");
            c = (char)(hex(a->p[3]) << 4 | hex(a->p[4]));
            if (!escaped(c) || c == '\0')
                return fail(a, "the letter itself");
            a->p += 5;
        } else if (escaped(c)) {
            return fail(a, "\\u00XX");
        }
        if (n + 1 >= cap)
            return fail(a, "a shorter text");
        dst[n++] = c;
    }
    dst[n] = '\0';
    return spell(a, "\"");
}

/* An integer as it is written in one way only. */
static bool number(struct at *a, int64_t min, int64_t *ret_n)
{
    char text[24];
    size_t n = 0;
    char again[24];

    while (!a->wrong && a->p + n < a->end && n + 1 < sizeof(text)
           && ((a->p[n] >= '0' && a->p[n] <= '9') || (n == 0 && a->p[n] == '-'))) {
        text[n] = a->p[n];
        n++;
    }
    text[n] = '\0';
    if (a->wrong || measure_i64(text, min, INT64_MAX, ret_n, NULL) < 0)
        return fail(a, "an integer");
    (void)snprintf(again, sizeof(again), "%" PRId64, *ret_n);
    if (strcmp(again, text) != 0)
        return fail(a, "an integer without leading zeros");
    a->p += n;
    return true;
}

static bool unsigned_number(struct at *a, uint64_t *ret_n)
{
    int64_t n = 0;

    if (!number(a, 0, &n))
        return false;
    *ret_n = (uint64_t)n;
    return true;
}

/* ["FROM",-N],["TO",N] */
static bool step(struct at *a, struct posting *p)
{
    int64_t out = 0;

    if (!spell(a, "[\"") || !string(a, p->from, sizeof(p->from)) || !spell(a, ",")
        || !number(a, -INT64_MAX, &out) || !spell(a, "],[\"")
        || !string(a, p->to, sizeof(p->to)) || !spell(a, ",")
        || !number(a, 0, &p->milli) || !spell(a, "]"))
        return false;
    if (out != -p->milli)
        return fail(a, "the same amount on both sides");
    if (!posting_kind_of(p->from, p->to, &p->kind))
        return fail(a, "two accounts that a step may join");
    return true;
}

static bool job(struct at *a, struct posting *p)
{
    uint64_t epoch = 0;

    if (!spell(a, "\"job\":\"") || !unsigned_number(a, &p->job) || !spell(a, ".")
        || !unsigned_number(a, &epoch) || !spell(a, "\","))
        return false;
    if (p->job == 0 || epoch > UINT32_MAX)
        return fail(a, "a job and its attempt");
    p->epoch = (uint32_t)epoch;
    return true;
}

static bool moment(struct at *a, struct wall *ret_t)
{
    char text[TIME_TEXT_MAX], again[TIME_TEXT_MAX];

    if (!string(a, text, sizeof(text)))
        return false;
    if (!strcmp(text, "Unknown")) {
        *ret_t = (struct wall){0};
        return true;
    }
    if (wall_parse(text, (struct wall){0}, ret_t, NULL) < 0
        || strcmp(wall_text(*ret_t, true, again), text) != 0)
        return fail(a, "a moment as 2026-11-01T00:00:00Z");
    return true;
}

static bool raw(struct at *a, struct posting *p)
{
    p->has_raw = true;
    return spell(a, ",\"use\":{\"core_s\":") && unsigned_number(a, &p->raw.core_s)
           && spell(a, ",\"gpu_s\":") && unsigned_number(a, &p->raw.gpu_s)
           && spell(a, ",\"mem_mib_s\":") && unsigned_number(a, &p->raw.mem_mib_s)
           && spell(a, "}");
}

/* "act":{…}, */
static bool decision(struct at *a, struct act *act)
{
    size_t used = 0;

    if (!spell(a, "\"act\":"))
        return false;
    if (act_read(a->p, (size_t)(a->end - a->p), act, &used) < 0 || act->n == 0)
        return fail(a, "a decision: words and values in quotes, in order");
    a->p += used;
    return spell(a, ",");
}

static bool read_steps(struct at *a, struct posting *p, size_t *ret_n)
{
    size_t n = 0;

    do {
        if (n == TXN_POSTINGS_MAX)
            return fail(a, "fewer steps");
        if (n > 0)
            p[n] =
                (struct posting){.part = (uint32_t)n, .job = p->job, .epoch = p->epoch};
        if (!step(a, &p[n++]))
            return false;
    } while (peek(a, ",") && spell(a, ","));
    *ret_n = n;
    return true;
}

static bool read_line(struct at *a, struct act *act, struct posting *p, size_t *ret_n)
{
    char prev[HASH_TEXT_CAP + 1];
    size_t n = 0;

    *p = (struct posting){0};
    *act = (struct act){0};
    if (!spell(a, "{") || (peek(a, "\"act\"") && !decision(a, act))
        || (peek(a, "\"job\"") && !job(a, p)) || !spell(a, "\"post\":["))
        return false;
    if (!(act->n > 0 && peek(a, "]")) && !read_steps(a, p, &n))
        return false;
    if (!spell(a, "],\"prev\":\"") || !string(a, prev, sizeof(prev))
        || !spell(a, ",\"seq\":") || !unsigned_number(a, &p->seq)
        || !spell(a, ",\"t\":\"") || !moment(a, &p->at) || !spell(a, ",\"txn\":\"")
        || !string(a, p->txn, sizeof(p->txn)) || !spell(a, ",\"unit\":\"mNSU\"")
        || (peek(a, ",\"use\"") && !raw(a, p)) || !spell(a, "}"))
        return false;
    if (a->p != a->end)
        return fail(a, "nothing after the line");
    for (size_t i = 1; i < n; i++) {
        p[i].seq = p->seq;
        p[i].at = p->at;
        memcpy(p[i].txn, p->txn, sizeof(p->txn));
    }
    *ret_n = n;
    return true;
}

int line_read_act(const char *line,
                  size_t len,
                  struct act *act,
                  struct wall *ret_at,
                  struct posting *p,
                  size_t *ret_n,
                  struct err *err)
{
    struct at a = {.p = line, .end = line + len, .start = line};

    if (!read_line(&a, act, p, ret_n))
        return err_set(err, -EBADMSG, "at byte %zu of the line: %s is expected",
                       (size_t)(a.p - a.start), a.wrong);
    *ret_at = p->at;
    return 0;
}

int line_read(
    const char *line, size_t len, struct posting *p, size_t *ret_n, struct err *err)
{
    struct act act;
    struct wall at;

    return line_read_act(line, len, &act, &at, p, ret_n, err);
}
