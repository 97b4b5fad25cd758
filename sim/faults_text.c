/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * faults_text - a run as lines that a person reads
 *
 *     seed 42
 *     centers 3
 *     budget -1
 *     weather drop=50 twice=50 late=30 delay=300 fsync=20
 *     end 3600.000
 *     12.300 c1 submit job=1 cores=4 run=30 limit=90 flags=0
 *     13.000 c1 cut c2
 *     14.500 c2 crash value=3 span=2000
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "sim/faults.h"

#include "base/banned.h"

#define LINE_CAP 256

static const char *const words[_FAULT_KIND_MAX] = {
    [FAULT_SUBMIT] = "submit", [FAULT_CANCEL] = "cancel", [FAULT_RELEASE] = "release",
    [FAULT_CUT] = "cut",       [FAULT_RESET] = "reset",   [FAULT_HEAL] = "heal",
    [FAULT_CRASH] = "crash",   [FAULT_STOP] = "stop",     [FAULT_DISK] = "disk",
    [FAULT_CLOCK] = "clock",   [FAULT_REPEAT] = "repeat", [FAULT_LIE] = "lie",
    [FAULT_GARBLE] = "garble", [FAULT_NODE] = "node",     [FAULT_BREAK] = "break",
    [FAULT_LOST] = "lost",     [FAULT_FORGE] = "forge",   [FAULT_AGAIN] = "again",
    [FAULT_DRAIN] = "drain",   [FAULT_ASK] = "ask",
};

static void put_number(FILE *to, const char *name, int64_t v)
{
    if (v)
        (void)fprintf(to, " %s=%" PRId64, name, v);
}

void script_write(const struct script *s, FILE *to)
{
    (void)fprintf(to, "seed %" PRIu64 "\ncenters %u\nbudget %" PRId64 "\n", s->seed,
                  s->centers, s->budget_milli);
    (void)fprintf(to, "weather drop=%u twice=%u late=%u delay=%u fsync=%u",
                  s->weather.drop, s->weather.twice, s->weather.late,
                  s->weather.delay_ms, s->weather.fsync_ms);
    put_number(to, "echo", s->weather.echo);
    put_number(to, "linger", s->weather.linger_s);
    put_number(to, "forget", s->weather.forget);
    put_number(to, "terms", s->weather.terms);
    (void)fputc('\n', to);
    (void)fprintf(to, "end %" PRId64 ".%03" PRId64 "\n", s->end_ms / 1000,
                  s->end_ms % 1000);
    for (size_t i = 0; i < s->n; i++) {
        const struct fault *f = &s->v[i];

        (void)fprintf(to, "%" PRId64 ".%03" PRId64 " c%u %s", f->at_ms / 1000,
                      f->at_ms % 1000, f->center ? f->center : 1, words[f->kind]);
        if (f->other)
            (void)fprintf(to, " c%u", f->other);
        put_number(to, "job", f->job);
        put_number(to, "cores", f->cores);
        put_number(to, "run", f->run_s);
        put_number(to, "limit", f->limit_s);
        put_number(to, "flags", f->flags);
        put_number(to, "value", f->value);
        put_number(to, "span", f->span_ms);
        (void)fputc('\n', to);
    }
}

/* "12.345" in seconds. */
static int parse_ms(const char *word, int64_t *ret_ms)
{
    double s;

    if (measure_double(word, 0, 1e10, &s, NULL) < 0)
        return -EINVAL;
    *ret_ms = (int64_t)(s * 1000 + 0.5);
    return 0;
}

static int parse_center(const char *word, const struct script *s, uint32_t *ret_c)
{
    return word[0] == 'c' ? measure_u32(word + 1, 1, s->centers, ret_c, NULL) : -EINVAL;
}

