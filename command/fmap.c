/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap - put ranks on cores: the door and its options */
#include "config.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"

#include "fmap.h"

#include "base/banned.h"

const char *argp_program_version = "fmap (Hopluu) " PACKAGE_VERSION;

enum key {
    KEY_MATRIX = 256,
    KEY_PATTERN,
    KEY_MACHINE,
    KEY_DISTANCE,
    KEY_CAPACITY,
    KEY_TOPOLOGY,
    KEY_NODES,
    KEY_FREE,
    KEY_BUSY,
    KEY_END,
    KEY_HWLOC,
    KEY_EFFORT,
    KEY_DEADLINE,
    KEY_SEED,
    KEY_SLACK,
    KEY_START,
    KEY_OUTPUT,
    KEY_OUT,
    KEY_MAP,
    KEY_SVG,
    KEY_JSON
};

static const struct argp_option options[] = {
    {NULL,                                0, NULL, 0, "Who talks to whom:", 1},
    {"matrix",                               KEY_MATRIX, "FILE", 0,
     "Bytes between ranks: METIS graph, Matrix Market or CSV; - is standard input", 1},
    {"pattern",               KEY_PATTERN, "NAME", 0,
     "stencil2d:AxB, stencil3d:AxBxC, stencil4d:..., ring, alltoall, tree, master, "
     "none; "
     "also :periodic and :BYTES", 1},
    {"ranks",                                   'n', "N", 0, "Number of ranks", 1},
    {NULL,0, NULL, 0, "The machine:", 2},
    {"machine",                                  KEY_MACHINE, "A:B:C", 0, "Arities from the inside: 16:2:16", 2},
    {"distance",                                  KEY_DISTANCE, "A:B:C", 0, "Distance at each level: 1:10:100", 2},
    {"capacity",                           KEY_CAPACITY, "A:B", 0, "Capacity of one uplink at each level", 2},
    {"topology",                             KEY_TOPOLOGY, "FILE", 0, "Switches, as Slurm's topology.conf", 2},
    {"hwloc",         KEY_HWLOC, "FILE", 0,
     "Inside of a node: hwloc XML file, synthetic:TEXT, or live", 2},
    {"nodes",                                   KEY_NODES, "LIST|N", 0,
     "rank: nodes of the job in their default order; nodes: how many", 2},
    {"free",KEY_FREE, "LIST", 0, "Nodes that are free", 2},
    {"busy",                                  KEY_BUSY, "FILE", 0, "Lines 'node seconds': when the last job on it ends",
     2},
    {"end",                                  KEY_END, "S", 0, "When this job ends, seconds from now", 2},
    {NULL,                                0, NULL, 0, "The search:", 3},
    {"effort",                               KEY_EFFORT, "fast|normal|best", 0, "How long to search (normal)", 3},
    {"deadline",                     KEY_DEADLINE, "S", 0, "Give the best so far after S seconds", 3},
    {"seed",                                   KEY_SEED, "N", 0, "Same seed, same map (0)", 3},
    {"slack",KEY_SLACK, "SHARE", 0,
     "How much of the cost a better bottleneck may take (0.01 with --capacity, else 0)", 3},
    {"cpus-per-rank",                                  'c', "N", 0, "Cores for each rank (1)", 3},
    {"start",                                  KEY_START, "FILE", 0, "A map to begin with", 3},
    {NULL,                          0, NULL, 0, "Output:", 4},
    {"output",                            KEY_OUTPUT, "map|rankfile|prrte|hostfile", 0,
     "Form of the map (map); prrte is the rankfile of Open MPI 5", 4},
    {"out", KEY_OUT, "FILE", 0,
     "Write there instead of standard output; slurm: directory of hostfile and "
     "rankfile", 4},
    {"json",                                   KEY_JSON, NULL, 0, "The figures and the map as JSON", 4},
    {"map",KEY_MAP, "FILE", 0, "score, show: the map, line i is the core of rank i",
     4},
    {"svg",                                  KEY_SVG, "FILE", 0, "show: also draw the picture there", 4},
    {0                                 },
};

