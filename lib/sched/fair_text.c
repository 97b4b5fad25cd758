/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fair_text - what everybody has used, as lines of text and back */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "sched/fair_int.h"

#include "base/banned.h"

#define USED_MAX 1e18
#define LINE_MAX_BYTES 400

static int by_path(const void *a, const void *b)
{
    const struct fair_node *x = *(struct fair_node *const *)a;
    const struct fair_node *y = *(struct fair_node *const *)b;

    return strcmp(x->path, y->path); /* a parent's is the beginning of its children's */
}

void fair_write(const struct fair *f, struct buf *b)
{
    size_t n = HASH_COUNT(f->nodes);
    struct fair_node **v = calloc(n + 1, sizeof(struct fair_node *));
    struct fair_node *x;
    struct fair_node *next;
    size_t i = 0;

    if (!v) {
        b->err = -ENOMEM;
        return;
    }
    TABLE_FOREACH (f->nodes, x, next)
        v[i++] = x;
    qsort(v, n, sizeof(*v), by_path);
    buf_printf(b, "at %lld\n", (long long)f->at_s);
    for (i = 0; i < n; i++)
        if (v[i]->used.of[FAIR_CORES] > 0 || v[i]->used.of[FAIR_BYTES] > 0
            || v[i]->used.of[FAIR_GPUS] > 0)
            buf_printf(b, "%s %.3f %.3f %.3f\n", v[i]->path, v[i]->used.of[FAIR_CORES],
                       v[i]->used.of[FAIR_BYTES], v[i]->used.of[FAIR_GPUS]);
    free(v);
}

static int read_at(struct fair *f, const char *line, struct err *err)
{
    if (strncmp(line, "at ", 3) != 0
        || measure_i64(line + 3, 0, INT64_MAX / 2, &f->at_s, NULL) < 0)
        return err_set(err, -EINVAL, "line 1 must be: at SECONDS");
    f->begun = f->at_s > 0;
    return 0;
}

static int read_node(struct fair *f, const char *line, size_t at, struct err *err)
{
    struct words w = WORDS_INIT(1 + _FAIR_RESOURCE_MAX, LINE_MAX_BYTES);
    struct fair_usage u = {0};
    struct fair_node *n = NULL;
    int r = words_split(&w, line, " ");

    if (r == 0 && w.n != 1 + _FAIR_RESOURCE_MAX)
        r = -EINVAL;
    for (int i = 0; i < _FAIR_RESOURCE_MAX && r == 0; i++)
        r = measure_double(w.v[1 + i], 0, USED_MAX, &u.of[i], NULL);
    if (r < 0)
        r = err_set(err, -EINVAL, "line %zu must be: PATH CORE_S GIB_S GPU_S", at);
    if (r == 0) {
        n = fair_find(f, w.v[0]);
        r = n ? 0 : fair_set(f, w.v[0], 1, err);
    }
    if (r == 0 && !n)
        n = fair_find(f, w.v[0]);
    if (n)
        n->used = u;
    words_release(&w);
    return r;
}

int fair_read(struct fair *f, const char *text, struct err *err)
{
    char line[LINE_MAX_BYTES];
    size_t at = 0;
    int r = 0;

    for (const char *p = text; *p && r == 0;) {
        size_t n = strcspn(p, "\n");

        at++;
        if (n >= sizeof(line))
            return err_set(err, -EINVAL, "line %zu is too long", at);
        memcpy(line, p, n);
        line[n] = '\0';
        r = at == 1 ? read_at(f, line, err) : read_node(f, line, at, err);
        p += n + (p[n] == '\n');
    }
    return r;
}
