/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * field - the columns that a command can print, and which of them a person picked
 *
 * Two ways to pick, both Slurm's: letters with widths and text between them
 * ("%.18i %.9P %j") and names ("JobID,JobName%20,State" or "JobID:20,Name:.30").
 */
#ifndef HOPLUU_COMMAND_FIELD_H
#define HOPLUU_COMMAND_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define FIELD_PICKS_MAX 128
#define FIELD_WIDTH_MAX 1024

struct field {
    const char *name;  /* long name, any case */
    const char *title; /* heading */
    char letter;       /* 0 = has none */
    bool right;        /* numbers stand right in a table */
    void (*put)(const void *row, struct buf *out);
};

struct pick {
    const struct field *field;
    int width;    /* columns; 0 = as wide as the text */
    bool right;   /* '.' was given (letters, -O); sacct: no '-' */
    char *before; /* literal text in front, owned; NULL = none */
};

struct picks {
    struct pick v[FIELD_PICKS_MAX];
    size_t n;
    char *after; /* literal text behind the last one, owned; NULL = none */
    bool exact;  /* picked by letters: print just so, no table */
};

void picks_release(struct picks *p);

/* "%.18i %j": 0, or -EINVAL (which letter), -ENOMEM. */
int picks_letters(const struct field *fields,
                  size_t n_fields,
                  const char *format,
                  struct picks *p,
                  struct err *err);

/*
 * "JobID,JobName%20" with mark '%' (sacct: right-aligned unless %-20) or "Name:.30"
 * with mark ':' (squeue -O).
 */
int picks_names(const struct field *fields,
                size_t n_fields,
                const char *list,
                char mark,
                struct picks *p,
                struct err *err);

/* "name name name …" for --helpformat. */
void fields_list(const struct field *fields, size_t n_fields);

#endif