static int parse_output(const char *word, enum fmap_output *ret)
{
    static const char *const words[] = {[OUTPUT_MAP] = "map",
                                        [OUTPUT_RANKFILE] = "rankfile",
                                        [OUTPUT_PRRTE] = "prrte",
                                        [OUTPUT_HOSTFILE] = "hostfile"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!strcmp(words[i], word)) {
            *ret = (enum fmap_output)i;
            return 0;
        }
    return -1;
}

/* Options whose argument is only kept. */
static const char **text_option(struct fmap_options *o, int key)
{
    switch (key) {
    case KEY_MATRIX:
        return &o->matrix;
    case KEY_PATTERN:
        return &o->pattern;
    case KEY_MACHINE:
        return &o->machine;
    case KEY_DISTANCE:
        return &o->distance;
    case KEY_CAPACITY:
        return &o->capacity;
    case KEY_TOPOLOGY:
        return &o->topology;
    case KEY_NODES:
        return &o->nodes;
    case KEY_FREE:
        return &o->free;
    case KEY_BUSY:
        return &o->busy;
    case KEY_HWLOC:
        return &o->hwloc;
    case KEY_START:
        return &o->start;
    case KEY_OUT:
        return &o->out;
    case KEY_MAP:
        return &o->map;
    case KEY_SVG:
        return &o->svg;
    default:
        return NULL;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct fmap_options *o = state->input;
    const char **text = text_option(o, key);
    struct err err = {0};
    int r = 0;

    if (text) {
        *text = arg;
        return 0;
    }
    switch (key) {
    case 'n':
        r = measure_u32(arg, 1, PLACE_RANKS_MAX, &o->ranks, &err);
        break;
    case 'c':
        r = measure_u32(arg, 1, 65536, &o->cpus_per_rank, &err);
        break;
    case KEY_SEED:
        r = measure_u64(arg, 0, UINT64_MAX, &o->seed, &err);
        break;
    case KEY_DEADLINE:
        r = measure_double(arg, 0, 1e9, &o->deadline_s, &err);
        break;
    case KEY_END:
        r = measure_double(arg, 0, 1e12, &o->end_s, &err);
        break;
    case KEY_SLACK:
        r = measure_double(arg, 0, 1, &o->slack, &err);
        break;
    case KEY_EFFORT:
        if (!place_effort_parse(arg, &o->effort))
            argp_error(state, "no effort '%s': use fast, normal or best", arg);
        break;
    case KEY_OUTPUT:
        if (parse_output(arg, &o->output) < 0)
            argp_error(state, "no output '%s': use map, rankfile, prrte or hostfile",
                       arg);
        break;
    case KEY_JSON:
        o->json = true;
        break;
    case ARGP_KEY_ARGS:
        o->verb = state->argv[state->next];
        o->args = state->argv + state->next + 1;
        o->n_args = state->argc - state->next - 1;
        break;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "say what to do: rank, nodes, score, show, learn or slurm");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (r < 0)
        argp_error(state, "%s", err_text(&err, r));
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "rank|nodes|score|show|learn|slurm [DIR]",
    "Put the ranks of a parallel program on cores so that their traffic is cheap.\v"
    "fmap rank --pattern stencil3d:8x8x8 --machine 16:2:16 --distance 1:10:100\n"
    "fmap score --matrix app.graph --machine 16:2:16 --distance 1:10:100 --map FILE\n"
    "fmap nodes --topology topology.conf --free n[1-9] --nodes 4\n"
    "fmap learn DIR --out app.graph\n"
    "fmap slurm --pattern stencil3d:8x8x8 --out DIR",
    NULL,
    NULL,
    NULL};

static const struct verb {
    const char *word;
    int (*run)(const struct fmap_options *o);
} verbs[] = {
    {"rank",  fmap_rank },
    {"score", fmap_score},
    {"nodes", fmap_nodes},
    {"show",  fmap_show },
    {"learn", fmap_learn},
    {"slurm", fmap_slurm},
};

int main(int argc, char **argv)
{
    struct fmap_options o = {.effort = PLACE_NORMAL, .cpus_per_rank = 1, .slack = -1};

    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0 || !o.verb)
        return 2;
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (!strcmp(verbs[i].word, o.verb))
            return verbs[i].run(&o);
    fprintf(stderr,
            "fmap: no verb '%s': use rank, nodes, score, show, learn or slurm\n",
            o.verb);
    return 2;
}