/* NAME=VALUE of an event or of the weather. */
static int parse_value(const char *word, struct fault *f, struct weather *w)
{
    const struct {
        const char *name;
        uint32_t *u;
        int64_t *i;
    } keys[] = {
        {"job=",    &f->job,      NULL       },
        {"cores=",  &f->cores,    NULL       },
        {"run=",    &f->run_s,    NULL       },
        {"limit=",  &f->limit_s,  NULL       },
        {"flags=",  &f->flags,    NULL       },
        {"value=",  NULL,         &f->value  },
        {"span=",   NULL,         &f->span_ms},
        {"drop=",   &w->drop,     NULL       },
        {"twice=",  &w->twice,    NULL       },
        {"late=",   &w->late,     NULL       },
        {"delay=",  &w->delay_ms, NULL       },
        {"fsync=",  &w->fsync_ms, NULL       },
        {"echo=",   &w->echo,     NULL       },
        {"linger=", &w->linger_s, NULL       },
        {"terms=",  &w->terms,    NULL       },
        {"forget=", &w->forget,   NULL       },
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        size_t n = strlen(keys[i].name);

        if (strncmp(word, keys[i].name, n) != 0)
            continue;
        return keys[i].u ? measure_u32(word + n, 0, 100000000, keys[i].u, NULL)
                         : measure_i64(word + n, INT64_C(-1000000000000),
                                       INT64_C(1000000000000), keys[i].i, NULL);
    }
    return -EINVAL;
}

static int parse_event(const struct words *w, struct script *s, struct fault *f)
{
    struct weather none = {0};
    size_t k = 0;
    int r;

    if (w->n < 3)
        return -EINVAL;
    r = parse_ms(w->v[0], &f->at_ms);
    if (r == 0)
        r = parse_center(w->v[1], s, &f->center);
    while (k < _FAULT_KIND_MAX && strcmp(words[k], w->v[2]) != 0)
        k++;
    if (k == _FAULT_KIND_MAX)
        return -EINVAL;
    f->kind = (enum fault_kind)k;
    for (size_t i = 3; i < w->n && r == 0; i++)
        r = w->v[i][0] == 'c' && w->v[i][1] >= '1' && w->v[i][1] <= '9'
                ? parse_center(w->v[i], s, &f->other)
                : parse_value(w->v[i], f, &none);
    return r;
}

static int add_event(struct script *s, size_t *cap, const struct words *w)
{
    struct fault f = {0};
    int r = parse_event(w, s, &f);

    if (r < 0 || f.job > FAULTS_ACTS_MAX || s->n >= FAULTS_ACTS_MAX
        || (s->n && f.at_ms < s->v[s->n - 1].at_ms))
        return -EINVAL;
    if (s->n == *cap) {
        size_t more = *cap ? 2 * *cap : 64;
        struct fault *v = realloc(s->v, more * sizeof(*v));

        if (!v)
            return -ENOMEM;
        s->v = v;
        *cap = more;
    }
    s->v[s->n++] = f;
    return 0;
}

static int parse_line(struct script *s, size_t *cap, const struct words *w)
{
    struct fault none = {0};
    int r = 0;

    if (w->n == 0 || w->v[0][0] == '#')
        return 0;
    if (!strcmp(w->v[0], "weather")) {
        for (size_t i = 1; i < w->n && r == 0; i++)
            r = parse_value(w->v[i], &none, &s->weather);
        return r;
    }
    if (w->n == 2 && !strcmp(w->v[0], "seed"))
        return measure_u64(w->v[1], 0, UINT64_MAX, &s->seed, NULL);
    if (w->n == 2 && !strcmp(w->v[0], "centers"))
        return measure_u32(w->v[1], 1, FAULTS_CENTERS_MAX, &s->centers, NULL);
    if (w->n == 2 && !strcmp(w->v[0], "budget"))
        return measure_i64(w->v[1], -1, INT64_MAX / 2, &s->budget_milli, NULL);
    if (w->n == 2 && !strcmp(w->v[0], "end"))
        return parse_ms(w->v[1], &s->end_ms);
    return add_event(s, cap, w);
}

int script_read(FILE *from, struct script *ret_s, struct err *err)
{
    struct script s = {.centers = 3, .budget_milli = -1, .weather.delay_ms = 20};
    char line[LINE_CAP];
    unsigned n = 0;
    size_t cap = 0;
    int r = 0;

    while (r == 0 && fgets(line, sizeof(line), from)) {
        struct words w = WORDS_INIT(32, LINE_CAP);

        n++;
        r = words_split(&w, line, " \t\n");
        if (r == 0)
            r = parse_line(&s, &cap, &w);
        words_release(&w);
    }
    if (r < 0) {
        script_release(&s);
        return r == -ENOMEM
                   ? err_set(err, r, "out of memory")
                   : err_set(err, -EINVAL, "line %u is no line of a script: '%.60s'", n,
                             line);
    }
    *ret_s = s;
    return 0;
}
