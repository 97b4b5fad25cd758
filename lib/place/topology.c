/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* topology - Slurm's topology.conf, see topology.h */
#include "config.h"

#include "place/topology.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "model/hostlist.h"

#include "base/banned.h"

#define NAMES_BYTES_MAX (UINT64_C(256) << 20)
#define LINE_MAX_BYTES (1 << 20)

struct topology *topology_free(struct topology *t)
{
    if (!t)
        return NULL;
    words_release(&t->switches);
    words_release(&t->nodes);
    free(t->parent);
    free(t->leaf);
    free(t);
    return NULL;
}

uint32_t topology_node(const struct topology *t, const char *name)
{
    for (size_t i = 0; i < t->nodes.n; i++)
        if (!strcmp(t->nodes.v[i], name))
            return (uint32_t)i;
    return MACHINE_NONE;
}

static uint32_t find_switch(const struct topology *t, const char *name)
{
    for (size_t i = 0; i < t->switches.n; i++)
        if (!strcmp(t->switches.v[i], name))
            return (uint32_t)i;
    return MACHINE_NONE;
}

static int append(uint32_t **v, size_t *cap, size_t n, uint32_t x)
{
    if (n >= *cap) {
        size_t bigger = *cap ? 2 * *cap : 64;
        uint32_t *p = realloc(*v, bigger * sizeof(*p));

        if (!p)
            return -ENOMEM;
        *v = p;
        *cap = bigger;
    }
    (*v)[n] = x;
    return 0;
}

/* The switch called name, added when it is new. */
static int add_switch(struct topology *t, const char *name, uint32_t *ret_s)
{
    uint32_t s = find_switch(t, name);
    int r = 0;

    if (s == MACHINE_NONE) {
        s = (uint32_t)t->switches.n;
        r = append(&t->parent, &t->cap_parent, s, MACHINE_NONE);
        if (r == 0)
            r = words_add(&t->switches, name);
    }
    *ret_s = s;
    return r;
}

struct line {
    char *name, *nodes, *switches; /* NULL: not there */
    uint32_t number;
};

static int expand(const char *list,
                  struct words *w,
                  const struct line *l,
                  struct err *err)
{
    int r = hostlist_expand(list, w, err);

    return r < 0 ? err_prefix(err, r, "line %" PRIu32, l->number) : 0;
}

static int add_children(struct topology *t,
                        uint32_t s,
                        const struct line *l,
                        struct err *err)
{
    struct words w = WORDS_INIT(100000, NAMES_BYTES_MAX);
    int r = expand(l->switches, &w, l, err);

    for (size_t i = 0; r == 0 && i < w.n; i++) {
        uint32_t c;

        r = add_switch(t, w.v[i], &c);
        if (r == 0 && t->parent[c] != MACHINE_NONE && t->parent[c] != s)
            r = err_set(err, -EINVAL,
                        "line %" PRIu32 ": switch %.64s is already below %.64s",
                        l->number, w.v[i], t->switches.v[t->parent[c]]);
        if (r == 0 && c == s)
            r = err_set(err, -EINVAL, "line %" PRIu32 ": switch %.64s is inside itself",
                        l->number, w.v[i]);
        if (r == 0)
            t->parent[c] = s;
    }
    words_release(&w);
    return r;
}

static int add_line(struct topology *t, const struct line *l, struct err *err)
{
    uint32_t s;
    size_t first = t->nodes.n;
    int r;

    if (!l->name)
        return l->nodes || l->switches ? err_set(
                   err, -EINVAL, "line %" PRIu32 ": no SwitchName=", l->number)
                                       : 0;
    r = add_switch(t, l->name, &s);
    if (r == 0 && l->nodes)
        r = expand(l->nodes, &t->nodes, l, err);
    for (size_t i = first; r == 0 && i < t->nodes.n; i++)
        r = append(&t->leaf, &t->cap_leaf, i, s);
    if (r == 0 && l->switches)
        r = add_children(t, s, l, err);
    return r;
}

