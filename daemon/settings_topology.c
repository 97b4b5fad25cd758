/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* settings_topology - the section of the switches, and the file that it names */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "daemon/settings_int.h"
#include "place/topology.h"

#include "base/banned.h"

#define FILE_MAX (64u << 20)

/* A list of numbers per level; it is kept as text. */
static int read_levels(cfg_t *sec,
                       const char *option,
                       uint64_t min,
                       uint64_t max,
                       char **ret_text,
                       struct err *err)
{
    const char *value = cfg_getstr(sec, option);
    uint64_t v[PLACE_LEVELS_MAX];
    struct err own = {0};
    int n;

    if (!value)
        return 0;
    n = machine_numbers(value, value, min, max, v, &own);
    if (n < 0)
        return conf_fail(sec, option, err, "%s", err_text(&own, n));
    for (int i = 1; i < n && !strcmp(option, "distance"); i++)
        if (v[i] < v[i - 1])
            return conf_fail(
                sec, option, err,
                "%s falls: a level is at least as far as the one inside it", value);
    *ret_text = strdup(value);
    return *ret_text ? 0 : -ENOMEM;
}

int settings_topology(cfg_t *cfg, const char *dir, struct site *site, struct err *err)
{
    cfg_t *sec = cfg_getsec(cfg, "topology");
    const char *name = cfg_getstr(sec, "file");
    struct buf b = BUF_INIT(FILE_MAX);
    static const uint32_t one[] = {1};
    const struct node_shape shape = {1, one, NULL};
    struct topology *t = NULL;
    struct machine *m = NULL;
    struct err own = {0};
    char *path;
    int r = read_levels(sec, "distance", 0, UINT32_MAX / 4, &site->distance, err);

    if (r == 0)
        r = read_levels(sec, "capacity", 1, UINT64_C(1) << 53, &site->capacity, err);
    site->crumbs = cfg_getbool(sec, "crumbs");
    if (r < 0 || !name)
        return r;
    path = conf_path(dir, name);
    if (!path)
        return -ENOMEM;
    r = path_check_private(path, 022, &own);
    if (r == 0)
        r = path_read(path, &b, &own);
    free(path);
    if (r == 0)
        r = topology_parse(buf_text(&b), b.len, &t, &own);
    if (r == 0) /* a tree, and no node twice */
        r = topology_machine(t, &shape, NULL, 0, &m, &own);
    if (r == 0 && strlen(buf_text(&b)) != b.len)
        r = err_set(&own, -EINVAL, "a byte is zero");
    if (r < 0)
        r = conf_fail(sec, "file", err, "%s: %s", name, err_text(&own, r));
    else
        site->topology = buf_take(&b);
    t = topology_free(t);
    m = machine_free(m);
    buf_release(&b);
    return r;
}
