/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* log - one line per event on stderr: level, subsystem, text */
#include "config.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#include "base/banned.h"

#define LOG_LINE_MAX 2048

static const char *log_name = "hopluu";
static enum log_level log_max = LOG_INFO;
static const char *const level_words[_LOG_LEVEL_MAX] = {[LOG_ERROR] = "error",
                                                        [LOG_WARN] = "warning",
                                                        [LOG_INFO] = "info",
                                                        [LOG_DEBUG] = "debug"};

void log_open(const char *name, enum log_level max)
{
    log_name = name;
    log_max = max;
}

bool log_level_parse(const char *word, enum log_level *ret_level)
{
    for (int i = 0; i < _LOG_LEVEL_MAX; i++)
        if (!strcmp(word, level_words[i])) {
            *ret_level = (enum log_level)i;
            return true;
        }
    return false;
}

static void emit(enum log_level level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void emit(enum log_level level, const char *fmt, va_list ap)
{
    char line[LOG_LINE_MAX];
    char when[TIME_TEXT_MAX];
    size_t n;
    size_t start;
    int m;

    m = snprintf(line, sizeof(line) - 1,
                 "%s %s: %s: ", wall_text(now_read().wall, true, when), log_name,
                 level_words[level]);
    start = n = m < 0 ? 0 : (size_t)m;
    if (n < sizeof(line) - 1) {
        m = vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
        n += m < 0 ? 0 : (size_t)m;
    }
    if (n > sizeof(line) - 2)
        n = sizeof(line) - 2;
    for (size_t i = start; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        /* nowhere left to say so */
    }
}

void log_line(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    if (level > log_max)
        return;
    va_start(ap, fmt);
    emit(level, fmt, ap);
    va_end(ap);
}

void log_limited(
    struct log_gate *gate, unsigned burst, enum log_level level, const char *fmt, ...)
{
    int64_t window = now_read().mono.us / (10 * US_PER_S);
    va_list ap;

    if (level > log_max)
        return;
    if (window != gate->window) {
        if (gate->lost)
            log_line(level, "%u lines like the next were left out", gate->lost);
        *gate = (struct log_gate){.window = window};
    }
    if (gate->n >= burst) {
        gate->lost++;
        return;
    }
    gate->n++;
    va_start(ap, fmt);
    emit(level, fmt, ap);
    va_end(ap);
}
