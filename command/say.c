/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* say - what a command tells its person, and the code that it ends with */
#include "config.h"

#include "command/say.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

const char *argp_program_version = PACKAGE_NAME " " PACKAGE_VERSION;

void say_begin(void)
{
    /* Letters and messages; figures and dates are the same for every reader. Without a
       locale everything still works in ASCII. */
    (void)setlocale(LC_CTYPE, "");
    (void)setlocale(LC_MESSAGES, "");
    argp_err_exit_status = SAY_ERROR;
}

const char *say_name(void)
{
    return program_invocation_short_name;
}

__attribute__((format(printf, 2, 0))) static void say(const char *kind,
                                                      const char *fmt,
                                                      va_list ap)
{
    char text[2048];

    if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
        text[0] = '\0';
    for (char *p = text; *p; p++)
        if (iscntrl((unsigned char)*p) && *p != '\t')
            *p = '?';
    (void)fprintf(stderr, "%s: %s%s\n", say_name(), kind, text);
}

void say_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("error: ", fmt, ap);
    va_end(ap);
}

void say_warning(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

void say_note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

int say_end(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno != EPIPE)
            say_error("cannot write the output: %s", strerror(errno));
        return code ? code : SAY_ERROR;
    }
    return code;
}
