/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* time - two kinds of time that do not mix */
#include "config.h"

#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/measure.h"
#include "base/number.h"

#include "base/banned.h"

static int64_t read_us(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts); /* cannot fail for these two clocks */
    return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

struct now now_read(void)
{
    return (struct now){
        .mono = {read_us(CLOCK_MONOTONIC)},
        .wall = {read_us(CLOCK_REALTIME)},
    };
}

char *wall_text(struct wall t, bool utc, char *text)
{
    time_t s = (time_t)(t.us / US_PER_S);
    struct tm tm;

    if (t.us == 0 || !(utc ? gmtime_r(&s, &tm) : localtime_r(&s, &tm))
        || strftime(text, TIME_TEXT_MAX,
                    utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S", &tm)
               == 0)
        (void)snprintf(text, TIME_TEXT_MAX, "Unknown");
    return text;
}

/* now, now+2hours, now-30minutes */
static bool parse_relative(const char *p, struct wall now, struct wall *ret_t)
{
    static const struct {
        const char *word;
        int64_t s;
    } units[] = {
        {"",        1     },
        {"second",  1     },
        {"seconds", 1     },
        {"minute",  60    },
        {"minutes", 60    },
        {"hour",    3600  },
        {"hours",   3600  },
        {"day",     86400 },
        {"days",    86400 },
        {"week",    604800},
        {"weeks",   604800},
    };
    char number[16];
    int64_t n;
    size_t len = 0;
    bool minus = *p == '-';

    if (*p == '\0') {
        *ret_t = now;
        return true;
    }
    if (*p != '+' && *p != '-')
        return false;
    for (p++; isdigit((unsigned char)*p) && len < sizeof(number) - 1; p++)
        number[len++] = *p;
    number[len] = '\0';
    if (measure_i64(number, 0, INT64_C(1000000000), &n, NULL) != 0)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(p, units[i].word) != 0)
            continue;
        n *= units[i].s * US_PER_S;
        ret_t->us = minus ? now.us - n : now.us + n;
        return true;
    }
    return false;
}

/* The rest of a calendar time, after what strptime() took for the day. */
static bool parse_clock(const char *p, struct tm *tm)
{
    static const char *const forms[] = {"%H:%M:%S", "%H:%M"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm try = *tm;
        const char *end = strptime(p, forms[i], &try);

        if (end && *end == '\0') {
            *tm = try;
            return true;
        }
    }
    return false;
}

/* "2026-11-23", "2026-11-23T08:00": false when the text is neither. */
static bool parse_calendar(const char *text, bool utc, struct wall *ret_t)
{
    struct tm tm = {.tm_isdst = -1};
    const char *p = strptime(text, "%Y-%m-%d", &tm);
    time_t s;

    if (!p || (*p && ((*p != 'T' && *p != ' ') || !parse_clock(p + 1, &tm))))
        return false;
    s = utc ? timegm(&tm) : mktime(&tm);
    ret_t->us = (int64_t)s * US_PER_S;
    return s != (time_t)-1;
}

/* Words and bare clock times: the next such moment, as Slurm's --begin has it. */
static bool parse_word(const char *text, struct wall now, struct wall *ret_t)
{
    time_t s = (time_t)(now.us / US_PER_S);
    struct tm tm;
    bool tomorrow = !strcmp(text, "tomorrow");

    if (!localtime_r(&s, &tm))
        return false;
    tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
    tm.tm_isdst = -1;
    if (!strcmp(text, "noon"))
        tm.tm_hour = 12;
    else if (tomorrow || !strcmp(text, "midnight"))
        tm.tm_mday++;
    else if (strcmp(text, "today") != 0) {
        if (!parse_clock(text, &tm))
            return false;
        if (mktime(&tm) < s)
            tm.tm_mday++;
        tm.tm_isdst = -1;
    }
    ret_t->us = (int64_t)mktime(&tm) * US_PER_S;
    return true;
}

int wall_parse(const char *text, struct wall now, struct wall *ret_t, struct err *err)
{
    char day[TIME_TEXT_MAX];
    size_t n = strlen(text);
    bool utc = n > 10 && n < sizeof(day) && text[n - 1] == 'Z';

    if (n < sizeof(day)) {
        memcpy(day, text, n + 1);
        if (utc)
            day[n - 1] = '\0';
        if (!strncmp(day, "now", 3) && parse_relative(day + 3, now, ret_t))
            return 0;
        if (parse_calendar(day, utc, ret_t))
            return 0;
        if (!utc && parse_word(day, now, ret_t))
            return 0;
    }
    return err_set(
        err, -EINVAL,
        "'%.40s' is not a time: use YYYY-MM-DD[THH:MM[:SS]], HH:MM, now+N<unit>, "
        "today, tomorrow, midnight or noon",
        text);
}
