/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* freport - reports of what was used, for people, programs and ministries */
#include "config.h"

#include "command/freport.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "command/say.h"
#include "report/calendar.h"

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
    KEY_TABLE,
    KEY_LANG,
    KEY_MINISTRY,
    KEY_YEAR,
    KEY_BOOKS,
    KEY_RATES,
    KEY_SIGNER,
    KEY_KEY,
    KEY_CUTOFF,
    KEY_CA,
    KEY_RECEIVED,
    KEY_TODAY,
};

/* Verbs, and which options they know: an option that a verb ignores is refused. */
enum verb {
    USAGE = 1,
    EXPORT = 2,
    EXCHANGE = 4,
    WASTE = 8,
    FAIRNESS = 16,
    SPONSORS = 32,
    STATEMENT = 64,
    TABLES = EXCHANGE | WASTE | FAIRNESS | SPONSORS | STATEMENT,
    BUNDLE = 128,
    ROLLUP = 256,
    ANNUAL = 512,
    RECORDS = USAGE | EXPORT | TABLES | BUNDLE, /* made of records */
    ANY = RECORDS | ROLLUP | ANNUAL
};

static const struct {
    const char *word;
    enum verb verb;
} verbs[] = {
    {"usage",     USAGE    },
    {"export",    EXPORT   },
    {"exchange",  EXCHANGE },
    {"waste",     WASTE    },
    {"fairness",  FAIRNESS },
    {"sponsors",  SPONSORS },
    {"statement", STATEMENT},
    {"bundle",    BUNDLE   },
    {"rollup",    ROLLUP   },
    {"annual",    ANNUAL   },
};

/* clang-format off */
static const struct {
    int key;
    int verbs;
    const char *name;
} uses[] = {
    {KEY_START,     USAGE | EXPORT | TABLES, "--start"},
    {KEY_END,       USAGE | EXPORT | TABLES, "--end"},
    {KEY_BY,        USAGE,                   "--by"},
    {KEY_VIEW,      USAGE,                   "--view"},
    {KEY_FORMAT,    ANY & ~BUNDLE,           "--format"},
    {'n',           USAGE,                   "--noheader"},
    {'P',           USAGE,                   "--parsable2"},
    {COMMON_JSON,   ANY & ~(EXPORT | BUNDLE), "--json"},
    {KEY_FROM,      RECORDS,                 "--from"},
    {KEY_REGISTRY,  ANY,                     "--registry"},
    {KEY_NAMES,     EXPORT,                  "--names"},
    {'o',           ANY,                     "--output"},
    {KEY_TABLE,     TABLES | ROLLUP,         "--table"},
    {KEY_LANG,      ANY & ~(EXPORT | BUNDLE), "--lang"},
    {KEY_MINISTRY,  USAGE | TABLES | BUNDLE, "--ministry"},
    {KEY_YEAR,      ANY,                     "--year"},
    {KEY_BOOKS,     BUNDLE,                  "--books"},
    {KEY_RATES,     BUNDLE,                  "--rates"},
    {KEY_SIGNER,    BUNDLE,                  "--signer"},
    {KEY_KEY,       BUNDLE,                  "--key"},
    {KEY_CUTOFF,    BUNDLE,                  "--cutoff"},
    {KEY_CA,        ROLLUP | ANNUAL,         "--ca"},
    {KEY_RECEIVED,  ANNUAL,                  "--received"},
    {KEY_TODAY,     ANNUAL,                  "--today"},
};

