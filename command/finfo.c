/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* finfo - what centers there are, what they share, and what is free */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/measure.h"
#include "command/common.h"
#include "command/desk.h"
#include "command/job_text.h"
#include "command/say.h"
#include "model/supply.h"
#include "wire/noun_json.h"

#include "base/banned.h"

enum { KEY_HELPFORMAT = COMMON_OWN };

static const char columns[] =
    "Center,Partition,Avail,TimeLimit,Nodes,State,Cores,Running,Pending";

static const char columns_slurm[] = "Partition,Avail,TimeLimit,Nodes,State";

/* One line: a partition of a center, and its nodes of one kind. */
struct line {
    const char *center; /* borrowed from the answer */
    const char *text;
    bool connected;
    const struct supply_part *part; /* NULL = the center says nothing */
    uint32_t nodes;
    const char *state;
    int64_t age_s;
};

static const struct line *line_of(const void *row)
{
    return row;
}

static void put_center(const void *row, struct buf *b)
{
    buf_puts(b, line_of(row)->center);
}

static void put_partition(const void *row, struct buf *b)
{
    const struct supply_part *p = line_of(row)->part;

    buf_printf(b, "%s%s", p ? p->name : "-", p && p->is_default ? "*" : "");
}

static void put_avail(const void *row, struct buf *b)
{
    const struct supply_part *p = line_of(row)->part;

    buf_puts(b, !line_of(row)->connected ? "silent" : p && p->up ? "up" : "down");
}

static void put_limit(const void *row, struct buf *b)
{
    const struct supply_part *p = line_of(row)->part;

    if (!p)
        buf_puts(b, "-");
    else if (p->max_time_s == DURATION_UNLIMITED)
        buf_puts(b, "infinite");
    else
        put_brief_duration(p->max_time_s, b);
}

static void put_nodes(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, line_of(row)->nodes);
}

static void put_state(const void *row, struct buf *b)
{
    buf_puts(b, line_of(row)->state);
}

static void put_cores(const void *row, struct buf *b)
{
    const struct supply_part *p = line_of(row)->part;

    if (p)
        buf_printf(b, "%" PRIu32 "/%" PRIu32, p->n_steps ? p->steps[0].cores : 0,
                   p->cores);
    else
        buf_puts(b, "-");
}

static void put_running(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, line_of(row)->part ? line_of(row)->part->n_running : 0);
}

static void put_pending(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRIu32, line_of(row)->part ? line_of(row)->part->n_pending : 0);
}

static void put_memory(const void *row, struct buf *b)
{
    const struct supply_part *p = line_of(row)->part;

    buf_printf(b, "%" PRIu64, p ? p->node_bytes_max >> 20 : 0);
}

static void put_cpus(const void *row, struct buf *b)
{
    const struct supply_part *p = line_of(row)->part;

    buf_printf(b, "%" PRIu32, p ? p->node_cores_max : 0);
}

static void put_age(const void *row, struct buf *b)
{
    buf_printf(b, "%" PRId64, line_of(row)->age_s);
}

static void put_text(const void *row, struct buf *b)
{
    buf_puts(b, line_of(row)->text);
}

/* clang-format off */
static const struct field fields[] = {
    {"Center",    "CENTER",    'V', false, put_center},
    {"Cluster",   "CLUSTER",   0,   false, put_center},
    {"Partition", "PARTITION", 'P', false, put_partition},
    {"PartitionName", "PARTITION", 'R', false, put_partition},
    {"Avail",     "AVAIL",     'a', false, put_avail},
    {"TimeLimit", "TIMELIMIT", 'l', true,  put_limit},
    {"Time",      "TIMELIMIT", 0,   true,  put_limit},
    {"Nodes",     "NODES",     'D', true,  put_nodes},
    {"State",     "STATE",     'T', false, put_state},
    {"StateCompact", "STATE",  't', false, put_state},
    {"Cores",     "CORES(FREE/ALL)", 'C', true, put_cores},
    {"CPUs",      "CPUS",      'c', true,  put_cpus},
    {"Memory",    "MEMORY",    'm', true,  put_memory},
    {"Running",   "RUNNING",   0,   true,  put_running},
    {"Pending",   "PENDING",   0,   true,  put_pending},
    {"Age",       "AGE_S",     0,   true,  put_age},
    {"Text",      "TEXT",      'E', false, put_text},
};
/* clang-format on */

