/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* spec_json - a job_spec as JSON: texts, lists and the script */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"
#include "wire/member.h"
#include "wire/noun_json.h"

#include "base/banned.h"

static const struct member spec_members[] = {
    MEMBER_STR(struct job_spec, name),
    MEMBER_STR(struct job_spec, project),
    MEMBER(struct job_spec, append, MEMBER_BOOL),
    MEMBER(struct job_spec, begin, MEMBER_WALL),
    MEMBER(struct job_spec, hold, MEMBER_BOOL),
    MEMBER(struct job_spec, requeue, MEMBER_BOOL),
    MEMBER(struct job_spec, signal, MEMBER_U32),
    MEMBER(struct job_spec, signal_s, MEMBER_U32),
    MEMBER(struct job_spec, signal_batch, MEMBER_BOOL),
    MEMBER(struct job_spec, client_token, MEMBER_U64),
    MEMBER_END,
};

static const struct member file_members[] = {
    MEMBER(struct job_file, bytes, MEMBER_U64),
    MEMBER_STR(struct job_file, sha256),
    MEMBER(struct job_file, mode, MEMBER_U32),
    MEMBER_END,
};

/* Owned texts and lists by name: the same rows for both directions. */
static const struct {
    const char *name;
    size_t at;
} texts[] =
    {
        {"work_dir",  offsetof(struct job_spec, work_dir) },
        {"std_in",    offsetof(struct job_spec, std_in)   },
        {"std_out",   offsetof(struct job_spec, std_out)  },
        {"std_err",   offsetof(struct job_spec, std_err)  },
        {"comment",   offsetof(struct job_spec, comment)  },
        {"mail_user", offsetof(struct job_spec, mail_user)},
        {"mail_type", offsetof(struct job_spec, mail_type)},
},
  lists[] = {
      {"args", offsetof(struct job_spec, args)},
      {"env", offsetof(struct job_spec, env)},
      {"centers", offsetof(struct job_spec, centers)},
      {"outputs", offsetof(struct job_spec, outputs)},
      {"exclude", offsetof(struct job_spec, exclude)},
      {"nodelist", offsetof(struct job_spec, nodelist)},
      {"features", offsetof(struct job_spec, features)},
};

#define TEXT_MAX 4096

/* Bytes that may not be UTF-8 travel as base64 under NAME64. */
static int put_bytes(json_t *o, const char *name, const char *bytes, size_t n)
{
    json_t *v = json_stringn(bytes, n);
    char key[32];
    char *text;

    if (v)
        return json_object_set_new_nocheck(o, name, v);
    text = base64_encode(bytes, n);
    if (!text)
        return -1;
    v = json_string_nocheck(text);
    free(text);
    (void)snprintf(key, sizeof(key), "%s64", name); /* our own short names */
    return json_object_set_new_nocheck(o, key, v);
}

static json_t *words_json(const struct words *w)
{
    json_t *a = json_array();

    for (size_t i = 0; a && i < w->n; i++) {
        json_t *v = json_string(w->v[i]);

        /* An environment entry that is not UTF-8: left out, as it was for the shell's
         * eyes. */
        if (v && json_array_append_new(a, v) < 0) {
            json_decref(a);
            return NULL;
        }
    }
    return a;
}

static int put_inputs(json_t *o, const struct job_spec *s)
{
    json_t *a = json_array();
    int r = a ? 0 : -1;

    for (size_t i = 0; r == 0 && i < s->n_inputs; i++) {
        json_t *f = member_object(file_members, &s->inputs[i]);

        r = f ? json_object_set_new(f, "name", json_string(s->inputs[i].name)) : -1;
        if (r == 0)
            r = json_array_append_new(a, f);
        else
            json_decref(f);
    }
    if (r < 0) {
        json_decref(a);
        return r;
    }
    return json_object_set_new_nocheck(o, "inputs", a);
}

json_t *job_spec_to_json(const struct job_spec *s)
{
    json_t *o = member_object(spec_members, s);
    int r = o ? json_object_set_new_nocheck(o, "request", request_to_json(&s->request))
              : -1;

    if (r == 0 && s->script)
        r = put_bytes(o, "script", s->script, s->script_len);
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text =
            *(char *const *)(const void *)((const char *)s + texts[i].at);

        if (text)
            r = put_bytes(o, texts[i].name, text, strlen(text));
    }
    for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct words *w = (const void *)((const char *)s + lists[i].at);

        if (w->n)
            r = json_object_set_new_nocheck(o, lists[i].name, words_json(w));
    }
    if (r == 0 && s->n_inputs)
        r = put_inputs(o, s);
    if (r == 0)
        return o;
    json_decref(o);
    return NULL;
}

