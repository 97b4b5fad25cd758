/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * calendar - days and months of a report, without the zone of the process
 *
 * Records carry UTC. A Vietnamese year, month and day are those of UTC+7, fixed; APEL's
 * months are those of UTC. Nothing here asks the system what time or zone it is, so the
 * same records give the same report everywhere. Valid from 1970 to 9999.
 */
#ifndef HOPLUU_REPORT_CALENDAR_H
#define HOPLUU_REPORT_CALENDAR_H

#include <stdint.h>

#include "base/err.h"

#define ZONE_UTC 0
#define ZONE_VIETNAM (7 * 3600)
#define DAY_TEXT_CAP 16
#define MOMENT_TEXT_CAP 24

struct day {
    int year;  /* 1970 to 9999 */
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* The day of a second in a zone (s east of Greenwich). */
struct day day_of(int64_t s, int zone_s);
/* Its first second. */
int64_t day_start(struct day d, int zone_s);
struct day day_after(struct day d, int days);
int day_compare(struct day a, struct day b);
/* Days from a to b; negative if b is earlier. */
int days_between(struct day a, struct day b);

/* "2026-12-15". 0, -EINVAL (no such day, with the text). */
int day_parse(const char *text, struct day *ret_d, struct err *err);

/* "2026-12-15", and "15/12/2026" as people here read it. text [DAY_TEXT_CAP]. */
char *day_iso(struct day d, char *text);
char *day_people(struct day d, char *text);

/* "2026-12-15T07:00:00" in UTC, no letter behind. text [MOMENT_TEXT_CAP]. */
char *moment_iso(int64_t s, char *text);

/* Seconds of a span of time, [from, until). */
struct period {
    int64_t from;
    int64_t until;
};
struct period period_year(int year, int zone_s);

#endif
