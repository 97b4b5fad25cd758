/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fcontrol - look at single things and change them: scontrol's verbs that users need */
#include "config.h"

#include "command/fcontrol.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/measure.h"
#include "base/number.h"
#include "command/desk.h"
#include "command/job_filter.h"
#include "command/say.h"
#include "model/job_id.h"

#include "base/banned.h"

static const struct argp_option options[] = {
    {.name = "oneliner",                   .key = 'o', .doc = "Print each job on one line"},
    COMMON_OPTION_SOCKET,
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct control *a = state->input;

    switch (key) {
    case 'o':
        a->one_line = true;
        return 0;
    case ARGP_KEY_ARGS:
        a->words = state->argv + state->next;
        a->n_words = (size_t)(state->argc - state->next);
        return 0;
    default:
        return common_parse(&a->common, key, arg, -1);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "VERB [WORD...]",
    .doc =
        "Look at single jobs, let held ones go, change their time limit, give up lost "
        "ones, and write lists of hosts."
        "\vVerbs:\n"
        "  release ID...          let held jobs go\n"
        "  update JobId=ID... TimeLimit=TIME\n"
        "                         another time limit for jobs that wait\n"
        "  declare-lost ID...     give up runs whose centers are silent (operators)\n"
        "  drain                  entrust what waits here to others (operators)\n"
        "  resume                 … no longer\n"
        "  show job [ID...]       all about these jobs, or about all jobs\n"
        "  show hostnames [LIST]  names of LIST or $SLURM_JOB_NODELIST\n"
        "  show hostlist NAMES    the shortest list of these names\n"
        "  create reservation KEY=VALUE...  keep nodes for some (operators)\n"
        "  delete ReservationName=NAME      … no longer (operators)\n"
        "  show reservation [NAME]          this reservation, or all\n"
        "  ping                   say which center answers\n",
};

/* What the daemon says of one job with which it does not do so. */
static int refused_one(uint64_t id, int code, const struct err *err)
{
    char job[40];

    /* Most of the daemon's texts name the job themselves. */
    (void)snprintf(job, sizeof(job), "job %" PRIu64, id);
    job[strncmp(err->text, job, strlen(job)) ? strlen(job) : 0] = '\0';
    if (err->code == -EALREADY) { /* what was wanted is so already */
        say_note("%s%s%s", job, job[0] ? ": " : "", err->text);
        return SAY_OK;
    }
    say_error("%s%s%s", job, job[0] ? ": " : "", err->text);
    return code;
}

/* limit_s: 0 = the question has none. */
static int ask_each(struct client *c,
                    const char *op,
                    uint32_t limit_s,
                    const struct words *ids)
{
    int worst = SAY_OK;

    for (size_t i = 0; i < ids->n; i++) {
        struct err err = {0};
        json_t *answer = NULL, *question;
        bool refused = false;
        uint64_t id = 0;
        int code;

        (void)job_id_parse(ids->v[i], &id, NULL); /* checked when it was typed */
        question = json_pack("{s:s, s:I}", "op", op, "job", (json_int_t)id);
        if (question && limit_s)
            (void)json_object_set_new(question, "limit_s", json_integer(limit_s));
        code = desk_try(c, question, &answer, &refused, &err);
        json_decref(answer);
        if (code == SAY_OK)
            continue;
        code = refused_one(id, code, &err);
        if (!refused)
            return code; /* nobody answers: nor would they for the others */
        if (code != SAY_OK)
            worst = ids->n == 1 ? code : SAY_ERROR;
    }
    return worst;
}

/* A verb that takes ids and is one question for each of them. */
static int control_ids(const struct control *a, const char *verb, const char *op)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct job_filter f;
    struct err err = {0};
    int code = SAY_OK;

    if (a->n_words == 0) {
        say_error("%s: which job? Give its id", verb);
        return SAY_ERROR;
    }
    job_filter_init(&f);
    for (size_t i = 0; code == SAY_OK && i < a->n_words; i++)
        if (job_filter_ids(&f, a->words[i], &err) != 0) {
            say_error("%s: %s", verb, err.text);
            code = SAY_ERROR;
        }
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = ask_each(c, op, 0, &f.ids);
    job_filter_release(&f);
    return code;
}

static int control_release(const struct control *a)
{
    return control_ids(a, "release", "release");
}

/* WORD=VALUE, in any case: the value, or NULL. */
static const char *value_of(const char *text, const char *word)
{
    size_t n = strlen(word);

    return !strncasecmp(text, word, n) && text[n] == '=' ? text + n + 1 : NULL;
}

