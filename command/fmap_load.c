/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_load - files and options become machines, patterns and maps */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/measure.h"
#include "base/number.h"
#include "base/path.h"
#include "model/hostlist.h"
#include "place/read.h"

#include "fmap.h"

#include "base/banned.h"

int fmap_fail(const struct err *err, int r)
{
    fprintf(stderr, "fmap: %s\n", err_text(err, r));
    return 1;
}

double fmap_cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail on Linux */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int fmap_read(const char *path, struct buf *b, struct err *err)
{
    size_t got;

    if (strcmp(path, "-") != 0)
        return path_read(path, b, err);
    do {
        char *at = buf_reserve(b, 65536);

        got = at ? fread(at, 1, 65536, stdin) : 0;
        b->len += got;
    } while (got > 0);
    if (ferror(stdin))
        return err_set(err, -EIO, "standard input cannot be read");
    return b->err;
}

int fmap_write(const struct fmap_options *o, const struct buf *b)
{
    struct err err = {0};
    int r = b->err;

    if (r == 0 && o->out)
        r = path_write(o->out, buf_text(b), b->len, 0644, &err);
    else if (r == 0
             && (fwrite(buf_text(b), 1, b->len, stdout) != b->len || fflush(stdout)))
        r = err_set(&err, -EIO, "standard output cannot be written");
    return r < 0 ? fmap_fail(&err, r) : 0;
}

int fmap_load_pattern(const struct fmap_options *o,
                      uint32_t n_ranks,
                      struct pattern **ret_p,
                      struct err *err)
{
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    int r;

    if (!o->matrix == !o->pattern)
        return err_set(err, -EINVAL, "give --matrix FILE or --pattern NAME");
    if (o->pattern)
        return pattern_parse(o->pattern, n_ranks, ret_p, err);
    r = fmap_read(o->matrix, &b, err);
    if (r == 0) {
        r = pattern_read(buf_text(&b), b.len, n_ranks, ret_p, err);
        if (r < 0)
            r = err_prefix(err, r, "%.80s", o->matrix);
    }
    buf_release(&b);
    return r;
}

int fmap_load_numbers(
    const char *path, uint32_t max, uint32_t **ret_v, uint32_t *ret_n, struct err *err)
{
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    int r = fmap_read(path, &b, err);

    if (r == 0)
        r = fmap_numbers(buf_text(&b), path, max, ret_v, ret_n, err);
    buf_release(&b);
    return r;
}

void fmap_json_string(struct buf *b, const char *s)
{
    buf_putc(b, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c < ' ')
            buf_printf(b, "\\u%04x", c);
        else
            buf_putc(b, *s);
    }
    buf_putc(b, '"');
}

void fmap_json_cost(struct buf *b, const struct place_cost *c)
{
    buf_printf(b, "\"cost\": %.0f, \"bottleneck\": %.17g, \"traffic\": [", c->cost,
               c->bottleneck);
    for (uint32_t l = 0; l <= c->n_levels; l++)
        buf_printf(b, "%s%" PRIu64, l ? ", " : "", c->traffic[l]);
    buf_puts(b, "], \"max_load\": [");
    for (uint32_t l = 1; l < c->n_levels; l++)
        buf_printf(b, "%s%" PRIu64, l > 1 ? ", " : "", c->max_load[l]);
    buf_putc(b, ']');
}