struct node {
    const json_t *o; /* borrowed */
};

static void put_member(const void *row, const char *member, struct buf *b)
{
    buf_puts(b, desk_text(((const struct node *)row)->o, member));
}

static void put_count(const void *row, const char *member, struct buf *b)
{
    buf_printf(b, "%" PRId64,
               (int64_t)desk_int(((const struct node *)row)->o, member, 0));
}

static void node_name(const void *row, struct buf *b)
{
    put_member(row, "name", b);
}

static void node_partitions(const void *row, struct buf *b)
{
    put_member(row, "partitions", b);
}

static void node_state(const void *row, struct buf *b)
{
    put_member(row, "state", b);
}

static void node_cores(const void *row, struct buf *b)
{
    put_count(row, "cores_used", b);
    buf_putc(b, '/');
    put_count(row, "cores", b);
}

static void node_memory(const void *row, struct buf *b)
{
    const json_t *o = ((const struct node *)row)->o;

    buf_printf(b, "%" PRId64 "/%" PRId64, (int64_t)desk_int(o, "mem_used", 0) >> 20,
               (int64_t)desk_int(o, "mem_bytes", 0) >> 20);
}

static void node_gres(const void *row, struct buf *b)
{
    const json_t *o = ((const struct node *)row)->o;
    const char *type = desk_text(o, "gpu_type");

    if (desk_int(o, "gpus", 0) == 0)
        buf_puts(b, "(null)"); /* as sinfo */
    else
        buf_printf(b, "gpu:%s%s%" PRId64 "/%" PRId64, type, type[0] ? ":" : "",
                   (int64_t)desk_int(o, "gpus_used", 0),
                   (int64_t)desk_int(o, "gpus", 0));
}

static void node_jobs(const void *row, struct buf *b)
{
    put_count(row, "jobs", b);
}

static void node_text(const void *row, struct buf *b)
{
    put_member(row, "text", b);
}

/* clang-format off */
static const struct field node_fields[] = {
    {"NodeList",  "NODELIST",       'N', false, node_name},
    {"Partition", "PARTITION",      'P', false, node_partitions},
    {"State",     "STATE",          'T', false, node_state},
    {"Cores",     "CORES(USED/ALL)", 'C', true, node_cores},
    {"Memory",    "MIB(USED/ALL)",  'm', true,  node_memory},
    {"Gres",      "GRES(USED/ALL)", 'G', false, node_gres},
    {"Jobs",      "JOBS",           0,   true,  node_jobs},
    {"Text",      "TEXT",           'E', false, node_text},
};

static const struct argp_option options[] = {
    {.name = "Node", .key = 'N', .doc = "The nodes of this center, one per line"},
    {.name = "partition", .key = 'p', .arg = "NAME", .doc = "This partition only"},
    {.name = "center", .key = 'M', .arg = "NAME", .doc = "This center only"},
    {.name = "clusters", .flags = OPTION_ALIAS},
    {.name = "format", .key = 'o', .arg = "FORMAT", .doc = "Columns by letters, as \"%V %P %a %D %T\""},
    {.name = "Format", .key = 'O', .arg = "NAMES", .doc = "Columns by names, as Center:12,Nodes"},
    {.name = "helpformat", .key = KEY_HELPFORMAT, .doc = "List the names of columns"},
    COMMON_OPTION_NOHEADER('h'),
    COMMON_OPTION_PARSABLE2,
    COMMON_OPTION_JSON,
    COMMON_OPTION_SOCKET,
    {0},
};
/* clang-format on */

struct ask {
    struct common common;
    bool nodes;
    const char *partition;
    const char *center;
    const char *format;
    const char *names;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct ask *a = state->input;

