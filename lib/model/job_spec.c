/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_spec - everything a user asked for: the script and how to run it */
#include "config.h"

#include "model/job_spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct job_spec *job_spec_new(void)
{
    struct job_spec *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->request.n_tasks = 1;
    s->request.cpus_per_task = 1;
    s->args = WORDS_INIT(JOB_WORDS_MAX, JOB_ENV_MAX);
    s->env = WORDS_INIT(JOB_WORDS_MAX, JOB_ENV_MAX);
    s->centers = WORDS_INIT(CENTERS_MAX, 65536);
    s->outputs = WORDS_INIT(JOB_FILES_MAX, 65536);
    s->exclude = WORDS_INIT(JOB_NODES_MAX, JOB_ENV_MAX);
    s->nodelist = WORDS_INIT(JOB_NODES_MAX, JOB_ENV_MAX);
    s->features = WORDS_INIT(64, 4096);
    return s;
}

void *job_spec_free(struct job_spec *s)
{
    if (!s)
        return NULL;
    for (size_t i = 0; i < s->n_inputs; i++)
        free(s->inputs[i].name);
    free(s->inputs);
    words_release(&s->args);
    words_release(&s->env);
    words_release(&s->centers);
    words_release(&s->outputs);
    words_release(&s->exclude);
    words_release(&s->nodelist);
    words_release(&s->features);
    free(s->script);
    free(s->work_dir);
    free(s->std_in);
    free(s->std_out);
    free(s->std_err);
    free(s->comment);
    free(s->mail_user);
    free(s->mail_type);
    free(s);
    return NULL;
}

bool job_file_name_ok(const char *name)
{
    const char *part = name;

    if (!*name || *name == '/' || strlen(name) > 255)
        return false;
    for (const char *p = name;; p++) {
        if (*p == '/' || *p == '\0') {
            size_t n = (size_t)(p - part);

            if (n == 0 || (n == 1 && part[0] == '.')
                || (n == 2 && part[0] == '.' && part[1] == '.'))
                return false;
            if (*p == '\0')
                return true;
            part = p + 1;
        } else if ((unsigned char)*p < ' ' || *p == 0x7f) {
            return false;
        }
    }
}

static int check_script(const struct job_spec *s, struct err *err)
{
    if (s->script_len == 0)
        return err_set(err, -EINVAL, "the script is empty");
    if (s->script_len > SCRIPT_MAX)
        return err_set(err, -E2BIG, "the script has %zu bytes, the most is %u",
                       s->script_len, SCRIPT_MAX);
    if (s->script_len < 2 || s->script[0] != '#' || s->script[1] != '!')
        return err_set(
            err, -EINVAL,
            "the script does not begin with #!: its first line must name the "
            "shell, as in #!/bin/bash");
    if (memchr(s->script, '\0', s->script_len))
        return err_set(err, -EINVAL,
                       "the script contains a NUL byte: is it a program?");
    return 0;
}

static int check_files(const struct job_spec *s, struct err *err)
{
    if (s->n_inputs > JOB_FILES_MAX)
        return err_set(err, -E2BIG, "%zu files to transfer in, the most is %d",
                       s->n_inputs, JOB_FILES_MAX);
    for (size_t i = 0; i < s->n_inputs; i++)
        if (!job_file_name_ok(s->inputs[i].name))
            return err_set(err, -EINVAL,
                           "file to transfer in '%s': give a name inside the job's "
                           "directory, without '..'",
                           s->inputs[i].name);
    for (size_t i = 0; i < s->outputs.n; i++)
        if (!job_file_name_ok(s->outputs.v[i]))
            return err_set(err, -EINVAL,
                           "pattern to transfer out '%s': give names inside the job's "
                           "directory, without '..'",
                           s->outputs.v[i]);
    return 0;
}

int job_spec_check(const struct job_spec *s, struct err *err)
{
    const struct job_names names = {.id = 1, .job_name = "x", .user = "x", .node = "x"};
    const char *const patterns[] = {s->std_in, s->std_out, s->std_err};
    char path[4096];
    int r = check_script(s, err);

    if (r == 0)
        r = request_check(&s->request, err);
    if (r == 0)
        r = check_files(s, err);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(patterns); i++)
        if (patterns[i])
            r = job_spec_expand(patterns[i], &names, path, sizeof(path), err);
    if (r == 0 && (!s->work_dir || s->work_dir[0] != '/'))
        r = err_set(err, -EINVAL, "the working directory must be absolute, not '%s'",
                    s->work_dir ? s->work_dir : "");
    return r;
}

int job_spec_expand(const char *pattern,
                    const struct job_names *n,
                    char *dst,
                    size_t cap,
                    struct err *err)
{
    size_t len = 0;

    for (const char *p = pattern; *p; p++) {
        char number[24];
        const char *part = number;
        size_t part_len;

        number[0] = *p;
        number[1] = '\0';
        if (*p == '%') {
            switch (*++p) {
            case '%':
                break;
            case 'j':
            case 'J':
            case 'A':
                (void)snprintf(number, sizeof(number), "%" PRIu64, n->id);
                break;
            case 'a':
            case 'n':
            case 't':
                number[0] = '0';
                break;
            case 'x':
                part = n->job_name;
                break;
            case 'u':
                part = n->user;
                break;
            case 'N':
                part = n->node;
                break;
            default:
                return err_set(
                    err, -EINVAL,
                    "'%%%c' in file name '%s': use %%j %%A %%x %%u %%N %%a %%t "
                    "or %%%%",
                    *p ? *p : ' ', pattern);
            }
        }
        part_len = strlen(part);
        if (len + part_len >= cap)
            return err_set(err, -ENAMETOOLONG,
                           "file name '%.60s…' is too long when expanded", pattern);
        memcpy(dst + len, part, part_len);
        len += part_len;
    }
    dst[len] = '\0';
    return 0;
}
