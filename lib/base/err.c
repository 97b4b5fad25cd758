/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* err - text for people beside the -Exxx that code acts on */
#include "config.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static void clean(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            *s = '?';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return code;
    err->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt,
                    ap); /* cutting is the contract */
    va_end(ap);
    clean(err->text);
    return code;
}

int err_prefix(struct err *err, int code, const char *fmt, ...)
{
    char old[ERR_TEXT_MAX];
    size_t n;
    va_list ap;

    if (!err)
        return code;
    memcpy(old, err_text(err, code), strnlen(err_text(err, code), sizeof(old) - 1) + 1);
    old[sizeof(old) - 1] = '\0';
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt,
                    ap); /* cutting is the contract */
    va_end(ap);
    n = strlen(err->text);
    (void)snprintf(err->text + n, sizeof(err->text) - n, ": %s", old);
    clean(err->text);
    err->code = code;
    return code;
}

const char *err_text(const struct err *err, int code)
{
    if (err && err->code && err->text[0])
        return err->text;
    return strerror(code < 0 ? -code : code);
}
