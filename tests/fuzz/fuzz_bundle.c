/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fuzz_bundle - the texts of a bundle, each by its parser
 *
 * The first byte says which: a bundle.json, r a record line, l a line of a journal, n a
 * signed note, c a checkpoint. What is accepted has one way to be written: writing it
 * again must give the same bytes.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/chain.h"
#include "ledger/note.h"
#include "report/bundle_int.h"
#include "report/record_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static void try_about(const char *text, size_t n)
{
    struct bundle_about a = {0};
    char *again = NULL;
    size_t n_again = 0;
    FILE *out;

    if (about_read(text, n, &a, NULL) < 0)
        return;
    out = open_memstream(&again, &n_again);
    if (out) {
        must(about_write(&a, out) == 0 && fclose(out) == 0);
        must(n_again == n && !memcmp(again, text, n));
    }
    free(again);
    bundle_about_release(&a);
}

static void try_record(const char *text, size_t n)
{
    char again[RECORD_LINE_CAP];
    struct run_record r;
    size_t n_again;

    if (record_line_parse(text, n, &r, NULL) < 0)
        return;
    must(record_line_write(&r, again, sizeof(again), &n_again) == 0);
    must(n_again == n && !memcmp(again, text, n));
}

static void try_line(const char *text, size_t n)
{
    static struct posting p[TXN_POSTINGS_MAX];
    static char again[LINE_MAX_BYTES + 1];
    struct chain c = {0};
    size_t n_p = 0, n_again = 0;
    struct wall at;
    struct act act;

    if (line_read_act(text, n, &act, &at, p, &n_p, NULL) < 0)
        return;
    must(n_p <= TXN_POSTINGS_MAX && (n_p > 0 || act.n > 0));
    /* seq and prev are the chain's: only a first line comes out the same. */
    if ((n_p ? p[0].seq : 1) != 0
        || !memmem(text, n,
                   "\"prev\":\"00000000000000000000000000000000000000000000000000000000"
                   "00000000\"",
                   73))
        return;
    must((act.n ? chain_write_act(&c, &act, at, p, n_p, again, sizeof(again), &n_again)
                : chain_write(&c, p, n_p, again, sizeof(again), &n_again))
         == 0);
    must(n_again == n && !memcmp(again, text, n));
}

static void try_note(const char *text)
{
    static struct note_signature s[NOTE_SIGNATURES_MAX];
    static char inner[NOTE_CAP], again[NOTE_CAP];
    size_t n = 0;

    if (note_read(text, inner, sizeof(inner), s, &n, NULL) < 0)
        return;
    must(n > 0 && n <= NOTE_SIGNATURES_MAX);
    if (note_write(inner, s, n, again, sizeof(again)) == 0)
        must(!strcmp(again, text));
}

static void try_checkpoint(const char *text)
{
    struct checkpoint c;

    if (checkpoint_read(text, &c, NULL) == 0)
        must(strnlen(c.origin, ORIGIN_CAP) < ORIGIN_CAP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0 || size > 65536)
        return 0;
    text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0]) {
    case 'a':
        try_about(text, size - 1);
        break;
    case 'r':
        try_record(text, size - 1);
        break;
    case 'l':
        try_line(text, size - 1);
        break;
    case 'n':
        try_note(text);
        break;
    case 'c':
        try_checkpoint(text);
        break;
    default:
        break;
    }
    free(text);
    return 0;
}
