/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* batch_submit - fbatch's conversation with the daemon */
#include "config.h"

#include "command/batch_submit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/desk.h"
#include "command/job_row.h"
#include "command/job_text.h"
#include "command/say.h"
#include "command/upload.h"
#include "command/view_sheet.h"
#include "wire/noun_json.h"

#include "base/banned.h"

#define FOLLOW_TTY_S 5    /* how often a person sees what the job does */
#define FOLLOW_QUIET_S 60 /* how often a dead connection would be noticed */
#define FOLLOW_LOST_MAX 60

static json_t *submit_question(const struct batch *b)
{
    json_t *q = desk_question("submit");
    json_t *spec = job_spec_to_json(b->spec);

    if (!q || !spec || json_object_set(q, "spec", spec) != 0
        || (b->test_only && json_object_set_new(q, "test", json_true()) != 0)) {
        json_decref(q);
        q = NULL;
    }
    json_decref(spec);
    return q;
}

/* Ask; if nothing came back, connect again and ask the same once more. */
static int submit(const struct batch *b, json_t **ret_answer)
{
    struct err err = {0};
    int code = SAY_ERROR;

    for (int attempt = 0; attempt < 2; attempt++) {
        _cleanup_(client_freep) struct client *c = NULL;
        bool refused = false;

        code = desk_open(b->socket, DESK_WAIT_S, &c);
        if (code != SAY_OK)
            return code;
        code = upload_all(c, b->spec, !b->quiet && isatty(STDERR_FILENO));
        if (code != SAY_OK)
            return code;
        err = (struct err){0};
        code = desk_try(c, submit_question(b), ret_answer, &refused, &err);
        if (code == SAY_OK || refused || code != SAY_TEMPORARY)
            break;
        if (attempt == 0 && !b->quiet)
            say_warning("%s: asking again, the job cannot be made twice",
                        err_text(&err, -EIO));
    }
    if (code != SAY_OK)
        say_error("%s", err_text(&err, -EIO));
    return code;
}

