/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * read - patterns from what other programs write
 *
 * All take bytes (no NUL needed), refuse what is not right with the line number,
 * and never read past the end. Returns 0, -EINVAL, -ERANGE, -E2BIG or -ENOMEM;
 * the caller frees with pattern_free().
 */
#ifndef HOPLUU_PLACE_READ_H
#define HOPLUU_PLACE_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "place/pattern.h"

/*
 * METIS: "n m [fmt [ncon]]", then one line per vertex, neighbours from 1; '%' begins
 * a comment line. fmt 1 = weights of pairs, 10 = of ranks, 11 = both. A weight
 * counts both directions together and stands in both rows.
 */
int pattern_read_metis(const char *text,
                       size_t n_bytes,
                       struct pattern **ret_p,
                       struct err *err);

/*
 * Matrix Market, coordinate, integer, real (rounded) or pattern (1); entry (i, j)
 * is what i sends to j; `symmetric` entries count in both directions.
 */
int pattern_read_mtx(const char *text,
                     size_t n_bytes,
                     struct pattern **ret_p,
                     struct err *err);

/*
 * CSV: a square matrix (row i, column j: bytes that i sends to j), or a list of
 * from,to,bytes with ranks from 0. Commas, semicolons, tabs or blanks separate; one
 * line of titles may come first, '#' begins a comment line.
 *
 * n_ranks   of a list; 0: the largest rank + 1
 */
int pattern_read_csv(const char *text,
                     size_t n_bytes,
                     uint32_t n_ranks,
                     struct pattern **ret_p,
                     struct err *err);

/* Whichever of these the text looks like. */
int pattern_read(const char *text,
                 size_t n_bytes,
                 uint32_t n_ranks,
                 struct pattern **ret_p,
                 struct err *err);

/* Flows collected from several texts, one file per rank. */
struct flows {
    struct pattern_flow *v;
    size_t n, cap;
    uint32_t n_ranks; /* the largest rank seen + 1 */
};

int flows_add(struct flows *f, uint32_t from, uint32_t to, uint64_t bytes);
void flows_release(struct flows *f);

/*
 * What Open MPI's monitoring component wrote for one rank (NAME.RANK.prof): lines
 * "E|I from to N bytes ..." of point-to-point traffic, asked for by the program (E)
 * or made by Open MPI itself (I), and "S from to N bytes" of one-sided traffic. What
 * is said on collectives is made of the I lines already.
 */
int flows_read_prof(struct flows *f, const char *text, size_t n_bytes, struct err *err);

/* Write a pattern as METIS text. */
struct buf;
void pattern_write_metis(const struct pattern *p, struct buf *out);

#endif
