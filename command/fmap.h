/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fmap - what the verbs of fmap share: options, and how files become nouns */
#ifndef HOPLUU_COMMAND_FMAP_H
#define HOPLUU_COMMAND_FMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/words.h"
#include "place/place.h"

#define FMAP_FILE_MAX (UINT64_C(4) << 30) /* bytes of one input file */

enum fmap_output { OUTPUT_MAP, OUTPUT_RANKFILE, OUTPUT_PRRTE, OUTPUT_HOSTFILE };

struct fmap_options {
    const char *verb;
    char **args; /* after the verb */
    int n_args;
    const char *matrix;
    const char *pattern;
    uint32_t ranks; /* 0: as the pattern says */
    const char *machine;
    const char *distance;
    const char *capacity;
    const char *topology;
    const char *nodes;
    const char *free;
    const char *hwloc;
    const char *start;
    const char *map;
    const char *out;
    const char *svg;
    const char *busy;
    enum place_effort effort;
    enum fmap_output output;
    double deadline_s; /* 0: none */
    double slack;      /* below 0: not given */
    double end_s;
    uint64_t seed;
    uint32_t cpus_per_rank;
    bool json;
};

/* Each verb: exit status. What went wrong has been said on stderr. */
int fmap_rank(const struct fmap_options *o);
int fmap_score(const struct fmap_options *o);
int fmap_nodes(const struct fmap_options *o);
int fmap_show(const struct fmap_options *o);
int fmap_learn(const struct fmap_options *o);
int fmap_slurm(const struct fmap_options *o);

/* "fmap: text" on stderr; returns 1. */
int fmap_fail(const struct err *err, int r);

/* A whole file, "-" for stdin. 0 or -errno. */
int fmap_read(const char *path, struct buf *b, struct err *err);

/* Text to --out or stdout; exit status. */
int fmap_write(const struct fmap_options *o, const struct buf *b);

/* The pattern of --matrix or --pattern. */
int fmap_load_pattern(const struct fmap_options *o,
                      uint32_t n_ranks,
                      struct pattern **ret_p,
                      struct err *err);

/*
 * The machine of --machine or --topology and --hwloc, and the cores of --nodes in
 * the order written (*ret_cores NULL: all; caller frees).
 */
int fmap_load_machine(const struct fmap_options *o,
                      struct machine **ret_m,
                      uint32_t **ret_cores,
                      uint32_t *ret_n_cores,
                      struct err *err);

/* Whole numbers, one per line, at most max of them; caller frees. */
int fmap_load_numbers(
    const char *path, uint32_t max, uint32_t **ret_v, uint32_t *ret_n, struct err *err);

/* The same from text; `name` is said in errors. */
int fmap_numbers(const char *text,
                 const char *name,
                 uint32_t max,
                 uint32_t **ret_v,
                 uint32_t *ret_n,
                 struct err *err);

/* Figures of a map as members of a JSON object, without its braces. */
void fmap_json_cost(struct buf *b, const struct place_cost *c);
void fmap_json_string(struct buf *b, const char *s);

double fmap_cpu_s(void);

#endif
