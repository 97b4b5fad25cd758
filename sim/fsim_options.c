/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fsim_options - the command line of fsim */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "base/words.h"
#include "model/enum_words.h"
#include "sim/fsim_int.h"

#include "base/banned.h"

const char *argp_program_version = "fsim " PACKAGE_VERSION;

enum {
    O_CENTER = 256,
    O_POLICY,
    O_PREDICT,
    O_CORRECT,
    O_ROUTE,
    O_LOCAL_FIRST,
    O_SHARE,
    O_CREDIT,
    O_STATE_AGE,
    O_NO_OWN,
    O_MARGIN,
    O_LINK_DELAY,
    O_AGE_WEIGHT,
    O_LATE,
    O_ESTIMATES,
    O_UNTIL,
    O_FILTER,
    O_TIES,
    O_QEST,
    O_JITTER,
    O_STARTS,
    O_JSON,
    O_COMPARE,
    O_PLOT,
    O_QUIET,
};

static const struct argp_option options[] = {
    {"center",           O_CENTER,      "NAME:PROCS:FILE[:PARTITION[:SINCE]]",                          0,
     "a center and its log (SWF or sacct --parsable2, may be gzip; or lublin@SEED)",                                                                            0},
    {"policy",           O_POLICY,      "fcfs|easy|easy-sjbf|easy-sabf|conservative|replan|replan-sjf",
     0,                                                                                                    "who starts next (easy)",                            0},
    {"predict",          O_PREDICT,     "request|last2|alike|exact",                                    0,
     "expected run time (request)",                                                                                                                             0},
    {"correct",          O_CORRECT,     "jump|increment",                                               0,
     "when a prediction ran out (jump: to the request)",                                                                                                        0},
    {"route",            O_ROUTE,       "home|least|earliest|everywhere|late",                          0, "where jobs go (home)",
     0                                                                                                                                                           },
    {"local-first",      O_LOCAL_FIRST, 0,                                                              0, "own jobs before guests",                            0},
    {"foreign-share",    O_SHARE,       "F|auto",                                                       0,
     "most of a center that guests may hold, 0 to 1; auto: no fixed ceiling",                                                                                   0},
    {"credit",           O_CREDIT,      "H",                                                            0, "send only while the debt is below H machine hours",
     0                                                                                                                                                           },
    {"state-age",        O_STATE_AGE,   "S",                                                            0,
     "others are seen as of the last multiple of S seconds",                                                                                                    0},
    {"no-own-shipments", O_NO_OWN,      0,                                                              0, "do not book own shipments into old views",          0},
    {"margin",           O_MARGIN,      "S",                                                            0, "move only if that is more than S seconds earlier",  0},
    {"link-delay",       O_LINK_DELAY,  "MS",                                                           0, "one way between centers (late)",                    0},
    {"age-weight",       O_AGE_WEIGHT,  "N",                                                            0,
     "easy-sjbf: waiting N seconds weighs as much as being 1 s shorter; 0 = off",                                                                               0},
    {"late",             O_LATE,        "KEY=V,…",                                                    0,
     "constants of the late route: allow, rho, open, length, month, additive",                                                                                  0},
    {"estimates",        O_ESTIMATES,   0,                                                              0,
     "say when each job will start, and how often that held",                                                                                                   0},
    {"until",            O_UNTIL,       "S",                                                            0, "only submissions before second S",                  0},
    {"filter",           O_FILTER,      "plain|sc15",                                                   0, "which rows count (plain)",                          0},
    {"ties",             O_TIES,        "batch|pyss",                                                   0, "order of events within a second (batch)",           0},
    {"qest",             O_QEST,        "QUEUE=S,…,*=S",                                              0, "limits of queues for jobs without a request",
     0                                                                                                                                                           },
    {"jitter",           O_JITTER,      "S[:SEED]",                                                     0, "move each submission by up to S seconds",           0},
    {"starts",           O_STARTS,      "OUT.csv",                                                      0, "write a line per job",                              0},
    {"json",             O_JSON,        0,                                                              0, "print JSON",                                        0},
    {"compare-home",     O_COMPARE,     0,                                                              0, "also run every center alone",                       0},
    {"plot",             O_PLOT,        "OUT.svg",                                                      0, "draw waits and utilisation",                        0},
    {"quiet",            O_QUIET,       0,                                                              0, "no progress",                                       0},
    {0,                  0,             0,                                                              0, 0,                                                   0},
};

static const char *const policy_words[] = {
    "fcfs", "easy", "easy-sjbf", "easy-sabf", "conservative", "replan", "replan-sjf"};
static const char *const predict_words[] = {"request", "last2", "exact", "alike"};
static const char *const correct_words[] = {"jump", "increment"};
static const char *const ties_words[] = {"batch", "pyss"};
static const char *const route_words[] = {"home", "least", "earliest", "everywhere",
                                          "late"};
static const char *const filter_words[] = {"plain", "sc15"};

