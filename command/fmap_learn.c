/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap_learn - fmap learn: what Open MPI's monitoring wrote becomes a matrix */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "place/read.h"

#include "fmap.h"

#include "base/banned.h"

static int is_prof(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 5 && !strcmp(e->d_name + n - 5, ".prof");
}

static int read_one(const char *dir, const char *name, struct flows *f, struct err *err)
{
    struct buf path = BUF_INIT(8192);
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    int r;

    buf_printf(&path, "%s/%s", dir, name);
    r = path.err ? path.err : fmap_read(buf_text(&path), &b, err);
    if (r == 0) {
        r = flows_read_prof(f, buf_text(&b), b.len, err);
        if (r < 0)
            r = err_prefix(err, r, "%.80s", name);
    }
    buf_release(&b);
    buf_release(&path);
    return r;
}

static int read_all(const char *dir, struct flows *f, struct err *err)
{
    struct dirent **list;
    int n = scandir(dir, &list, is_prof, alphasort);
    int r = n < 0 ? -errno : 0;

    if (r < 0)
        return err_set(err, r, "%.120s: %s", dir, strerror(-r));
    if (n == 0)
        r = err_set(err, -ENOENT,
                    "%.120s has no .prof files: run with --mca pml_monitoring_enable 2 "
                    "--mca pml_monitoring_enable_output 3 "
                    "--mca pml_monitoring_filename DIR/NAME",
                    dir);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = read_one(dir, list[i]->d_name, f, err);
        free(list[i]);
    }
    free(list);
    return r;
}

int fmap_learn(const struct fmap_options *o)
{
    _cleanup_(pattern_freep) struct pattern *p = NULL;
    struct flows f = {0};
    struct buf b = BUF_INIT(FMAP_FILE_MAX);
    struct err err = {0};
    int status;
    int r;

    if (o->n_args != 1) {
        fprintf(stderr, "fmap: learn needs one directory\n");
        return 2;
    }
    r = read_all(o->args[0], &f, &err);
    if (r == 0 && f.n_ranks == 0 && o->ranks == 0)
        r = err_set(&err, -ENODATA, "%.120s: no traffic was recorded", o->args[0]);
    if (r == 0 && o->ranks && f.n_ranks > o->ranks)
        r = err_set(&err, -EINVAL, "rank %u in a job of %u ranks", f.n_ranks - 1,
                    o->ranks);
    if (r == 0)
        r = pattern_from_flows(o->ranks ? o->ranks : f.n_ranks, f.v, f.n, &p, &err);
    flows_release(&f);
    if (r < 0)
        return fmap_fail(&err, r);
    pattern_write_metis(p, &b);
    status = fmap_write(o, &b);
    buf_release(&b);
    return status;
}
