/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* shepherd_plan - reads job.json */
#include "config.h"

#include "daemon/shepherd_plan.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "model/name.h"

#include "base/banned.h"

static int strings(const json_t *array, struct words *w)
{
    size_t n = json_array_size(array);

    *w = WORDS_INIT(2 * JOB_WORDS_MAX, PLAN_MAX);
    for (size_t i = 0; i < n; i++) {
        const char *s = json_string_value(json_array_get(array, i));
        int r = s ? words_add(w, s) : -EBADMSG;

        if (r)
            return r;
    }
    return 0;
}

static int load(const char *dir, json_t **ret_json, struct err *err)
{
    struct buf b = BUF_INIT(PLAN_MAX);
    char path[PATH_MAX];
    json_error_t why;
    int r = path_join(path, sizeof(path), dir, "job.json");

    if (!r)
        r = path_read(path, &b, err);
    if (!r) {
        *ret_json = json_loadb(b.data, b.len, 0, &why);
        if (!*ret_json)
            r = err_set(err, -EBADMSG, "%s:%d: %s", path, why.line, why.text);
    }
    buf_release(&b);
    return r;
}

static uint32_t number(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));

    return v < 0 || v > UINT32_MAX ? 0 : (uint32_t)v;
}

static uint64_t big(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));

    return v < 0 ? 0 : (uint64_t)v;
}

static const char *text(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

int plan_read(const char *dir, struct plan *ret_plan, struct err *err)
{
    struct plan p = {.dir = dir};
    const json_t *o;
    int r = load(dir, &p.json, err);

    if (r)
        return r;
    o = p.json;
    p.step = json_is_true(json_object_get(o, "step"));
    r = strings(json_object_get(o, "argv"), &p.argv);
    if (!r)
        r = strings(json_object_get(o, "env"), &p.env);
    p.cwd = text(o, "cwd");
    p.std_in = text(o, "stdin");
    p.std_out = text(o, "stdout");
    p.std_err = text(o, "stderr");
    p.append = json_is_true(json_object_get(o, "append"));
    p.own_files = json_is_true(json_object_get(o, "own_files"));
    p.user = text(o, "user");
    p.uid = number(o, "uid");
    p.gid = number(o, "gid");
    p.limit_s = number(o, "limit_s");
    p.kill_wait_s = number(o, "kill_wait_s");
    p.mem_bytes = big(o, "mem_bytes");
    p.signal = number(o, "signal");
    p.signal_s = number(o, "signal_s");
    p.signal_batch = json_is_true(json_object_get(o, "signal_batch"));
    p.work = text(o, "work");
    p.out = text(o, "out");
    p.outputs = json_object_get(o, "outputs");
    p.transfer_max = big(o, "transfer_max");
    p.comm = text(o, "comm");
    p.comm_ranks = number(o, "comm_ranks");
    if (r || p.argv.n == 0 || p.env.n == 0 || !p.cwd || !p.user
        || !json_is_integer(json_object_get(o, "uid"))
        || !json_is_integer(json_object_get(o, "gid")) || (!p.step && !p.std_out)) {
        plan_release(&p);
        return err_set(err, -EBADMSG, "%s/job.json: argv, env, cwd or user is missing",
                       dir);
    }
    *ret_plan = p;
    return 0;
}

void plan_rights(const struct plan *p, bool user)
{
    if (getuid() != 0 || p->uid == 0)
        return;
    if (user) {
        if (setegid(p->gid) < 0 || seteuid(p->uid) < 0)
            _exit(126);
    } else if (seteuid(0) < 0 || setegid(0) < 0) {
        _exit(126);
    }
}

void plan_release(struct plan *p)
{
    words_release(&p->argv);
    words_release(&p->env);
    json_decref(p->json);
    *p = (struct plan){0};
}
