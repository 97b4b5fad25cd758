/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* progress - on a terminal, how far something long has come */
#include "config.h"

#include "command/progress.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"

#include "base/banned.h"

#define FIRST_US (1 * US_PER_S)
#define STEP_US (US_PER_S / 4)
#define LOOK_EVERY 1024 /* counts between two looks at the clock */
#define LINE_WIDTH 70

static struct {
    bool begun;
    bool terminal;
    bool shown;
    int64_t next_us;
} now_shown;

/* Time for the next line? */
static bool due(void)
{
    int64_t us = now_read().mono.us;

    if (!now_shown.begun) {
        now_shown.begun = true;
        now_shown.terminal = isatty(STDERR_FILENO) == 1;
        now_shown.next_us = us + FIRST_US;
    }
    if (!now_shown.terminal || us < now_shown.next_us)
        return false;
    now_shown.next_us = us + STEP_US;
    return true;
}

static void show(const char *text)
{
    char line[LINE_WIDTH + 1];

    (void)snprintf(line, sizeof(line), "%s", text);
    for (char *p = line; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = '?';
    (void)fprintf(stderr, "\r%-*s", LINE_WIDTH, line);
    (void)fflush(stderr);
    now_shown.shown = true;
}

void progress_count(uint64_t n, const char *what)
{
    char text[LINE_WIDTH + 1];

    if (n % LOOK_EVERY != 0 || !due())
        return;
    (void)snprintf(text, sizeof(text), "%" PRIu64 " %s ...", n, what);
    show(text);
}

void progress_at(const char *name)
{
    char text[LINE_WIDTH + 1];

    if (!due())
        return;
    (void)snprintf(text, sizeof(text), "%s ...", name);
    show(text);
}

void progress_end(void)
{
    if (!now_shown.shown)
        return;
    (void)fprintf(stderr, "\r%*s\r", LINE_WIDTH, "");
    (void)fflush(stderr);
    now_shown.shown = false;
}
