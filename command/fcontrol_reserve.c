/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fcontrol_reserve - create, show and delete reservations, in scontrol's words */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/measure.h"
#include "base/time.h"
#include "base/words.h"
#include "command/desk.h"
#include "command/fcontrol.h"
#include "command/say.h"

#include "base/banned.h"

struct wish {
    const char *name;
    const char *nodes;
    const char *users;
    const char *accounts;
    const char *flags;
    struct wall start;
    struct wall end;
    uint32_t lasts_s;
    struct wall now;
};

static int wrong(const char *word, const struct err *err)
{
    say_error("%.80s: %s", word, err->text);
    return SAY_ERROR;
}

/* One "Key=value". */
static int take(struct wish *w, const char *word)
{
    const struct {
        const char *key;
        const char **to;
    } texts[] = {
        {"ReservationName", &w->name    },
        {"Nodes",           &w->nodes   },
        {"Users",           &w->users   },
        {"Accounts",        &w->accounts},
        {"Flags",           &w->flags   },
    };
    const char *eq = strchr(word, '=');
    size_t n = eq ? (size_t)(eq - word) : 0;
    struct err err = {0};
    int r = 0;

    for (size_t i = 0; eq && i < ARRAY_SIZE(texts); i++)
        if (strlen(texts[i].key) == n && !strncasecmp(word, texts[i].key, n)) {
            *texts[i].to = eq + 1;
            return SAY_OK;
        }
    if (n == 9 && !strncasecmp(word, "StartTime", n))
        r = wall_parse(eq + 1, w->now, &w->start, &err);
    else if (n == 7 && !strncasecmp(word, "EndTime", n))
        r = wall_parse(eq + 1, w->now, &w->end, &err);
    else if (n == 8 && !strncasecmp(word, "Duration", n))
        r = measure_duration(eq + 1, &w->lasts_s, &err);
    else
        r = err_set(&err, -1,
                    "use ReservationName=, StartTime=, EndTime= or Duration=, Nodes=, "
                    "Users=, Accounts= and Flags=IGNORE_JOBS");
    return r < 0 ? wrong(word, &err) : SAY_OK;
}

static int take_all(const struct control *a, struct wish *w)
{
    int code = SAY_OK;

    w->now = now_read().wall;
    for (size_t i = 0; i < a->n_words && code == SAY_OK; i++)
        code = take(w, a->words[i]);
    return code;
}

static json_t *list_of(const char *text)
{
    struct words w = WORDS_INIT(1000, 65536);
    json_t *list = json_array();

    if (words_split(&w, text ? text : "", ",") == 0)
        for (size_t i = 0; i < w.n; i++)
            (void)json_array_append_new(list, json_string(w.v[i])); /* refused then */
    words_release(&w);
    return list;
}

static int check(struct wish *w)
{
    const char *missing =
        !w->name       ? "ReservationName=NAME"
        : !w->nodes    ? "Nodes=LIST"
        : !w->start.us ? "StartTime=TIME"
        : !w->end.us && (!w->lasts_s || w->lasts_s == DURATION_UNLIMITED)
            ? "EndTime=TIME or Duration=TIME"
        : !w->users && !w->accounts ? "Users=LIST or Accounts=LIST"
                                    : NULL;

    if (missing) {
        say_error("create reservation: %s is missing", missing);
        return SAY_ERROR;
    }
    if (w->flags && strcasecmp(w->flags, "IGNORE_JOBS") != 0) {
        say_error("create reservation: Flags=%.40s: only IGNORE_JOBS is known",
                  w->flags);
        return SAY_ERROR;
    }
    if (!w->end.us)
        w->end.us = w->start.us + (int64_t)w->lasts_s * US_PER_S;
    return SAY_OK;
}

static int ask_one(const struct control *a, json_t *question, json_t **ret_answer)
{
    _cleanup_(client_freep) struct client *c = NULL;
    int code = desk_open(a->common.socket, DESK_WAIT_S, &c);

    if (code == SAY_OK)
        return desk_ask(c, question, ret_answer);
    json_decref(question);
    return code;
}

