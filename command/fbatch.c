/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * fbatch - submit a batch script to the network of centers
 *
 * The command line is read first because it names the script; its options are
 * applied last, so that they win over the script's and the environment's.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "command/batch.h"
#include "command/batch_option.h"
#include "command/batch_script.h"
#include "command/batch_submit.h"
#include "command/say.h"
#include "command/upload.h"

#include "base/banned.h"

#define SETTINGS_MAX 512

struct setting {
    int key;
    const char *value;
};

struct line {
    struct setting set[SETTINGS_MAX];
    size_t n;
    char **args; /* script and its arguments, or NULL */
    int n_args;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct line *l = state->input;

    switch (key) {
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        return 0;
    case BATCH_REFUSED:
        argp_error(state, "error: %s: this option of Slurm is not supported here",
                   state->argv[state->next - 1]);
        return EINVAL;
    case ARGP_KEY_ARG: /* everything from the script on is the script's */
        l->args = state->argv + state->next - 1;
        l->n_args = state->argc - state->next + 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_INIT:
    case ARGP_KEY_END:
    case ARGP_KEY_NO_ARGS:
    case ARGP_KEY_SUCCESS:
    case ARGP_KEY_ERROR:
    case ARGP_KEY_FINI:
        return 0;
    case ARGP_KEY_ARGS:
        return ARGP_ERR_UNKNOWN;
    default:
        if (l->n == SETTINGS_MAX) {
            argp_error(state, "error: more than %d options", SETTINGS_MAX);
            return EINVAL;
        }
        l->set[l->n++] = (struct setting){key, value};
        return 0;
    }
}

static const struct argp argp = {
    .options = batch_options,
    .parser = parse,
    .args_doc = "SCRIPT [ARG...]\n--wrap=COMMAND\n< SCRIPT",
    .doc =
        "Submit a batch script to the network of centers. #SBATCH lines in the script "
        "mean what they mean to Slurm; SBATCH_* variables win over them and options "
        "given here win over both."
        "\vThe job starts once, at whichever center can start it soonest. Exit codes: "
        "0; "
        "1 error; 3 denied; 4 no budget; 5 no center can ever run it; 75 try again "
        "later; "
        "with --wait the job's own code.",
};

struct applying {
    struct batch *batch;
    unsigned line; /* of the script, 0 = not from there */
};

static int apply(
    int key, const char *name, const char *value, void *arg, struct err *err)
{
    struct applying *a = arg;

    if (key == BATCH_REFUSED)
        return err_set(err, -EINVAL, "%s: this option of Slurm is not supported here",
                       name);
    return batch_set(a->batch, key, name, value, err);
}

static int apply_line(const struct words *words,
                      unsigned line,
                      void *arg,
                      struct err *err)
{
    int r = batch_options_walk(words, apply, arg, err);

    return r == 0 ? 0 : err_prefix(err, r, "line %u", line);
}

static int read_script(const char *path, struct buf *b, struct err *err)
{
    int r = 0;

    if (path)
        r = path_read(path, b, err);
    else {
        char *room;
        ssize_t n = 1;

        if (isatty(STDIN_FILENO))
            say_note("reading the script from the terminal, end it with Ctrl-D");
        while (n > 0 && (room = buf_reserve(b, 65536))) {
            n = read(STDIN_FILENO, room, 65536);
            if (n > 0)
                b->len += (size_t)n;
        }
        r = n < 0 ? err_set(err, -errno, "standard input: %s", strerror(errno))
                  : b->err;
        if (r == 0 && b->data)
            b->data[b->len] = '\0';
    }
    if (b->err == -ENOBUFS || r == -ENOBUFS)
        return err_set(err, -E2BIG, "%s: the script is larger than %u bytes",
                       path ? path : "standard input", SCRIPT_MAX);
    return r;
}

/* The script's text and what its own lines ask for. */
static int take_script(struct batch *b, const char *path, struct err *err)
{
    struct buf text = BUF_INIT(SCRIPT_MAX + 65536);
    struct applying a = {.batch = b};
    unsigned late = 0;
    int r = 0;

    if (b->wrap)
        buf_printf(&text,
                   "#!/bin/sh\n# This script was created by fbatch --wrap.\n\n%s\n",
                   b->wrap);
    else
        r = read_script(path, &text, err);
    b->source = BATCH_FROM_SCRIPT;
    if (r == 0 && !b->wrap) {
        r = batch_script_read(buf_text(&text), text.len, apply_line, &a, &late, err);
        if (r != 0)
            r = err_prefix(err, r, "%s", path ? path : "standard input");
    }
    if (r == 0) {
        b->spec->script_len = text.len;
        b->spec->script = text.len ? buf_take(&text) : strdup("");
        if (!b->spec->script)
            r = err_set(err, -ENOMEM, "not enough memory");
    }
    if (late && !b->quiet)
        say_warning("line %u: #SBATCH after the first command is not read", late);
    buf_release(&text);
    return r;
}

static int take_line(struct batch *b, const struct line *l, bool early, struct err *err)
{
    b->source = BATCH_FROM_LINE;
    for (size_t i = 0; i < l->n; i++) {
        char name[64];
        int key = l->set[i].key;
        int r;

        /* What decides how the script is read comes before it. */
        if (early != (key == BATCH_WRAP || key == 'Q'))
            continue;
        r = batch_set(b, key, batch_option_name(key, name), l->set[i].value, err);
        if (r != 0)
            return r;
    }
    return 0;
}

static int build(struct batch *b, const struct line *l, struct err *err)
{
    const char *path = l->n_args ? l->args[0] : NULL;
    struct applying a = {.batch = b};
    int r = take_line(b, l, true, err);

    if (r == 0 && b->wrap && path)
        r = err_set(err, -EINVAL, "--wrap and a script ('%.80s') exclude each other",
                    path);
    if (r == 0)
        r = take_script(b, path, err);
    if (r == 0) {
        b->source = BATCH_FROM_ENV;
        r = batch_options_env(apply, &a, err);
    }
    if (r == 0)
        r = take_line(b, l, false, err);
    for (int i = 1; r == 0 && i < l->n_args; i++)
        if (words_add(&b->spec->args, l->args[i]) != 0)
            r = err_set(err, -E2BIG, "the script's arguments are too long");
    if (r == 0)
        r = batch_finish(b, b->wrap ? "wrap" : path ? path : "sbatch", environ, err);
    if (r == 0)
        r = upload_list(b->spec, &b->transfer_in, err);
    if (r == 0)
        r = job_spec_check(b->spec, err);
    return r;
}

int main(int argc, char **argv)
{
    struct line line = {0};
    struct batch batch;
    struct err err = {0};
    int code = SAY_ERROR;
    int r;

    say_begin();
    if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &line) != 0)
        return SAY_ERROR;
    r = batch_init(&batch, now_read().wall);
    if (r == 0)
        r = build(&batch, &line, &err);
    if (r == 0)
        code = batch_submit(&batch);
    else
        say_error("%s", err_text(&err, r));
    batch_release(&batch);
    return say_end(code);
}
