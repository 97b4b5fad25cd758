/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* usage_sum - runs of a report added up by who or where */
#include "config.h"

#include "command/usage_sum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

#include "base/banned.h"

static const char *const words[_USAGE_BY_MAX] = {
    [USAGE_BY_INSTITUTION] = "institution",
    [USAGE_BY_PROJECT] = "project",
    [USAGE_BY_CENTER] = "center",
    [USAGE_BY_USER] = "user",
};

const char *usage_by_word(enum usage_by by)
{
    return words[by];
}

bool usage_by_parse(const char *word, enum usage_by *ret_by)
{
    for (int i = 0; i < _USAGE_BY_MAX; i++)
        if (!strcmp(word, words[i])) {
            *ret_by = (enum usage_by)i;
            return true;
        }
    return false;
}

static const char *text(const json_t *o, const char *member)
{
    const char *t = json_string_value(json_object_get(o, member));

    return t ? t : "";
}

static const char *key_of(const json_t *run, enum usage_by by, bool supply)
{
    switch (by) {
    case USAGE_BY_INSTITUTION:
        return text(run, "institution");
    case USAGE_BY_PROJECT:
        return text(run, "project");
    case USAGE_BY_CENTER:
        return text(run, supply ? "entry" : "host");
    case USAGE_BY_USER:
    case _USAGE_BY_MAX:
        break;
    }
    return text(run, "person");
}

static struct usage_line *line_for(struct usage_sum *s, const char *name)
{
    struct usage_line *lines;

    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->lines[i].name, name))
            return &s->lines[i];
    lines = realloc(s->lines, (s->n + 1) * sizeof(*lines));
    if (!lines)
        return NULL;
    s->lines = lines;
    lines[s->n] = (struct usage_line){0};
    (void)snprintf(lines[s->n].name, sizeof(lines[s->n].name), "%s", name);
    return &lines[s->n++];
}

static bool add_count(const json_t *run, const char *member, uint64_t *sum)
{
    json_int_t n = json_integer_value(json_object_get(run, member));

    return n >= 0 && add_ok(*sum, (uint64_t)n, sum);
}

static bool add_run(struct usage_line *l, const json_t *run)
{
    int64_t milli = json_integer_value(json_object_get(run, "milli"));

    return add_count(run, "runs", &l->runs) && add_count(run, "core_s", &l->core_s)
           && add_count(run, "mem_mib_s", &l->mem_mib_s)
           && add_count(run, "gpu_s", &l->gpu_s) && add_count(run, "cpu_us", &l->cpu_us)
           && add_ok(l->milli, milli, &l->milli);
}

static int by_name(const void *a, const void *b)
{
    const struct usage_line *x = a;
    const struct usage_line *y = b;

    return strcmp(x->name, y->name);
}

int usage_sum_add(struct usage_sum *s,
                  const json_t *answer,
                  enum usage_by by,
                  bool supply,
                  struct err *err)
{
    const char *center = text(answer, "center");
    size_t i;
    json_t *run;

    json_array_foreach(json_object_get(answer, "runs"), i, run)
    {
        bool hosted = json_is_true(json_object_get(run, "hosted"));
        bool ours = !hosted || !strcmp(text(run, "entry"), center);
        struct usage_line *l;

        if (supply ? !hosted : !ours)
            continue;
        l = line_for(s, key_of(run, by, supply));
        if (!l)
            return err_set(err, -ENOMEM, "not enough memory");
        if (!add_run(l, run) || !add_run(&s->total, run))
            return err_set(err, -EOVERFLOW, "the figures of '%s' do not add up",
                           l->name);
    }
    if (s->n)
        qsort(s->lines, s->n, sizeof(*s->lines), by_name);
    return 0;
}

void usage_sum_release(struct usage_sum *s)
{
    free(s->lines);
    *s = (struct usage_sum){0};
}
