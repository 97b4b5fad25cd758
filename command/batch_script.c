/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* batch_script - the #SBATCH lines of a script, read as Slurm reads them */
#include "config.h"

#include "command/batch_script.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

#include "base/banned.h"

#define LINE_MAX_BYTES 65536

static const char magic[] = "#SBATCH";
#define MAGIC_LEN (sizeof(magic) - 1)

struct span {
    const char *at;
    const char *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* The next word into b. False at the end of the line or at a comment. */
static bool take_word(struct span *s, struct buf *b, int *ret_bad)
{
    char quote = 0;

    while (s->at < s->end && is_blank(*s->at))
        s->at++;
    if (s->at == s->end || *s->at == '#')
        return false;
    for (; s->at < s->end; s->at++) {
        char c = *s->at;

        if (quote ? c == quote : (c == '"' || c == '\'')) {
            quote = quote ? 0 : c;
        } else if (c == '\\' && quote != '\'' && s->at + 1 < s->end) {
            buf_putc(b, *++s->at);
        } else if (!quote && is_blank(c)) {
            break;
        } else {
            buf_putc(b, c);
        }
    }
    if (quote)
        *ret_bad = -EINVAL;
    return true;
}

static int line_words(struct span s,
                      struct words *words,
                      unsigned line,
                      struct err *err)
{
    int bad = 0;

    while (bad == 0) {
        struct buf b = BUF_INIT(LINE_MAX_BYTES);
        bool more = take_word(&s, &b, &bad);
        int r = b.err;

        if (more && bad == 0 && r == 0)
            r = words_add(words, buf_text(&b));
        buf_release(&b);
        if (r != 0)
            return err_set(err, r, "line %u: the #SBATCH line is too long", line);
        if (!more)
            return 0;
    }
    return err_set(err, bad, "line %u: a quote is not closed", line);
}

/* "#SBATCH" alone, or followed by a blank or an option. */
static bool is_directive(struct span s)
{
    size_t n = (size_t)(s.end - s.at);

    return n >= MAGIC_LEN && !memcmp(s.at, magic, MAGIC_LEN)
           && (n == MAGIC_LEN || is_blank(s.at[MAGIC_LEN]) || s.at[MAGIC_LEN] == '-');
}

static bool is_command(struct span s)
{
    while (s.at < s.end && isspace((unsigned char)*s.at))
        s.at++;
    return s.at < s.end && *s.at != '#';
}

static int read_line(
    struct span s, unsigned line, batch_line_fn each, void *arg, struct err *err)
{
    struct words words = WORDS_INIT(BATCH_LINE_WORDS_MAX, LINE_MAX_BYTES);
    int r;

    s.at += MAGIC_LEN;
    r = line_words(s, &words, line, err);
    if (r == 0 && words.n)
        r = each(&words, line, arg, err);
    words_release(&words);
    return r;
}

int batch_script_read(const char *text,
                      size_t len,
                      batch_line_fn each,
                      void *arg,
                      unsigned *ret_late,
                      struct err *err)
{
    const char *end = text + len;
    bool reading = true;
    unsigned late = 0;
    unsigned line = 1;
    int r = 0;

    for (const char *p = text; r == 0 && p < end; line++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        struct span s = {p, nl ? nl : end};

        if (s.end > s.at && s.end[-1] == '\r' && reading)
            return err_set(
                err, -EINVAL,
                "line %u: the script has DOS line ends (\\r\\n): convert it, "
                "as in sed -i 's/\\r$//'",
                line);
        if (is_directive(s)) {
            if (reading)
                r = read_line(s, line, each, arg, err);
            else if (!late)
                late = line;
        } else if (is_command(s)) {
            reading = false;
        }
        p = s.end + 1;
        if (!nl)
            break;
    }
    if (r == 0 && ret_late)
        *ret_late = late;
    return r;
}
