/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * facctmgr_file - the roll as one file that a person can read, and back
 *
 * A line is a command without its first word: add project name=p institution=i. What
 * holds a blank stands in "…" with \" and \\; # begins a comment.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "base/words.h"
#include "command/facctmgr.h"
#include "command/say.h"

#include "base/banned.h"

#define FILE_MAX (16u << 20)

int acctmgr_dump(const struct acctmgr *a)
{
    struct buf b = BUF_INIT(FILE_MAX);
    json_t *answer = NULL;
    size_t i;
    json_t *o;
    int code = acctmgr_roll(a, NULL, NULL, &answer);

    if (a->n_words > 1 && code == SAY_OK) {
        say_error("dump: one file at most");
        code = SAY_ERROR;
    }
    if (code == SAY_OK) {
        buf_printf(&b, "# The roll of center %s.\n", desk_text(answer, "center"));
        json_array_foreach(json_object_get(answer, "roll"), i,
                           o) if (strcmp(desk_text(o, "state"), "ended") != 0)
            acctmgr_line("add", desk_text(o, "kind"), json_object_get(o, "words"), &b);
    }
    if (code == SAY_OK && a->n_words == 1) {
        struct err err = {0};

        if (b.err || path_write(a->words[0], b.data, b.len, 0644, &err) < 0) {
            say_error("%s", err.text[0] ? err.text : "out of memory");
            code = SAY_ERROR;
        }
    } else if (code == SAY_OK) {
        (void)fputs(buf_text(&b), stdout);
    }
    buf_release(&b);
    json_decref(answer);
    return code;
}

/* One word of a line into b; NULL = a quote is not closed. */
static const char *read_word(const char *p, struct buf *b)
{
    bool quoted = false;

    for (; *p && (quoted || (*p != ' ' && *p != '\t' && *p != '#')); p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else {
            if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
                p++;
            buf_putc(b, *p);
        }
    }
    return quoted || b->err ? NULL : p;
}

static int split_line(const char *p, struct words *w)
{
    int r = 0;

    while (r == 0) {
        struct buf b = BUF_INIT(4096);

        p += strspn(p, " \t\r");
        if (!*p || *p == '#')
            break;
        p = read_word(p, &b);
        r = p ? words_add(w, buf_text(&b)) : -EINVAL;
        buf_release(&b);
    }
    return r;
}

static int read_line(const char *line, json_t *acts)
{
    struct words w = WORDS_INIT(64, 16384);
    const char *kind;
    int code = SAY_OK;

    if (split_line(line, &w) < 0) {
        say_error("a quote that is not closed, or a line that is too long");
        code = SAY_ERROR;
    } else if (w.n > 0) {
        kind = w.n > 1 ? acctmgr_kind(w.v[1]) : NULL;
        if (!kind
            || (strcasecmp(w.v[0], "add") && strcasecmp(w.v[0], "modify")
                && strcasecmp(w.v[0], "delete"))) {
            say_error("'%.60s': a line is add, modify or delete, then institution, "
                      "project, grant or rate",
                      line);
            code = SAY_ERROR;
        } else {
            for (char *p = w.v[0]; *p; p++)
                *p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
            code = acctmgr_act(w.v[0], kind, w.v + 2, w.n - 2, acts);
        }
    }
    words_release(&w);
    return code;
}

int acctmgr_load(const struct acctmgr *a)
{
    struct buf text = BUF_INIT(FILE_MAX);
    json_t *acts = json_array();
    struct err err = {0};
    unsigned number = 0;
    char *line, *next;
    int code = SAY_OK;

    if (a->n_words != 1) {
        say_error("load: which file?");
        code = SAY_ERROR;
    } else if (path_read(a->words[0], &text, &err) < 0) {
        say_error("%s", err.text);
        code = SAY_ERROR;
    }
    for (line = text.data; code == SAY_OK && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        code = read_line(line, acts);
        if (code != SAY_OK)
            say_error("%s:%u: nothing was changed", a->words[0], number);
    }
    if (code == SAY_OK && json_array_size(acts) > 0)
        code = acctmgr_commit(a, acts);
    json_decref(acts);
    buf_release(&text);
    return code;
}
