/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * facctmgr - who has what, and the books: sacctmgr's grammar
 *
 *     facctmgr VERB OBJECT [WORD=VALUE…]
 *
 * A row of the verb table gets the words after its object, speaks when it fails and
 * returns the exit code.
 */
#ifndef HOPLUU_COMMAND_FACCTMGR_H
#define HOPLUU_COMMAND_FACCTMGR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "command/common.h"
#include "command/desk.h"

struct acctmgr {
    struct common common;
    bool immediate;
    char **words; /* [n_words] borrowed from argv, after verb and object */
    size_t n_words;
};

/* One WORD=VALUE that a row takes. */
struct acct_word {
    const char *name;
    const char **value;
};
/* 0, or speaks and returns SAY_ERROR: a word that is not in the table, or twice. */
int acctmgr_words(const struct acctmgr *a,
                  const char *what,
                  const struct acct_word *table,
                  size_t n);

/* A whole number in `text` (NULL: `missing`): 0, or speaks. */
int acctmgr_whole(const char *word,
                  const char *text,
                  json_int_t missing,
                  json_int_t *ret_n);

/* facctmgr_roll.c: institution, project, grant, rate */
/* Its one form, or NULL. */
const char *acctmgr_kind(const char *object);
/* One change more in `acts`, from its words: an exit code; speaks. */
int acctmgr_act(
    const char *verb, const char *kind, char *const *words, size_t n, json_t *acts);
void acctmgr_line(const char *verb, const char *kind, json_t *words, struct buf *b);
int acctmgr_commit(const struct acctmgr *a, json_t *acts);
int acctmgr_roll(const struct acctmgr *a,
                 const char *kind,
                 const char *name,
                 json_t **ret_answer);
int acctmgr_change(const struct acctmgr *a, const char *verb, const char *object);
int acctmgr_show(const struct acctmgr *a, const char *object);

int acctmgr_print_act(const struct acctmgr *a);
int acctmgr_move(const struct acctmgr *a);

/* Asks whoever types: may it be done? */
bool acctmgr_agreed(void);

/* facctmgr_agreement.c */
int acctmgr_show_agreement(const struct acctmgr *a);

/* facctmgr_month.c */
int acctmgr_close_month(const struct acctmgr *a);
int acctmgr_erase_user(const struct acctmgr *a);
int acctmgr_show_month(const struct acctmgr *a);

/* facctmgr_file.c */
int acctmgr_dump(const struct acctmgr *a);
int acctmgr_load(const struct acctmgr *a);

/* facctmgr_journal.c */
int acctmgr_show_checkpoint(const struct acctmgr *a);
int acctmgr_print_checkpoint(const struct acctmgr *a);
int acctmgr_print_proof(const struct acctmgr *a);
int acctmgr_print_journal(const struct acctmgr *a);
int acctmgr_print_key(const struct acctmgr *a);
int acctmgr_sign(const struct acctmgr *a);

#endif
