/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * rank_map - how the ranks of one run were put on its cores, and what that should gain
 *
 * The host's engine fills it when the run starts; it travels to the holder with
 * `started` and `ended`, and is what facct, fqueue and fexplain show. The figures are
 * those of docs/placement.md: cost is J (bytes x distance), link the load of the most
 * loaded uplink; `usual_` stands for ranks in node order.
 */
#ifndef HOPLUU_MODEL_RANK_MAP_H
#define HOPLUU_MODEL_RANK_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define RANK_MAP_METHOD_CAP 24
#define RANK_MAP_WHY_CAP 160

enum rank_map_source {
    RANK_MAP_NONE,    /* nothing is known of its traffic: node order */
    RANK_MAP_NAMED,   /* the user said so: --comm=stencil3d:… */
    RANK_MAP_PROFILE, /* recorded in an earlier run of the same program */
    _RANK_MAP_SOURCE_MAX
};

struct rank_map {
    enum rank_map_source source;
    char method[RANK_MAP_METHOD_CAP]; /* what made the order: "grid"; "" = not mapped:
                                        the run had one node */
    uint64_t cost;
    uint64_t usual_cost;
    uint64_t link;
    uint64_t usual_link;
    uint64_t cpu_us;            /* spent on finding it */
    char why[RANK_MAP_WHY_CAP]; /* a sentence for people */
};

const char *rank_map_source_word(enum rank_map_source s);
bool rank_map_source_parse(const char *word, enum rank_map_source *ret_s);

/* Whether the run had something to map: more nodes than one. */
bool rank_map_is_set(const struct rank_map *m);

/*
 * What the cost falls by against node order, in thousandths: 0 to 1000. Never
 * negative: no order is used that costs more.
 */
uint32_t rank_map_gain(const struct rank_map *m);

#endif
