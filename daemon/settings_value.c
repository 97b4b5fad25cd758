/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* settings_value - reading values of a libconfuse section with words for people */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "daemon/settings_int.h"

#include "base/banned.h"

/* libconfuse has no argument for its error callback: what it needs waits here. */
static struct err *form_err;
static const char *form_path;

static void on_form_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void on_form_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    char text[ERR_TEXT_MAX];

    if (form_err->code)
        return;                                   /* the first one is the cause */
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* may be cut */
    err_set(form_err, -EINVAL, "%s:%d: %s", form_path, cfg ? cfg->line : 0, text);
}

/* Sections that may stand once do not know their file: tell them, for later words. */
static void name_sections(cfg_t *cfg, const char *path)
{
    for (cfg_opt_t *o = cfg->opts; o->name; o++)
        for (unsigned i = 0; o->type == CFGT_SEC && i < cfg_opt_size(o); i++) {
            cfg_t *sec = cfg_opt_getnsec(o, i);

            if (!sec->filename)
                sec->filename = strdup(path); /* NULL: said without it */
        }
}

/* Past a quoted text or a comment that begins at p; p itself when neither does. */
static const char *skip(const char *p, unsigned *line)
{
    const char *from = p;
    const char *end = p;

    if (*p == '"' || *p == '\'') {
        for (end = p + 1; *end && *end != *p; end++)
            end += *end == '\\' && end[1];
        end += *end != '\0';
    } else if (*p == '#' || (p[0] == '/' && p[1] == '/')) {
        end = p + strcspn(p, "\n");
    } else if (p[0] == '/' && p[1] == '*') {
        end = strstr(p + 2, "*/");
        end = end ? end + 2 : p + strlen(p);
    }
    for (; from < end; from++)
        *line += *from == '\n';
    return end;
}

/* libconfuse takes the end of the file for a closing brace: half a file would be used.
 */
static int check_braces(const char *path, struct err *err)
{
    struct buf text = BUF_INIT(4u << 20);
    unsigned line = 1;
    unsigned opened = 0;
    unsigned depth = 0;
    int r = path_read(path, &text, err);

    for (const char *p = buf_text(&text); r == 0 && *p;) {
        const char *next = skip(p, &line);

        if (next != p) {
            p = next;
            continue;
        }
        if (*p == '{' && depth++ == 0)
            opened = line;
        else if (*p == '}' && depth > 0)
            depth--;
        line += *p++ == '\n';
    }
    buf_release(&text);
    if (r == 0 && depth > 0)
        r = err_set(err, -EINVAL, "%s:%u: the '{' of this line is never closed", path,
                    opened);
    return r;
}

int conf_parse(const char *path, cfg_opt_t *opts, cfg_t **ret_cfg, struct err *err)
{
    struct err own = {0};
    cfg_t *cfg;
    int r = check_braces(path, err);

    if (r < 0)
        return r;
    cfg = cfg_init(opts, CFGF_NONE);
    if (!cfg)
        return err_set(err, -ENOMEM, "out of memory");
    form_err = &own;
    form_path = path;
    cfg_set_error_function(cfg, on_form_error);
    r = cfg_parse(cfg, path);
    if (r != CFG_SUCCESS) {
        cfg_free(cfg);
        if (r == CFG_FILE_ERROR)
            return err_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
        return err_set(err, -EINVAL, "%s", err_text(&own, -EINVAL));
    }
    name_sections(cfg, path);
    *ret_cfg = cfg;
    return 0;
}

int conf_fail(cfg_t *sec, const char *option, struct err *err, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* may be cut */
    va_end(ap);
    err_set(err, -EINVAL, "%s", text);
    return conf_wrap(sec, option, err, -EINVAL);
}

int conf_wrap(cfg_t *sec, const char *option, struct err *err, int code)
{
    const char *title = cfg_title(sec);
    bool top = !title && !strcmp(cfg_name(sec), "root"); /* libconfuse's word */

    return err_prefix(err, code, "%s:%d: %s%s%s%s%s",
                      sec->filename ? sec->filename : "configuration", sec->line,
                      top ? "" : sec->name, title ? " " : "", title ? title : "",
                      option && !top ? ": " : "", option ? option : "");
}

int conf_name(cfg_t *sec,
              const char *option,
              const char *value,
              char dst[NAME_CAP],
              struct err *err)
{
    if (!value || !word_is_name(value, NAME_CAP - 1))
        return conf_fail(
            sec, option, err,
            "'%s' is not a name: letters, digits and . _ @ + -, at most %d",
            value ? value : "", NAME_CAP - 1);
    (void)word_copy(dst, NAME_CAP, value); /* measured above */
    return 0;
}

int conf_text(cfg_t *sec, const char *option, char dst[TITLE_CAP], struct err *err)
{
    const char *value = cfg_getstr(sec, option);

    if (!word_copy(dst, TITLE_CAP, value ? value : ""))
        return conf_fail(sec, option, err, "longer than %d bytes", TITLE_CAP - 1);
    return 0;
}

int conf_duration(cfg_t *sec, const char *option, uint32_t *ret_s, struct err *err)
{
    int r = measure_duration(cfg_getstr(sec, option), ret_s, err);

    return r < 0 ? conf_wrap(sec, option, err, r) : 0;
}

int conf_u32(cfg_t *sec,
             const char *option,
             uint32_t min,
             uint32_t max,
             uint32_t *ret_n,
             struct err *err)
{
    long n = cfg_getint(sec, option);

    if (n < (long)min || n > (long)max)
        return conf_fail(sec, option, err, "%ld is outside %u to %u", n, min, max);
    *ret_n = (uint32_t)n;
    return 0;
}

int conf_milli(cfg_t *sec, const char *option, int64_t *ret_milli, struct err *err)
{
    int r = measure_milli(cfg_getstr(sec, option), INT64_MAX / 4, ret_milli, err);

    return r < 0 ? conf_wrap(sec, option, err, r) : 0;
}

char *conf_path(const char *dir, const char *name)
{
    char path[4096];

    return path_join(path, sizeof(path), dir, name) < 0 ? NULL : strdup(path);
}
