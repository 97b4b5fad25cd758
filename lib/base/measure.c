/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* measure - text to number, always with a minimum and a maximum */
#include "config.h"

#include "base/measure.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

#include "base/banned.h"

/* Digits at *p, moved past; false when there are none or too many. */
static bool digits(const char **p, uint64_t *ret_n)
{
    uint64_t n = 0;
    const char *s = *p;

    if (!isdigit((unsigned char)*s))
        return false;
    for (; isdigit((unsigned char)*s); s++)
        if (!mul_ok(n, (uint64_t)10, &n) || !add_ok(n, (uint64_t)(*s - '0'), &n))
            return false;
    *p = s;
    *ret_n = n;
    return true;
}

int measure_u64(
    const char *text, uint64_t min, uint64_t max, uint64_t *ret_n, struct err *err)
{
    const char *p = text;
    uint64_t n;

    if (!digits(&p, &n) || *p)
        return err_set(err, -EINVAL,
                       "'%.40s' is not a whole number from %" PRIu64 " to %" PRIu64,
                       text, min, max);
    if (n < min || n > max)
        return err_set(err, -ERANGE, "%.40s is outside %" PRIu64 " to %" PRIu64, text,
                       min, max);
    *ret_n = n;
    return 0;
}

int measure_u32(
    const char *text, uint32_t min, uint32_t max, uint32_t *ret_n, struct err *err)
{
    uint64_t n;
    int r = measure_u64(text, min, max, &n, err);

    if (r == 0)
        *ret_n = (uint32_t)n;
    return r;
}

int measure_i64(
    const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *err)
{
    const char *p = text;
    bool minus = *p == '-';
    uint64_t n;
    int64_t v;

    p += minus;
    if (!digits(&p, &n) || *p || n > (uint64_t)INT64_MAX)
        return err_set(err, -EINVAL,
                       "'%.40s' is not a whole number from %" PRId64 " to %" PRId64,
                       text, min, max);
    v = minus ? -(int64_t)n : (int64_t)n;
    if (v < min || v > max)
        return err_set(err, -ERANGE, "%.40s is outside %" PRId64 " to %" PRId64, text,
                       min, max);
    *ret_n = v;
    return 0;
}

int measure_double(
    const char *text, double min, double max, double *ret_x, struct err *err)
{
    char *end;
    double x;

    if (!isdigit((unsigned char)*text) && *text != '-' && *text != '.')
        return err_set(err, -EINVAL, "'%.40s' is not a number", text);
    x = strtod(text, &end);
    if (*end || end == text || !isfinite(x))
        return err_set(err, -EINVAL, "'%.40s' is not a number", text);
    if (x < min || x > max)
        return err_set(err, -ERANGE, "%.40s is outside %g to %g", text, min, max);
    *ret_x = x;
    return 0;
}

/* The fields between colons, most significant first: at most three. */
static int clock_fields(const char *p, uint64_t field[3])
{
    int n = 0;

    for (;;) {
        if (n == 3 || !digits(&p, &field[n]) || field[n] > UINT32_MAX)
            return -1;
        n++;
        if (*p == '\0')
            return n;
        if (*p++ != ':')
            return -1;
    }
}

int measure_duration(const char *text, uint32_t *ret_s, struct err *err)
{
    const char *p = text;
    uint64_t days = 0;
    uint64_t f[3] = {0, 0, 0};
    uint64_t s;
    bool with_days;
    int n;

    if (!strcasecmp(text, "UNLIMITED") || !strcasecmp(text, "INFINITE")
        || !strcmp(text, "-1")) {
        *ret_s = DURATION_UNLIMITED;
        return 0;
    }
    with_days = strchr(text, '-') != NULL;
    if (with_days && (!digits(&p, &days) || *p++ != '-' || days > 49710))
        n = -1;
    else
        n = clock_fields(p, f);
    if (n < 0)
        return err_set(err, -EINVAL,
                       "'%.40s' is not a time: use minutes, M:S, H:M:S, D-H, D-H:M, "
                       "D-H:M:S or UNLIMITED",
                       text);
    if (with_days)
        s = f[0] * 3600 + f[1] * 60 + f[2];
    else if (n == 3)
        s = f[0] * 3600 + f[1] * 60 + f[2];
    else
        s = f[0] * 60 + f[1];
    s += days * 86400;
    if (s == 0 || s >= DURATION_UNLIMITED)
        return err_set(err, -ERANGE, "'%.40s' is outside 1 second to 49710 days", text);
    *ret_s = (uint32_t)s;
    return 0;
}

