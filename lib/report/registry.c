/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* registry - who is who in a report: ministries, institutions, centers, pools */
#include "config.h"

#include "report/registry.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"
#include "model/enum_words.h"
#include "report/calendar.h"
#include "report/text.h"

#include "base/banned.h"

static const char *const class_words[] = {
    [CENTER_NATIONAL] = "national",
    [CENTER_SECTOR] = "sector",
    [CENTER_INSTITUTE] = "institute",
};
ENUM_WORDS(center_class, enum center_class, _CENTER_CLASS_MAX, class_words)

/* --- one member of an entry ------------------------------------------------------- */

static int get_text(const json_t *o,
                    const char *member,
                    char *dst,
                    size_t cap,
                    bool needed,
                    struct err *err)
{
    const json_t *v = json_object_get(o, member);
    const char *text = json_string_value(v);

    if (!v && !needed)
        return 0;
    if (!text || (needed && !*text))
        return err_set(err, -EINVAL, "%s: a text is needed", member);
    if (!text_is_clean(text, strlen(text)))
        return err_set(err, -EINVAL, "%s has control bytes", member);
    if (!word_copy(dst, cap, text))
        return err_set(err, -EINVAL, "%s has more than %zu bytes", member, cap - 1);
    return 0;
}

static int get_name(const json_t *o,
                    const char *member,
                    char dst[NAME_CAP],
                    bool needed,
                    struct err *err)
{
    int r = get_text(o, member, dst, NAME_CAP, needed, err);

    if (r == 0 && *dst && !word_is_name(dst, NAME_CAP - 1))
        r = err_set(err, -EINVAL,
                    "%s is \"%s\": letters, digits and . _ @ + - are possible", member,
                    dst);
    return r;
}

static int get_day(const json_t *o,
                   const char *member,
                   int64_t missing,
                   int64_t *ret_s,
                   struct err *err)
{
    char text[DAY_TEXT_CAP] = "";
    struct day d;
    int r = get_text(o, member, text, sizeof(text), false, err);

    if (r == 0 && !*text) {
        *ret_s = missing;
        return 0;
    }
    if (r == 0)
        r = day_parse(text, &d, err);
    if (r < 0)
        return err_prefix(err, r, "%s", member);
    *ret_s = day_start(d, ZONE_VIETNAM);
    return 0;
}

static int get_span(const json_t *o, int64_t *from, int64_t *until, struct err *err)
{
    int r = get_day(o, "from", 0, from, err);

    if (r == 0)
        r = get_day(o, "until", INT64_MAX, until, err);
    if (r == 0 && *until <= *from)
        r = err_set(err, -EINVAL, "until lies before from");
    return r;
}

static int get_benchmark(const json_t *o,
                         const char *member,
                         char dst[BENCHMARK_CAP],
                         struct err *err)
{
    int64_t milli;
    int r = get_text(o, member, dst, BENCHMARK_CAP, false, err);

    if (r == 0 && *dst)
        r = measure_milli(dst, INT64_C(1000000000), &milli, err);
    if (r == 0 && *dst && milli == 0)
        r = err_set(err, -EINVAL, "it is 0: leave it out when it was not measured");
    return r < 0 ? err_prefix(err, r, "%s", member) : 0;
}

/* --- one entry ---------------------------------------------------------------------
 */

static int get_agency(const json_t *o,
                      struct agency *a,
                      bool institution,
                      struct err *err)
{
    int r = get_name(o, "id", a->id, true, err);

    if (r == 0)
        r = get_text(o, "vi", a->vi, sizeof(a->vi), true, err);
    if (r == 0)
        r = get_text(o, "en", a->en, sizeof(a->en), true, err);
    if (r == 0)
        r = get_name(o, "ministry", a->ministry, institution, err);
    if (r == 0)
        r = get_name(o, "successor", a->successor, false, err);
    return r < 0 ? r : get_span(o, &a->from, &a->until, err);
}

static int get_ministry(const json_t *o, void *entry, struct err *err)
{
    return get_agency(o, entry, false, err);
}

static int get_institution(const json_t *o, void *entry, struct err *err)
{
    return get_agency(o, entry, true, err);
}

static int get_center(const json_t *o, void *entry, struct err *err)
{
    struct registered_center *c = entry;
    char word[NAME_CAP] = "";
    int r = get_name(o, "id", c->id, true, err);

    if (r == 0)
        r = get_text(o, "vi", c->vi, sizeof(c->vi), true, err);
    if (r == 0)
        r = get_text(o, "en", c->en, sizeof(c->en), true, err);
    if (r == 0)
        r = get_name(o, "ministry", c->ministry, true, err);
    if (r == 0)
        r = get_name(o, "class", word, true, err);
    if (r == 0 && !center_class_parse(word, &c->class))
        r = err_set(err, -EINVAL, "class is \"%s\": use national, sector or institute",
                    word);
    if (r == 0)
        r = get_name(o, "site", c->site, false, err);
    if (r == 0)
        r = get_name(o, "submit_host", c->submit_host, false, err);
    return r < 0 ? r : get_span(o, &c->from, &c->until, err);
}