/* "Key=value" words of one line, in place. */
static int split_line(char *text, struct line *l, struct err *err)
{
    for (char *at = text; *at;) {
        size_t n = strcspn(at, " \t\r");
        char *next = at + n + (at[n] != '\0');

        at[n] = '\0';
        if (!strncasecmp(at, "SwitchName=", 11))
            l->name = at + 11;
        else if (!strncasecmp(at, "Nodes=", 6))
            l->nodes = at + 6;
        else if (!strncasecmp(at, "Switches=", 9))
            l->switches = at + 9;
        else if (n > 0 && strncasecmp(at, "LinkSpeed=", 10) != 0)
            return err_set(err, -EINVAL,
                           "line %" PRIu32 ": '%.40s' is not SwitchName=, Nodes=, "
                           "Switches= or LinkSpeed=",
                           l->number, at);
        at = next;
    }
    return 0;
}

/* The next line with its continuations, without comment, into a fresh string. */
static int next_line(const char **at,
                     const char *end,
                     uint32_t *number,
                     char **ret_text,
                     struct err *err)
{
    const char *from = *at;
    char *text;
    size_t n = 0;
    bool comment = false;
    const char *p = from;

    while (p < end && !(*p == '\n' && (p == from || p[-1] != '\\')))
        p++;
    if (p - from > LINE_MAX_BYTES)
        return err_set(err, -E2BIG, "line %" PRIu32 ": longer than %d bytes", *number,
                       LINE_MAX_BYTES);
    text = malloc((size_t)(p - from) + 1);
    if (!text)
        return -ENOMEM;
    for (const char *q = from; q < p; q++) {
        *number += *q == '\n';
        if (*q == '\n')
            comment = false;
        comment = comment || *q == '#';
        if (!comment && *q != '\n' && *q != '\0')
            text[n++] = *q == '\\' ? ' ' : *q;
    }
    text[n] = '\0';
    *at = p < end ? p + 1 : end;
    *ret_text = text;
    return 0;
}

int topology_parse(const char *text,
                   size_t n_bytes,
                   struct topology **ret_t,
                   struct err *err)
{
    _cleanup_(topology_freep) struct topology *t = calloc(1, sizeof(*t));
    const char *at = text;
    const char *end = text + n_bytes;
    uint32_t number = 1;
    int r = 0;

    if (!t)
        return -ENOMEM;
    t->switches = WORDS_INIT(100000, NAMES_BYTES_MAX);
    t->nodes = WORDS_INIT(PLACE_NODES_MAX, NAMES_BYTES_MAX);
    while (r == 0 && at < end) {
        struct line l = {.number = number};
        char *line = NULL;

        r = next_line(&at, end, &number, &line, err);
        if (r == 0)
            r = line ? split_line(line, &l, err) : -ENOMEM;
        if (r == 0)
            r = add_line(t, &l, err);
        if (r == -E2BIG)
            r = err_set(err, r, "line %" PRIu32 ": too many names", l.number);
        free(line);
        number++;
    }
    if (r == 0 && t->nodes.n == 0)
        r = err_set(err, -EINVAL, "line %" PRIu32 ": no switch has nodes", number);
    if (r == 0)
        *ret_t = TAKE_PTR(t);
    return r;
}

int topology_machine(const struct topology *t,
                     const struct node_shape *shape,
                     const uint32_t *distance,
                     uint32_t n_distance,
                     struct machine **ret_m,
                     struct err *err)
{
    struct machine_switch *sw = calloc(t->switches.n + 1, sizeof(*sw));
    struct machine_node *node = calloc(t->nodes.n + 1, sizeof(*node));
    int r = sw && node ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < t->switches.n; i++)
        sw[i] = (struct machine_switch){t->switches.v[i], t->parent[i]};
    for (size_t i = 0; r == 0 && i < t->nodes.n; i++)
        node[i] = (struct machine_node){t->nodes.v[i], t->leaf[i], shape};
    if (r == 0)
        r = machine_new_tree(sw, (uint32_t)t->switches.n, node, (uint32_t)t->nodes.n,
                             distance, n_distance, ret_m, err);
    free(sw);
    free(node);
    return r;
}