static int print_test(const struct batch *b, const json_t *answer)
{
    const struct request *q = &b->spec->request;
    const char *center = desk_text(answer, "center");
    int64_t wait_s = desk_int(answer, "wait_s", -1);
    int64_t p90_s = desk_int(answer, "p90_s", -1);
    struct wall start = {now_read().wall.us + wait_s * US_PER_S};
    uint32_t nodes = q->min_nodes ? q->min_nodes : 1;
    char text[TIME_TEXT_MAX];

    if (!center[0])
        say_note("Job fits no center now");
    else
        say_note("Job to start at %s using %" PRIu64 " processors on %u%s nodes in "
                 "partition %s at center %s",
                 wait_s < 0 ? "an unknown time" : wall_text(start, false, text),
                 request_cores(q), nodes, q->max_nodes == nodes ? "" : " or more",
                 q->partition[0] ? q->partition : "(default)", center);
    if (center[0] && p90_s >= 0 && wait_s > 0)
        say_note(
            "nine of ten such jobs start there by %s; this has held %d %% of the time",
            wall_text((struct wall){now_read().wall.us + p90_s * US_PER_S}, false,
                      text),
            (int)desk_int(answer, "p90_held", 0));
    /* As sbatch: what --test-only says goes to stderr, and stdout stays for ids. */
    if (fflush(stdout) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return SAY_ERROR;
    return view_sheet_print(json_object_get(answer, "views"), SHEET_TABLE, false);
}

/* "fbatch: job N RUNNING at hanoi, 0:42" on one line that is written over. */
static void show_progress(const struct job_row *row)
{
    struct buf b = BUF_INIT(256);

    put_brief_duration(job_row_elapsed_s(row), &b);
    (void)fprintf(
        stderr, "\r\033[K%s: job %" PRIu64 " %s%s%s, %s", say_name(), row->job.id,
        job_state_word(row->job.state), row->center[0] ? " at " : "", row->center,
        row->job.started.us ? buf_text(&b) : job_reason_word(row->job.reason));
    buf_release(&b);
}

static int show_row(const struct job_row *row, void *arg)
{
    (void)arg;
    show_progress(row);
    return 0;
}

static void look(struct client *c, uint64_t id)
{
    struct job_filter f;
    char text[24];

    job_filter_init(&f);
    (void)snprintf(text, sizeof(text), "%" PRIu64, id);
    if (job_filter_ids(&f, text, NULL) == 0)
        (void)job_rows(c, &f, show_row, NULL);
    job_filter_release(&f);
}

/* What sbatch --wait ends with: the job's own code, 1 when a signal ended it. */
static int outcome(const struct batch *b, const json_t *answer)
{
    struct holding h = {0};
    struct err err = {0};
    int r = holding_from_json(json_object_get(answer, "job"), &h, &err);

    if (r != 0) {
        say_error("the daemon's answer is not understood: %s", err_text(&err, r));
        return SAY_ERROR;
    }
    if (h.state != JOB_COMPLETED && !b->quiet)
        say_warning("job %" PRIu64 " ended %s%s%s", h.id, job_state_word(h.state),
                    h.note[0] ? ": " : "", h.note);
    if (h.exit_signal || h.exit_code < 0 || h.exit_code > 255)
        return SAY_ERROR;
    if (h.exit_code == 0 && h.state != JOB_COMPLETED)
        return SAY_ERROR;
    return h.exit_code;
}

/*
 * Each turn has a connection of its own: a daemon that restarts is found again, and
 * no answer that comes too late is taken for another one.
 */
static int follow(const struct batch *b, uint64_t id)
{
    bool tty = !b->quiet && isatty(STDERR_FILENO);
    unsigned turn_s = tty ? FOLLOW_TTY_S : FOLLOW_QUIET_S;
    unsigned lost = 0;

    for (;;) {
        _cleanup_(client_freep) struct client *c = NULL;
        json_t *answer = NULL;
        struct err err = {0};
        bool refused = false;
        int64_t began = now_read().mono.us;
        int r = client_open(b->socket, turn_s, &c, &err);

        if (r == 0) {
            json_t *q = desk_question("wait");

            if (q)
                (void)json_object_set_new(q, "job", json_integer((json_int_t)id));
            r = desk_try(c, q, &answer, &refused, &err);
            if (r == SAY_OK) {
                if (tty)
                    (void)fputs("\r\033[K", stderr);
                r = outcome(b, answer);
                json_decref(answer);
                return r;
            }
        }
        if (refused) {
            say_error("%s", err_text(&err, -EIO));
            return r;
        }
        if (now_read().mono.us - began >= (int64_t)turn_s * US_PER_S - US_PER_S / 2) {
            lost = 0; /* nothing wrong: the job just goes on */
        } else {
            if (++lost == FOLLOW_LOST_MAX) {
                say_error("%s; job %" PRIu64 " goes on, follow it with fqueue",
                          err_text(&err, -EIO), id);
                return SAY_TEMPORARY;
            }
            (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        }
        if (tty) {
            client_freep(&c);
            c = NULL;
            if (client_open(b->socket, turn_s, &c, NULL) == 0)
                look(c, id);
        }
    }
}

int batch_submit(const struct batch *b)
{
    json_t *answer = NULL;
    int code = submit(b, &answer);
    uint64_t id = code ? 0 : (uint64_t)desk_int(answer, "job", 0);

    if (code == SAY_OK && b->test_only) {
        code = print_test(b, answer);
    } else if (code == SAY_OK) {
        if (b->parsable)
            (void)printf("%" PRIu64 "\n", id);
        else if (!b->quiet)
            (void)printf("Submitted batch job %" PRIu64 "\n", id);
        if (b->verbose)
            say_note("expected at center %s in %" PRId64 " s",
                     desk_text(answer, "center"),
                     (int64_t)desk_int(answer, "wait_s", -1));
        code = say_end(code);
        if (code == SAY_OK && b->wait)
            code = follow(b, id);
    }
    json_decref(answer);
    return code;
}