static int get_pool(const json_t *o, void *entry, struct err *err)
{
    struct pool *p = entry;
    int r = get_name(o, "center", p->center, true, err);

    if (r == 0)
        r = get_text(o, "partition", p->partition, sizeof(p->partition), true, err);
    if (r == 0)
        r = get_name(o, "kind", p->kind, true, err);
    if (r == 0 && strcmp(p->kind, "hpc") != 0 && strcmp(p->kind, "cloud") != 0
        && strcmp(p->kind, "fog") != 0)
        r = err_set(err, -EINVAL, "kind is \"%s\": use hpc, cloud or fog", p->kind);
    if (r == 0)
        r = get_benchmark(o, "hepscore23", p->hepscore23, err);
    return r < 0 ? r : get_benchmark(o, "hepspec", p->hepspec, err);
}

static int get_sponsor(const json_t *o, void *entry, struct err *err)
{
    struct sponsor *s = entry;
    const json_t *share = json_object_get(o, "share");
    int r = get_name(o, "center", s->center, true, err);

    if (r == 0)
        r = get_name(o, "id", s->id, true, err);
    if (r == 0)
        r = get_text(o, "vi", s->vi, sizeof(s->vi), true, err);
    if (r == 0)
        r = get_text(o, "en", s->en, sizeof(s->en), true, err);
    if (r == 0
        && (!json_is_integer(share) || json_integer_value(share) < 1
            || json_integer_value(share) > SHARE_ALL))
        r = err_set(
            err, -EINVAL,
            "share: a whole number from 1 to %d is expected, in ten thousandths",
            SHARE_ALL);
    if (r == 0)
        s->share = (uint32_t)json_integer_value(share);
    return r < 0 ? r : get_span(o, &s->from, &s->until, err);
}

/* --- the file -----------------------------------------------------------------------
 */

typedef int (*get_fn)(const json_t *o, void *entry, struct err *err);

static int get_list(const json_t *root,
                    const char *member,
                    size_t size,
                    get_fn get,
                    void *ret_list,
                    size_t *ret_n,
                    struct err *err)
{
    const json_t *list = json_object_get(root, member);
    size_t n = json_array_size(list);
    char *v;

    if (!list)
        return 0;
    if (!json_is_array(list) || n > REGISTRY_ENTRIES)
        return err_set(err, -EINVAL, "%s: a list of at most %d entries is expected",
                       member, REGISTRY_ENTRIES);
    v = calloc(n ? n : 1, size);
    if (!v)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int r = get(json_array_get(list, i), v + i * size, err);

        if (r < 0) {
            free(v);
            return err_prefix(err, r, "%s[%zu]", member, i);
        }
    }
    memcpy(ret_list, &v, sizeof(v));
    *ret_n = n;
    return 0;
}

static int check_names(const struct registry *r, struct err *err)
{
    for (size_t i = 0; i < r->n_institutions; i++)
        if (!registry_ministry(r, r->institutions[i].ministry))
            return err_set(err, -EINVAL,
                           "institutions[%zu]: ministry \"%s\" is not listed", i,
                           r->institutions[i].ministry);
    for (size_t i = 0; i < r->n_centers; i++) {
        if (!registry_ministry(r, r->centers[i].ministry))
            return err_set(err, -EINVAL, "centers[%zu]: ministry \"%s\" is not listed",
                           i, r->centers[i].ministry);
        if (registry_center(r, r->centers[i].id) != &r->centers[i])
            return err_set(err, -EINVAL, "centers[%zu]: \"%s\" is listed twice", i,
                           r->centers[i].id);
    }
    for (size_t i = 0; i < r->n_pools; i++)
        if (!registry_center(r, r->pools[i].center))
            return err_set(err, -EINVAL, "pools[%zu]: center \"%s\" is not listed", i,
                           r->pools[i].center);
    return 0;
}

int64_t registry_sponsors_since(const struct registry *r,
                                const char *center,
                                int64_t at)
{
    int64_t since = INT64_MIN;

    for (size_t i = 0; i < r->n_sponsors; i++) {
        const struct sponsor *s = &r->sponsors[i];

        if (strcmp(s->center, center) != 0)
            continue;
        if (s->from <= at && s->from > since && s->from > 0)
            since = s->from;
        if (s->until <= at && s->until > since)
            since = s->until;
    }
    return since;
}

/* On every day the shares of a center's sponsors make the whole, or there are none. A
   sum changes only where a span begins or ends. */
static int check_shares_at(const struct registry *r,
                           size_t of,
                           int64_t at,
                           struct err *err)
{
    const char *center = r->sponsors[of].center;
    char day[DAY_TEXT_CAP];
    uint64_t sum = 0;