    switch (key) {
    case 'N':
        a->nodes = true;
        return 0;
    case 'p':
        a->partition = arg;
        return 0;
    case 'M':
        a->center = arg;
        return 0;
    case 'o':
        a->format = arg;
        return 0;
    case 'O':
        a->names = arg;
        return 0;
    case KEY_HELPFORMAT:
        fields_list(fields, ARRAY_SIZE(fields));
        exit(say_end(SAY_OK));
    default:
        return common_parse(&a->common, key, arg, 'h');
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc = "Show the centers of the network, their partitions, and what is free there."
           "\vCores and jobs are those of the partition, on each of its lines.",
};

static int add_part(struct sheet *s, struct line *l, const struct supply_part *p)
{
    uint32_t busy = p->nodes > p->idle_nodes ? p->nodes - p->idle_nodes : 0;
    int r = 0;

    l->part = p;
    if (p->idle_nodes) {
        l->nodes = p->idle_nodes;
        l->state = "idle";
        r = sheet_add(s, l);
    }
    if (r == 0 && (busy || !p->idle_nodes)) {
        l->nodes = busy;
        l->state = busy == 0                                           ? "none"
                   : p->n_steps && p->steps[0].cores && !p->idle_nodes ? "mixed"
                                                                       : "alloc";
        r = sheet_add(s, l);
    }
    return r;
}

static int add_center(struct sheet *s, const struct ask *a, const json_t *o)
{
    const json_t *supply = json_object_get(o, "supply");
    struct supply *sup = calloc(1, sizeof(*sup));
    struct err err = {0};
    struct line l = {
        .center = desk_text(o, "name"),
        .text = desk_text(o, "text"),
        .connected = json_is_true(json_object_get(o, "own"))
                     || json_is_true(json_object_get(o, "connected")),
        .age_s = desk_int(o, "age_s", 0),
        .state = "unknown",
    };
    int r = sup ? 0 : -ENOMEM;

    if (r == 0 && json_is_object(supply))
        r = supply_from_json(supply, sup, &err);
    if (r != 0)
        say_error("center %s: %s", l.center, err_text(&err, r));
    for (uint32_t i = 0; r == 0 && i < sup->n_parts; i++)
        if (!a->partition || !strcmp(a->partition, sup->parts[i].name))
            r = add_part(s, &l, &sup->parts[i]);
    if (r == 0 && sup->n_parts == 0 && !a->partition)
        r = sheet_add(s, &l);
    free(sup);
    return r;
}

static int fill(struct sheet *s, const struct ask *a, const json_t *answer)
{
    const json_t *list = json_object_get(answer, a->nodes ? "nodes" : "centers");
    int r = 0;
    size_t i;
    json_t *o;

    json_array_foreach(list, i, o)
    {
        struct node node = {o};

        if (r == 0 && a->nodes)
            r = sheet_add(s, &node);
        else if (r == 0 && (!a->center || !strcmp(a->center, desk_text(o, "name"))))
            r = add_center(s, a, o);
    }
    return r;
}

/* Called as sinfo it prints Slurm's columns: scripts count them. */
static const char *default_columns(const struct ask *a)
{
    if (a->nodes)
        return "NodeList,Partition,State,Cores,Memory,Jobs,Text";
    return !strcmp(say_name(), "sinfo") ? columns_slurm : columns;
}

static int pick(const struct ask *a, struct picks *picks, struct err *err)
{
    const struct field *f = a->nodes ? node_fields : fields;
    size_t n = a->nodes ? ARRAY_SIZE(node_fields) : ARRAY_SIZE(fields);

    if (a->format)
        return picks_letters(f, n, a->format, picks, err);
    if (a->names)
        return picks_names(f, n, a->names, ':', picks, err);
    return picks_names(f, n, default_columns(a), ':', picks, err);
}

int main(int argc, char **argv)
{
    _cleanup_(client_freep) struct client *c = NULL;
    _cleanup_(sheet_freep) struct sheet *sheet = NULL;
    struct ask ask = {0};
    struct picks picks = {0};
    struct err err = {0};
    json_t *answer = NULL;
    int code;

    say_begin();
    if (argp_parse(&argp, argc, argv, 0, NULL, &ask) != 0)
        return SAY_ERROR;
    if (pick(&ask, &picks, &err) != 0) {
        say_error("--format: %s", err.text);
        return SAY_ERROR;
    }
    code = desk_open(ask.common.socket, DESK_WAIT_S, &c);
    if (code == SAY_OK)
        code = desk_ask(c, desk_question("info"), &answer);
    sheet = sheet_new(&picks, ask.common.look);
    if (code == SAY_OK && ask.common.json) {
        (void)json_object_del(answer, "id");
        (void)json_object_del(answer, "ok");
        code = desk_print_json(answer);
    } else if (code == SAY_OK) {
        code = sheet && fill(sheet, &ask, answer) == 0 && sheet_print(sheet) == 0
                   ? SAY_OK
                   : SAY_ERROR;
    }
    json_decref(answer);
    picks_release(&picks);
    return say_end(code);
}
