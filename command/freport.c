/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport - reports of what was used, for people, programs and ministries */
#include "config.h"

#include "command/freport.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "command/say.h"

#include "base/banned.h"

enum {
    KEY_START = COMMON_OWN,
    KEY_END,
    KEY_BY,
    KEY_FORMAT,
    KEY_VIEW,
    KEY_FROM,
    KEY_REGISTRY,
    KEY_NAMES,
};

/* Verbs, and which options they know: an option that a verb ignores is refused. */
enum verb { USAGE = 1, EXPORT = 2, ANY = USAGE | EXPORT };

static const struct {
    const char *word;
    enum verb verb;
} verbs[] = {
    {"usage",  USAGE },
    {"export", EXPORT},
};

/* clang-format off */
static const struct {
    int key;
    int verbs;
    const char *name;
} uses[] = {
    {KEY_START,     USAGE | EXPORT, "--start"},
    {KEY_END,       USAGE | EXPORT, "--end"},
    {KEY_BY,        USAGE,          "--by"},
    {KEY_VIEW,      USAGE,          "--view"},
    {KEY_FORMAT,    ANY,            "--format"},
    {'n',           USAGE,          "--noheader"},
    {'P',           USAGE,          "--parsable2"},
    {COMMON_JSON,   USAGE,          "--json"},
    {KEY_FROM,      EXPORT,         "--from"},
    {KEY_REGISTRY,  EXPORT,         "--registry"},
    {KEY_NAMES,     EXPORT,         "--names"},
    {'o',           EXPORT,         "--output"},
};

static const struct argp_option options[] = {
    {.name = "start", .key = KEY_START, .arg = "TIME", .doc = "Runs that ended at or after this time (usage: the first of this month; export: all)"},
    {.name = "end", .key = KEY_END, .arg = "TIME", .doc = "Runs that ended before this time (now)"},
    {.name = "by", .key = KEY_BY, .arg = "institution|project|center|user", .doc = "usage: what a line stands for (institution)"},
    {.name = "view", .key = KEY_VIEW, .arg = "demand|supply", .doc = "usage: demand is what this center's people used, wherever it ran; supply is what ran at this center (demand)"},
    {.name = "format", .key = KEY_FORMAT, .arg = "FORM", .doc = "usage: table, csv or json (table); export: apel, apel-summary, xdmod, ur2, csv, jsonl (jsonl)"},
    {.name = "from", .key = KEY_FROM, .arg = "FILE", .doc = "export: records from this file of record lines (- is standard input) instead of the daemon; may be repeated"},
    {.name = "registry", .key = KEY_REGISTRY, .arg = "FILE", .doc = "export: who is who: sites, ministries, benchmarks of pools"},
    {.name = "names", .key = KEY_NAMES, .doc = "export: job names, node lists and user numbers too, which stay inside the center"},
    {.name = "output", .key = 'o', .arg = "FILE", .doc = "export: write to this file, whole or not at all (standard output)"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

struct line {
    struct freport_ask ask;
    enum verb verb;
    int keys[ARRAY_SIZE(uses)]; /* that were given */
    size_t n_keys;
};

void freport_refuse(const char *option, const char *word, const char *right)
{
    say_error("%s: '%s': use %s", option, word, right);
    exit(SAY_ERROR);
}

static void set_time(const char *option, const char *arg, struct wall *t)
{
    struct err err = {0};

    if (wall_parse(arg, now_read().wall, t, &err) != 0)
        common_refuse(NULL, option, &err);
}

static void note_key(struct line *l, int key)
{
    for (size_t i = 0; i < l->n_keys; i++)
        if (l->keys[i] == key)
            return;
    for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
        if (uses[i].key == key)
            l->keys[l->n_keys++] = key;
}

static void set_verb(struct line *l, const char *word)
{
    for (size_t i = 0; !l->verb && i < ARRAY_SIZE(verbs); i++)
        if (!strcmp(word, verbs[i].word)) {
            l->verb = verbs[i].verb;
            return;
        }
    freport_refuse("report", word, "usage or export");
}

static void check_keys(const struct line *l)
{
    for (size_t i = 0; i < l->n_keys; i++)
        for (size_t k = 0; k < ARRAY_SIZE(uses); k++)
            if (uses[k].key == l->keys[i] && !(uses[k].verbs & (int)l->verb)) {
                say_error("%s is not an option of this report: freport --help says "
                          "which are",
                          uses[k].name);
                exit(SAY_ERROR);
            }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct line *l = state->input;
    struct freport_ask *a = &l->ask;

    note_key(l, key);
    switch (key) {
    case KEY_START:
        set_time("--start", arg, &a->since);
        return 0;
    case KEY_END:
        set_time("--end", arg, &a->until);
        return 0;
    case KEY_BY:
        if (!usage_by_parse(arg, &a->by))
            freport_refuse("--by", arg, "institution, project, center or user");
        return 0;
    case KEY_VIEW:
        a->supply = !strcmp(arg, "supply");
        if (!a->supply && strcmp(arg, "demand") != 0)
            freport_refuse("--view", arg, "demand or supply");
        return 0;
    case KEY_FORMAT:
        a->format = arg;
        return 0;
    case KEY_FROM:
        if (a->n_from == FREPORT_FILES_MAX)
            freport_refuse("--from", arg, "at most 64 files");
        a->from[a->n_from++] = arg;
        return 0;
    case KEY_REGISTRY:
        a->registry = arg;
        return 0;
    case KEY_NAMES:
        a->names = true;
        return 0;
    case 'o':
        a->output = arg;
        return 0;
    case ARGP_KEY_ARG:
        set_verb(l, arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        freport_refuse("report", "", "usage or export");
    case ARGP_KEY_END:
        check_keys(l);
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'n');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "usage\nexport",
    .doc =
        "Report what was used: sums by institution, project, center or user, and "
        "records in the forms that other programs read."
        "\vSums are exact: CORE_SECONDS and UNITS are added as integers. The demand "
        "of all centers together equals the supply of all: add up one of them, never "
        "both. With --by=center a line is where the demand ran, or where the supply "
        "came from.",
};

int main(int argc, char **argv)
{
    static struct line line;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
        return SAY_ERROR;
    switch (line.verb) {
    case USAGE:
        return say_end(freport_usage(&line.ask));
    case EXPORT:
        return say_end(freport_export(&line.ask));
    case ANY:
    default:
        return SAY_ERROR;
    }
}
