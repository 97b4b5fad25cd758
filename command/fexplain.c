/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fexplain - why a job runs where it does, or why it waits */
#include "config.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_map.h"
#include "command/job_row.h"
#include "command/job_text.h"
#include "command/say.h"
#include "command/view_sheet.h"
#include "model/job_id.h"

#include "base/banned.h"

struct ask {
    struct common common;
    uint64_t id;
};

static const struct argp_option options[] = {
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;
    struct err err = {0};

    switch (key) {
    case ARGP_KEY_ARG:
        if (a->id) {
            say_error("one job at a time: '%s' is one too many", arg);
            exit(SAY_ERROR);
        }
        if (job_id_parse(arg, &a->id, &err) != 0)
            common_refuse(state, "job", &err);
        return 0;
    case ARGP_KEY_NO_ARGS:
        say_error("which job? Give its id");
        exit(SAY_ERROR);
    default:
        return common_parse(&a->common, key, arg, -1);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "ID",
    .doc =
        "Explain why a job runs where it does, or why it waits: each center that was "
        "considered, the rule that excluded it or its estimated wait, and what "
        "happened "
        "since."
        "\vEverything is as it was recorded when it was decided.",
};

static void print_line(const char *label, const char *text)
{
    (void)printf("%-12s ", label);
    sheet_cell(text, 0, false, 0);
    (void)putchar('\n');
}

static void print_field(const char *label,
                        void (*put)(const void *, struct buf *),
                        const struct job_row *row)
{
    struct buf b = BUF_INIT(1024);

    put(row, &b);
    if (b.len)
        print_line(label, buf_text(&b));
    buf_release(&b);
}

static void put_needs(const void *row, struct buf *b)
{
    const struct request *q = &((const struct job_row *)row)->job.request;

    buf_printf(b, "%" PRIu32 " tasks of %" PRIu32 " cores", q->n_tasks,
               q->cpus_per_task);
    if (q->min_nodes)
        buf_printf(b, " on %" PRIu32 " nodes%s", q->min_nodes,
                   q->max_nodes == q->min_nodes ? "" : " or more");
    if (q->gpus_per_node)
        buf_printf(b, ", %" PRIu32 " GPUs per node", q->gpus_per_node);
    buf_puts(b, ", limit ");
    job_put_limit(row, b);
    if (q->partition[0])
        buf_printf(b, ", partition %s", q->partition);
}

/* The sentence that people came for. */
static void put_where(const void *row, struct buf *b)
{
    const struct job_row *r = row;
    const struct holding *h = &r->job;

    if (h->started.us) {
        buf_printf(b, "%s at %s on %s, since ",
                   job_state_final(h->state) ? "ran" : "runs",
                   r->center[0] ? r->center : "an unknown center",
                   h->nodes[0] ? h->nodes : "unknown nodes");
        put_time(h->started, "?", b);
        buf_puts(b, ", waited ");
        put_brief_duration(h->started.us > h->submitted.us ? (
                               uint64_t)((h->started.us - h->submitted.us) / US_PER_S)
                                                           : 0,
                           b);
    } else if (job_state_final(h->state)) {
        buf_puts(b, "never started");
    } else {
        buf_printf(b, "waits: %s",
                   r->reason[0] ? r->reason : job_reason_word(h->reason));
        if (r->estimate_s >= 0) {
            buf_puts(b, "; expected to start in ");
            put_brief_duration((uint64_t)r->estimate_s, b);
        }
    }
}

static void print_history(const json_t *history)
{
    size_t i;
    json_t *o;

    if (json_array_size(history) == 0)
        return;
    (void)puts("\nWhat happened:");
    json_array_foreach(history, i, o)
    {
        char text[TIME_TEXT_MAX];

        (void)printf("  %s  ",
                     wall_text((struct wall){desk_int(o, "at", 0)}, false, text));
        sheet_cell(desk_text(o, "what"), 0, false, 0);
        (void)putchar('\n');
    }
}

static int print(const json_t *answer)
{
    const json_t *job = json_object_get(answer, "job");
    struct job_row row = {0};
    struct err err = {0};
    int r = job_row_from_json(job, &row, &err);

    if (r != 0) {
        say_error("the daemon's answer is not understood: %s", err_text(&err, r));
        return SAY_ERROR;
    }
    print_field("Job", job_put_id, &row);
    print_field("Name", job_put_name, &row);
    print_field("By", job_put_person, &row);
    print_field("Paid by", job_put_project, &row);
    print_field("State", job_put_state, &row);
    print_field("Needs", put_needs, &row);
    print_field("Submitted", job_put_submit, &row);
    print_field("Where", put_where, &row);
    print_field("Ranks", job_put_map_text, &row);
    print_field("Note", job_put_note, &row);
    if (json_array_size(json_object_get(answer, "views"))) {
        (void)puts("\nCenters that were considered:");
        r = view_sheet_print(json_object_get(answer, "views"), SHEET_TABLE, false);
    }
    print_history(json_object_get(answer, "history"));
    return r;
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct ask ask = {0};
    json_t *answer = NULL;
    json_t *q;
    int code;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    q = json_pack("{s:s, s:I}", "op", "explain", "job", (json_int_t)ask.id);
    if (code == SAY_OK)
        code = desk_ask(c, q, &answer); /* takes q */
    else
        json_decref(q);
    if (code == SAY_OK && ask.common.json) {
        (void)json_object_del(answer, "id");
        (void)json_object_del(answer, "ok");
        code = desk_print_json(answer);
    } else if (code == SAY_OK) {
        code = print(answer);
    }
    json_decref(answer);
    return say_end(code);
}
