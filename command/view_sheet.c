/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* view_sheet - the centers that were considered for a job, as a table */
#include "config.h"

#include "command/view_sheet.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/measure.h"
#include "command/desk.h"
#include "command/say.h"
#include "model/offer.h"
#include "wire/noun_json.h"

#include "base/banned.h"

struct view_row {
    struct route_view view;
    const char *name; /* borrowed from the answer */
};

static const struct view_row *of(const void *row)
{
    return row;
}

static void put_center(const void *row, struct buf *b)
{
    if (of(row)->name[0])
        buf_puts(b, of(row)->name);
    else
        buf_printf(b, "%" PRIu32, of(row)->view.center);
}

static void put_verdict(const void *row, struct buf *b)
{
    buf_puts(b, of(row)->view.chosen ? "chosen" : route_rule_word(of(row)->view.rule));
}

static void put_wait(const void *row, struct buf *b)
{
    char text[DURATION_TEXT_MAX];

    if (of(row)->view.rule != RULE_NONE || of(row)->view.wait_s < 0)
        buf_puts(b, "-");
    else
        buf_puts(b, duration_text((uint64_t)of(row)->view.wait_s, text));
}

static void put_seconds(const struct view_row *row, int64_t s, struct buf *b)
{
    char text[DURATION_TEXT_MAX];

    if (row->view.rule != RULE_NONE || s <= 0)
        buf_puts(b, "-");
    else
        buf_puts(b, duration_text((uint64_t)s, text));
}

static void put_move(const void *row, struct buf *b)
{
    put_seconds(of(row), of(row)->view.move_s, b);
}

static void put_debt(const void *row, struct buf *b)
{
    put_seconds(of(row), of(row)->view.debt_s, b);
}

static void put_age(const void *row, struct buf *b)
{
    if (of(row)->view.own)
        buf_puts(b, "own");
    else
        buf_printf(b, "%" PRId64 " s", of(row)->view.state_age_s);
}

static void put_text(const void *row, struct buf *b)
{
    buf_puts(b, of(row)->view.text);
}

static const struct field view_fields[] = {
    {"Center",   "CENTER",    0, false, put_center },
    {"Verdict",  "VERDICT",   0, false, put_verdict},
    {"Wait",     "WAIT",      0, true,  put_wait   },
    {"Move",     "MOVE",      0, true,  put_move   },
    {"Debt",     "DEBT",      0, true,  put_debt   },
    {"StateAge", "STATE_AGE", 0, true,  put_age    },
    {"Details",  "DETAILS",   0, false, put_text   },
};

int view_sheet_print(const json_t *views, enum sheet_style style, bool no_header)
{
    struct picks picks = {0};
    _cleanup_(sheet_freep) struct sheet *s = NULL;
    struct err err = {0};
    size_t i;
    json_t *o;
    int r = picks_names(view_fields, ARRAY_SIZE(view_fields),
                        "Center,Verdict,Wait,Move,Debt,StateAge,Details", '%', &picks,
                        &err);

    if (r == 0)
        s = sheet_new(&picks,
                      (struct sheet_look){.style = style, .no_header = no_header});
    json_array_foreach(views, i, o)
    {
        struct view_row row = {.name = desk_text(o, "name")};

        if (r == 0)
            r = route_view_from_json(o, &row.view, &err);
        if (r == 0 && s)
            r = sheet_add(s, &row);
    }
    if (r == 0 && s)
        r = sheet_print(s);
    picks_release(&picks);
    if (r == 0 && s)
        return SAY_OK;
    say_error("the daemon's answer is not understood: %s", err_text(&err, r));
    return SAY_ERROR;
}