int control_create_reservation(const struct control *a)
{
    struct wish w = {0};
    json_t *answer = NULL;
    int code = take_all(a, &w);

    if (code == SAY_OK)
        code = check(&w);
    if (code == SAY_OK)
        code = ask_one(a,
                       json_pack("{s:s,s:s,s:I,s:I,s:s,s:o,s:o,s:b}", "op", "reserve",
                                 "name", w.name, "start", (json_int_t)w.start.us, "end",
                                 (json_int_t)w.end.us, "nodes", w.nodes, "users",
                                 list_of(w.users), "accounts", list_of(w.accounts),
                                 "ignore_jobs", w.flags != NULL),
                       &answer);
    if (code == SAY_OK)
        (void)printf("Reservation created: %s\n", w.name);
    json_decref(answer);
    return code;
}

/* "delete ReservationName=NAME" and "delete reservation NAME" */
int control_delete_reservation(const struct control *a)
{
    struct wish w = {0};
    json_t *answer = NULL;
    int code = SAY_OK;

    if (a->n_words == 1 && !strchr(a->words[0], '='))
        w.name = a->words[0];
    else
        code = take_all(a, &w);
    if (code == SAY_OK && (!w.name || a->n_words != 1)) {
        say_error("delete: which reservation? Give ReservationName=NAME");
        code = SAY_ERROR;
    }
    if (code == SAY_OK)
        code = ask_one(a, json_pack("{s:s,s:s}", "op", "unreserve", "name", w.name),
                       &answer);
    json_decref(answer);
    return code;
}

static void put_list(struct buf *b, const char *key, const json_t *list)
{
    size_t i;
    json_t *o;

    buf_printf(b, "%s=", key);
    json_array_foreach(list, i, o)
        buf_printf(b, "%s%s", i ? "," : "", json_string_value(o));
    if (!json_array_size(list))
        buf_puts(b, "(null)");
}

static void print(const json_t *o, bool one_line)
{
    const struct wall start = {desk_int(o, "start", 0)};
    const struct wall end = {desk_int(o, "end", 0)};
    const char *next = one_line ? " " : "\n   ";
    bool active = json_is_true(json_object_get(o, "active"));
    char a[TIME_TEXT_MAX];
    char b[TIME_TEXT_MAX];
    char d[DURATION_TEXT_MAX];
    struct buf text = BUF_INIT(65536);

    buf_printf(&text, "ReservationName=%s StartTime=%s EndTime=%s Duration=%s%s",
               desk_text(o, "name"), wall_text(start, false, a),
               wall_text(end, false, b),
               duration_text((uint64_t)(end.us - start.us) / US_PER_S, d), next);
    buf_printf(&text, "Nodes=%s Flags=%s%s", desk_text(o, "nodes"),
               json_is_true(json_object_get(o, "ignore_jobs")) ? "IGNORE_JOBS" : "",
               next);
    put_list(&text, "Users", json_object_get(o, "users"));
    buf_puts(&text, " ");
    put_list(&text, "Accounts", json_object_get(o, "accounts"));
    buf_printf(&text, " State=%s Jobs=%" PRId64, active ? "ACTIVE" : "INACTIVE",
               (int64_t)desk_int(o, "jobs", 0));
    (void)printf("%s\n%s", buf_text(&text), one_line ? "" : "\n");
    buf_release(&text);
}

int control_show_reservation(const struct control *a)
{
    json_t *answer = NULL;
    size_t shown = 0;
    size_t i;
    json_t *o;
    int code = ask_one(a, desk_question("reservations"), &answer);

    json_array_foreach(json_object_get(answer, "reservations"), i, o)
    {
        if (a->n_words > 0 && strcmp(a->words[0], desk_text(o, "name")) != 0)
            continue;
        print(o, a->one_line);
        shown++;
    }
    json_decref(answer);
    if (code == SAY_OK && !shown && a->n_words > 0) {
        say_error("reservation %s not found", a->words[0]);
        return SAY_ERROR;
    }
    if (code == SAY_OK && !shown)
        (void)printf("No reservations in the system\n");
    return code;
}