    for (size_t i = 0; i < r->n_sponsors; i++) {
        const struct sponsor *s = &r->sponsors[i];

        if (!strcmp(s->center, center) && at >= s->from && at < s->until)
            sum += s->share;
    }
    if (sum == 0 || sum == SHARE_ALL)
        return 0;
    return err_set(err, -EINVAL,
                   "sponsors[%zu]: on %s the shares of \"%s\" make %llu of %d", of,
                   at > 0 ? day_iso(day_of(at, ZONE_VIETNAM), day) : "the first day",
                   center, (unsigned long long)sum, SHARE_ALL);
}

static int check_shares(const struct registry *r, struct err *err)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < r->n_sponsors; i++) {
        const struct sponsor *s = &r->sponsors[i];

        if (!registry_center(r, s->center))
            return err_set(err, -EINVAL, "sponsors[%zu]: center \"%s\" is not listed",
                           i, s->center);
        ret = check_shares_at(r, i, s->from, err);
        if (ret == 0 && s->until < INT64_MAX)
            ret = check_shares_at(r, i, s->until, err);
    }
    return ret;
}

/* One ministry at a time: entries of one institution do not overlap. */
static int check_spans(const struct registry *r, struct err *err)
{
    for (size_t i = 0; i < r->n_institutions; i++)
        for (size_t k = i + 1; k < r->n_institutions; k++) {
            const struct agency *a = &r->institutions[i], *b = &r->institutions[k];

            if (!strcmp(a->id, b->id) && a->from < b->until && b->from < a->until)
                return err_set(
                    err, -EINVAL,
                    "institutions[%zu] and [%zu]: \"%s\" has two entries for "
                    "the same day",
                    i, k, a->id);
        }
    return 0;
}

static int load(struct registry *r, const json_t *root, struct err *err)
{
    int ret = get_list(root, "ministries", sizeof(*r->ministries), get_ministry,
                       &r->ministries, &r->n_ministries, err);

    if (ret == 0)
        ret = get_list(root, "institutions", sizeof(*r->institutions), get_institution,
                       &r->institutions, &r->n_institutions, err);
    if (ret == 0)
        ret = get_list(root, "centers", sizeof(*r->centers), get_center, &r->centers,
                       &r->n_centers, err);
    if (ret == 0)
        ret = get_list(root, "pools", sizeof(*r->pools), get_pool, &r->pools,
                       &r->n_pools, err);
    if (ret == 0)
        ret = get_list(root, "sponsors", sizeof(*r->sponsors), get_sponsor,
                       &r->sponsors, &r->n_sponsors, err);
    if (ret == 0)
        ret = check_names(r, err);
    if (ret == 0)
        ret = check_shares(r, err);
    return ret < 0 ? ret : check_spans(r, err);
}

int registry_load(const char *path, struct registry **ret_r, struct err *err)
{
    _cleanup_(registry_freep) struct registry *r = calloc(1, sizeof(*r));
    json_error_t where;
    json_t *root;
    int ret;

    if (!r)
        return err_set(err, -ENOMEM, "not enough memory for the registry");
    r->bytes = BUF_INIT(REGISTRY_BYTES);
    ret = path_read(path, &r->bytes, err);
    if (ret < 0)
        return ret;
    root =
        json_loadb(buf_text(&r->bytes), r->bytes.len, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return err_set(err, -EBADMSG, "%s:%d: %s", path, where.line, where.text);
    ret = load(r, root, err);
    json_decref(root);
    if (ret < 0)
        return err_prefix(err, ret, "%s", path);
    *ret_r = TAKE_PTR(r);
    return 0;
}

void *registry_free(struct registry *r)
{
    if (r) {
        free(r->ministries);
        free(r->institutions);
        free(r->centers);
        free(r->pools);
        free(r->sponsors);
        buf_release(&r->bytes);
        free(r);
    }
    return NULL;
}

const struct agency *registry_ministry(const struct registry *r, const char *id)
{
    for (size_t i = 0; i < r->n_ministries; i++)
        if (!strcmp(r->ministries[i].id, id))
            return &r->ministries[i];
    return NULL;
}

const struct agency *registry_institution(const struct registry *r,
                                          const char *id,
                                          int64_t at)
{
    for (size_t i = 0; i < r->n_institutions; i++) {
        const struct agency *a = &r->institutions[i];

        if (at >= a->from && at < a->until && !strcmp(a->id, id))
            return a;
    }
    return NULL;
}

const struct registered_center *registry_center(const struct registry *r,
                                                const char *id)
{
    for (size_t i = 0; i < r->n_centers; i++)
        if (!strcmp(r->centers[i].id, id))
            return &r->centers[i];
    return NULL;
}

const struct pool *registry_pool(const struct registry *r,
                                 const char *center,
                                 const char *partition)
{
    const struct pool *rest = NULL;

    for (size_t i = 0; i < r->n_pools; i++) {
        const struct pool *p = &r->pools[i];

        if (strcmp(p->center, center) != 0)
            continue;
        if (!strcmp(p->partition, partition))
            return p;
        if (!strcmp(p->partition, "*"))
            rest = p;
    }
    return rest;
}
