/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* field - the columns that a command can print, and which a person picked */
#include "config.h"

#include "command/field.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/measure.h"
#include "base/words.h"

#include "base/banned.h"

void picks_release(struct picks *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->v[i].before);
    free(p->after);
    *p = (struct picks){0};
}

static int add(struct picks *p,
               const struct field *f,
               int width,
               bool right,
               char *before,
               struct err *err)
{
    if (p->n == FIELD_PICKS_MAX) {
        free(before);
        return err_set(err, -EINVAL, "more than %d columns", FIELD_PICKS_MAX);
    }
    p->v[p->n++] = (struct pick){f, width, right, before};
    return 0;
}

/* Digits at *at as a width, moved past; 0 when there are none. */
static int take_width(const char **at, int *ret_width, struct err *err)
{
    const char *p = *at;
    int w = 0;

    for (; isdigit((unsigned char)*p); p++) {
        w = w * 10 + (*p - '0');
        if (w > FIELD_WIDTH_MAX)
            return err_set(err, -EINVAL, "width in '%.40s' is over %d", *at,
                           FIELD_WIDTH_MAX);
    }
    *at = p;
    *ret_width = w;
    return 0;
}

static const struct field *by_letter(const struct field *fields,
                                     size_t n_fields,
                                     char letter)
{
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].letter == letter && letter)
            return &fields[i];
    return NULL;
}

static const struct field *by_name(const struct field *fields,
                                   size_t n_fields,
                                   const char *name)
{
    for (size_t i = 0; i < n_fields; i++)
        if (!strcasecmp(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static int no_letter(const struct field *fields, size_t n, char c, struct err *err)
{
    char known[2 * 64 + 1];
    size_t len = 0;

    for (size_t i = 0; i < n && len < sizeof(known) - 2; i++)
        if (fields[i].letter) {
            known[len++] = fields[i].letter;
            known[len++] = ' ';
        }
    known[len ? len - 1 : 0] = '\0';
    if (!c)
        return err_set(err, -EINVAL, "the format ends inside a '%%' field");
    return err_set(err, -EINVAL, "'%%%c' is not a column: there are %s", c, known);
}

int picks_letters(const struct field *fields,
                  size_t n_fields,
                  const char *format,
                  struct picks *p,
                  struct err *err)
{
    const char *at = format;
    const char *text = format;
    int r = 0;

    p->exact = true;
    while (r == 0 && *at) {
        const struct field *f;
        char *before = NULL;
        bool right;
        int width;

        if (*at != '%') {
            at++;
            continue;
        }
        if (at > text && !(before = strndup(text, (size_t)(at - text))))
            return err_set(err, -ENOMEM, "not enough memory");
        right = *++at == '.';
        at += right;
        r = take_width(&at, &width, err);
        f = r == 0 ? by_letter(fields, n_fields, *at) : NULL;
        if (r == 0 && !f)
            r = no_letter(fields, n_fields, *at, err);
        if (r != 0)
            free(before);
        else
            r = add(p, f, width, right, before, err);
        if (r == 0)
            text = ++at;
    }
    if (r == 0 && p->n == 0)
        r = err_set(err, -EINVAL, "format '%.60s' names no column", format);
    if (r == 0 && *text && !(p->after = strdup(text)))
        r = err_set(err, -ENOMEM, "not enough memory");
    if (r != 0)
        picks_release(p);
    return r;
}

static int pick_word(const struct field *fields,
                     size_t n_fields,
                     char *word,
                     char mark,
                     struct picks *p,
                     struct err *err)
{
    char *size = strchr(word, mark);
    bool right = false;
    int width = 0;
    const struct field *f;
    int r;

    if (size) {
        const char *digits = size + 1;

        *size = '\0';
        /* sacct stands right unless a '-' says left; squeue stands left unless '.' */
        right = mark == '%' ? *digits != '-' : *digits == '.';
        if (*digits == '-' || *digits == '.')
            digits++;
        r = take_width(&digits, &width, err);
        if (r != 0)
            return r;
        if (*digits || width == 0)
            return err_set(err, -EINVAL, "'%s%c%s': the width must be 1 to %d", word,
                           mark, size + 1, FIELD_WIDTH_MAX);
    }
    f = by_name(fields, n_fields, word);
    if (!f)
        return err_set(err, -EINVAL, "'%.60s' is not a column: --helpformat lists them",
                       word);
    return add(p, f, width, size ? right : f->right, NULL, err);
}

int picks_names(const struct field *fields,
                size_t n_fields,
                const char *list,
                char mark,
                struct picks *p,
                struct err *err)
{
    struct words words = WORDS_INIT(FIELD_PICKS_MAX, 65536);
    int r = words_split(&words, list, ", ");

    if (r != 0)
        r = err_set(err, r, "more than %d columns", FIELD_PICKS_MAX);
    else if (words.n == 0)
        r = err_set(err, -EINVAL, "the list of columns is empty");
    for (size_t i = 0; r == 0 && i < words.n; i++)
        r = pick_word(fields, n_fields, words.v[i], mark, p, err);
    if (r != 0)
        picks_release(p);
    words_release(&words);
    return r;
}

void fields_list(const struct field *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++)
        (void)printf("%-20s%s", fields[i].name,
                     i % 4 == 3 || i == n_fields - 1 ? "\n" : "");
}