const char *fsim_route_word(enum sim_route r)
{
    return route_words[r];
}

const char *fsim_policy_word(enum sim_policy p)
{
    return policy_words[p];
}

/* The index of a word; does not return when there is none. */
static unsigned word_of(struct argp_state *st,
                        const char *option,
                        const char *const *words,
                        size_t n,
                        const char *arg)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(arg, words[i]))
            return (unsigned)i;
    argp_error(st, "--%s: there is no \"%s\"", option, arg);
    return 0;
}
#define WORD_OF(st, option, words, arg)                                                \
    word_of(st, option, words, sizeof(words) / sizeof((words)[0]), arg)

static int64_t seconds(struct argp_state *st, const char *option, const char *arg)
{
    struct err err = {0};
    int64_t v = 0;

    if (measure_i64(arg, 0, INT64_C(100000000000), &v, &err) < 0)
        argp_error(st, "--%s: %s", option, err.text);
    return v;
}

static double fraction(struct argp_state *st,
                       const char *option,
                       const char *arg,
                       double max)
{
    struct err err = {0};
    double v = 0;

    if (measure_double(arg, 0, max, &v, &err) < 0)
        argp_error(st, "--%s: %s", option, err.text);
    return v;
}

/* NAME:PROCS:FILE[:PARTITION[:SINCE]] */
static void parse_center(struct argp_state *st, struct fsim_options *o, const char *arg)
{
    struct fsim_center *c = &o->centers[o->n_centers];
    struct words w = WORDS_INIT(8, SPEC_TEXT_MAX);
    struct err err = {0};

    if (o->n_centers >= SIM_CENTERS_MAX)
        argp_error(st, "--center: at most %d", SIM_CENTERS_MAX);
    if (words_split(&w, arg, ":") < 0 || w.n < 3 || w.n > 5)
        argp_error(st, "--center: \"%s\" is not NAME:PROCS:FILE[:PARTITION[:SINCE]]",
                   arg);
    if (!word_copy(c->spec.name, sizeof(c->spec.name), w.v[0])
        || !word_is_name(w.v[0], sizeof(c->spec.name) - 1))
        argp_error(st, "--center: \"%s\" is not a name", w.v[0]);
    for (uint32_t i = 0; i < o->n_centers; i++)
        if (!strcmp(o->centers[i].spec.name, w.v[0]))
            argp_error(st, "--center: \"%s\" is there twice", w.v[0]);
    if (measure_u32(w.v[1], 1, 100000000, &c->spec.procs, &err) < 0)
        argp_error(st, "--center: %s", err.text);
    (void)word_copy(c->path, sizeof(c->path), w.v[2]); /* the whole was shorter */
    if (w.n > 3 && strcmp(w.v[3], "-") != 0
        && !word_copy(c->partition, sizeof(c->partition), w.v[3]))
        argp_error(st, "--center: the partition's name is too long");
    if (w.n > 4)
        c->since_s = seconds(st, "center", w.v[4]);
    words_release(&w);
    o->n_centers++;
}

static void parse_qest(struct argp_state *st, struct fsim_options *o, const char *arg)
{
    struct words w = WORDS_INIT(TRACE_QUEUES_MAX, SPEC_TEXT_MAX);
    struct err err = {0};

    if (words_split(&w, arg, ",") < 0)
        argp_error(st, "--qest: at most %d queues", TRACE_QUEUES_MAX);
    for (size_t i = 0; i < w.n; i++) {
        char *eq = strchr(w.v[i], '=');
        struct trace_qest *q = &o->qest;

        if (!eq)
            argp_error(st, "--qest: \"%s\" is not QUEUE=SECONDS", w.v[i]);
        *eq = '\0';
        q->queue[q->n] = -1;
        if (strcmp(w.v[i], "*") != 0
            && measure_i64(w.v[i], 0, INT32_MAX, &q->queue[q->n], &err) < 0)
            argp_error(st, "--qest: %s", err.text);
        if (measure_u32(eq + 1, 1, UINT32_MAX - 2, &q->est_s[q->n], &err) < 0)
            argp_error(st, "--qest: %s", err.text);
        q->n++;
    }
    words_release(&w);
}

static void parse_late(struct argp_state *st, struct fsim_options *o, const char *arg)
{
    const struct {
        const char *word;
        double *at;
    } keys[] = {
        {"allow",    &o->config.late.allow_s },
        {"rho",      &o->config.late.rho     },
        {"open",     &o->config.late.open    },
        {"length",   &o->config.late.length  },
        {"month",    &o->config.late.month   },
        {"additive", &o->config.late.additive},
    };
    struct words w = WORDS_INIT(16, SPEC_TEXT_MAX);

    if (words_split(&w, arg, ",") < 0)
        argp_error(st, "--late: too long");
    for (size_t i = 0; i < w.n; i++) {
        char *eq = strchr(w.v[i], '=');
        size_t k = 0;

        if (eq)
            *eq = '\0';
        while (k < sizeof(keys) / sizeof(keys[0]) && strcmp(keys[k].word, w.v[i]) != 0)
            k++;
        if (!eq || k == sizeof(keys) / sizeof(keys[0]))
            argp_error(st, "--late: there is no \"%s\"", w.v[i]);
        *keys[k].at = fraction(st, "late", eq + 1, 1e6);
    }
    words_release(&w);
}

