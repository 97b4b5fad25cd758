/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* fcontrol_hosts - "hn[1-4]" to names and back; nobody is asked */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "command/fcontrol.h"
#include "command/say.h"
#include "model/hostlist.h"
#include "model/name.h"

#include "base/banned.h"

#define NAMES_BYTES_MAX (4u << 20)

/* The names of all words, in the order written; several words are one list. */
static int expand(const struct control *a, struct words *names)
{
    for (size_t i = 0; i < a->n_words; i++) {
        struct err err = {0};
        int r = hostlist_expand(a->words[i], names, &err);

        if (r != 0) {
            say_error("%s", err_text(&err, r));
            return SAY_ERROR;
        }
    }
    return SAY_OK;
}

int control_show_hostnames(const struct control *a)
{
    struct words names = WORDS_INIT(JOB_NODES_MAX, NAMES_BYTES_MAX);
    char *list = getenv("SLURM_JOB_NODELIST");
    struct control from_job = {.words = &list, .n_words = 1};
    int code;

    if (a->n_words == 0 && (!list || !list[0])) {
        say_error("show hostnames: give a list such as n[1-4]; SLURM_JOB_NODELIST "
                  "is not set, as it is in a job");
        return SAY_ERROR;
    }
    code = expand(a->n_words ? a : &from_job, &names);
    for (size_t i = 0; code == SAY_OK && i < names.n; i++) {
        sheet_cell(names.v[i], 0, false, 0);
        (void)putchar('\n');
    }
    words_release(&names);
    return code;
}

int control_show_hostlist(const struct control *a)
{
    struct words names = WORDS_INIT(JOB_NODES_MAX, NAMES_BYTES_MAX);
    struct buf b = BUF_INIT(NAMES_BYTES_MAX);
    int code;

    if (a->n_words == 0) {
        say_error("show hostlist: give names such as n1,n2,n4");
        return SAY_ERROR;
    }
    code = expand(a, &names);
    if (code == SAY_OK) {
        hostlist_compress(names.v, names.n, &b);
        if (b.err) {
            say_error("%s", err_text(NULL, b.err));
            code = SAY_ERROR;
        } else {
            sheet_cell(buf_text(&b), 0, false, 0);
            (void)putchar('\n');
        }
    }
    buf_release(&b);
    words_release(&names);
    return code;
}