static const struct argp_option options[] = {
    {.name = "start", .key = KEY_START, .arg = "TIME", .doc = "Runs that ended at or after this time (usage of the daemon: the first of this month; else: all)"},
    {.name = "end", .key = KEY_END, .arg = "TIME", .doc = "Runs that ended before this time (now)"},
    {.name = "year", .key = KEY_YEAR, .arg = "YEAR", .doc = "Runs that ended in this year of Viet Nam (UTC+7), instead of --start and --end"},
    {.name = "by", .key = KEY_BY, .arg = "institution|project|center|user", .doc = "usage: what a line stands for (institution)"},
    {.name = "view", .key = KEY_VIEW, .arg = "demand|supply", .doc = "usage of the daemon: demand is what this center's people used, wherever it ran; supply is what ran at this center (demand)"},
    {.name = "format", .key = KEY_FORMAT, .arg = "FORM", .doc = "export: apel, apel-summary, xdmod, ur2, csv, jsonl (jsonl); others: table, csv, json, xlsx or pdf (table)"},
    {.name = "table", .key = KEY_TABLE, .arg = "NAME", .doc = "Only this table of the report; csv has one table (the first)"},
    {.name = "lang", .key = KEY_LANG, .arg = "en|vi", .doc = "Language of tables (en; of pdf: vi)"},
    {.name = "ministry", .key = KEY_MINISTRY, .arg = "ID", .doc = "Only institutions of this ministry; needs --registry"},
    {.name = "from", .key = KEY_FROM, .arg = "FILE", .doc = "Records from this file of record lines (- is standard input) instead of the daemon; may be repeated"},
    {.name = "registry", .key = KEY_REGISTRY, .arg = "FILE", .doc = "Who is who: ministries, institutions, centers, sponsors, sites, benchmarks of pools"},
    {.name = "names", .key = KEY_NAMES, .doc = "export: job names, node lists and user numbers too, which stay inside the center"},
    {.name = "output", .key = 'o', .arg = "FILE", .doc = "Write to this file, whole or not at all (standard output); bundle: make this directory"},
    {.name = "books", .key = KEY_BOOKS, .arg = "DIR", .doc = "bundle: CENTER.journal, CENTER.note and CENTER.pub of each center: its journal, signed checkpoint and ledger key"},
    {.name = "rates", .key = KEY_RATES, .arg = "FILE", .doc = "bundle: price tables (JSON) that go into it"},
    {.name = "signer", .key = KEY_SIGNER, .arg = "FILE", .doc = "bundle: certificate (PEM) of the signer"},
    {.name = "key", .key = KEY_KEY, .arg = "KEY", .doc = "bundle: the signer's key: a PEM file, or pkcs11:token=…;object=…"},
    {.name = "cutoff", .key = KEY_CUTOFF, .arg = "DAY", .doc = "bundle: without what ended on this day of the year or later"},
    {.name = "ca", .key = KEY_CA, .arg = "FILE", .doc = "rollup, annual: certificates (PEM) that are trusted"},
    {.name = "received", .key = KEY_RECEIVED, .arg = "DIR", .doc = "annual: where the bundles are that have come"},
    {.name = "today", .key = KEY_TODAY, .arg = "DAY", .doc = "annual: as if it were this day"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

#define VERBS                                                                          \
    "usage, exchange, waste, fairness, sponsors, statement, export, bundle, rollup "   \
    "or "                                                                              \
    "annual"

struct line {
    struct freport_ask ask;
    enum verb verb;
    int keys[ARRAY_SIZE(uses)]; /* that were given */
    size_t n_keys;
    bool lang; /* was given */
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

static void set_year(struct freport_ask *a, const char *arg)
{
    struct err err = {0};
    uint32_t year;

    if (measure_u32(arg, 1971, 9998, &year, &err) < 0)
        common_refuse(NULL, "--year", &err);
    a->year = (int)year;
}

/* What options mean together. */
static void settle(struct line *l)
{
    struct freport_ask *a = &l->ask;

    if (a->year && (a->since.us || a->until.us)) {
        say_error("--year says the time already: leave --start and --end out");
        exit(SAY_ERROR);
    }
    if (a->year) {
        struct period p = period_year(a->year, ZONE_VIETNAM);

        a->since.us = p.from * US_PER_S;
        a->until.us = p.until * US_PER_S;
    }
    if (a->ministry && !a->registry) {
        say_error("--ministry needs --registry FILE: which institutions are its?");
        exit(SAY_ERROR);
    }
    if (a->common.json && l->verb != EXPORT)
        a->format = "json";
    if (!l->lang && a->format && !strcmp(a->format, "pdf"))
        a->lang = LANG_VI;
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
    struct freport_ask *a = &l->ask;

    if (l->verb == ROLLUP) {
        if (a->n_bundles == FREPORT_BUNDLES_MAX)
            freport_refuse("rollup", word, "at most 1024 bundles");
        a->bundles[a->n_bundles++] = word;
        return;
    }
    for (size_t i = 0; !l->verb && i < ARRAY_SIZE(verbs); i++)
        if (!strcmp(word, verbs[i].word)) {
            l->verb = verbs[i].verb;
            return;
        }
    freport_refuse("report", word, VERBS);
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

/* Options that are a text and nothing more. */
static bool set_text(struct freport_ask *a, int key, const char *arg)
{
    const struct {
        int key;
        const char **text;
    } texts[] = {
        {KEY_FORMAT,   &a->format  },
        {KEY_REGISTRY, &a->registry},
        {'o',          &a->output  },
        {KEY_TABLE,    &a->table   },
        {KEY_MINISTRY, &a->ministry},
        {KEY_BOOKS,    &a->books   },
        {KEY_RATES,    &a->rates   },
        {KEY_SIGNER,   &a->signer  },
        {KEY_KEY,      &a->key     },
        {KEY_CUTOFF,   &a->cutoff  },
        {KEY_CA,       &a->ca      },
        {KEY_RECEIVED, &a->received},
        {KEY_TODAY,    &a->today   },
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (texts[i].key == key) {
            *texts[i].text = arg;
            return true;
        }
    return false;
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
    case KEY_FROM:
        if (a->n_from == FREPORT_FILES_MAX)
            freport_refuse("--from", arg, "at most 64 files");
        a->from[a->n_from++] = arg;
        return 0;
    case KEY_NAMES:
        a->names = true;
        return 0;
    case KEY_LANG:
        if (!lang_parse(arg, &a->lang))
            freport_refuse("--lang", arg, "en or vi");
        l->lang = true;
        return 0;
    case KEY_YEAR:
        set_year(a, arg);
        return 0;
    case ARGP_KEY_ARG:
        set_verb(l, arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        freport_refuse("report", "", VERBS);
    case ARGP_KEY_END:
        check_keys(l);
        settle(l);
        return 0;
    default:
        return set_text(a, key, arg) ? 0 : common_parse(&a->common, key, arg, 'n');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "usage\nexchange\nwaste\nfairness\nsponsors\nstatement\nexport\nbundle"
                "\nrollup BUNDLE...\nannual",
    .doc =
        "Report what was used: sums by institution, project, center or user; who used "
        "whose center; what was reserved and not used; who waited how long; who paid; "
        "all of that as a statement; records in the forms that other programs read; a "
        "ministry's year as a bundle that anybody can check; the nation's year from "
        "those; and who has not reported yet."
        "\vSums are exact: CORE_SECONDS and UNITS are added as integers. The demand "
        "of all centers together equals the supply of all: add up one of them, never "
        "both. With --by=center a line is where the demand ran, or where the supply "
        "came from.",
};

/* The daemon adds up its own use faster; everything else is made of records. */
static bool of_records(const struct freport_ask *a)
{
    return a->n_from || a->registry || a->output
           || (a->format && (!strcmp(a->format, "xlsx") || !strcmp(a->format, "pdf")));
}

static int run(struct line *l)
{
    struct freport_ask *a = &l->ask;

    switch (l->verb) {
    case USAGE:
        if (of_records(a) && l->ask.supply)
            freport_refuse("--view", "supply",
                           "it without --from: records are of where they ran");
        return of_records(a) ? freport_tables(a, FREPORT_USAGE_OF_RECORDS)
                             : freport_usage(a);
    case EXPORT:
        return freport_export(a);
    case EXCHANGE:
        return freport_tables(a, FREPORT_EXCHANGE);
    case WASTE:
        return freport_tables(a, FREPORT_WASTE);
    case FAIRNESS:
        return freport_tables(a, FREPORT_FAIRNESS);
    case SPONSORS:
        return freport_tables(a, FREPORT_SPONSORS);
    case STATEMENT:
        return freport_tables(a, FREPORT_STATEMENT);
    case BUNDLE:
        return freport_bundle(a);
    case ROLLUP:
        return freport_rollup(a);
    case ANNUAL:
        return freport_annual(a);
    case TABLES:
    case RECORDS:
    case ANY:
    default:
        return SAY_ERROR;
    }
}

int main(int argc, char **argv)
{
    static struct line line;
    int code;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &line) != 0)
        return SAY_ERROR;
    code = run(&line);
    if (code == SAY_OK && freport_incomplete())
        code = SAY_ERROR;
    return say_end(code);
}
