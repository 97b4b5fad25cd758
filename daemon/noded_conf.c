/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* noded_conf - noded.conf, checked completely before use */
#include "config.h"

#include "daemon/noded_conf.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/measure.h"
#include "base/path.h"
#include "base/words.h"

#include "base/banned.h"

/* libconfuse has one error callback and no argument: the last text, for this call. */
static struct err conf_err;

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    char text[ERR_TEXT_MAX];

    (void)vsnprintf(text, sizeof(text), fmt, ap);
    (void)err_set(&conf_err, -EINVAL, "%s:%d: %s", cfg->filename ? cfg->filename : "?",
                  cfg->line, text);
}

static int text(
    cfg_t *cfg, const char *key, char *dst, size_t cap, bool needed, struct err *err)
{
    const char *v = cfg_getstr(cfg, key);

    if (needed && (!v || !*v))
        return err_set(err, -EINVAL, "%s is missing", key);
    if (!word_copy(dst, cap, v ? v : ""))
        return err_set(err, -EINVAL, "%s may have %zu bytes, not %zu", key, cap - 1,
                       strlen(v));
    return 0;
}

static int number(cfg_t *cfg, const char *key, long max, uint32_t *ret, struct err *err)
{
    long v = cfg_getint(cfg, key);

    if (v < 0 || v > max)
        return err_set(err, -EINVAL, "%s must be 0 to %ld, not %ld", key, max, v);
    *ret = (uint32_t)v;
    return 0;
}

static int fill(cfg_t *cfg, struct noded_conf *c, struct err *err)
{
    const char *mem = cfg_getstr(cfg, "memory");
    const char *beside = cfg_getstr(cfg, "beside");
    int r = text(cfg, "name", c->name, sizeof(c->name), true, err);

    if (!r)
        r = text(cfg, "center", c->center, sizeof(c->center), true, err);
    if (!r)
        r = text(cfg, "munge_socket", c->munge_socket, PATH_MAX, false, err);
    if (!r)
        r = text(cfg, "listen", c->listen, sizeof(c->listen), true, err);
    if (!r)
        r = text(cfg, "spool", c->spool, sizeof(c->spool), true, err);
    if (!r)
        r = text(cfg, "machine", c->machine, sizeof(c->machine), true, err);
    if (!r)
        r = text(cfg, "features", c->features, sizeof(c->features), false, err);
    if (!r)
        r = number(cfg, "kill_wait_s", 3600, &c->kill_wait_s, err);
    if (!r)
        r = number(cfg, "gpus", GPUS_MAX, &c->gpus, err);
    if (!r)
        r = text(cfg, "gpu_type", c->gpu_type, sizeof(c->gpu_type), false, err);
    if (!r)
        r = number(cfg, "min_uid", INT_MAX, &c->min_uid, err);
    if (!r && mem && *mem)
        r = measure_size(mem, 1 << 20, UINT64_C(1) << 60, &c->mem_bytes, err);
    if (!r && !word_is_name(c->name, NAME_CAP - 1))
        r = err_set(err, -EINVAL, "name \"%s\" may have letters, digits and ._@+-",
                    c->name);
    if (!r && c->gpu_type[0] && !word_is_name(c->gpu_type, GPU_TYPE_CAP - 1))
        r = err_set(err, -EINVAL, "gpu_type \"%s\" may have letters, digits and ._@+-",
                    c->gpu_type);
    c->beside_slurmd = beside && !strcmp(beside, "slurmd");
    if (!r && beside && beside[0] && !c->beside_slurmd)
        r = err_set(err, -EINVAL, "beside \"%s\" can only be slurmd", beside);
    if (!r && c->spool[0] != '/')
        r = err_set(err, -EINVAL, "spool \"%s\" must be an absolute path", c->spool);
    return r;
}

int noded_conf_read(const char *path, struct noded_conf *ret_conf, struct err *err)
{
    cfg_opt_t options[] = {CFG_STR("name", NULL, CFGF_NONE),
                           CFG_STR("center", NULL, CFGF_NONE),
                           CFG_STR("munge_socket", NULL, CFGF_NONE),
                           CFG_STR("listen", "127.0.0.1:0", CFGF_NONE),
                           CFG_STR("spool", NULL, CFGF_NONE),
                           CFG_STR("machine", "live", CFGF_NONE),
                           CFG_STR("memory", NULL, CFGF_NONE),
                           CFG_STR("features", NULL, CFGF_NONE),
                           CFG_STR("beside", "", CFGF_NONE),
                           CFG_INT("gpus", 0, CFGF_NONE),
                           CFG_STR("gpu_type", NULL, CFGF_NONE),
                           CFG_INT("kill_wait_s", 30, CFGF_NONE),
                           CFG_INT("min_uid", 1000, CFGF_NONE),
                           CFG_END()};
    struct noded_conf c = {0};
    cfg_t *cfg;
    int parsed;
    int r = path_check_private(path, 022, err);

    if (r)
        return r;
    cfg = cfg_init(options, CFGF_NONE);
    if (!cfg)
        return -ENOMEM;
    conf_err = (struct err){0};
    (void)cfg_set_error_function(cfg, on_error);
    parsed = cfg_parse(cfg, path);
    if (parsed == CFG_FILE_ERROR)
        r = err_set(err, -ENOENT, "cannot read %s", path);
    else if (parsed != CFG_SUCCESS)
        r = err_set(err, -EINVAL, "%s", err_text(&conf_err, -EINVAL));
    else if ((r = fill(cfg, &c, err)))
        r = err_prefix(err, r, "%s", path);
    (void)cfg_free(cfg); /* says only whether there was one */
    if (!r)
        *ret_conf = c;
    return r;
}
