/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * noun_json_spec - a submission: script, arguments, environment, files
 *
 * Its texts are the user's own bytes: what is not UTF-8 travels as base64.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/digest.h"
#include "wire/noun_int.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define PATH_BYTES_MAX 4095
#define COMMENT_BYTES_MAX 4095

#define M_STRING(type, field, most)                                                    \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_STRING), .cap = (most)                     \
    }
#define M_WORDS(type, field)                                                           \
    {                                                                                  \
        MEMBER_(type, field, #field, MEMBER_WORDS)                                     \
    }

static const struct member job_file_table[] = {
    M_STRING(struct job_file, name, 255),
    {MEMBER_(struct job_file, bytes, "bytes", MEMBER_U64), .max = INT64_MAX},
    M_TEXT(struct job_file, sha256),
    M_U32_TO(struct job_file, mode, 07777),
};
static const struct member_list job_file_members = MEMBER_LIST(job_file_table);

static const struct member job_spec_table[] = {
    M_TEXT(struct job_spec, name),
    M_TEXT(struct job_spec, project),
    M_NOUN(struct job_spec, request, request_members),
    M_WORDS(struct job_spec, args),
    M_WORDS(struct job_spec, env),
    M_STRING(struct job_spec, work_dir, PATH_BYTES_MAX),
    M_STRING(struct job_spec, std_in, PATH_BYTES_MAX),
    M_STRING(struct job_spec, std_out, PATH_BYTES_MAX),
    M_STRING(struct job_spec, std_err, PATH_BYTES_MAX),
    M_TEXT(struct job_spec, comm_key),
    M_BOOL(struct job_spec, append),
    M_WORDS(struct job_spec, centers),
    M_WORDS(struct job_spec, outputs),
    M_WORDS(struct job_spec, exclude),
    M_WORDS(struct job_spec, nodelist),
    M_WORDS(struct job_spec, features),
    M_STRING(struct job_spec, comment, COMMENT_BYTES_MAX),
    M_STRING(struct job_spec, mail_user, 255),
    M_STRING(struct job_spec, mail_type, 255),
    M_WALL(struct job_spec, begin),
    M_BOOL(struct job_spec, hold),
    M_BOOL(struct job_spec, requeue),
    M_U32(struct job_spec, at_least_once_s),
    M_U32_TO(struct job_spec, signal, 64),
    M_U32(struct job_spec, signal_s),
    M_BOOL(struct job_spec, signal_batch),
    M_ID(struct job_spec, client_token),
};
static const struct member_list job_spec_members = MEMBER_LIST(job_spec_table);

static int put_script(const struct job_spec *s, json_t *o)
{
    _cleanup_(freep) char *text = NULL;
    json_t *v;

    if (!s->script)
        return 0;
    v = json_stringn(s->script, s->script_len);
    if (v && !memchr(s->script, '\0', s->script_len))
        return json_object_set_new_nocheck(o, "script", v);
    json_decref(v);
    text = base64_encode(s->script, s->script_len);
    return text ? json_object_set_new_nocheck(o, "script64", json_string_nocheck(text))
                : -1;
}

static int put_inputs(const struct job_spec *s, json_t *o)
{
    json_t *list;

    if (s->n_inputs == 0)
        return 0;
    list = json_array();
    for (size_t i = 0; list && i < s->n_inputs; i++)
        if (json_array_append_new(list,
                                  members_to_json(&job_file_members, &s->inputs[i]))
            < 0) {
            json_decref(list);
            return -1;
        }
    return json_object_set_new_nocheck(o, "inputs", list);
}

json_t *job_spec_to_json(const struct job_spec *s)
{
    json_t *o = members_to_json(&job_spec_members, s);

    if (!o || put_script(s, o) < 0 || put_inputs(s, o) < 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static int get_script(const json_t *o, struct job_spec *s, struct err *err)
{
    const json_t *plain = json_object_get(o, "script");
    const json_t *packed = json_object_get(o, "script64");
    const json_t *v = plain ? plain : packed;
    size_t n = json_string_length(v);
    char *bytes = NULL;
    int r;

    if (!v)
        return 0;
    if (!json_is_string(v))
        return err_set(err, -EBADMSG, "script must be a text");
    if (n > (plain ? SCRIPT_MAX : SCRIPT_MAX / 3 * 4 + 4))
        return err_set(err, -EBADMSG, "script has more than %u bytes", SCRIPT_MAX);
    if (plain) {
        bytes = malloc(n + 1);
        if (!bytes)
            return err_set(err, -ENOMEM, "script: no memory");
        memcpy(bytes, json_string_value(v), n + 1);
    } else {
        r = bytes_from_base64(json_string_value(v), n, &bytes, &n);
        if (r < 0)
            return err_set(err, r,
                           r == -ENOMEM ? "script64: no memory"
                                        : "script64 is not base64");
    }
    s->script = bytes;
    s->script_len = n;
    return 0;
}

static int get_inputs(const json_t *o, struct job_spec *s, struct err *err)
{
    const json_t *list = json_object_get(o, "inputs");
    size_t n = json_array_size(list);

    if (!list)
        return 0;
    if (!json_is_array(list))
        return err_set(err, -EBADMSG, "inputs must be a list");
    if (n > JOB_FILES_MAX)
        return err_set(err, -EBADMSG, "inputs has %zu entries, the most is %d", n,
                       JOB_FILES_MAX);
    s->inputs = calloc(n ? n : 1, sizeof(*s->inputs));
    if (!s->inputs)
        return err_set(err, -ENOMEM, "inputs: no memory");
    for (size_t i = 0; i < n; i++) {
        int r =
            members_get(&job_file_members, json_array_get(list, i), &s->inputs[i], err);

        s->n_inputs = i + 1; /* its name is freed with the spec */
        if (r < 0)
            return err_prefix(err, r, "inputs[%zu]", i);
        if (!s->inputs[i].name)
            return err_set(err, -EBADMSG, "inputs[%zu]: name is missing", i);
    }
    return 0;
}

int job_spec_from_json(const json_t *o, struct job_spec **ret_spec, struct err *err)
{
    _cleanup_(job_spec_freep) struct job_spec *s = job_spec_new();
    int r;

    if (!s)
        return err_set(err, -ENOMEM, "no memory for a job");
    if (json_object_get(o, "request"))
        memset(&s->request, 0, sizeof(s->request)); /* what is missing in it is zero */
    r = members_get(&job_spec_members, o, s, err);
    if (r == 0)
        r = get_script(o, s, err);
    if (r == 0)
        r = get_inputs(o, s, err);
    if (r < 0)
        return r;
    *ret_spec = TAKE_PTR(s);
    return 0;
}