/* The bytes under NAME or NAME64; *ret NULL when there are none. */
static int take_bytes(const json_t *o,
                      const char *name,
                      size_t max,
                      char **ret,
                      size_t *ret_n,
                      struct err *err)
{
    const json_t *v = json_object_get(o, name);
    char key[32];
    void *bytes = NULL;
    size_t n = 0;
    char *copy;

    *ret = NULL;
    *ret_n = 0;
    (void)snprintf(key, sizeof(key), "%s64", name); /* our own short names */
    if (json_is_string(v)) {
        n = json_string_length(v);
    } else if (json_is_string(json_object_get(o, key))) {
        v = json_object_get(o, key);
        if (json_string_length(v) / 4 * 3 > max + 4
            || base64_decode(json_string_value(v), json_string_length(v), &bytes, &n)
                   < 0)
            return err_set(err, -EBADMSG, "\"%s\" is not base64 of at most %zu bytes",
                           key, max);
    } else {
        return v ? err_set(err, -EBADMSG, "\"%s\" must be a text", name) : 0;
    }
    if (n > max) {
        free(bytes);
        return err_set(err, -E2BIG, "\"%s\" has %zu bytes, the most is %zu", name, n,
                       max);
    }
    copy = malloc(n + 1);
    if (copy) {
        memcpy(copy, bytes ? bytes : json_string_value(v), n);
        copy[n] = '\0';
    }
    free(bytes);
    if (!copy)
        return err_set(err, -ENOMEM, "out of memory");
    *ret = copy;
    *ret_n = n;
    return 0;
}

static int take_words(const json_t *o,
                      const char *name,
                      struct words *w,
                      struct err *err)
{
    const json_t *a = json_object_get(o, name);

    if (!a)
        return 0;
    if (!json_is_array(a))
        return err_set(err, -EBADMSG, "\"%s\" must be a list", name);
    for (size_t i = 0; i < json_array_size(a); i++) {
        const json_t *v = json_array_get(a, i);
        int r;

        if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
            return err_set(err, -EBADMSG, "\"%s\" must hold texts without NUL", name);
        r = words_add(w, json_string_value(v));
        if (r < 0)
            return err_set(err, r,
                           "\"%s\" is over its ceiling of %zu entries and %zu bytes",
                           name, w->max, w->max_bytes);
    }
    return 0;
}

static int take_inputs(const json_t *o, struct job_spec *s, struct err *err)
{
    const json_t *a = json_object_get(o, "inputs");
    size_t n = json_array_size(a);

    if (n > JOB_FILES_MAX)
        return err_set(err, -E2BIG, "\"inputs\" has %zu entries, the most is %d", n,
                       JOB_FILES_MAX);
    s->inputs = calloc(n + 1, sizeof(*s->inputs));
    if (!s->inputs)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *f = json_array_get(a, i);
        const char *name = json_string_value(json_object_get(f, "name"));
        struct job_file *x = &s->inputs[i];
        int r =
            name ? member_decode(f, file_members, x, err)
                 : err_set(err, -EBADMSG, "\"inputs\" needs a \"name\" in each entry");

        if (r < 0)
            return r;
        x->name = strdup(name);
        if (!x->name)
            return err_set(err, -ENOMEM, "out of memory");
        s->n_inputs++;
    }
    return 0;
}

int job_spec_from_json(const json_t *o, struct job_spec **ret_spec, struct err *err)
{
    _cleanup_(job_spec_freep) struct job_spec *s = job_spec_new();
    int r;

    if (!s)
        return err_set(err, -ENOMEM, "out of memory");
    r = member_decode(o, spec_members, s, err);
    if (r == 0)
        r = request_from_json(json_object_get(o, "request"), &s->request, err);
    if (r == 0)
        r = take_bytes(o, "script", SCRIPT_MAX, &s->script, &s->script_len, err);
    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(texts[0]); i++) {
        char **text = (char **)(void *)((char *)s + texts[i].at);
        size_t n;

        r = take_bytes(o, texts[i].name, TEXT_MAX, text, &n, err);
        if (r == 0 && *text && strlen(*text) != n)
            r = err_set(err, -EBADMSG, "\"%s\" has a NUL in it", texts[i].name);
    }
    for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(lists[0]); i++)
        r = take_words(o, lists[i].name, (void *)((char *)s + lists[i].at), err);
    if (r == 0)
        r = take_inputs(o, s, err);
    if (r == 0)
        *ret_spec = TAKE_PTR(s);
    return r;
}
