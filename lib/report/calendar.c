/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * calendar - days and months of a report, without the zone of the process
 *
 * Days are counted from 1970-01-01; a year that starts in March has its leap day at the
 * end, which makes both directions a division.
 */
#include "config.h"

#include "report/calendar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/measure.h"

#include "base/banned.h"

#define DAY_S 86400
#define ERA_DAYS 146097 /* 400 years */
#define EPOCH 719468    /* days from 0000-03-01 to 1970-01-01 */

static int64_t days_of(struct day d)
{
    int64_t y = d.month <= 2 ? d.year - 1 : d.year;
    int64_t m = d.month > 2 ? d.month - 3 : d.month + 9;

    return y / 400 * ERA_DAYS + y % 400 * 365 + y % 400 / 4 - y % 400 / 100
           + (153 * m + 2) / 5 + d.day - 1 - EPOCH;
}

static struct day from_days(int64_t days)
{
    int64_t era = (days + EPOCH) / ERA_DAYS;
    int64_t in_era = (days + EPOCH) % ERA_DAYS;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;
    struct day d = {
        .year = (int)(era * 400 + y + (m >= 10)),
        .month = (int)(m < 10 ? m + 3 : m - 9),
        .day = (int)(in_year - (153 * m + 2) / 5 + 1),
    };

    return d;
}

struct day day_of(int64_t s, int zone_s)
{
    return from_days((s + zone_s) / DAY_S);
}

int64_t day_start(struct day d, int zone_s)
{
    return days_of(d) * DAY_S - zone_s;
}

struct day day_after(struct day d, int days)
{
    return from_days(days_of(d) + days);
}

int day_compare(struct day a, struct day b)
{
    int64_t x = days_of(a), y = days_of(b);

    return (x > y) - (x < y);
}

int days_between(struct day a, struct day b)
{
    return (int)(days_of(b) - days_of(a));
}

static int part(const char *text, size_t n, uint32_t min, uint32_t max, int *ret_v)
{
    char digits[8] = "";
    uint32_t v;

    if (n >= sizeof(digits))
        return -EINVAL;
    memcpy(digits, text, n);
    if (measure_u32(digits, min, max, &v, NULL) < 0)
        return -EINVAL;
    *ret_v = (int)v;
    return 0;
}

int day_parse(const char *text, struct day *ret_d, struct err *err)
{
    struct day d = {0}, same;

    if (strlen(text) == 10 && text[4] == '-' && text[7] == '-'
        && part(text, 4, 1970, 9999, &d.year) == 0
        && part(text + 5, 2, 1, 12, &d.month) == 0
        && part(text + 8, 2, 1, 31, &d.day) == 0) {
        same = from_days(days_of(d));
        if (same.month == d.month && same.day == d.day) {
            *ret_d = d;
            return 0;
        }
    }
    return err_set(err, -EINVAL, "\"%s\" is not a day: write YYYY-MM-DD", text);
}

char *day_iso(struct day d, char *text)
{
    (void)snprintf(text, DAY_TEXT_CAP, "%04u-%02u-%02u", (unsigned)d.year % 10000,
                   (unsigned)d.month % 100, (unsigned)d.day % 100);
    return text;
}

char *day_people(struct day d, char *text)
{
    (void)snprintf(text, DAY_TEXT_CAP, "%02u/%02u/%04u", (unsigned)d.day % 100,
                   (unsigned)d.month % 100, (unsigned)d.year % 10000);
    return text;
}

char *moment_iso(int64_t s, char *text)
{
    char day[DAY_TEXT_CAP];
    unsigned in_day = (unsigned)(s % DAY_S);

    (void)snprintf(text, MOMENT_TEXT_CAP, "%sT%02u:%02u:%02u",
                   day_iso(day_of(s, ZONE_UTC), day), in_day / 3600 % 24,
                   in_day / 60 % 60, in_day % 60);
    return text;
}

struct period period_year(int year, int zone_s)
{
    struct period p = {
        .from = day_start((struct day){year, 1, 1}, zone_s),
        .until = day_start((struct day){year + 1, 1, 1}, zone_s),
    };

    return p;
}