static int read_update(const struct control *a,
                       struct job_filter *f,
                       uint32_t *ret_limit_s)
{
    struct err err = {0};

    for (size_t i = 0; i < a->n_words; i++) {
        const char *id = value_of(a->words[i], "JobId");
        const char *limit = value_of(a->words[i], "TimeLimit");
        int r = id      ? job_filter_ids(f, id, &err)
                : limit ? measure_duration(limit, ret_limit_s, &err)
                        : err_set(&err, -EINVAL, "use JobId= and TimeLimit=");

        if (r != 0) {
            say_error("update: '%s': %s", a->words[i], err.text);
            return SAY_ERROR;
        }
    }
    if (f->ids.n == 0 || *ret_limit_s == 0) {
        say_error("update: give JobId=ID and TimeLimit=TIME");
        return SAY_ERROR;
    }
    return SAY_OK;
}

static int control_update(const struct control *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct job_filter f;
    uint32_t limit_s = 0;
    int code;

    job_filter_init(&f);
    code = read_update(a, &f, &limit_s);
    if (code == SAY_OK)
        code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = ask_each(c, "set_limit", limit_s, &f.ids);
    job_filter_release(&f);
    return code;
}

static int control_declare_lost(const struct control *a)
{
    return control_ids(a, "declare-lost", "declare_lost");
}

/* Before and after a maintenance. Said again it tells how far that is. */
static int control_turn(const struct control *a, bool on)
{
    _cleanup_(client_freep) struct client *c = NULL;
    const char *verb = on ? "drain" : "resume";
    json_t *q = desk_question("drain");
    json_t *answer = NULL;
    int code;

    if (a->n_words) {
        say_error("%s: '%s' is one word too many: it is about the center that answers",
                  verb, a->words[0]);
        json_decref(q);
        return SAY_ERROR;
    }
    if (q)
        (void)json_object_set_new(q, "on", json_boolean(on)); /* desk_ask() sees NULL */
    code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c, q, &answer);
    else
        json_decref(q);
    if (code == SAY_OK)
        printf("%s: %s; %" PRId64 " jobs wait, %" PRId64 " are entrusted to others\n",
               desk_text(answer, "center"), on ? "drained" : "resumed",
               (int64_t)desk_int(answer, "waiting", 0),
               (int64_t)desk_int(answer, "entrusted", 0));
    json_decref(answer);
    return code;
}

static int control_drain(const struct control *a)
{
    return control_turn(a, true);
}

static int control_resume(const struct control *a)
{
    return control_turn(a, false);
}

static int control_ping(const struct control *a)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct buf b = BUF_INIT(1024);
    json_t *answer = NULL;
    int code;

    if (a->n_words) {
        say_error("ping: '%s' is one word too many", a->words[0]);
        return SAY_ERROR;
    }
    code = desk_open(a->common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c, desk_question("hello"), &answer);
    if (code == SAY_OK) {
        const char *person = desk_text(answer, "person");

        buf_printf(&b, "hopluud of center %s (%" PRId64 ") is UP, version %s; %s is %s",
                   desk_text(answer, "center"), (int64_t)desk_int(answer, "number", 0),
                   desk_text(answer, "version"), desk_text(answer, "user"),
                   person[0] ? person : "nobody to the federation");
        sheet_cell(buf_text(&b), 0, false, 0);
        (void)putchar('\n');
    }
    buf_release(&b);
    json_decref(answer);
    return code;
}

/* One row per verb; `object` is the second word, NULL when there is none. */
static const struct {
    const char *verb;
    const char *object;
    int (*run)(const struct control *a);
} verbs[] = {
    {"release",      NULL,           control_release           },
    {"update",       NULL,           control_update            },
    {"declare-lost", NULL,           control_declare_lost      },
    {"drain",        NULL,           control_drain             },
    {"resume",       NULL,           control_resume            },
    {"show",         "job",          control_show_job          },
    {"show",         "jobs",         control_show_job          },
    {"show",         "jobid",        control_show_job          },
    {"show",         "hostnames",    control_show_hostnames    },
    {"show",         "hostname",     control_show_hostnames    },
    {"show",         "hostlist",     control_show_hostlist     },
    {"show",         "reservation",  control_show_reservation  },
    {"show",         "reservations", control_show_reservation  },
    {"create",       "reservation",  control_create_reservation},
    {"delete",       "reservation",  control_delete_reservation},
    {"delete",       NULL,           control_delete_reservation},
    {"ping",         NULL,           control_ping              },
};

static int run(struct control *a)
{
    const char *verb = a->n_words ? a->words[0] : "";
    const char *object = a->n_words > 1 ? a->words[1] : "";

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (!strcmp(verb, verbs[i].verb)
            && (!verbs[i].object || !strcmp(object, verbs[i].object))) {
            size_t used = verbs[i].object ? 2 : 1;

            a->words += used;
            a->n_words -= used;
            return verbs[i].run(a);
        }
    if (!strcmp(verb, "show"))
        say_error("show: '%s': use job, hostnames, hostlist or reservation", object);
    else
        say_error("'%s' is not a verb: use release, update, declare-lost, drain, "
                  "resume, show job, show hostnames, show hostlist, show reservation, "
                  "create reservation, delete or ping",
                  verb);
    return SAY_ERROR;
}

int main(int argc, char **argv)
{
    struct control a = {0};

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return SAY_ERROR;
    return say_end(run(&a));
}
