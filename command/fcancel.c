/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fcancel - end jobs, or send them a signal, wherever they are */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_row.h"
#include "command/say.h"
#include "command/signal_name.h"
#include "model/job_id.h"

#include "base/banned.h"

#define UNDER_WAY_MAX 64 /* questions that are sent before their answers are read */

enum { KEY_ME = COMMON_OWN };

struct ask {
    struct common common;
    struct job_filter filter;
    bool filtered; /* something other than ids was given */
    uint32_t signal;
    unsigned verbose;
    bool quiet;
};

/* clang-format off */
static const struct argp_option options[] = {
    {.name = "user", .key = 'u', .arg = "NAME[,NAME]", .doc = "Jobs of these users"},
    {.name = "me", .key = KEY_ME, .doc = "All your own jobs"},
    {.name = "name", .key = 'n', .arg = "NAME[,NAME]", .doc = "Jobs of this name"},
    {.name = "jobname", .flags = OPTION_ALIAS},
    {.name = "state", .key = 't', .arg = "STATE[,STATE]", .doc = "Jobs in these states"},
    {.name = "account", .key = 'A', .arg = "PROJECT[,PROJECT]", .doc = "Jobs of these projects"},
    {.name = "partition", .key = 'p', .arg = "NAME[,NAME]", .doc = "Jobs in these partitions"},
    {.name = "signal", .key = 's', .arg = "SIGNAL", .doc = "Send this signal and let the job go on"},
    {.name = "quiet", .key = 'Q', .doc = "Say nothing of jobs that do not exist"},
    {.name = "verbose", .key = 'v', .doc = "Say what becomes of each job"},
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

static void words(const char *option, struct ask *a, struct words *to, const char *arg)
{
    struct err err = {0};

    if (job_filter_words(to, arg, &err) != 0)
        common_refuse(NULL, option, &err);
    a->filtered = true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;
    struct err err = {0};

    switch (key) {
    case 'u':
        words("--user", a, &a->filter.users, arg);
        return 0;
    case KEY_ME:
        a->filter.me = true;
        a->filtered = true;
        return 0;
    case 'n':
        words("--name", a, &a->filter.names, arg);
        return 0;
    case 'A':
        words("--account", a, &a->filter.projects, arg);
        return 0;
    case 'p':
        words("--partition", a, &a->filter.partitions, arg);
        return 0;
    case 't':
        if (job_filter_states(&a->filter, arg, &err) != 0)
            common_refuse(state, "--state", &err);
        a->filtered = true;
        return 0;
    case 's':
        if (signal_name_parse(arg, &a->signal, &err) != 0)
            common_refuse(state, "--signal", &err);
        return 0;
    case 'Q':
        a->quiet = true;
        return 0;
    case 'v':
        a->verbose++;
        return 0;
    case ARGP_KEY_ARG:
        if (job_filter_ids(&a->filter, arg, &err) != 0)
            common_refuse(state, "job", &err);
        return 0;
    case ARGP_KEY_END:
        if (!a->filtered && a->filter.ids.n == 0) {
            say_error(
                "name jobs by id, or choose them with --me, --user, --name, --state, "
                "--account or --partition");
            exit(SAY_ERROR);
        }
        return 0;
    default:
        return common_parse(&a->common, key, arg, -1);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[ID...]",
    .doc = "End jobs, or send them a signal, at whichever center they are."
           "\vExit code 1 if any of them could not be cancelled; a job that has ended "
           "already "
           "is no failure.",
};

struct targets {
    uint64_t *ids;
    size_t n;
    size_t cap;
};

static int add_target(struct targets *t, uint64_t id)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        uint64_t *ids = realloc(t->ids, cap * sizeof(*ids));

        if (!ids) {
            say_error("not enough memory for so many jobs");
            return SAY_ERROR;
        }
        t->ids = ids;
        t->cap = cap;
    }
    t->ids[t->n++] = id;
    return SAY_OK;
}

