/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* job_filter - which jobs a person wants to see or to cancel */
#include "config.h"

#include "command/job_filter.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "model/job_id.h"
#include "model/job_state.h"
#include "model/name.h"

#include "base/banned.h"

#define LIST_MAX 65536

void job_filter_init(struct job_filter *f)
{
    *f = (struct job_filter){
        .ids = WORDS_INIT(LIST_MAX, LIST_MAX * 16),
        .users = WORDS_INIT(1024, LIST_MAX),
        .projects = WORDS_INIT(1024, LIST_MAX),
        .names = WORDS_INIT(1024, LIST_MAX),
        .partitions = WORDS_INIT(1024, LIST_MAX),
        .centers = WORDS_INIT(CENTERS_MAX, LIST_MAX),
        .institutions = WORDS_INIT(1024, LIST_MAX),
    };
}

void job_filter_release(struct job_filter *f)
{
    words_release(&f->ids);
    words_release(&f->users);
    words_release(&f->projects);
    words_release(&f->names);
    words_release(&f->partitions);
    words_release(&f->centers);
    words_release(&f->institutions);
}

int job_filter_words(struct words *to, const char *list, struct err *err)
{
    size_t before = to->n;
    int r = words_split(to, list, ",");

    if (r != 0)
        return err_set(err, r, "the list is too long: at most %zu words", to->max);
    if (to->n == before)
        return err_set(err, -EINVAL, "the list is empty");
    return 0;
}

int job_filter_ids(struct job_filter *f, const char *list, struct err *err)
{
    size_t before = f->ids.n;
    int r = job_filter_words(&f->ids, list, err);

    for (size_t i = before; r == 0 && i < f->ids.n; i++) {
        uint64_t id;
        char *step = strchr(f->ids.v[i], '.');

        /* sacct -j ID.batch: a job here is one step. */
        if (step && (!strcmp(step, ".batch") || !strcmp(step, ".0")))
            *step = '\0';
        r = job_id_parse(f->ids.v[i], &id, err);
    }
    return r;
}

int job_filter_states(struct job_filter *f, const char *list, struct err *err)
{
    struct words words = WORDS_INIT(64, 4096);
    int r = job_filter_words(&words, list, err);

    for (size_t i = 0; r == 0 && i < words.n; i++) {
        enum job_state s;

        if (!strcasecmp(words.v[i], "all"))
            f->states = (1u << _JOB_STATE_MAX) - 1;
        else if (job_state_parse(words.v[i], &s))
            f->states |= 1u << s;
        else
            r = err_set(err, -EINVAL,
                        "'%.40s' is not a job state: use PENDING, RUNNING, COMPLETED, "
                        "FAILED, CANCELLED, TIMEOUT, … or PD, R, CD, F, CA, TO, … or "
                        "all",
                        words.v[i]);
    }
    words_release(&words);
    return r;
}
