/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* facctmgr - who has what, and the books: the table of verbs */
#include "config.h"

#include "command/facctmgr.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/number.h"
#include "command/say.h"

#include "base/banned.h"

static const struct argp_option options[] = {
    {.name = "immediate",             .key = 'i', .doc = "Change without asking"},
    COMMON_OPTION_NOHEADER('n'),
    COMMON_OPTION_PARSABLE,
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct acctmgr *a = state->input;

    switch (key) {
    case 'i':
        a->immediate = true;
        return 0;
    case ARGP_KEY_ARGS:
        a->words = state->argv + state->next;
        a->n_words = (size_t)(state->argc - state->next);
        return 0;
    default:
        return common_parse(&a->common, key, arg, 'n');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "VERB OBJECT [WORD=VALUE...]",
    .doc =
        "Look at the account book and keep it."
        "\vVerbs:\n"
        "  add|modify|delete|show institution|project|grant|rate|signer "
        "[WORD=VALUE...]\n"
        "                         who has what; 'where' and 'set' may stand between\n"
        "  move allowance project=NAME to=CENTER amount=UNITS\n"
        "                         a part of its budget here goes to another center\n"
        "  dump [FILE]            all that as lines that load takes\n"
        "  load FILE              all its changes, or none\n"
        "  show checkpoint [origin=NAME] [from=LINES]\n"
        "                         what was signed, by whom\n"
        "  print checkpoint [origin=NAME] [size=LINES]\n"
        "                         one as a signed note; the last one if no size\n"
        "  print proof line=N [size=LINES]\n"
        "                         that a line is among the first LINES\n"
        "  print journal [from=N] [until=N]\n"
        "                         lines of the journal\n"
        "  print act VERB OBJECT WORD=VALUE...\n"
        "                         the text of a decision, for its signer\n"
        "  print key              the public key that signs the journal\n"
        "  sign checkpoint        sign the journal as it is now\n"
        "  close month YYYY-MM    its balances become lines of the journal\n"
        "  show month             the months that are closed\n"
        "  erase user NAME@INSTITUTION\n"
        "                         their name goes, their pseudonym and figures stay\n"
        "  show agreement [peer=NAME]\n"
        "                         what this center and its peers give each other\n",
};

int acctmgr_words(const struct acctmgr *a,
                  const char *what,
                  const struct acct_word *table,
                  size_t n)
{
    for (size_t i = 0; i < a->n_words; i++) {
        const char *eq = strchr(a->words[i], '=');
        size_t len = eq ? (size_t)(eq - a->words[i]) : 0;
        size_t k = 0;

        while (k < n
               && (strlen(table[k].name) != len
                   || strncasecmp(table[k].name, a->words[i], len) != 0))
            k++;
        if (!eq || k == n) {
            say_error("%s: '%s' is not a word of it", what, a->words[i]);
            return SAY_ERROR;
        }
        if (*table[k].value) {
            say_error("%s: %s is given twice", what, table[k].name);
            return SAY_ERROR;
        }
        *table[k].value = eq + 1;
    }
    return SAY_OK;
}

int acctmgr_whole(const char *word,
                  const char *text,
                  json_int_t missing,
                  json_int_t *ret_n)
{
    struct err err = {0};
    int64_t n = missing;

    if (text && measure_i64(text, 0, INT64_MAX, &n, &err) < 0) {
        say_error("%s: %s", word, err.text);
        return SAY_ERROR;
    }
    *ret_n = n;
    return SAY_OK;
}

static const struct {
    const char *verb;
    const char *object;
    int (*run)(const struct acctmgr *a);
} verbs[] = {
    {"show",  "checkpoint", acctmgr_show_checkpoint },
    {"print", "checkpoint", acctmgr_print_checkpoint},
    {"print", "proof",      acctmgr_print_proof     },
    {"print", "journal",    acctmgr_print_journal   },
    {"print", "key",        acctmgr_print_key       },
    {"print", "act",        acctmgr_print_act       },
    {"sign",  "checkpoint", acctmgr_sign            },
    {"show",  "month",      acctmgr_show_month      },
    {"show",  "agreement",  acctmgr_show_agreement  },
    {"close", "month",      acctmgr_close_month     },
    {"erase", "user",       acctmgr_erase_user      },
    {"move",  "allowance",  acctmgr_move            },
};

/* Verbs as sacctmgr has them: "list" is "show"; objects also in the plural. */
static bool is_word(const char *given, const char *word, bool plural)
{
    size_t n = strlen(word);

    return !strncasecmp(given, word, n)
           && (!given[n] || (plural && !strcasecmp(given + n, "s")));
}

/* A verb for institutions, projects, grants and rates in its one form, or NULL. */
static const char *keeps_roll(const char *verb)
{
    static const char *const all[] = {"add", "modify", "delete", "show"};

    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (!strcasecmp(verb, all[i]))
            return all[i];
    return NULL;
}

static int run(struct acctmgr *a)
{
    const char *verb = a->n_words ? a->words[0] : "";
    const char *object = a->n_words > 1 ? a->words[1] : "";
    bool known = false;

    if (!strcasecmp(verb, "list"))
        verb = "show";
    if (!strcasecmp(verb, "create"))
        verb = "add";
    if (!strcasecmp(verb, "dump") || !strcasecmp(verb, "load")) {
        a->words++;
        a->n_words--;
        return strcasecmp(verb, "dump") ? acctmgr_load(a) : acctmgr_dump(a);
    }
    if (acctmgr_kind(object) && keeps_roll(verb)) {
        a->words += 2;
        a->n_words -= 2;
        return !strcasecmp(verb, "show") ? acctmgr_show(a, object)
                                         : acctmgr_change(a, keeps_roll(verb), object);
    }
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (!is_word(verb, verbs[i].verb, false))
            continue;
        known = true;
        if (!is_word(object, verbs[i].object, true))
            continue;
        a->words += 2;
        a->n_words -= 2;
        return verbs[i].run(a);
    }
    if (known && object[0])
        say_error("%s: '%s' is nothing that it knows; see --help", verb, object);
    else if (keeps_roll(verb))
        say_error("%s: what? institution, project, grant, rate or signer", verb);
    else if (known)
        say_error("%s: what? See --help", verb);
    else
        say_error("'%s' is not a verb; see --help", verb);
    return SAY_ERROR;
}

int main(int argc, char **argv)
{
    struct acctmgr a = {0};

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return SAY_ERROR;
    return say_end(run(&a));
}
