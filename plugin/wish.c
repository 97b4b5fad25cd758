/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* wish - what a user asked of the federation with the options of spank/hopluu */
#include "config.h"

#include "plugin/wish.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "model/name.h"
#include "model/request.h"

#include "base/banned.h"

#define PREFIX "_SLURM_SPANK_OPTION_" WISH_PLUGIN "_"
#define VALUE_MAX 4096 /* bytes of one option */
#define LIST_MAX 256   /* words of one option */

const struct wish_option wish_options[_WISH_MAX] = {
    [WISH_CENTER] = {"center",        "any|NAME[,NAME...]",
                     "hand the job to the federation: it runs at any center, or at one "
                     "of these",                                                 NULL                                       },
    [WISH_DATASET] = {"dataset",       "NAME[,NAME...]",
                     "data sets that the job reads (not there yet: refused)",    "data sets are not known to Hopluu yet: name files with "
                      "--transfer-in of fbatch"},
    [WISH_COMM] = {"comm",          "PATTERN",
                     "how the ranks talk, such as stencil3d:4x4x2: they are placed for "
                   "that",                                                       NULL                                       },
    [WISH_TRANSFER_IN] = {"transfer-in",   "FILE[,FILE...]",
                     "files that travel with a job that is handed over (not there "
                          "yet: refused; fbatch has it)",                        "sbatch cannot bring files along yet: use fbatch "
                          "--transfer-in"                          },
    [WISH_TRANSFER_OUT] = {"transfer-out",  "PATTERN[,PATTERN...]",
                     "files of a job that is handed over that are brought back", NULL                                       },
    [WISH_AT_LEAST_ONCE] =
        {"at-least-once", "TIME",
                     "run a job that is handed over again when the center that runs it "
         "has been silent so long",                                              NULL                                       },
};

/* Is `entry` PREFIX NAME '=' VALUE? */
static const char *value_of(const char *entry, const char *name)
{
    if (strncmp(entry, PREFIX, sizeof(PREFIX) - 1) != 0)
        return NULL;
    entry += sizeof(PREFIX) - 1;
    for (; *name; name++, entry++)
        if (*entry != (*name == '-' ? '_' : *name) && *entry != *name)
            return NULL;
    return *entry == '=' ? entry + 1 : NULL;
}

struct wish wish_read(char *const *env, uint32_t n)
{
    struct wish w = {0};

    for (uint32_t i = 0; env && i < n; i++)
        for (size_t k = 0; env[i] && k < _WISH_MAX; k++) {
            const char *v = value_of(env[i], wish_options[k].name);

            if (v)
                w.value[k] = v;
        }
    return w;
}

static int check_centers(const char *value, struct err *err)
{
    struct words w = WORDS_INIT(LIST_MAX, VALUE_MAX);
    int r = words_split(&w, value, ",");

    if (r == 0 && w.n == 0)
        r = -EINVAL;
    for (size_t i = 0; r == 0 && i < w.n; i++)
        if (!word_is_name(w.v[i], NAME_CAP - 1))
            r = -EINVAL;
    words_release(&w);
    if (r == -EINVAL)
        return err_set(err, r,
                       "--center=%.60s: give any, or names of centers between commas",
                       value);
    return r < 0 ? err_set(err, r, "--center: more than %d names", LIST_MAX) : 0;
}

int wish_silence(const char *value, uint32_t *ret_s, struct err *err)
{
    uint32_t s = 0;

    if (measure_duration(value, &s, NULL) < 0 || s == 0 || s == DURATION_UNLIMITED)
        return err_set(err, -EINVAL,
                       "--at-least-once=%.40s: give the time after which a silent "
                       "center is given up, as 30 (minutes) or 2:00:00",
                       value);
    *ret_s = s;
    return 0;
}

int wish_check(enum wish_name w, const char *value, struct err *err)
{
    const struct wish_option *o = &wish_options[w];
    struct request q;

    if (o->missing)
        return err_set(err, -ENOTSUP, "--%s: %s", o->name, o->missing);
    if (strlen(value) >= VALUE_MAX)
        return err_set(err, -E2BIG, "--%s is longer than %d bytes", o->name,
                       VALUE_MAX - 1);
    if (o->arg && !value[0])
        return err_set(err, -EINVAL, "--%s needs a value: %s", o->name, o->arg);
    if (w == WISH_CENTER)
        return check_centers(value, err);
    if (w == WISH_AT_LEAST_ONCE) {
        uint32_t silence_s;

        return wish_silence(value, &silence_s, err);
    }
    if (w == WISH_COMM && strlen(value) >= sizeof(q.comm))
        return err_set(err, -E2BIG, "--comm is longer than %zu bytes",
                       sizeof(q.comm) - 1);
    return 0;
}
