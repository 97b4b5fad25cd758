/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * log - one line per event on stderr: level, subsystem, text
 *
 * Only doors log above debug. Control bytes in the text become '?'. A line that
 * an outsider can trigger goes through log_limited.
 */
#ifndef HOPLUU_BASE_LOG_H
#define HOPLUU_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, _LOG_LEVEL_MAX };

/* name stands in every line ("hopluud[hanoi]"); borrowed for ever. */
void log_open(const char *name, enum log_level max);
bool log_level_parse(const char *word, enum log_level *ret_level);

void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* At most `burst` lines per 10 s through this gate; how many were left out follows. */
struct log_gate {
    int64_t window; /* number of the 10 s window */
    unsigned n;
    unsigned lost;
};

void log_limited(struct log_gate *gate,
                 unsigned burst,
                 enum log_level level,
                 const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
