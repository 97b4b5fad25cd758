/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * line - a journal line back into the steps of its transaction
 *
 * The form is canonical, so reading is spelling: every byte has its place, and a line
 * that says the same in another way is refused.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
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

static bool spell_n(struct at *a, const char *text, size_t n)
{
    if (a->wrong || (size_t)(a->end - a->p) < n || memcmp(a->p, text, n) != 0)
        return fail(a, text);
    a->p += n;
    return true;
}
/* Of a literal. */
#define spell(a, text) spell_n((a), (text), sizeof(text) - 1)

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

/* What stands behind a backslash at p; NULL = nothing that is written so. */
static const char *read_escape(const char *p, const char *end, char *ret_c)
{
    if (end - p < 5 || memcmp(p, "u00", 3) != 0 || hex(p[3]) < 0 || hex(p[4]) < 0)
        return NULL;
    *ret_c = (char)(hex(p[3]) << 4 | hex(p[4]));
    return escaped(*ret_c) && *ret_c ? p + 5 : NULL;
}

/* After the opening quote; takes the closing one. */
static bool string(struct at *a, char *dst, size_t cap)
{
    const char *p = a->p, *end = a->end;
    size_t n = 0;

    if (a->wrong)
        return false;
    while (p < end && *p != '"') {
        char c = *p++;

        if (escaped(c)) {
            p = c == '\\' ? read_escape(p, end, &c) : NULL;
            if (!p)
                return fail(a, "\\u00XX, and only where it is needed");
        }
        if (n + 1 >= cap)
            return fail(a, "a shorter text");
        dst[n++] = c;
    }
    dst[n] = '\0';
    a->p = p;
    return spell(a, "\"");
}

/* An integer as it is written in one way only. */
static bool number(struct at *a, int64_t min, int64_t *ret_n)
{
    const char *p = a->p;
    bool minus = !a->wrong && p < a->end && *p == '-';
    int64_t n = 0;

    p += minus;
    if (a->wrong || p == a->end || *p < '0' || *p > '9')
        return fail(a, "an integer");
    if (*p == '0' && (minus || (p + 1 < a->end && p[1] >= '0' && p[1] <= '9')))
        return fail(a, "an integer without leading zeros");
    for (; p < a->end && *p >= '0' && *p <= '9'; p++)
        if (!mul_ok(n, INT64_C(10), &n) || !add_ok(n, (int64_t)(*p - '0'), &n))
            return fail(a, "an integer");
    n = minus ? -n : n;
    if (n < min)
        return fail(a, "an integer");
    *ret_n = n;
    a->p = p;
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

/* So many digits at p, at most four. */
static bool digits(const char *p, unsigned n, int64_t *ret_v)
{
    *ret_v = 0;
    for (unsigned i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *ret_v = *ret_v * 10 + (p[i] - '0');
    }
    return true;
}

/* Days from 1970-01-01, of a day of the calendar that is used everywhere. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = (month + 9) % 12; /* from March on: the odd day is the last one */

    return 365 * y + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static bool is_day(int64_t year, int64_t month, int64_t day)
{
    static const int8_t last[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month >= 1 && month <= 12 && day >= 1
           && day <= last[month - 1] + (month == 2 && leap);
}

/* Written out rather than by strptime(): half the time of reading a line went there. */
static bool moment(struct at *a, struct wall *ret_t)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    int64_t year, month, day, hour, minute, second;
    const char *p = a->p;

    if (peek(a, "Unknown\"")) {
        *ret_t = (struct wall){0};
        return spell(a, "Unknown\"");
    }
    if (a->wrong || (size_t)(a->end - p) < sizeof(form) - 1)
        return fail(a, "a moment as 2026-11-01T00:00:00Z");
    for (size_t i = 0; form[i]; i++)
        if (form[i] != 'd' && p[i] != form[i])
            return fail(a, "a moment as 2026-11-01T00:00:00Z");
    if (!digits(p, 4, &year) || !digits(p + 5, 2, &month) || !digits(p + 8, 2, &day)
        || !digits(p + 11, 2, &hour) || !digits(p + 14, 2, &minute)
        || !digits(p + 17, 2, &second) || year < 1970 || !is_day(year, month, day)
        || hour > 23 || minute > 59 || second > 59)
        return fail(a, "a moment as 2026-11-01T00:00:00Z");
    second += minute * 60 + hour * 3600 + days_of(year, month, day) * 86400;
    if (second == 0)
        return fail(a, "a moment as 2026-11-01T00:00:00Z"); /* that is Unknown */
    *ret_t = (struct wall){second * US_PER_S};
    a->p += sizeof(form) - 1;
    return spell(a, "\"");
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
