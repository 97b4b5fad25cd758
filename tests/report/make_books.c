/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * make_books - a center's journal that fits its records: make_books CENTER FILE
 * <RECORDS
 *
 * A hold and a settlement of each run that started, in a chain; the three lines of the
 * checkpoint on stdout, for somebody to sign.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/chain.h"
#include "report/record_file.h"

#include "base/banned.h"

static struct chain chain;
static struct merkle tree;
static FILE *out;

static void put(const struct posting *p, size_t n)
{
    char line[LINE_MAX_BYTES + 1];
    struct hash leaf;
    size_t len;

    if (chain_write(&chain, p, n, line, sizeof(line), &len) < 0
        || merkle_leaf(line, len, &leaf) < 0 || merkle_add(&tree, &leaf) < 0)
        exit(1);
    line[len] = '\n';
    (void)fwrite(line, 1, len + 1, out);
}

static struct posting step(const struct run_record *r,
                           enum posting_kind kind,
                           int64_t milli)
{
    return (struct posting){
        .kind = kind,
        .at = {r->end * US_PER_S},
        .job = r->job,
        .epoch = r->attempt + 1,
        .milli = milli,
    };
}

static void book(const struct run_record *r, const char *center)
{
    struct posting hold = step(r, POST_HOLD, r->milli + 7);
    struct posting s[3] = {
        step(r, POST_CAPTURE, r->milli),
        step(r, POST_RELEASE, 7),
        step(r, POST_EARN, r->milli),
    };
    char avail[ACCOUNT_CAP], held[ACCOUNT_CAP], spent[ACCOUNT_CAP];
    char budget[ACCOUNT_CAP], earned[ACCOUNT_CAP];

    (void)snprintf(avail, sizeof(avail), "avail:%s@%s", r->project, center);
    (void)snprintf(held, sizeof(held), "hold:%" PRIu64 ".%" PRIu32, r->job,
                   r->attempt + 1);
    (void)snprintf(spent, sizeof(spent), "spent:%s", r->project);
    (void)snprintf(budget, sizeof(budget), "budget:%s", r->project);
    (void)snprintf(earned, sizeof(earned), "earned:%s", center);
    memcpy(hold.from, avail, sizeof(avail));
    memcpy(hold.to, held, sizeof(held));
    memcpy(s[0].from, held, sizeof(held));
    memcpy(s[0].to, spent, sizeof(spent));
    memcpy(s[1].from, held, sizeof(held));
    memcpy(s[1].to, avail, sizeof(avail));
    memcpy(s[2].from, budget, sizeof(budget));
    memcpy(s[2].to, earned, sizeof(earned));
    for (uint32_t i = 0; i < 3; i++)
        s[i].part = i;
    s[0].has_raw = true;
    s[0].raw = (struct tres_seconds){
        .core_s = r->core_s, .mem_mib_s = r->mem_mib_s, .gpu_s = r->gpu_s};
    put(&hold, 1);
    put(s, 3);
}

int main(int argc, char **argv)
{
    char origin[ORIGIN_CAP], text[CHECKPOINT_TEXT_CAP];
    struct record_file *f = NULL;
    struct run_record r;
    int more;

    if (argc != 3 || record_file_open("-", &f, NULL) < 0)
        return 2;
    out = fopen(argv[2], "we");
    if (!out)
        return 2;
    while ((more = record_file_next(f, &r, NULL)) > 0)
        if (r.start)
            book(&r, argv[1]);
    record_file_free(f);
    (void)snprintf(origin, sizeof(origin), "hopluu/%s", argv[1]);
    if (more < 0 || fclose(out) != 0
        || checkpoint_write(&tree, origin, text, sizeof(text)) < 0)
        return 1;
    (void)fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