static int add_row(const struct job_row *row, void *arg)
{
    return job_state_final(row->job.state) ? 0 : add_target(arg, row->job.id);
}

static int find(struct client *c, const struct ask *a, struct targets *t)
{
    if (a->filtered)
        return job_rows(c, &a->filter, add_row, t);
    for (size_t i = 0; i < a->filter.ids.n; i++) {
        uint64_t id = 0;
        int code = job_id_parse(a->filter.ids.v[i], &id, NULL) == 0 ? add_target(t, id)
                                                                    : SAY_ERROR;
        if (code)
            return code;
    }
    return SAY_OK;
}

static int post(struct client *c,
                const struct ask *a,
                uint64_t id,
                uint64_t *ret_question)
{
    struct err err = {0};
    json_t *q = json_pack("{s:s, s:I, s:i}", "op", "cancel", "job", (json_int_t)id,
                          "signal", (int)a->signal);
    int r = q ? client_post(c, q, ret_question, &err) : -ENOMEM;

    if (r == 0)
        return SAY_OK;
    say_error("job %" PRIu64 ": %s", id, err_text(&err, r));
    return SAY_TEMPORARY;
}

/* What one answer means for its job. */
static int judge(const struct ask *a, uint64_t id, const json_t *answer)
{
    const char *code = desk_text(answer, "code");
    const char *text = desk_text(answer, "text");
    const char *state = desk_text(answer, "state");
    char job[40];

    if (json_is_true(json_object_get(answer, "ok"))) {
        if (a->verbose)
            say_note("job %" PRIu64 " %s%s%s", id,
                     a->signal ? "signalled" : "cancelled", state[0] ? ": " : "",
                     state);
        return SAY_OK;
    }
    if (a->quiet && !strcmp(code, "not-found"))
        return SAY_OK;
    /* Most of the daemon's texts name the job themselves. */
    (void)snprintf(job, sizeof(job), "job %" PRIu64, id);
    job[strncmp(text, job, strlen(job)) ? strlen(job) : 0] = '\0';
    if (!strcmp(code, "ended")) { /* what was wanted is so already */
        if (a->verbose)
            say_note("%s%s%s", job, job[0] ? ": " : "", text);
        return SAY_OK;
    }
    say_error("%s%s%s", job, job[0] ? ": " : "", text);
    return desk_refusal_exit(answer);
}

/* One batch of questions, their answers in any order; the worst code wins. */
static int cancel_some(struct client *c,
                       const struct ask *a,
                       const uint64_t *ids,
                       size_t n)
{
    uint64_t questions[UNDER_WAY_MAX];
    int worst = SAY_OK;

    for (size_t i = 0; i < n; i++) {
        int code = post(c, a, ids[i], &questions[i]);

        if (code)
            return code;
    }
    for (size_t answered = 0; answered < n; answered++) {
        struct err err = {0};
        json_t *answer = NULL;
        int r = client_next(c, &answer, &err);
        uint64_t id;

        if (r != 0 && !answer) {
            say_error("%s: %zu jobs may not have been cancelled", err_text(&err, r),
                      n - answered);
            return SAY_TEMPORARY;
        }
        id = (uint64_t)desk_int(answer, "id", 0);
        for (size_t i = 0; i < n; i++)
            if (questions[i] == id)
                worst =
                    MAX(worst, judge(a, ids[i], answer) != SAY_OK ? SAY_ERROR : SAY_OK);
        json_decref(answer);
    }
    return worst;
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct ask ask = {0};
    struct targets targets = {0};
    int code;

    say_begin();
    job_filter_init(&ask.filter);
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = find(c, &ask, &targets);
    for (size_t i = 0; code != SAY_TEMPORARY && c && i < targets.n;
         i += UNDER_WAY_MAX) {
        size_t n = MIN(targets.n - i, (size_t)UNDER_WAY_MAX);
        int some = cancel_some(c, &ask, targets.ids + i, n);

        code = MAX(code, some);
    }
    free(targets.ids);
    job_filter_release(&ask.filter);
    return say_end(code);
}