static const char size_letters[] = "KMGTP";

int measure_size(const char *text,
                 uint64_t unit_bytes,
                 uint64_t max_bytes,
                 uint64_t *ret_bytes,
                 struct err *err)
{
    const char *p = text;
    uint64_t n;
    const char *letter = NULL;

    if (!digits(&p, &n))
        goto bad;
    if (*p) {
        letter = strchr(size_letters, toupper((unsigned char)*p));
        if (!letter)
            goto bad;
        p++;
        if (*p == 'i' && (p[1] == 'B' || p[1] == 'b'))
            p++;
        if (*p == 'B' || *p == 'b')
            p++;
        if (*p)
            goto bad;
        unit_bytes = UINT64_C(1) << (10 * (letter - size_letters + 1));
    }
    if (!mul_ok(n, unit_bytes, &n) || n > max_bytes)
        return err_set(err, -ERANGE, "size %.40s is over %" PRIu64 " bytes", text,
                       max_bytes);
    *ret_bytes = n;
    return 0;
bad:
    return err_set(err, -EINVAL,
                   "'%.40s' is not a size: use a whole number and K, M, G or T", text);
}

int measure_milli(const char *text,
                  int64_t max_milli,
                  int64_t *ret_milli,
                  struct err *err)
{
    const char *p = text;
    uint64_t whole;
    uint64_t milli = 0;
    unsigned scale = 1000;

    if (!digits(&p, &whole))
        goto bad;
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++) {
            scale /= 10;
            if (scale == 0)
                goto bad;
            milli += (uint64_t)(*p - '0') * scale;
        }
        if (scale == 1000)
            goto bad;
    }
    if (*p)
        goto bad;
    if (!mul_ok(whole, (uint64_t)1000, &whole) || !add_ok(whole, milli, &whole)
        || whole > (uint64_t)max_milli)
        return err_set(err, -ERANGE, "amount %.40s is too large", text);
    *ret_milli = (int64_t)whole;
    return 0;
bad:
    return err_set(err, -EINVAL,
                   "'%.40s' is not an amount: digits, and at most three after a point",
                   text);
}

char *duration_text(uint64_t seconds, char *text)
{
    uint64_t days = seconds / 86400;
    unsigned s = (unsigned)(seconds % 86400);

    if (seconds == DURATION_UNLIMITED)
        (void)snprintf(text, DURATION_TEXT_MAX, "UNLIMITED");
    else if (days)
        (void)snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 "-%02u:%02u:%02u", days,
                       s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(text, DURATION_TEXT_MAX, "%02u:%02u:%02u", s / 3600, s / 60 % 60,
                       s % 60);
    return text;
}

char *size_text(uint64_t bytes, char *text)
{
    unsigned u = 0;
    uint64_t unit = 1;

    while (u < 5 && bytes / unit >= 1024) {
        unit *= 1024;
        u++;
    }
    if (u == 0)
        (void)snprintf(text, SIZE_TEXT_MAX, "%" PRIu64, bytes);
    else if (bytes % unit == 0)
        (void)snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", bytes / unit,
                       size_letters[u - 1]);
    else
        (void)snprintf(text, SIZE_TEXT_MAX, "%.2f%c", (double)bytes / (double)unit,
                       size_letters[u - 1]);
    return text;
}
