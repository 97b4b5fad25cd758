/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport_write - tables as text, CSV, JSON, spreadsheet or paper */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "command/freport_file.h"
#include "command/freport_paper.h"
#include "command/freport_tables.h"
#include "report/xlsx.h"

#include "base/banned.h"

static const char *const forms[] = {"table", "csv", "json", "xlsx", "pdf"};

static bool is(const struct freport_ask *ask, const char *form)
{
    return !strcmp(ask->format ? ask->format : "table", form);
}

bool freport_for_people(const struct freport_ask *ask)
{
    return !is(ask, "csv") && !is(ask, "json");
}

void freport_check_format(const struct freport_ask *ask)
{
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        if (is(ask, forms[i])) {
            if (i >= 3 && !ask->output)
                freport_refuse("--format", ask->format,
                               "it together with --output FILE");
            return;
        }
    freport_refuse("--format", ask->format, "table, csv, json, xlsx or pdf");
}

struct task {
    const struct freport_ask *ask;
    const struct registry *registry;
    const struct freport_grids *grids;
};

static int write_stream(FILE *out, void *arg, struct err *err)
{
    const struct task *t = arg;
    const struct freport_grids *g = t->grids;
    bool json = is(t->ask, "json");
    int r = 0;

    if (json)
        (void)fputs("{\"tables\":[", out);
    for (size_t i = 0; r == 0 && i < g->n; i++) {
        if (json) {
            (void)fputs(i ? ",\n" : "", out);
            grid_json(g->v[i], out);
        } else if (is(t->ask, "csv")) {
            grid_csv(g->v[i], out);
        } else {
            (void)fputs(i ? "\n" : "", out);
            r = grid_plain(g->v[i], t->ask->lang, out);
        }
    }
    if (json)
        (void)fputs("]}\n", out);
    if (r < 0)
        return err_set(err, r, "the sums of a table do not fit");
    if (fflush(out) != 0 || ferror(out))
        return err_set(err, -errno, "cannot write the output: %s", strerror(errno));
    return 0;
}

static int write_book(const char *part, void *arg, struct err *err)
{
    const struct task *t = arg;
    const struct freport_grids *g = t->grids;

    return xlsx_write(part, t->ask->lang == LANG_VI ? g->vi : g->en, t->ask->lang, g->v,
                      g->n, tally_latest(g->tally), err);
}

static int write_paper(const char *part, void *arg, struct err *err)
{
    const struct task *t = arg;

    return freport_paper(part, t->ask, t->registry, t->grids, err);
}

int freport_write(const struct freport_ask *ask,
                  const struct registry *registry,
                  const struct freport_grids *grids,
                  struct err *err)
{
    struct task t = {ask, registry, grids};

    if (is(ask, "xlsx"))
        return freport_into_path(ask->output, write_book, &t, err);
    if (is(ask, "pdf"))
        return freport_into_path(ask->output, write_paper, &t, err);
    return freport_into_file(ask->output, write_stream, &t, err);
}