static void parse_jitter(struct argp_state *st, struct fsim_options *o, const char *arg)
{
    const char *colon = strchr(arg, ':');
    char head[32];
    size_t n = colon ? (size_t)(colon - arg) : strlen(arg);
    struct err err = {0};

    if (n >= sizeof(head))
        argp_error(st, "--jitter: \"%s\" is not S[:SEED]", arg);
    memcpy(head, arg, n);
    head[n] = '\0';
    o->seed = 1;
    if (measure_u32(head, 0, 86400, &o->jitter_s, &err) < 0
        || (colon && measure_u64(colon + 1, 0, UINT64_MAX, &o->seed, &err) < 0))
        argp_error(st, "--jitter: %s", err.text);
}

static error_t parse_more(int key, char *arg, struct argp_state *st)
{
    struct fsim_options *o = st->input;
    struct sim_config *c = &o->config;

    switch (key) {
    case O_STATE_AGE:
        c->state_age_s = seconds(st, "state-age", arg);
        return 0;
    case O_NO_OWN:
        c->own_shipments = false;
        return 0;
    case O_MARGIN:
        c->margin_s = seconds(st, "margin", arg);
        return 0;
    case O_LINK_DELAY:
        c->link_delay_ms = seconds(st, "link-delay", arg);
        return 0;
    case O_AGE_WEIGHT:
        c->age_weight = (uint32_t)seconds(st, "age-weight", arg);
        return 0;
    case O_LATE:
        parse_late(st, o, arg);
        return 0;
    case O_ESTIMATES:
        c->estimates = true;
        return 0;
    case O_UNTIL:
        o->until_s = seconds(st, "until", arg);
        return 0;
    case O_FILTER:
        o->filter = (enum trace_filter)WORD_OF(st, "filter", filter_words, arg);
        return 0;
    case O_QEST:
        parse_qest(st, o, arg);
        return 0;
    case O_JITTER:
        parse_jitter(st, o, arg);
        return 0;
    case O_STARTS:
        o->starts = arg;
        return 0;
    case O_JSON:
        o->json = true;
        return 0;
    case O_COMPARE:
        o->compare_home = true;
        return 0;
    case O_PLOT:
        o->plot = arg;
        return 0;
    case O_QUIET:
        o->quiet = true;
        return 0;
    case ARGP_KEY_END:
        if (o->n_centers == 0)
            argp_error(st, "no --center");
        if (c->policy >= SIM_CONSERVATIVE
            && (c->route == SIM_EVERYWHERE || c->route == SIM_LATE))
            argp_error(st, "--route %s: not with --policy %s, which plans every job",
                       route_words[c->route], policy_words[c->policy]);
        if (c->ties == SIM_PYSS && c->route == SIM_LATE)
            argp_error(st, "--route late: not with --ties pyss");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
    struct fsim_options *o = st->input;
    struct sim_config *c = &o->config;

    switch (key) {
    case O_CENTER:
        parse_center(st, o, arg);
        return 0;
    case O_POLICY:
        c->policy = (enum sim_policy)WORD_OF(st, "policy", policy_words, arg);
        return 0;
    case O_PREDICT:
        c->predict = (enum sim_predict)WORD_OF(st, "predict", predict_words, arg);
        return 0;
    case O_CORRECT:
        c->correct = (enum sim_correct)WORD_OF(st, "correct", correct_words, arg);
        return 0;
    case O_ROUTE:
        c->route = (enum sim_route)WORD_OF(st, "route", route_words, arg);
        return 0;
    case O_TIES:
        c->ties = (enum sim_ties)WORD_OF(st, "ties", ties_words, arg);
        return 0;
    case O_LOCAL_FIRST:
        c->local_first = true;
        return 0;
    case O_SHARE:
        c->foreign_share = strcmp(arg, "auto") ? fraction(st, "foreign-share", arg, 1)
                                               : SIM_SHARE_NONE;
        return 0;
    case O_CREDIT:
        c->credit_h = fraction(st, "credit", arg, 1e9);
        return 0;
    default:
        return parse_more(key, arg, st);
    }
}

void fsim_options_parse(struct fsim_options *o, int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        0,
        "Replay the logs of centers through Hopluu's scheduling code, alone or shared.",
        0,
        0,
        0};

    *o = (struct fsim_options){
        .config = {.policy = SIM_EASY,
                   .foreign_share = SIM_SHARE_NONE,
                   .credit_h = -1,
                   .own_shipments = true,
                   .late = share_rule_default()},
        .until_s = INT64_MAX
    };
    argp_parse(&argp, argc, argv, 0, 0, o);
}
