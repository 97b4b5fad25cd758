/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fshare - shares and what was used of them: whose turn it is at this center */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "command/common.h"
#include "command/desk.h"
#include "command/say.h"

#include "base/banned.h"

static const char columns[] =
    "Account,RawShares,NormShares,RawUsage,EffectvUsage,LevelFS,FairShare";

struct ask {
    struct common common;
    const char *account;
    const char *format;
};

static const json_t *of(const void *row)
{
    return row;
}

/* Indented as the tree is, by its last name. */
static void put_account(const void *row, struct buf *b)
{
    const char *path = desk_text(of(row), "account");
    const char *name = path;

    for (const char *p = path; *p; p++)
        if (*p == '/') {
            buf_puts(b, " ");
            name = p + 1;
        }
    buf_puts(b, name);
}

static void put_path(const void *row, struct buf *b)
{
    buf_puts(b, desk_text(of(row), "account"));
}

static double number(const void *row, const char *member)
{
    return json_number_value(json_object_get(of(row), member));
}

static void put_shares(const void *row, struct buf *b)
{
    buf_printf(b, "%.0f", number(row, "shares"));
}

static void put_norm_shares(const void *row, struct buf *b)
{
    buf_printf(b, "%.6f", number(row, "norm_shares"));
}

static void put_core_s(const void *row, struct buf *b)
{
    buf_printf(b, "%.0f", number(row, "core_s"));
}

static void put_gib_s(const void *row, struct buf *b)
{
    buf_printf(b, "%.0f", number(row, "gib_s"));
}

static void put_gpu_s(const void *row, struct buf *b)
{
    buf_printf(b, "%.0f", number(row, "gpu_s"));
}

static void put_usage(const void *row, struct buf *b)
{
    buf_printf(b, "%.6f", number(row, "usage"));
}

static void put_level(const void *row, struct buf *b)
{
    if (json_object_get(of(row), "level"))
        buf_printf(b, "%.6f", number(row, "level"));
    else
        buf_puts(b, "inf");
}

static void put_factor(const void *row, struct buf *b)
{
    buf_printf(b, "%.6f", number(row, "factor"));
}

/* clang-format off */
static const struct field fields[] = { /* sshare's names */
    {"Account",      "Account",      0, false, put_account},
    {"Path",         "Path",         0, false, put_path},
    {"RawShares",    "RawShares",    0, true,  put_shares},
    {"NormShares",   "NormShares",   0, true,  put_norm_shares},
    {"RawUsage",     "RawUsage",     0, true,  put_core_s},
    {"GiBSeconds",   "GiBSeconds",   0, true,  put_gib_s},
    {"GPUSeconds",   "GPUSeconds",   0, true,  put_gpu_s},
    {"EffectvUsage", "EffectvUsage", 0, true,  put_usage},
    {"LevelFS",      "LevelFS",      0, true,  put_level},
    {"FairShare",    "FairShare",    0, true,  put_factor},
};

static const struct argp_option options[] = {
    {.name = "account", .key = 'A', .arg = "NAME", .doc = "This institution or project and what is below it"},
    {.name = "format", .key = 'o', .arg = "NAMES", .doc = "Columns by names, as Path,RawUsage%15"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;

    switch (key) {
    case 'A':
        a->account = arg;
        return 0;
    case 'o':
        a->format = arg;
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'n');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc = "Show the shares of institutions and projects at this center and what they "
           "have used: whose turn it is."
           "\vThe order is that of their turns. Usage decays by half in each half-life "
           "and is no account: fbalance shows what was paid.",
};

/* The name is one of the path's. */
static bool below(const char *path, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (!strncmp(p, name, n) && (p[n] == '/' || p[n] == '\0'))
            return true;
    }
    return false;
}

static int show(const struct ask *a, const struct picks *picks, const json_t *answer)
{
    _cleanup_(sheet_freep) struct sheet *sheet = sheet_new(picks, a->common.look);
    size_t i;
    json_t *o;
    int r = sheet ? 0 : -1;

    json_array_foreach(json_object_get(answer, "accounts"), i, o)
    {
        if (r == 0 && (!a->account || below(desk_text(o, "account"), a->account)))
            r = sheet_add(sheet, o);
    }
    if (r == 0)
        r = sheet_print(sheet);
    return r == 0 ? SAY_OK : SAY_ERROR;
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    struct ask ask = {.format = columns};
    struct picks picks = {0};
    struct err err = {0};
    json_t *answer = NULL;
    int code = SAY_OK;
    int r;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    r = picks_names(fields, ARRAY_SIZE(fields), ask.format, '%', &picks, &err);
    if (r != 0) {
        say_error("--format: %s", err_text(&err, r));
        code = SAY_ERROR;
    }
    if (code == SAY_OK)
        code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c, desk_question("shares"), &answer);
    if (code == SAY_OK)
        code = ask.common.json ? desk_print_json(answer) : show(&ask, &picks, answer);
    json_decref(answer);
    picks_release(&picks);
    return say_end(code);
}
